"""Campaigns, the guests each was fixed to, what is due; when guests last opened a message and followed a link."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable
from customers.changes.sight import HideLeaving


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0026_last_opened"),
        ("messaging", "0003_outbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("segment_name", models.CharField(blank=True, max_length=120)),
                ("segment_definition", models.IntegerField(editable=False, null=True)),
                (
                    "chosen",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, null=True, size=None
                    ),
                ),
                ("channel", models.CharField(blank=True, choices=[("email", "E-mail"), ("sms", "SMS")], max_length=5)),
                ("purpose", models.CharField(blank=True, max_length=16)),
                (
                    "timing",
                    models.CharField(
                        choices=[
                            ("now", "At once"),
                            ("moment", "On a day, for all at the same moment"),
                            ("morning", "On a day, at this time where each guest lives"),
                        ],
                        default="now",
                        max_length=8,
                        verbose_name="when",
                    ),
                ),
                ("day", models.DateField(blank=True, null=True, verbose_name="day")),
                ("hour", models.TimeField(blank=True, null=True, verbose_name="time")),
                (
                    "holdout",
                    models.SmallIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="held out",
                    ),
                ),
                ("result_days", models.SmallIntegerField(default=30)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("scheduled", "Scheduled"),
                            ("running", "Being sent"),
                            ("paused", "Paused"),
                            ("done", "Sent"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("stage", models.CharField(blank=True, editable=False, max_length=10)),
                (
                    "trouble",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("late", "It should have begun long ago."),
                            ("segment", "Its segment has other conditions now, or is gone."),
                            ("template", "Its template was archived, or has no text any more."),
                        ],
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("starts_at", models.DateTimeField(editable=False, null=True)),
                ("audience", models.IntegerField(editable=False, null=True)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("confirmed_at", models.DateTimeField(editable=False, null=True)),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                        db_on_delete="SET NULL", null=True, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "segment",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True, db_on_delete="SET NULL", null=True, related_name="+", to="customers.segment"
                    ),
                ),
                (
                    "template",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True, db_on_delete="RESTRICT", null=True, related_name="+", to="messaging.template"
                    ),
                ),
            ],
            options={
                "verbose_name": "campaign",
                "verbose_name_plural": "campaigns",
            },
        ),
        migrations.CreateModel(
            name="CampaignGuest",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "campaign_id",
                        "customer_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "arm",
                    models.CharField(
                        choices=[
                            ("waiting", "Not come to"),
                            ("sent", "Gets it"),
                            ("held", "Held out"),
                            ("excluded", "Excluded"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=24)),
                ("message_id", models.BigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
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
                    "campaign",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="guests", to="messaging.campaign"
                    ),
                ),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="customers.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "guest of a campaign",
                "verbose_name_plural": "guests of campaigns",
            },
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(fields=["business", "-created_at", "-id"], name="campaign_newest"),
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(
                condition=models.Q(("segment__isnull", False)), fields=["business", "segment"], name="campaign_segment"
            ),
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(fields=["business", "template"], name="campaign_template"),
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(
                condition=models.Q(("state__in", ("scheduled", "running"))),
                fields=["business", "seen_at"],
                name="campaign_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(condition=models.Q(("holdout__range", (0, 50))), name="campaign_holdout"),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    models.Q(
                        ("template__isnull", False),
                        models.Q(("channel", ""), _negated=True),
                        models.Q(("purpose", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="campaign_confirmed",
            ),
        ),
        migrations.AddIndex(
            model_name="campaignguest",
            index=models.Index(fields=["business", "campaign", "arm", "reason", "customer"], name="campaign_guest_arm"),
        ),
        migrations.AddIndex(
            model_name="campaignguest",
            index=models.Index(fields=["business", "customer"], name="campaign_guest_customer"),
        ),
        TenantTable("Campaign"),
        TenantTable("CampaignGuest"),
        HideLeaving("CampaignGuest", guest=("customer_id",)),
        SqlFile("messaging/campaigns/sql/due.sql"),
        SqlFile("messaging/written/sql/answers.sql"),
    ]
