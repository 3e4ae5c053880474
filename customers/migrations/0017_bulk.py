"""Bulk actions: runs and the guests each was started for; policies, keys, and the sweep's list of silent runs."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0016_segments"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="BulkRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("kind", models.CharField(max_length=24)),
                ("values", models.JSONField(default=dict)),
                ("title", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Stopped by a fault"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("total", models.IntegerField(default=0)),
                ("done", models.IntegerField(default=0)),
                ("changed", models.IntegerField(default=0)),
                ("skipped", models.JSONField(default=dict)),
                ("examples", models.JSONField(default=dict)),
                ("batches_done", models.IntegerField(default=0)),
                ("token", models.CharField(blank=True, max_length=40)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "change_set",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", null=True, related_name="+", to="customers.changeset"
                    ),
                ),
                (
                    "member",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="accounts.member"
                    ),
                ),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("seen_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "bulk action",
                "verbose_name_plural": "bulk actions",
                "indexes": [
                    models.Index(fields=["business", "-created_at", "-id"], name="bulk_run_newest"),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=["business", "seen_at"],
                        name="bulk_run_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("token", ""), _negated=True),
                        fields=("business", "token"),
                        name="bulk_run_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkGuests",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "run_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
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
                (
                    "run",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="customers.bulkrun"
                    ),
                ),
                ("number", models.IntegerField()),
                (
                    "customer_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
            options={
                "verbose_name": "guests of a bulk action",
                "verbose_name_plural": "guests of bulk actions",
            },
        ),
        TenantTable("BulkRun"),
        TenantTable("BulkGuests"),
        SqlFile("customers/bulk/sql/due.sql"),
    ]
