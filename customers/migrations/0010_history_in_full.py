"""Who is expected and what is done are found by indexes of their own."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0009_card_in_full_tenancy")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="stay",
            index=models.Index(
                condition=models.Q(("status", "booked")), fields=["business", "arrival", "id"], name="stay_expected"
            ),
        ),
        migrations.AddIndex(
            model_name="todo",
            index=models.Index(
                condition=models.Q(("done_at__isnull", False)),
                fields=["business", "-done_at", "-id"],
                name="todo_finished",
            ),
        ),
    ]
