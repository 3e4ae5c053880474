"""The look-up: postings without foreign keys, guests present, fragments, and lists that an index can page."""

from typing import ClassVar

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


def _business() -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        default=accounts.tenancy.scope.require_business_id,
        editable=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to="accounts.business",
    )


def _key(*fields: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*fields, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0002_tenancy"), ("customers", "0004_tag_of_guest")]

    operations: ClassVar = [
        migrations.DeleteModel("Posting"),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("pk", _key("business_id", "token", "customer_id")),
                ("token", models.CharField(db_collation="C", max_length=40)),
                ("customer_id", models.BigIntegerField()),
                ("business", _business()),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("pk", _key("business_id", "stay_id", "customer_id")),
                ("stay_id", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("in_house", models.BooleanField()),
                ("is_booked", models.BooleanField()),
                ("arrival", models.DateField()),
                ("departure", models.DateField()),
                ("unit", models.CharField(blank=True, db_collation="C", max_length=20)),
                ("tokens", models.TextField(blank=True)),
                ("business", _business()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["business", "customer_id"], name="presence_customer"),
                    models.Index(
                        condition=models.Q(("in_house", True)), fields=["business", "unit"], name="presence_unit"
                    ),
                    models.Index(
                        condition=models.Q(("in_house", False), ("is_booked", True)),
                        fields=["business", "arrival"],
                        name="presence_due",
                    ),
                    models.Index(
                        condition=models.Q(("in_house", False)), fields=["business", "departure"], name="presence_gone"
                    ),
                ],
            },
        ),
        migrations.AlterField("vocabulary", "token", models.CharField(db_collation="C", max_length=40)),
        migrations.AddIndex(
            "vocabulary",
            django.contrib.postgres.indexes.GinIndex(
                fastupdate=False,
                fields=["business", "token"],
                name="vocabulary_fragments",
                opclasses=["int8_ops", "gin_trgm_ops"],
            ),
        ),
        migrations.AddIndex("recentguest", models.Index(fields=["business", "customer"], name="recent_guest_customer")),
        migrations.RemoveIndex("customerfacts", "facts_last_stay"),
        migrations.RemoveIndex("customerfacts", "facts_value"),
        migrations.RemoveIndex("customerfacts", "facts_stays"),
        migrations.AddField(
            "customerfacts",
            "value_minor",
            models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Cast(
                    models.expressions.CombinedExpression(models.F("value"), "*", models.Value(100)),
                    models.BigIntegerField(),
                ),
                output_field=models.BigIntegerField(),
            ),
        ),
        migrations.AddIndex(
            "customerfacts", models.Index(fields=["business", "last_stay", "customer"], name="facts_last_stay")
        ),
        migrations.AddIndex(
            "customerfacts", models.Index(fields=["business", "value_minor", "customer"], name="facts_value")
        ),
        migrations.AddIndex(
            "customerfacts", models.Index(fields=["business", "stays", "customer"], name="facts_stays")
        ),
        TenantTable("Posting"),
        TenantTable("Presence"),
        SqlFile("customers/search/sql/postings.sql"),
        SqlFile("customers/search/sql/presence.sql"),
        SqlFile("customers/search/sql/lookup.sql"),
    ]
