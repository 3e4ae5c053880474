"""Where webhooks go, what is delivered there, and who has some due."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_postal_address"),
        ("customers", "0028_facts_of_new_guests"),
        ("messaging", "0011_old_tries"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("url", models.CharField(max_length=1000, verbose_name="address")),
                ("secret", models.BinaryField(default=bytes)),
                ("secret_key", models.CharField(blank=True, max_length=40)),
                ("is_on", models.BooleanField(default=True)),
                ("failures", models.IntegerField(default=0)),
                ("rests_until", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=20)),
                ("troubled_since", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("todo_id", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.IntegerField(default=1)),
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
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.UUIDField(default=uuid.uuid4)),
                ("key", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=60)),
                ("body", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Waiting"),
                            ("claimed", "On its way"),
                            ("sent", "Delivered"),
                            ("failed", "Failed"),
                            ("unknown", "Unclear"),
                        ],
                        default="planned",
                        max_length=8,
                    ),
                ),
                ("attempts", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("claim", models.UUIDField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("status", models.SmallIntegerField(null=True)),
                ("reason", models.CharField(blank=True, max_length=20)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("sent_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
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
                        db_on_delete="RESTRICT", null=True, related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "endpoint",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="deliveries", to="messaging.webhookendpoint"
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery of a webhook",
                "verbose_name_plural": "deliveries of webhooks",
            },
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(
                models.F("business"), django.db.models.functions.text.Lower("name"), name="webhook_name"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "planned")),
                fields=["business", "endpoint", "due_at", "id"],
                name="webhook_due",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "planned")), fields=["business", "expires_at"], name="webhook_expires"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "claimed")), fields=["business", "claimed_until"], name="webhook_claimed"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state__in", ("sent", "failed", "unknown"))),
                fields=["business", "settled_at"],
                name="webhook_settled",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["business", "endpoint", "state", "id"], name="webhook_states"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("customer__isnull", False)), fields=["business", "customer"], name="webhook_guest"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(fields=("business", "key"), name="webhook_once"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at__isnull", False), ("state__in", ("sent", "failed", "unknown"))),
                    models.Q(
                        models.Q(("state__in", ("sent", "failed", "unknown")), _negated=True),
                        ("settled_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="webhook_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claim__isnull", False), ("claimed_until__isnull", False), ("state", "claimed")),
                    models.Q(
                        models.Q(("state", "claimed"), _negated=True),
                        ("claim__isnull", True),
                        ("claimed_until__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="webhook_held",
            ),
        ),
        *(TenantTable(name) for name in ("WebhookEndpoint", "WebhookDelivery")),
        SqlFile("messaging/webhooks/sql/due.sql"),
    ]
