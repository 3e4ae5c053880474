"""Automations may react to what an import brings."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0011_same_rows")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="importrun", name="reacts", field=models.BooleanField(db_default=False, default=False)
        ),
    ]
