"""The outbox: messages, the pace of transports, times and number of messages; policies, and what is due."""

import datetime
import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0023_lighter_imports"),
        ("messaging", "0002_transports"),
    ]

    operations = [
        migrations.CreateModel(
            name="GateSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("open_from", models.TimeField(default=datetime.time(9, 0), verbose_name="messages go out from")),
                ("open_until", models.TimeField(default=datetime.time(21, 0), verbose_name="until")),
                (
                    "cap_day",
                    models.SmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="news and offers to one guest: a day, by each channel",
                    ),
                ),
                (
                    "cap_week",
                    models.SmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="in seven days, by all channels",
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
                "verbose_name": "times and number of messages",
                "verbose_name_plural": "times and numbers of messages",
                "constraints": [
                    models.UniqueConstraint(fields=("business",), name="gate_settings_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("open_until", datetime.time(0, 0)),
                            ("open_from__lt", models.F("open_until")),
                            _connector="OR",
                        ),
                        name="gate_settings_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cap_day__range", (1, 10)), ("cap_week__range", (1, 50))),
                        name="gate_settings_caps",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("key", models.CharField(max_length=200)),
                ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=5)),
                ("purpose", models.CharField(max_length=16)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("card", "Written on the card"),
                            ("campaign", "Campaign"),
                            ("automation", "Automation"),
                            ("test", "Test"),
                            ("system", "Innkeeper"),
                        ],
                        max_length=12,
                    ),
                ),
                ("origin_id", models.BigIntegerField(null=True)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("blocks", models.JSONField(default=list)),
                ("body", models.TextField(blank=True, max_length=1600)),
                ("values", models.JSONField(default=dict)),
                ("language", models.CharField(blank=True, max_length=5)),
                ("address", models.CharField(blank=True, max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("claimed", "Being sent"),
                            ("sent", "Sent"),
                            ("unknown", "Not known"),
                            ("delivered", "Delivered"),
                            ("bounced", "Bounced"),
                            ("complained", "Reported as spam"),
                            ("failed", "Failed"),
                            ("skipped", "Not sent"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=24)),
                ("detail", models.CharField(blank=True, max_length=500)),
                (
                    "urgency",
                    models.SmallIntegerField(choices=[(0, "At once"), (1, "Soon"), (2, "In its turn")], default=2),
                ),
                ("is_held", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField()),
                ("zone", models.CharField(max_length=64)),
                ("deferred_reason", models.CharField(blank=True, max_length=24)),
                ("expires_at", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(editable=False, null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("provider_id", models.CharField(blank=True, max_length=200)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("clicked_at", models.DateTimeField(null=True)),
                ("replied_at", models.DateTimeField(null=True)),
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
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="messages", to="customers.customer"
                    ),
                ),
                (
                    "property",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="accounts.property"
                    ),
                ),
                (
                    "stay",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="customers.stay"
                    ),
                ),
                (
                    "template_text",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", null=True, related_name="+", to="messaging.templatetext"
                    ),
                ),
                (
                    "transport",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="messaging.transport"
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "indexes": [
                    models.Index(fields=["business", "-due_at", "-id"], name="message_newest"),
                    models.Index(fields=["business", "customer", "-due_at", "-id"], name="message_customer"),
                    models.Index(
                        condition=models.Q(("origin_id__isnull", False)),
                        fields=["business", "origin", "origin_id", "state"],
                        name="message_origin",
                    ),
                    models.Index(
                        condition=models.Q(("is_held", False), ("state", "planned")),
                        fields=["business", "channel", "urgency", "due_at", "id"],
                        name="message_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "claimed")),
                        fields=["business", "claimed_until", "id"],
                        name="message_claimed",
                    ),
                    models.Index(
                        condition=models.Q(("state", "unknown")),
                        fields=["business", "-due_at", "-id"],
                        name="message_unknown",
                    ),
                    models.Index(
                        condition=models.Q(("provider_id", ""), _negated=True),
                        fields=["business", "provider_id", "transport"],
                        name="message_provider",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "key"), name="message_once"),
                    models.UniqueConstraint(fields=("business", "ref"), name="message_ref"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("claim__isnull", False), ("claimed_until__isnull", False), ("state", "claimed")),
                            models.Q(
                                models.Q(("state", "claimed"), _negated=True),
                                ("claim__isnull", True),
                                ("claimed_until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="message_in_hand",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboxPace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("taken", models.JSONField(default=list)),
                ("used_at", models.DateTimeField(null=True)),
                ("rests_until", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=20)),
                ("trouble_detail", models.CharField(blank=True, max_length=300)),
                ("troubled_since", models.DateTimeField(null=True)),
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
                    "transport",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="messaging.transport"
                    ),
                ),
            ],
            options={
                "verbose_name": "pace of a transport",
                "verbose_name_plural": "paces of transports",
                "constraints": [models.UniqueConstraint(fields=("business", "transport"), name="outbox_pace_once")],
            },
        ),
        *(TenantTable(name) for name in ("GateSettings", "Message", "OutboxPace")),
        SqlFile("messaging/outbox/sql/due.sql"),
    ]
