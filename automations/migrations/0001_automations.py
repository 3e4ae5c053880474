"""Automations, journeys and their steps, events of guests, the planner's place, dry runs."""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable
from customers.changes.sight import HideLeaving


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0007_postal_address"),
        ("customers", "0028_facts_of_new_guests"),
        ("messaging", "0011_old_tries"),
    ]

    operations = [
        migrations.CreateModel(
            name="Automation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("on", "On"), ("paused", "Paused"), ("off", "Off")],
                        default="draft",
                        max_length=6,
                    ),
                ),
                ("draft", models.JSONField(default=dict)),
                ("recipe", models.CharField(blank=True, max_length=24)),
                ("since_xid", models.BigIntegerField(editable=False, null=True)),
                ("planned_through", models.DateField(editable=False, null=True)),
                ("trouble", models.CharField(blank=True, max_length=24)),
                ("member_id", models.BigIntegerField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("turned_on_at", models.DateTimeField(editable=False, null=True)),
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
                "verbose_name": "automation",
                "verbose_name_plural": "automations",
            },
        ),
        migrations.CreateModel(
            name="AutomationVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField()),
                ("definition", models.JSONField()),
                ("member_id", models.BigIntegerField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "automation",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="versions", to="automations.automation"
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
                "verbose_name": "version of an automation",
                "verbose_name_plural": "versions of automations",
            },
        ),
        # Each of the two points at the other: both have their keys before the second reference is made.
        TenantTable("Automation"),
        TenantTable("AutomationVersion"),
        migrations.AddField(
            model_name="automation",
            name="current",
            field=accounts.tenancy.models.TenantForeignKey(
                db_on_delete="RESTRICT", null=True, related_name="+", to="automations.automationversion"
            ),
        ),
        migrations.CreateModel(
            name="DryRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("definition", models.JSONField()),
                ("first", models.DateField()),
                ("last", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("guests", models.IntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("member_id", models.BigIntegerField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "automation",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="automations.automation"
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
                "verbose_name": "dry run",
                "verbose_name_plural": "dry runs",
            },
        ),
        migrations.CreateModel(
            name="DryRunStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journey", models.IntegerField()),
                ("step", models.CharField(blank=True, max_length=12)),
                ("outcome", models.CharField(max_length=8)),
                ("reason", models.CharField(blank=True, max_length=24)),
                ("at", models.DateTimeField()),
                ("sends_at", models.DateTimeField(null=True)),
                ("text_id", models.BigIntegerField(null=True)),
                ("stay_id", models.BigIntegerField(null=True)),
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
                    "run",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="steps", to="automations.dryrun"
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a dry run",
                "verbose_name_plural": "steps of dry runs",
            },
        ),
        migrations.CreateModel(
            name="GuestEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Message opened"),
                            ("clicked", "Link followed"),
                            ("consented", "Consent given"),
                            ("told", "Told by another system"),
                        ],
                        max_length=10,
                    ),
                ),
                ("customer_id", models.BigIntegerField()),
                ("name", models.CharField(blank=True, max_length=60)),
                ("object_id", models.BigIntegerField(null=True)),
                ("stay_id", models.BigIntegerField(null=True)),
                ("key", models.CharField(blank=True, max_length=120)),
                ("data", models.JSONField(default=dict)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "xid",
                    models.BigIntegerField(
                        db_default=django.db.models.functions.comparison.Cast(
                            django.db.models.functions.comparison.Cast(
                                models.Func(function="pg_current_xact_id", output_field=models.TextField()),
                                models.TextField(),
                            ),
                            models.BigIntegerField(),
                        ),
                        editable=False,
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
                "verbose_name": "event of a guest",
                "verbose_name_plural": "events of guests",
            },
        ),
        migrations.CreateModel(
            name="Journey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occurrence", models.CharField(max_length=80)),
                ("anchor", models.DateField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("running", "Under way"),
                            ("done", "Finished"),
                            ("left", "Left early"),
                            ("goal", "Goal reached"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                        ],
                        default="planned",
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=24)),
                ("step", models.CharField(blank=True, max_length=12)),
                ("due_at", models.DateTimeField(null=True)),
                ("due_local", models.CharField(blank=True, max_length=16)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("number_done", models.SmallIntegerField(default=0)),
                ("began_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "automation",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="journeys", to="automations.automation"
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
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="journeys", to="customers.customer"
                    ),
                ),
                (
                    "invoice",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="customers.invoice"
                    ),
                ),
                (
                    "stay",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="customers.stay"
                    ),
                ),
                (
                    "version",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="automations.automationversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "journey",
                "verbose_name_plural": "journeys",
            },
        ),
        migrations.CreateModel(
            name="JourneyStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journey_id", models.BigIntegerField()),
                ("step", models.CharField(max_length=12)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("yes", "Yes"),
                            ("no", "No"),
                            ("refused", "Not sent"),
                            ("left", "Nothing to do"),
                            ("skipped", "Skipped by hand"),
                            ("failed", "Failed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=24)),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("message_id", models.BigIntegerField(null=True)),
                ("todo_id", models.BigIntegerField(null=True)),
                ("delivery_id", models.BigIntegerField(null=True)),
                (
                    "automation",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="automations.automation"
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
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="+", to="customers.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a journey",
                "verbose_name_plural": "steps of journeys",
            },
        ),
        migrations.CreateModel(
            name="PlannerState",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "one", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("one", models.BooleanField(default=True, editable=False)),
                ("seen_xid", models.BigIntegerField(null=True)),
                ("marks", models.JSONField(default=list)),
                ("passed_at", models.DateTimeField(null=True)),
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
                "verbose_name": "place of the planner",
                "verbose_name_plural": "places of planners",
            },
        ),
        migrations.AddConstraint(
            model_name="automationversion",
            constraint=models.UniqueConstraint(fields=("business", "automation", "number"), name="automation_version"),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.UniqueConstraint(
                models.F("business"), django.db.models.functions.text.Lower("name"), name="automation_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "draft"), ("current__isnull", False), _connector="OR"),
                name="automation_published",
            ),
        ),
        migrations.AddIndex(
            model_name="dryrun",
            index=models.Index(fields=["business", "automation", "-id"], name="dry_run_newest"),
        ),
        migrations.AddIndex(
            model_name="dryrun",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "running"))),
                fields=["business", "seen_at"],
                name="dry_run_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="dryrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("last__gte", models.F("first"))), name="dry_run_days"
            ),
        ),
        migrations.AddIndex(
            model_name="dryrunstep",
            index=models.Index(fields=["business", "run", "journey", "id"], name="dry_run_step_journey"),
        ),
        migrations.AddIndex(
            model_name="dryrunstep",
            index=models.Index(fields=["business", "run", "step", "outcome", "reason"], name="dry_run_step_counts"),
        ),
        migrations.AddIndex(
            model_name="dryrunstep",
            index=models.Index(fields=["business", "customer"], name="dry_run_step_guest"),
        ),
        migrations.AddIndex(
            model_name="guestevent",
            index=models.Index(fields=["business", "xid"], name="guest_event_xid"),
        ),
        migrations.AddIndex(
            model_name="guestevent",
            index=models.Index(fields=["business", "customer_id", "-at"], name="guest_event_guest"),
        ),
        migrations.AddIndex(
            model_name="guestevent",
            index=models.Index(fields=["business", "at"], name="guest_event_at"),
        ),
        migrations.AddConstraint(
            model_name="guestevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("business", "name", "key"),
                name="guest_event_once",
            ),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(
                condition=models.Q(("state__in", ("planned", "running"))),
                fields=["business", "automation", "due_at", "id"],
                name="journey_due",
            ),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(fields=["business", "automation", "state", "step", "id"], name="journey_place"),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(fields=["business", "customer", "-id"], name="journey_guest"),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(
                condition=models.Q(("stay__isnull", False)), fields=["business", "stay"], name="journey_stay"
            ),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(
                condition=models.Q(("invoice__isnull", False)), fields=["business", "invoice"], name="journey_invoice"
            ),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(
                condition=models.Q(("state__in", ("planned", "running"))),
                fields=["business", "version"],
                name="journey_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="journey",
            constraint=models.UniqueConstraint(
                fields=("business", "automation", "customer", "occurrence"), name="journey_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="journey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_at__isnull", False), ("ended_at__isnull", True), ("state__in", ("planned", "running"))
                    ),
                    models.Q(
                        models.Q(("state__in", ("planned", "running")), _negated=True),
                        ("due_at__isnull", True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="journey_open",
            ),
        ),
        migrations.AddIndex(
            model_name="journeystep",
            index=models.Index(
                fields=["business", "automation", "step", "outcome", "reason"], name="journey_step_counts"
            ),
        ),
        migrations.AddIndex(
            model_name="journeystep",
            index=models.Index(fields=["business", "customer", "-at", "-id"], name="journey_step_guest"),
        ),
        migrations.AddConstraint(
            model_name="journeystep",
            constraint=models.UniqueConstraint(fields=("business", "journey_id", "step"), name="journey_step_once"),
        ),
        *(
            TenantTable(name)
            for name in (
                "Automation",
                "AutomationVersion",
                "Journey",
                "JourneyStep",
                "GuestEvent",
                "PlannerState",
                "DryRun",
                "DryRunStep",
            )
        ),
        HideLeaving("Journey", guest=("customer_id",)),
        HideLeaving("JourneyStep", guest=("customer_id",)),
        SqlFile("automations/sql/events.sql"),
    ]
