import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.models.businesses
import accounts.tenancy.models
import accounts.tenancy.scope


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_business_languages_label"),
    ]

    operations = [
        migrations.AddField(
            model_name="business",
            name="sensitive_roles",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12),
                db_default=["reception", "admin", "owner"],
                default=accounts.models.businesses.default_sensitive_roles,
                size=None,
                verbose_name="who sees sensitive details",
            ),
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("prefix", models.CharField(max_length=12)),
                ("secret_hash", models.CharField(max_length=64)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("read", "Read guests and their history"),
                                ("write", "Create and change guests and their history"),
                                ("sensitive", "Read and write sensitive details"),
                                ("consents", "Record consents"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                        verbose_name="may",
                    ),
                ),
                ("member_id", models.BigIntegerField(null=True)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
            },
        ),
        migrations.CreateModel(
            name="ApiAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("idempotency_key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.SmallIntegerField()),
                ("body", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "key",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="accounts.apikey"
                    ),
                ),
            ],
            options={
                "verbose_name": "answer of the API",
                "verbose_name_plural": "answers of the API",
            },
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.UniqueConstraint(fields=("business", "secret_hash"), name="api_key_secret"),
        ),
        migrations.AddIndex(
            model_name="apianswer",
            index=models.Index(fields=["business", "created_at"], name="api_answer_age"),
        ),
        migrations.AddConstraint(
            model_name="apianswer",
            constraint=models.UniqueConstraint(fields=("business", "key", "idempotency_key"), name="api_answer_once"),
        ),
    ]
