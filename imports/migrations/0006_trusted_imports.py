"""Imports that ask, show and remember: columns told once, what becomes of each row, nightly files."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0019_stays_within"),
        ("imports", "0005_extras"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bookings", "Bookings"),
                            ("guests", "Guests"),
                            ("invoices", "Invoices"),
                            ("purchases", "Purchases"),
                            ("consents", "Consents and unsubscribes"),
                        ],
                        max_length=12,
                    ),
                ),
                ("signature", models.CharField(max_length=64)),
                ("layout", models.JSONField()),
                ("policy", models.JSONField(db_default={}, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("used_at", models.DateTimeField(auto_now_add=True)),
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
                "verbose_name": "saved mapping",
                "verbose_name_plural": "saved mappings",
            },
        ),
        migrations.CreateModel(
            name="ImportFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                (
                    "source",
                    models.CharField(
                        choices=[("https", "Address on the web"), ("folder", "Folder on the server")], max_length=8
                    ),
                ),
                ("address", models.CharField(max_length=1000)),
                ("secret", models.BinaryField(default=bytes)),
                ("secret_key", models.CharField(blank=True, max_length=40)),
                ("at", models.TimeField()),
                ("is_on", models.BooleanField(default=True)),
                ("next_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("never", "Not fetched yet"),
                            ("fetching", "Fetching"),
                            ("unchanged", "Nothing new"),
                            ("imported", "Imported"),
                            ("failed", "Failed"),
                        ],
                        default="never",
                        max_length=12,
                    ),
                ),
                ("error", models.JSONField(default=dict)),
                ("last_at", models.DateTimeField(null=True)),
                ("last_sha256", models.CharField(blank=True, max_length=64)),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                (
                    "mapping",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="feeds", to="imports.importmapping"
                    ),
                ),
            ],
            options={
                "verbose_name": "nightly import",
                "verbose_name_plural": "nightly imports",
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "run_id", "line", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line", models.IntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("create", "New guest"),
                            ("update", "Changes a guest"),
                            ("unchanged", "Already as in the file"),
                            ("review", "Needs a look"),
                            ("invalid", "Cannot be imported"),
                        ],
                        max_length=10,
                    ),
                ),
                ("cause", models.CharField(blank=True, max_length=20)),
                ("customer_id", models.BigIntegerField(null=True)),
                ("label", models.CharField(blank=True, max_length=120)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "As proposed"),
                            ("create", "Make a new guest"),
                            ("same", "It is this guest"),
                            ("skip", "Leave out"),
                        ],
                        default="",
                        max_length=8,
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
                        db_on_delete="CASCADE", related_name="+", to="imports.importrun"
                    ),
                ),
            ],
            options={
                "verbose_name": "row of an import",
                "verbose_name_plural": "rows of imports",
            },
        ),
        migrations.RemoveIndex(
            model_name="importrun",
            name="import_run_open",
        ),
        migrations.AddField(
            model_name="importrun",
            name="kept_until",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="importrun",
            name="layout",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="importrun",
            name="policy",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="importrun",
            name="quality",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="importrun",
            name="stop_asked",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="importrun",
            name="table",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name="importrun",
            name="kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("bookings", "Bookings"),
                    ("guests", "Guests"),
                    ("invoices", "Invoices"),
                    ("purchases", "Purchases"),
                    ("consents", "Consents and unsubscribes"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="importrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("mapping", "Waiting for its columns"),
                    ("checking", "Looking through the file"),
                    ("ready", "Ready to import"),
                    ("running", "Importing"),
                    ("done", "Imported"),
                    ("stopped", "Stopped half way"),
                    ("failed", "Not imported"),
                    ("discarded", "Discarded"),
                ],
                default="checking",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="importrun",
            name="feed",
            field=accounts.tenancy.models.TenantForeignKey(
                db_on_delete="SET NULL", null=True, related_name="runs", to="imports.importfeed"
            ),
        ),
        migrations.AddIndex(
            model_name="importrun",
            index=models.Index(
                condition=models.Q(("state__in", ("mapping", "checking", "ready", "running"))),
                fields=["business", "seen_at"],
                name="import_run_open",
            ),
        ),
        migrations.AddIndex(
            model_name="importmapping",
            index=models.Index(fields=["business", "signature"], name="import_mapping_signature"),
        ),
        migrations.AddConstraint(
            model_name="importmapping",
            constraint=models.UniqueConstraint(fields=("business", "name"), name="import_mapping_name"),
        ),
        migrations.AddIndex(
            model_name="importfeed",
            index=models.Index(
                condition=models.Q(("is_on", True)), fields=["business", "next_at"], name="import_feed_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="importfeed",
            constraint=models.UniqueConstraint(fields=("business", "name"), name="import_feed_name"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(fields=["business", "run", "outcome", "cause", "line"], name="import_row_group"),
        ),
        migrations.AlterField(
            model_name="importseen",
            name="what",
            field=models.CharField(
                choices=[("g", "Guest"), ("s", "Stay"), ("i", "Invoice"), ("p", "Purchase")], max_length=1
            ),
        ),
    ]
