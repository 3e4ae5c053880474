"""What services report of messages: each event once; and what waits for its message."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("messaging", "0004_campaigns"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallbackEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=100)),
                (
                    "told",
                    models.CharField(
                        choices=[
                            ("delivered", "delivered"),
                            ("bounced", "bounced"),
                            ("complained", "complained"),
                            ("failed", "failed"),
                            ("unsubscribed", "unsubscribed"),
                            ("opened", "opened"),
                            ("clicked", "clicked"),
                            ("replied", "replied"),
                        ],
                        max_length=12,
                    ),
                ),
                ("report", models.JSONField(default=dict)),
                ("raw", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("nobody", "Of no message")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("tries", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "message",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="SET NULL", null=True, related_name="+", to="messaging.message"
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
                "verbose_name": "report of a service",
                "verbose_name_plural": "reports of services",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["business", "due_at", "id"],
                        name="callback_due",
                    ),
                    models.Index(fields=["business", "received_at"], name="callback_received"),
                    models.Index(
                        condition=models.Q(("message__isnull", False)),
                        fields=["business", "message"],
                        name="callback_message",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("business", "transport", "key"), name="callback_once")],
            },
        ),
        TenantTable("CallbackEvent"),
        SqlFile("messaging/callbacks/sql/due.sql"),
    ]
