"""What a business sends through, its test messages, and what a local inbox caught; policies and due work."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("messaging", "0001_texts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Transport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=5)),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=80)),
                ("options", models.JSONField(default=dict)),
                ("secret", models.BinaryField(default=bytes)),
                ("secret_key", models.CharField(blank=True, max_length=40)),
                ("callback_hash", models.CharField(max_length=64)),
                ("sender_address", models.CharField(blank=True, max_length=254)),
                ("sender_name", models.CharField(blank=True, max_length=80)),
                ("reply_to", models.CharField(blank=True, max_length=254)),
                ("per_minute", models.PositiveIntegerField(null=True)),
                ("price", models.DecimalField(decimal_places=4, max_digits=8, null=True)),
                ("is_default", models.BooleanField(default=False)),
                ("is_on", models.BooleanField(default=True)),
                ("version", models.IntegerField(default=1)),
                ("check_asked_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("domain", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                "verbose_name": "way of sending",
                "verbose_name_plural": "ways of sending",
            },
        ),
        migrations.CreateModel(
            name="Caught",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.UUIDField()),
                ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=5)),
                ("customer_id", models.BigIntegerField(null=True)),
                ("address", models.CharField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("sender", models.CharField(blank=True, max_length=400)),
                ("subject", models.CharField(blank=True, max_length=998)),
                ("html", models.TextField(blank=True)),
                ("text", models.TextField(blank=True)),
                ("headers", models.JSONField(default=dict)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
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
                        db_on_delete="CASCADE", related_name="caught", to="messaging.transport"
                    ),
                ),
            ],
            options={
                "verbose_name": "caught message",
                "verbose_name_plural": "caught messages",
            },
        ),
        migrations.CreateModel(
            name="TransportTry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.UUIDField(default=uuid.uuid4)),
                ("address", models.CharField(max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "On its way"),
                            ("taken", "Sent"),
                            ("refused", "Refused"),
                            ("later", "Not taken right now"),
                            ("unknown", "Unclear"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("error", models.JSONField(default=dict)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
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
                    "transport",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="tries", to="messaging.transport"
                    ),
                ),
            ],
            options={
                "verbose_name": "test message",
                "verbose_name_plural": "test messages",
            },
        ),
        migrations.AddConstraint(
            model_name="transport",
            constraint=models.UniqueConstraint(fields=("business", "name"), name="transport_name"),
        ),
        migrations.AddConstraint(
            model_name="transport",
            constraint=models.UniqueConstraint(fields=("business", "callback_hash"), name="transport_callback"),
        ),
        migrations.AddConstraint(
            model_name="transport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("business", "channel"), name="transport_default"
            ),
        ),
        migrations.AddIndex(
            model_name="caught",
            index=models.Index(fields=["business", "-at", "-id"], name="caught_newest"),
        ),
        migrations.AddIndex(
            model_name="caught",
            index=models.Index(fields=["business", "address", "-at"], name="caught_address"),
        ),
        migrations.AddIndex(
            model_name="caught",
            index=models.Index(
                condition=models.Q(("customer_id__isnull", False)),
                fields=["business", "customer_id"],
                name="caught_guest",
            ),
        ),
        migrations.AddConstraint(
            model_name="caught",
            constraint=models.UniqueConstraint(fields=("business", "ref"), name="caught_once"),
        ),
        migrations.AddIndex(
            model_name="transporttry",
            index=models.Index(fields=["business", "transport", "-asked_at", "-id"], name="transport_try_newest"),
        ),
        migrations.AddIndex(
            model_name="transporttry",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["business", "asked_at"], name="transport_try_open"
            ),
        ),
        *(TenantTable(name) for name in ("Transport", "Caught", "TransportTry")),
        SqlFile("messaging/transports/sql/due.sql"),
    ]
