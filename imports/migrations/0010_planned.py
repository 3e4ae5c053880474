"""A run also notes which batches of planned guests are written."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0009_consents_undone")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="importseen",
            name="what",
            field=models.CharField(
                choices=[
                    ("g", "Guest"), ("s", "Stay"), ("i", "Invoice"), ("p", "Purchase"), ("b", "Batch"), ("l", "Line"),
                ],
                max_length=1,
            ),
        ),
    ]  # fmt: skip
