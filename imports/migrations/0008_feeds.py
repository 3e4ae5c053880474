"""Nightly imports: what came of each fetch, and what is due over all businesses."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies = [("imports", "0007_trusted_imports_tenancy")]

    operations = [
        migrations.AddField(
            model_name="importfeed",
            name="attempts",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="importfeed",
            name="todo_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="importrun",
            index=models.Index(
                condition=models.Q(("kept_until__isnull", False), models.Q(("upload", ""), _negated=True)),
                fields=["business", "kept_until"],
                name="import_run_kept",
            ),
        ),
        migrations.CreateModel(
            name="ImportFetch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                        default="fetching",
                        max_length=12,
                    ),
                ),
                ("error", models.JSONField(default=dict)),
                ("size", models.BigIntegerField(null=True)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("begun_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
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
                    "feed",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="fetches", to="imports.importfeed"
                    ),
                ),
                (
                    "run",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="imports.importrun"
                    ),
                ),
            ],
            options={
                "verbose_name": "fetch of a nightly import",
                "verbose_name_plural": "fetches of nightly imports",
                "indexes": [
                    models.Index(fields=["business", "feed", "-begun_at", "-id"], name="import_fetch_newest"),
                    models.Index(
                        condition=models.Q(("state", "fetching")),
                        fields=["business", "begun_at"],
                        name="import_fetch_open",
                    ),
                ],
            },
        ),
        TenantTable("ImportFetch"),
        SqlFile("imports/sql/feeds.sql"),
    ]
