"""The words of guests present, by an index."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0002_tenancy"), ("customers", "0006_narrow_list_indexes")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="PresenceWord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "stay_id",
                        "customer_id",
                        "token",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("stay_id", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("token", models.CharField(db_collation="C", max_length=40)),
                ("in_house", models.BooleanField()),
                ("day", models.DateField()),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("in_house", True)),
                        fields=["business", "token", "customer_id"],
                        name="presence_here",
                    ),
                    models.Index(
                        condition=models.Q(("in_house", False)),
                        fields=["business", "token", "day", "customer_id"],
                        name="presence_near",
                    ),
                ],
            },
        ),
        migrations.RemoveIndex("presence", "presence_due"),
        TenantTable("PresenceWord"),
        SqlFile("customers/search/sql/presence_words.sql"),
    ]
