"""The postal address of a business."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0006_api_keys_tenancy")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="business",
            name="postal_address",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=300, verbose_name="postal address"
            ),
        ),
    ]
