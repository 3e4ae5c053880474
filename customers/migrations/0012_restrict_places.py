"""A property or member that purchases and tasks name stays: taking it away would write them outside a change set."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.models import TenantForeignKey
from accounts.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0006_api_keys_tenancy"), ("customers", "0011_sensitive_due")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="purchase",
            name="property",
            field=TenantForeignKey(
                blank=True,
                db_on_delete="RESTRICT",
                null=True,
                related_name="+",
                to="accounts.property",
                verbose_name="property",
            ),
        ),
        migrations.AlterField(
            model_name="todo",
            name="assignee",
            field=TenantForeignKey(
                blank=True,
                db_on_delete="RESTRICT",
                null=True,
                related_name="+",
                to="accounts.member",
                verbose_name="for whom",
            ),
        ),
        migrations.AlterField(
            model_name="todo",
            name="property",
            field=TenantForeignKey(
                blank=True,
                db_on_delete="RESTRICT",
                null=True,
                related_name="+",
                to="accounts.property",
                verbose_name="property",
            ),
        ),
        TenantTable("Purchase"),
        TenantTable("Todo"),
    ]
