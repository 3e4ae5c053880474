"""Where merged cards lead, and parts of acts; of sensitive details there may be one of a kind from each merged card."""

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable
from customers.changes.operations import TrackChanges
from customers.changes.sight import HideLeaving


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0021_leaving"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="CardLineage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "absorbed_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("absorbed_id", models.BigIntegerField()),
                ("survivor_id", models.BigIntegerField()),
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
                "verbose_name": "lineage of a card",
                "verbose_name_plural": "lineages of cards",
            },
        ),
        migrations.CreateModel(
            name="CarriedRows",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "absorbed_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("absorbed_id", models.BigIntegerField()),
                ("rows", models.JSONField(default=dict)),
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
                "verbose_name": "rows carried in a merge",
                "verbose_name_plural": "rows carried in merges",
            },
        ),
        migrations.CreateModel(
            name="MergedCard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.IntegerField(default=1, editable=False)),
                ("absorbed_id", models.BigIntegerField()),
                ("survivor_id", models.BigIntegerField()),
                ("merged_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("change_set_id", models.BigIntegerField()),
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
                "verbose_name": "merged card",
                "verbose_name_plural": "merged cards",
            },
        ),
        migrations.RemoveConstraint(
            model_name="sensitivedetail",
            name="sensitive_detail_once",
        ),
        migrations.AddField(
            model_name="changeset",
            name="part_of_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="sensitivedetail",
            name="came_from_id",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="changeset",
            name="kind",
            field=models.CharField(
                choices=[
                    ("edit", "Edit"),
                    ("import", "Import"),
                    ("bulk", "Bulk edit"),
                    ("sample", "Sample data"),
                    ("merge", "Merge"),
                    ("undo", "Undo"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="changeset",
            index=models.Index(
                condition=models.Q(("part_of_id__isnull", False)),
                fields=["business", "part_of_id", "id"],
                name="change_set_parts",
            ),
        ),
        migrations.AddIndex(
            model_name="changeset",
            index=models.Index(
                condition=models.Q(("undoes_id__isnull", False)),
                fields=["business", "undoes_id", "id"],
                name="change_set_undoes",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensitivedetail",
            constraint=models.UniqueConstraint(
                fields=("business", "customer", "kind", "came_from_id"), name="sensitive_detail_once"
            ),
        ),
        migrations.AddIndex(
            model_name="cardlineage",
            index=models.Index(fields=["business", "survivor_id", "absorbed_id"], name="card_lineage_survivor"),
        ),
        migrations.AddIndex(
            model_name="mergedcard",
            index=models.Index(fields=["business", "survivor_id"], name="merged_card_survivor"),
        ),
        migrations.AddConstraint(
            model_name="mergedcard",
            constraint=models.UniqueConstraint(fields=("business", "absorbed_id"), name="merged_card_once"),
        ),
        migrations.AddConstraint(
            model_name="mergedcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("absorbed_id", models.F("survivor_id")), _negated=True),
                name="merged_card_with_another",
            ),
        ),
        TenantTable("MergedCard"),
        TenantTable("CardLineage"),
        TenantTable("CarriedRows"),
        TrackChanges("MergedCard", "survivor_id"),
        HideLeaving("MergedCard", guest=("survivor_id",)),
        # A column was added.
        TrackChanges("SensitiveDetail", "customer_id", None, ("ciphertext", "key_name")),
        SqlFile("customers/lineage/sql/lineage.sql"),
        SqlFile("customers/consent/sql/state.sql"),
        SqlFile("customers/sensitive/sql/consented.sql"),
        SqlFile("customers/sensitive/sql/due.sql"),
    ]
