"""Templates and their texts, under their business; a text that has been written stays as it is."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
    ]

    operations = [
        migrations.CreateModel(
            name="Template",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "SMS")],
                        default="email",
                        max_length=5,
                        verbose_name="channel",
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("newsletter", "Newsletter"),
                            ("offer", "Offer to a guest of ours"),
                            ("stay", "The guest's own stay"),
                            ("invoice", "Invoice"),
                        ],
                        default="stay",
                        max_length=12,
                        verbose_name="about",
                    ),
                ),
                ("is_archived", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                "verbose_name": "template",
                "verbose_name_plural": "templates",
            },
        ),
        migrations.CreateModel(
            name="TemplateText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=5)),
                ("version", models.IntegerField()),
                ("subject", models.CharField(blank=True, default="", max_length=200)),
                ("preheader", models.CharField(blank=True, default="", max_length=200)),
                ("blocks", models.JSONField(default=list)),
                ("body", models.TextField(blank=True, default="", max_length=1600)),
                ("is_removed", models.BooleanField(default=False)),
                ("member_id", models.BigIntegerField(null=True)),
                ("actor", models.CharField(blank=True, default="", max_length=200)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                    "template",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="texts", to="messaging.template"
                    ),
                ),
            ],
            options={
                "verbose_name": "text of a template",
                "verbose_name_plural": "texts of templates",
            },
        ),
        migrations.AddIndex(
            model_name="template",
            index=models.Index(fields=["business", "-changed_at", "-id"], name="message_template_newest"),
        ),
        migrations.AddConstraint(
            model_name="template",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_archived", False)),
                fields=("business", "channel", "name"),
                name="message_template_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="template",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["email", "sms"])), name="message_template_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="template",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["newsletter", "offer", "stay", "invoice"])),
                name="message_template_purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="templatetext",
            constraint=models.UniqueConstraint(
                fields=("business", "template", "language", "version"), name="message_template_text_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="templatetext",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="message_template_text_version"
            ),
        ),
        TenantTable("Template"),
        TenantTable("TemplateText", append_only=True),
    ]
