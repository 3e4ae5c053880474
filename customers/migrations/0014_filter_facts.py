"""The facts of a guest hold everything a list is filtered and sorted by; those of a register how values are spread."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.lookups
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.scope
from accounts.tenancy.operations import TenantTable

FILLFACTOR = "ALTER TABLE customers_customerfacts SET (fillfactor = 80)"
"""Room on every page for the next version of a row: a tag, an address, a consent or a window that rolls changes no
indexed column, and with room beside the old row it touches none of the seven indexes. Four fifths leave room for six
to eight versions, which the next reader of the page clears away; a scan reads a quarter more pages."""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_keys_tenancy"),
        ("customers", "0013_consent_state_of_returning_cards"),
    ]

    operations = [
        # Made anew, with the columns in the order a scan wants them (CustomerFacts); 0015 counts every guest.
        migrations.DeleteModel("CustomerFacts"),
        migrations.CreateModel(
            name="CustomerFacts",
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
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id", "customer_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "customer",
                    accounts.tenancy.models.TenantForeignKey(
                        db_on_delete="CASCADE", related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "value_minor",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.expressions.CombinedExpression(models.F("value"), "*", models.Value(100)),
                            models.BigIntegerField(),
                        ),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                ("value_12_months", models.BigIntegerField(db_default=0, default=0)),
                ("value_this_year", models.BigIntegerField(db_default=0, default=0)),
                ("stays", models.IntegerField(default=0)),
                ("nights", models.IntegerField(default=0)),
                ("cancelled", models.IntegerField(default=0)),
                ("no_shows", models.IntegerField(default=0)),
                ("consents", models.IntegerField(db_default=0, default=0)),
                ("counted_on", models.DateField()),
                ("language", models.IntegerField(db_default=0, default=0)),
                ("country", models.IntegerField(db_default=0, default=0)),
                ("source", models.IntegerField(db_default=0, default=0)),
                ("kind", models.IntegerField(db_default=0, default=0)),
                ("nationality", models.IntegerField(db_default=0, default=0)),
                (
                    "email_reach",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            models.Case(
                                models.When(is_restricted=True, then=models.Value(1)),
                                models.When(is_deceased=True, then=models.Value(2)),
                                models.When(do_not_contact=True, then=models.Value(3)),
                                models.When(
                                    django.db.models.lookups.Exact(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("consents"), "&", models.Value(3)
                                        ),
                                        0,
                                    ),
                                    then=models.Value(4),
                                ),
                                models.When(
                                    django.db.models.lookups.Exact(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("consents"), "&", models.Value(3)
                                        ),
                                        2,
                                    ),
                                    then=models.Value(5),
                                ),
                                models.When(email_state="ok", then=models.Value(0)),
                                models.When(email_state="invalid", then=models.Value(7)),
                                models.When(email_state="bounced", then=models.Value(8)),
                                models.When(email_state="relay", then=models.Value(9)),
                                models.When(email_state="opted_out", then=models.Value(10)),
                                default=models.Value(6),
                                output_field=models.IntegerField(),
                            ),
                            models.SmallIntegerField(),
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                (
                    "sms_reach",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            models.Case(
                                models.When(is_restricted=True, then=models.Value(1)),
                                models.When(is_deceased=True, then=models.Value(2)),
                                models.When(do_not_contact=True, then=models.Value(3)),
                                models.When(
                                    django.db.models.lookups.Exact(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("consents"), "&", models.Value(12)
                                        ),
                                        0,
                                    ),
                                    then=models.Value(4),
                                ),
                                models.When(
                                    django.db.models.lookups.Exact(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("consents"), "&", models.Value(12)
                                        ),
                                        8,
                                    ),
                                    then=models.Value(5),
                                ),
                                models.When(phone_state="ok", then=models.Value(0)),
                                models.When(phone_state="invalid", then=models.Value(7)),
                                models.When(phone_state="bounced", then=models.Value(8)),
                                models.When(phone_state="relay", then=models.Value(9)),
                                models.When(phone_state="opted_out", then=models.Value(10)),
                                default=models.Value(6),
                                output_field=models.IntegerField(),
                            ),
                            models.SmallIntegerField(),
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                (
                    "sample",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.expressions.CombinedExpression(
                                models.Func(
                                    models.F("customer"), function="hashint8", output_field=models.IntegerField()
                                ),
                                "&",
                                models.Value(1023),
                            ),
                            models.SmallIntegerField(),
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                ("is_restricted", models.BooleanField(db_default=False, default=False)),
                ("is_deceased", models.BooleanField(db_default=False, default=False)),
                ("do_not_contact", models.BooleanField(db_default=False, default=False)),
                ("first_contact", models.DateField(null=True)),
                ("last_stay", models.DateField(null=True)),
                ("first_arrival", models.DateField(null=True)),
                ("next_arrival", models.DateField(null=True)),
                ("last_activity", models.DateField(null=True)),
                ("birth_date", models.DateField(null=True)),
                (
                    "birthday",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.functions.datetime.ExtractMonth("birth_date"),
                                    "*",
                                    models.Value(100),
                                ),
                                "+",
                                django.db.models.functions.datetime.ExtractDay("birth_date"),
                            ),
                            models.SmallIntegerField(),
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("email_state", models.CharField(db_default="", default="", max_length=12)),
                ("phone_state", models.CharField(db_default="", default="", max_length=12)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), db_default=[], default=list, size=None
                    ),
                ),
                ("city", models.CharField(db_default="", default="", max_length=100)),
                ("postal_code", models.CharField(db_default="", default="", max_length=16)),
                (
                    "arrivals",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(), db_default=[], default=list, size=None
                    ),
                ),
                ("sort_key", models.CharField(db_default="", default="", max_length=120)),
                ("value", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
            ],
            options={
                "verbose_name": "facts of a guest",
                "verbose_name_plural": "facts of guests",
                "constraints": [],
            },
        ),
        TenantTable("CustomerFacts"),
        migrations.RunSQL(FILLFACTOR, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="customerfacts",
            index=models.Index(fields=["business", "sort_key", "customer"], name="facts_sort_key"),
        ),
        migrations.AddIndex(
            model_name="customerfacts",
            index=models.Index(fields=["business", "first_contact", "customer"], name="facts_first_contact"),
        ),
        migrations.AddIndex(
            model_name="customerfacts",
            index=models.Index(fields=["business", "last_stay", "customer"], name="facts_last_stay"),
        ),
        migrations.AddIndex(
            model_name="customerfacts",
            index=models.Index(fields=["business", "value_minor", "customer"], name="facts_value"),
        ),
        migrations.AddIndex(
            model_name="customerfacts",
            index=models.Index(fields=["business", "stays", "customer"], name="facts_stays"),
        ),
        migrations.AddIndex(
            model_name="customerfacts",
            index=models.Index(fields=["business", "sample", "customer"], name="facts_sample"),
        ),
        migrations.CreateModel(
            name="RegisterFacts",
            fields=[
                (
                    "business",
                    models.OneToOneField(
                        db_constraint=False,
                        default=accounts.tenancy.scope.require_business_id,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.business",
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                (
                    "value_percentiles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), db_default=[], default=list, size=None
                    ),
                ),
                ("guests", models.IntegerField(default=0)),
                ("counted_on", models.DateField()),
            ],
            options={
                "verbose_name": "facts of a register",
                "verbose_name_plural": "facts of registers",
            },
        ),
        TenantTable("RegisterFacts"),
    ]
