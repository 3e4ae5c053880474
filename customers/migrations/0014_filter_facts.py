"""The facts of a guest hold everything a list is filtered and sorted by; those of a register how values are spread."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.lookups
from django.db import migrations, models

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
        migrations.RunSQL(FILLFACTOR, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="customerfacts",
            name="value_12_months",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="value_this_year",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="arrivals",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="last_activity",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="kind",
            field=models.CharField(db_default="", default="", max_length=8),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="language",
            field=models.CharField(db_default="", default="", max_length=5),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="nationality",
            field=models.CharField(db_default="", default="", max_length=2),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="country",
            field=models.CharField(db_default="", default="", max_length=2),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="postal_code",
            field=models.CharField(db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="city",
            field=models.CharField(db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="source",
            field=models.CharField(db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="first_contact",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="birth_date",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="sort_key",
            field=models.CharField(db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="is_restricted",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="is_deceased",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="do_not_contact",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="consents",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="email_state",
            field=models.CharField(db_default="", default="", max_length=12),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="phone_state",
            field=models.CharField(db_default="", default="", max_length=12),
        ),
        migrations.AddField(
            model_name="customerfacts",
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
            model_name="customerfacts",
            name="sample",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Cast(
                    django.db.models.expressions.CombinedExpression(
                        models.Func(models.F("customer"), function="hashint8", output_field=models.IntegerField()),
                        "&",
                        models.Value(1023),
                    ),
                    models.SmallIntegerField(),
                ),
                output_field=models.SmallIntegerField(),
            ),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="email_reach",
            field=models.GeneratedField(
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
        migrations.AddField(
            model_name="customerfacts",
            name="sms_reach",
            field=models.GeneratedField(
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
