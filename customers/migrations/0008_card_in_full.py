import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_api_keys"),
        ("customers", "0007_presence_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="is_pinned",
            field=models.BooleanField(db_default=False, default=False, verbose_name="pinned"),
        ),
        migrations.AddField(
            model_name="customer",
            name="birthday",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Cast(
                    django.db.models.expressions.CombinedExpression(
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.functions.datetime.ExtractMonth("birth_date"), "*", models.Value(100)
                        ),
                        "+",
                        django.db.models.functions.datetime.ExtractDay("birth_date"),
                    ),
                    models.SmallIntegerField(),
                ),
                output_field=models.SmallIntegerField(),
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="deal_breakers",
            field=models.TextField(
                blank=True, db_default="", default="", max_length=1000, verbose_name="deal breakers"
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="do_not_contact",
            field=models.BooleanField(db_default=False, default=False, verbose_name="do not contact"),
        ),
        migrations.AddField(
            model_name="customer",
            name="is_deceased",
            field=models.BooleanField(db_default=False, default=False, verbose_name="deceased"),
        ),
        migrations.AddField(
            model_name="customer",
            name="is_restricted",
            field=models.BooleanField(db_default=False, default=False, verbose_name="processing restricted"),
        ),
        migrations.AddField(
            model_name="customer",
            name="thanked",
            field=models.TextField(
                blank=True, db_default="", default="", max_length=1000, verbose_name="how they were thanked"
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="why_us",
            field=models.TextField(
                blank=True, db_default="", default="", max_length=1000, verbose_name="why they choose us"
            ),
        ),
        migrations.CreateModel(
            name="ConsentState",
            fields=[
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
                    "purpose",
                    models.CharField(
                        choices=[
                            ("newsletter", "Newsletter"),
                            ("profiling", "Profiling"),
                            ("sensitive", "Sensitive details"),
                            ("tracking", "Page tracking"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True, choices=[("", "–"), ("email", "E-mail"), ("sms", "SMS")], default="", max_length=5
                    ),
                ),
                ("granted", models.BooleanField()),
                ("since", models.DateTimeField()),
                ("event_id", models.BigIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "customer_id",
                        "purpose",
                        "channel",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={
                "verbose_name": "current consent",
                "verbose_name_plural": "current consents",
            },
        ),
        migrations.CreateModel(
            name="ConsentWording",
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
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("newsletter", "Newsletter"),
                            ("profiling", "Profiling"),
                            ("sensitive", "Sensitive details"),
                            ("tracking", "Page tracking"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True, choices=[("", "–"), ("email", "E-mail"), ("sms", "SMS")], default="", max_length=5
                    ),
                ),
                ("version", models.IntegerField()),
                ("texts", models.JSONField()),
                ("member_id", models.BigIntegerField(null=True)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "wording",
                "verbose_name_plural": "wordings",
            },
        ),
        migrations.CreateModel(
            name="ConsentEvent",
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
                ("customer_id", models.BigIntegerField()),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("newsletter", "Newsletter"),
                            ("profiling", "Profiling"),
                            ("sensitive", "Sensitive details"),
                            ("tracking", "Page tracking"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True, choices=[("", "–"), ("email", "E-mail"), ("sms", "SMS")], default="", max_length=5
                    ),
                ),
                ("act", models.CharField(choices=[("granted", "Granted"), ("withdrawn", "Withdrawn")], max_length=9)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("language", models.CharField(blank=True, max_length=5)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("desk", "At the desk"),
                            ("phone", "On the phone"),
                            ("paper", "On paper"),
                            ("email", "By e-mail"),
                            ("form", "Form"),
                            ("portal", "Own profile"),
                            ("import", "Imported file"),
                            ("api", "Connected system"),
                            ("system", "Innkeeper"),
                        ],
                        max_length=8,
                    ),
                ),
                ("by_guest", models.BooleanField(default=False)),
                ("member_id", models.BigIntegerField(null=True)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("address", models.GenericIPAddressField(null=True)),
                ("proof", models.CharField(blank=True, max_length=500)),
                ("change_set_id", models.BigIntegerField(null=True)),
                (
                    "wording",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", null=True, related_name="+", to="customers.consentwording"
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
            },
        ),
        migrations.CreateModel(
            name="CustomField",
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
                (
                    "target",
                    models.CharField(
                        choices=[("guest", "Guest"), ("stay", "Stay")],
                        default="guest",
                        max_length=5,
                        verbose_name="belongs to",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("choice", "Choice"),
                            ("yes_no", "Yes or no"),
                        ],
                        default="text",
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                ("key", models.CharField(max_length=40)),
                ("label", models.CharField(max_length=80, verbose_name="name")),
                ("hint", models.CharField(blank=True, max_length=200, verbose_name="hint")),
                ("options", models.JSONField(blank=True, default=list, verbose_name="choices")),
                ("position", models.SmallIntegerField(default=0)),
                ("is_archived", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "field",
                "verbose_name_plural": "fields",
            },
        ),
        migrations.CreateModel(
            name="GuestFieldValue",
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
                ("version", models.IntegerField(default=1, editable=False)),
                ("text", models.CharField(blank=True, default="", max_length=500)),
                ("number", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("date", models.DateField(null=True)),
                ("flag", models.BooleanField(null=True)),
                (
                    "number_scaled",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.expressions.CombinedExpression(
                                models.F("number"), "*", models.Value(10000)
                            ),
                            models.BigIntegerField(),
                        ),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="field_values", to="customers.customer"
                    ),
                ),
                (
                    "field",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="+", to="customers.customfield"
                    ),
                ),
            ],
            options={
                "verbose_name": "field of a guest",
                "verbose_name_plural": "fields of guests",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Invoice",
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
                ("version", models.IntegerField(default=1, editable=False)),
                ("number", models.CharField(max_length=60, verbose_name="invoice number")),
                ("issued_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="issued on")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due on")),
                ("paid_on", models.DateField(blank=True, null=True, verbose_name="paid on")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="amount")),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("external_system", models.CharField(blank=True, max_length=80)),
                ("external_id", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="invoices", to="customers.customer"
                    ),
                ),
                (
                    "stay",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True, db_on_delete="SET NULL", null=True, related_name="invoices", to="customers.stay"
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
            },
        ),
        migrations.CreateModel(
            name="Product",
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
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("code", models.CharField(blank=True, max_length=40, verbose_name="code")),
                ("is_archived", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "product",
                "verbose_name_plural": "products",
            },
        ),
        migrations.CreateModel(
            name="Purchase",
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
                ("version", models.IntegerField(default=1, editable=False)),
                ("description", models.CharField(blank=True, max_length=200, verbose_name="what")),
                ("quantity", models.DecimalField(decimal_places=2, default=1, max_digits=10, verbose_name="quantity")),
                (
                    "amount",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="amount"),
                ),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("bought_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="bought on")),
                ("reference", models.CharField(blank=True, max_length=60, verbose_name="reference")),
                ("external_system", models.CharField(blank=True, max_length=80)),
                ("external_id", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="purchases", to="customers.customer"
                    ),
                ),
                (
                    "product",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_on_delete="RESTRICT",
                        null=True,
                        related_name="+",
                        to="customers.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "property",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_on_delete="SET NULL",
                        null=True,
                        related_name="+",
                        to="accounts.property",
                        verbose_name="property",
                    ),
                ),
                (
                    "stay",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True, db_on_delete="SET NULL", null=True, related_name="purchases", to="customers.stay"
                    ),
                ),
            ],
            options={
                "verbose_name": "purchase",
                "verbose_name_plural": "purchases",
            },
        ),
        migrations.CreateModel(
            name="Relation",
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
                ("version", models.IntegerField(default=1, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("works_at", "Works at"),
                            ("household", "Same household as"),
                            ("referred_by", "Referred by"),
                            ("agent_for", "Agent for"),
                        ],
                        max_length=12,
                        verbose_name="relation",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="relations", to="customers.customer"
                    ),
                ),
                (
                    "other",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="relations_to", to="customers.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "relation",
                "verbose_name_plural": "relations",
            },
        ),
        migrations.CreateModel(
            name="SensitiveDetail",
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
                ("version", models.IntegerField(default=1, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("allergies", "Allergies"),
                            ("food", "Food preferences"),
                            ("wishes", "Special wishes"),
                            ("spouse", "Spouse or partner"),
                            ("children", "Children"),
                        ],
                        max_length=10,
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("ciphertext", models.BinaryField()),
                ("key_name", models.CharField(max_length=16)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="sensitive_details", to="customers.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "sensitive detail",
                "verbose_name_plural": "sensitive details",
            },
        ),
        migrations.CreateModel(
            name="StayFieldValue",
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
                ("version", models.IntegerField(default=1, editable=False)),
                ("text", models.CharField(blank=True, default="", max_length=500)),
                ("number", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("date", models.DateField(null=True)),
                ("flag", models.BooleanField(null=True)),
                (
                    "number_scaled",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.expressions.CombinedExpression(
                                models.F("number"), "*", models.Value(10000)
                            ),
                            models.BigIntegerField(),
                        ),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                (
                    "field",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="+", to="customers.customfield"
                    ),
                ),
                (
                    "stay",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="RESTRICT", related_name="field_values", to="customers.stay"
                    ),
                ),
            ],
            options={
                "verbose_name": "field of a stay",
                "verbose_name_plural": "fields of stays",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Todo",
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
                ("version", models.IntegerField(default=1, editable=False)),
                ("title", models.CharField(max_length=200, verbose_name="task")),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due on")),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("done_by", models.CharField(blank=True, max_length=200)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("member", "Member"),
                            ("import", "Import"),
                            ("automation", "Automation"),
                            ("wash", "Wash"),
                            ("api", "Connected system"),
                        ],
                        default="member",
                        max_length=10,
                    ),
                ),
                ("member_id", models.BigIntegerField(null=True)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "assignee",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_on_delete="SET NULL",
                        null=True,
                        related_name="+",
                        to="accounts.member",
                        verbose_name="for whom",
                    ),
                ),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True, db_on_delete="RESTRICT", null=True, related_name="todos", to="customers.customer"
                    ),
                ),
                (
                    "property",
                    accounts.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_on_delete="SET NULL",
                        null=True,
                        related_name="+",
                        to="accounts.property",
                        verbose_name="property",
                    ),
                ),
            ],
            options={
                "verbose_name": "task",
                "verbose_name_plural": "tasks",
            },
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                condition=models.Q(("is_pinned", True)), fields=["business", "customer"], name="activity_pinned"
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("birth_date__isnull", False)),
                fields=["business", "birthday"],
                name="customer_birthday",
            ),
        ),
        migrations.AddIndex(
            model_name="consentstate",
            index=models.Index(
                condition=models.Q(("granted", True)),
                fields=["business", "purpose", "channel", "customer"],
                name="consent_state_granted",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentwording",
            constraint=models.UniqueConstraint(
                fields=("business", "purpose", "channel", "version"), name="consent_wording_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentwording",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "email"), ("purpose", "newsletter")),
                    models.Q(("channel", "sms"), ("purpose", "newsletter")),
                    models.Q(("channel", ""), ("purpose", "profiling")),
                    models.Q(("channel", ""), ("purpose", "sensitive")),
                    models.Q(("channel", ""), ("purpose", "tracking")),
                    _connector="OR",
                ),
                name="consent_wording_known",
            ),
        ),
        migrations.AddIndex(
            model_name="consentevent",
            index=models.Index(fields=["business", "customer_id", "-at", "-id"], name="consent_event_guest"),
        ),
        migrations.AddConstraint(
            model_name="consentevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "email"), ("purpose", "newsletter")),
                    models.Q(("channel", "sms"), ("purpose", "newsletter")),
                    models.Q(("channel", ""), ("purpose", "profiling")),
                    models.Q(("channel", ""), ("purpose", "sensitive")),
                    models.Q(("channel", ""), ("purpose", "tracking")),
                    _connector="OR",
                ),
                name="consent_event_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.UniqueConstraint(fields=("business", "target", "key"), name="custom_field_key"),
        ),
        migrations.AddIndex(
            model_name="guestfieldvalue",
            index=models.Index(fields=["business", "field", "text", "customer"], name="guest_field_text"),
        ),
        migrations.AddIndex(
            model_name="guestfieldvalue",
            index=models.Index(fields=["business", "field", "number_scaled", "customer"], name="guest_field_number"),
        ),
        migrations.AddIndex(
            model_name="guestfieldvalue",
            index=models.Index(fields=["business", "field", "date", "customer"], name="guest_field_date"),
        ),
        migrations.AddConstraint(
            model_name="guestfieldvalue",
            constraint=models.UniqueConstraint(fields=("business", "customer", "field"), name="guest_field_once"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["business", "customer", "-issued_on", "-id"], name="invoice_timeline"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("paid_on__isnull", True)), fields=["business", "due_on"], name="invoice_unpaid"
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("stay__isnull", False)), fields=["business", "stay"], name="invoice_stay"
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["business", "number"], name="invoice_number"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("business", "external_system", "external_id"),
                name="invoice_external",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(fields=("business", "name"), name="product_name"),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                condition=models.Q(("code", ""), _negated=True), fields=("business", "code"), name="product_code"
            ),
        ),
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(fields=["business", "customer", "-bought_on", "-id"], name="purchase_timeline"),
        ),
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(fields=["business", "product", "customer"], name="purchase_product"),
        ),
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(
                condition=models.Q(("stay__isnull", False)), fields=["business", "stay"], name="purchase_stay"
            ),
        ),
        migrations.AddConstraint(
            model_name="purchase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("business", "external_system", "external_id"),
                name="purchase_external",
            ),
        ),
        migrations.AddIndex(
            model_name="relation",
            index=models.Index(fields=["business", "other", "kind"], name="relation_other"),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.UniqueConstraint(fields=("business", "customer", "other", "kind"), name="relation_once"),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "referred_by")),
                fields=("business", "customer"),
                name="relation_one_referrer",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(("customer", models.F("other")), _negated=True), name="relation_with_another"
            ),
        ),
        migrations.AddIndex(
            model_name="sensitivedetail",
            index=models.Index(fields=["business", "key_name"], name="sensitive_detail_key"),
        ),
        migrations.AddConstraint(
            model_name="sensitivedetail",
            constraint=models.UniqueConstraint(fields=("business", "customer", "kind"), name="sensitive_detail_once"),
        ),
        migrations.AddIndex(
            model_name="stayfieldvalue",
            index=models.Index(fields=["business", "field", "stay"], name="stay_field_field"),
        ),
        migrations.AddConstraint(
            model_name="stayfieldvalue",
            constraint=models.UniqueConstraint(fields=("business", "stay", "field"), name="stay_field_once"),
        ),
        migrations.AddIndex(
            model_name="todo",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)), fields=["business", "due_on", "id"], name="todo_open"
            ),
        ),
        migrations.AddIndex(
            model_name="todo",
            index=models.Index(fields=["business", "customer", "-created_at"], name="todo_of_guest"),
        ),
    ]
