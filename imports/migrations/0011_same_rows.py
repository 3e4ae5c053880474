"""A row of a preview tells the earlier one that speaks of the same guest."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0010_planned")]

    operations: ClassVar = [
        migrations.AddField(model_name="importrow", name="same_as", field=models.IntegerField(null=True)),
    ]
