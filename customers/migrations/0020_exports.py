"""Exports in the background and saved choices of columns; policies, keys, and the sweep's list of silent runs."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0019_stays_within"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ExportRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("guests", "Guests"),
                            ("stays", "Stays"),
                            ("invoices", "Invoices"),
                            ("purchases", "Purchases"),
                            ("consents", "Consents"),
                        ],
                        default="guests",
                        max_length=10,
                    ),
                ),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "XLSX")], default="csv", max_length=4)),
                ("delimiter", models.CharField(default=";", max_length=1)),
                ("encoding", models.CharField(default="utf-8-sig", max_length=12)),
                ("decimal", models.CharField(default=".", max_length=1)),
                ("header", models.CharField(blank=True, default="", max_length=5)),
                ("selection", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Being written"),
                            ("done", "Done"),
                            ("failed", "Stopped by a fault"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("attempt", models.IntegerField(default=0)),
                ("total", models.IntegerField(default=0)),
                ("done", models.IntegerField(default=0)),
                ("rows", models.IntegerField(default=0)),
                ("left_out", models.IntegerField(default=0)),
                ("lost", models.IntegerField(default=0)),
                ("file_name", models.CharField(blank=True, max_length=120)),
                ("stored", models.CharField(blank=True, max_length=80)),
                ("size", models.BigIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=20)),
                ("token", models.CharField(blank=True, max_length=40)),
                ("downloads", models.IntegerField(default=0)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("address", models.GenericIPAddressField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
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
                    "member",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="accounts.member"
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "indexes": [
                    models.Index(fields=["business", "-created_at", "-id"], name="export_run_newest"),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=["business", "seen_at"],
                        name="export_run_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("token", ""), _negated=True),
                        fields=("business", "token"),
                        name="export_run_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedColumns",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("guests", "Guests"),
                            ("stays", "Stays"),
                            ("invoices", "Invoices"),
                            ("purchases", "Purchases"),
                            ("consents", "Consents"),
                        ],
                        default="guests",
                        max_length=10,
                    ),
                ),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "XLSX")], default="csv", max_length=4)),
                ("delimiter", models.CharField(default=";", max_length=1)),
                ("encoding", models.CharField(default="utf-8-sig", max_length=12)),
                ("decimal", models.CharField(default=".", max_length=1)),
                ("header", models.CharField(blank=True, default="", max_length=5)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("member_id", models.BigIntegerField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                "verbose_name": "saved columns",
                "verbose_name_plural": "saved columns",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("business"),
                        models.F("kind"),
                        django.db.models.functions.text.Lower("name"),
                        name="saved_columns_name",
                    )
                ],
            },
        ),
        TenantTable("ExportRun"),
        TenantTable("SavedColumns"),
        SqlFile("customers/export/sql/due.sql"),
    ]
