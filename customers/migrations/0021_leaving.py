"""Rows that a large undo is about to remove are out of sight from its beginning."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable
from customers.changes.sight import HideLeaving

_OF_GUEST = (
    "ContactPoint", "CustomerTag", "ExternalId", "GuestFieldValue", "SensitiveDetail", "StayParticipant", "Activity",
    "Todo", "Purchase", "Invoice",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0020_exports")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Leaving",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "record",
                        "first_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("record", models.CharField(max_length=40)),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                ("undo_id", models.BigIntegerField()),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=accounts.tenancy.scope.require_business_id,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.business",
                    ),
                ),
            ],
            options={
                "verbose_name": "rows on their way out",
                "verbose_name_plural": "rows on their way out",
            },
        ),
        TenantTable("Leaving"),
        SqlFile("customers/changes/sql/leaving.sql"),
        HideLeaving("Customer", guest=("id",)),
        *(HideLeaving(name, guest=("customer_id",)) for name in _OF_GUEST),
        HideLeaving("Relation", guest=("customer_id", "other_id")),
        HideLeaving("Stay", stay=("id",)),
        HideLeaving("StayFieldValue", stay=("stay_id",)),
    ]
