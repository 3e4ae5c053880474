"""What finds double registrations: profiles and keys of cards, runs, matches, decisions; policies and triggers."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable
from customers.changes.sight import HideLeaving


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0021_leaving"),
    ]

    operations = [
        migrations.CreateModel(
            name="CardKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "key",
                        "customer_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
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
                "verbose_name": "key of a card",
                "verbose_name_plural": "keys of cards",
            },
        ),
        migrations.CreateModel(
            name="CardProfile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "customer_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.BigIntegerField()),
                ("profile", models.TextField(db_collation="C")),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
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
            ],
            options={
                "verbose_name": "profile of a card",
                "verbose_name_plural": "profiles of cards",
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("left_id", models.BigIntegerField()),
                ("right_id", models.BigIntegerField()),
                (
                    "verdict",
                    models.CharField(
                        choices=[("same", "The same"), ("different", "Not the same"), ("later", "Later")], max_length=10
                    ),
                ),
                ("pattern", models.BigIntegerField(null=True)),
                ("weight", models.FloatField(null=True)),
                ("sampled", models.BooleanField(default=False)),
                ("change_set_id", models.BigIntegerField(null=True)),
                ("is_withdrawn", models.BooleanField(default=False)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                "verbose_name": "decision on a match",
                "verbose_name_plural": "decisions on matches",
                "indexes": [
                    models.Index(fields=["business", "left_id", "right_id", "-id"], name="decision_pair"),
                    models.Index(fields=["business", "right_id"], name="decision_right"),
                    models.Index(
                        condition=models.Q(("change_set_id__isnull", False)),
                        fields=["business", "change_set_id"],
                        name="decision_act",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("left_id__lt", models.F("right_id"))), name="decision_in_order"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Match",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("left_id", models.BigIntegerField()),
                ("right_id", models.BigIntegerField()),
                ("weight", models.FloatField()),
                ("probability", models.FloatField()),
                ("pattern", models.BigIntegerField(default=0)),
                ("agrees", models.BigIntegerField(default=0)),
                ("differs", models.BigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("later", "Later"),
                            ("merged", "Merged"),
                            ("different", "Not the same"),
                            ("gone", "No longer alike"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                "verbose_name": "match",
                "verbose_name_plural": "matches",
                "indexes": [
                    models.Index(fields=["business", "state", "-weight", "-id"], name="match_queue"),
                    models.Index(fields=["business", "right_id"], name="match_right"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "left_id", "right_id"), name="match_once"),
                    models.CheckConstraint(
                        condition=models.Q(("left_id__lt", models.F("right_id"))), name="match_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MatchRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("find", "Find duplicates"), ("merge", "Merge duplicates")],
                        default="find",
                        max_length=8,
                    ),
                ),
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
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("profiles", "Reading the cards"),
                            ("compare", "Comparing"),
                            ("keep", "Keeping what was found"),
                            ("merge", "Merging"),
                        ],
                        default="profiles",
                        max_length=8,
                    ),
                ),
                ("at", models.JSONField(default=dict)),
                ("total", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("cards", models.BigIntegerField(default=0)),
                ("found", models.BigIntegerField(default=0)),
                ("fresh", models.BigIntegerField(default=0)),
                ("capped", models.JSONField(default=list)),
                ("skipped", models.JSONField(default=dict)),
                ("minimum", models.FloatField(null=True)),
                ("agrees", models.BigIntegerField(default=0)),
                ("by_itself", models.BooleanField(default=False)),
                ("change_set_id", models.BigIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("seen_at", models.DateTimeField(auto_now_add=True)),
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
                    "member",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="accounts.member"
                    ),
                ),
            ],
            options={
                "verbose_name": "search for duplicates",
                "verbose_name_plural": "searches for duplicates",
                "indexes": [
                    models.Index(fields=["business", "-created_at", "-id"], name="match_run_newest"),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=["business", "seen_at"],
                        name="match_run_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=("business", "kind"),
                        name="match_run_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MatchSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("propose", models.FloatField(default=0.5, verbose_name="propose from")),
                ("certain", models.FloatField(default=0.999, verbose_name="certain from")),
                ("is_own", models.BooleanField(default=False, editable=False)),
                ("automatic", models.BooleanField(default=False, verbose_name="merge by itself")),
                ("model", models.JSONField(editable=False, null=True)),
                ("taught", models.JSONField(editable=False, null=True)),
                ("taught_by", models.IntegerField(default=0, editable=False)),
                ("learned_cards", models.BigIntegerField(default=0, editable=False)),
                ("models_made", models.IntegerField(default=0, editable=False)),
                ("untaught", models.IntegerField(default=0, editable=False)),
                ("engine", models.IntegerField(default=0, editable=False)),
                ("seen_xid", models.BigIntegerField(editable=False, null=True)),
                ("marks", models.JSONField(default=list, editable=False)),
                ("seen_change", models.BigIntegerField(default=0, editable=False)),
                ("followed_at", models.DateTimeField(editable=False, null=True)),
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
                "verbose_name": "settings of duplicates",
                "verbose_name_plural": "settings of duplicates",
                "constraints": [models.UniqueConstraint(fields=("business",), name="match_settings_once")],
            },
        ),
        *(TenantTable(name) for name in ("CardKey", "CardProfile", "Decision", "Match", "MatchRun", "MatchSettings")),
        HideLeaving("CardProfile", guest=("customer_id",)),
        HideLeaving("Match", guest=("left_id", "right_id")),
        SqlFile("dedup/register/sql/register.sql"),
        SqlFile("dedup/register/sql/due.sql"),
    ]
