"""Addresses that must not be written to again, what guests wish, and facts that follow both."""

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0024_words_in_batches")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("email", "E-mail"), ("phone", "Phone")], max_length=5)),
                ("digest", models.UUIDField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounce", "Bounces"),
                            ("complaint", "Reported as spam"),
                            ("stop", "Answered STOP"),
                            ("manual", "Entered by a member"),
                            ("unsubscribed", "Unsubscribed"),
                            ("objection", "Objected to marketing"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("source", models.CharField(blank=True, max_length=200)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                "verbose_name": "suppressed address",
                "verbose_name_plural": "suppressed addresses",
                "constraints": [
                    models.UniqueConstraint(fields=("business", "digest", "reason"), name="suppression_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Wish",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "customer_id",
                        "kind",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("no_offers", "No offers because of an earlier stay"), ("pause", "A pause")],
                        max_length=9,
                    ),
                ),
                ("until", models.DateField(null=True, verbose_name="until")),
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
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="customers.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "wish of a guest",
                "verbose_name_plural": "wishes of guests",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "pause"), _negated=True), ("until__isnull", False), _connector="OR"
                        ),
                        name="wish_ends",
                    )
                ],
            },
        ),
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(
                choices=[
                    ("note", "Note"),
                    ("call", "Call"),
                    ("visit", "Visit"),
                    ("email", "E-mail"),
                    ("form", "Form"),
                    ("sms", "SMS"),
                ],
                default="note",
                max_length=12,
                verbose_name="kind",
            ),
        ),
        TenantTable("Suppression"),
        TenantTable("Wish"),
        SqlFile("customers/permission/sql/suppression.sql"),
        SqlFile("customers/facts/sql/facts.sql"),
    ]
