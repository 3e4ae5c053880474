"""Segments with the history of their members, and saved views; every business there is gets the six ready segments."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable

READY = """
    INSERT INTO customers_segment (
        business_id, code, name, description, tree, position, definition, created_at, updated_at, version
    )
    SELECT b.id, s.code, '', '', s.tree::jsonb, s.position, 1, now(), now(), 1
    FROM accounts_business b CROSS JOIN (VALUES
        ('newsletter_email', 1, '{"version": 1, "match": "all", "rules": [
            {"field": "email_reach", "operator": "any_of", "value": ["ok"]}]}'),
        ('regulars', 2, '{"version": 1, "match": "all", "rules": [
            {"field": "stays", "operator": "at_least", "value": 3}]}'),
        ('best', 3, '{"version": 1, "match": "all", "rules": [
            {"field": "value_rank", "operator": "top", "value": 10}]}'),
        ('lapsed', 4, '{"version": 1, "match": "all", "rules": [
            {"field": "stays", "operator": "at_least", "value": 1},
            {"field": "last_stay", "operator": "in", "value": {"before": 12, "unit": "month"}},
            {"field": "next_arrival", "operator": "empty"}]}'),
        ('first_time', 5, '{"version": 1, "match": "all", "rules": [
            {"field": "stays", "operator": "equals", "value": 1},
            {"field": "first_arrival", "operator": "in", "value": {"last": 3, "unit": "month"}}]}'),
        ('birthday', 6, '{"version": 1, "match": "all", "rules": [
            {"field": "birthday", "operator": "in", "value": {"next": 30, "unit": "day"}}]}')
    ) AS s(code, position, tree)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0015_filter_facts_sql"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("tree", models.JSONField()),
                ("text", models.CharField(blank=True, max_length=200)),
                ("sort", models.CharField(blank=True, max_length=40)),
                ("columns", models.JSONField(default=list)),
                (
                    "density",
                    models.CharField(
                        blank=True, choices=[("comfortable", "Comfortable"), ("compact", "Compact")], max_length=12
                    ),
                ),
                ("position", models.IntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.IntegerField(default=1, editable=False)),
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
                        blank=True, db_on_delete="CASCADE", null=True, related_name="+", to="accounts.member"
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
            },
        ),
        migrations.CreateModel(
            name="DefaultView",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "member_id", blank=True, editable=False, primary_key=True, serialize=False
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
                    "member",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "view",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="customers.savedview"
                    ),
                ),
            ],
            options={
                "verbose_name": "view to begin with",
                "verbose_name_plural": "views to begin with",
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("newsletter_email", "Newsletter by e-mail ready"),
                            ("regulars", "Regulars"),
                            ("best", "Best guests"),
                            ("lapsed", "Lapsed guests"),
                            ("first_time", "First-time guests of the last 3 months"),
                            ("birthday", "Birthday in the next 30 days"),
                        ],
                        default="",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                ("description", models.CharField(blank=True, max_length=400, verbose_name="description")),
                ("tree", models.JSONField()),
                ("position", models.IntegerField(default=0)),
                ("definition", models.IntegerField(default=1, editable=False)),
                ("counted_definition", models.IntegerField(editable=False, null=True)),
                ("members", models.IntegerField(editable=False, null=True)),
                ("counted_at", models.DateTimeField(editable=False, null=True)),
                ("member_id", models.BigIntegerField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.IntegerField(default=1, editable=False)),
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
                "verbose_name": "segment",
                "verbose_name_plural": "segments",
            },
        ),
        migrations.CreateModel(
            name="SegmentMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entered_at", models.DateTimeField()),
                ("entered_xid", models.BigIntegerField()),
                ("by_definition", models.BooleanField(default=False)),
                ("left_at", models.DateTimeField(null=True)),
                ("left_xid", models.BigIntegerField(null=True)),
                ("left_by_definition", models.BooleanField(default=False)),
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
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "segment",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="customers.segment"
                    ),
                ),
            ],
            options={
                "verbose_name": "guest of a segment",
                "verbose_name_plural": "guests of segments",
            },
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                models.F("business"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("member__isnull", True)),
                name="saved_view_shared_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                models.F("business"),
                models.F("member"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("member__isnull", False)),
                name="saved_view_own_name",
            ),
        ),
        migrations.AddIndex(
            model_name="defaultview",
            index=models.Index(fields=["business", "view"], name="default_view_view"),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.UniqueConstraint(
                models.F("business"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("name", ""), _negated=True),
                name="segment_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("code", ""), _negated=True), fields=("business", "code"), name="segment_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.CheckConstraint(
                condition=models.Q(("code", ""), ("name", ""), _negated=True), name="segment_has_name"
            ),
        ),
        migrations.AddIndex(
            model_name="segmentmember",
            index=models.Index(fields=["business", "segment", "entered_at"], name="segment_member_entered"),
        ),
        migrations.AddIndex(
            model_name="segmentmember",
            index=models.Index(
                condition=models.Q(("left_at__isnull", False)),
                fields=["business", "segment", "left_at"],
                name="segment_member_left",
            ),
        ),
        migrations.AddIndex(
            model_name="segmentmember",
            index=models.Index(fields=["business", "customer"], name="segment_member_guest"),
        ),
        migrations.AddConstraint(
            model_name="segmentmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at__isnull", True)),
                fields=("business", "segment", "customer"),
                name="segment_member_open",
            ),
        ),
        TenantTable("Segment"),
        TenantTable("SegmentMember"),
        TenantTable("SavedView"),
        TenantTable("DefaultView"),
        SqlFile("customers/segments/sql/due.sql"),
        migrations.RunSQL(READY, migrations.RunSQL.noop),
    ]
