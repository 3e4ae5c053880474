"""Indexes of single filter columns without the sort key."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_business_languages_label"),
        ("customers", "0005_search"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="customer",
            name="customer_language",
        ),
        migrations.RemoveIndex(
            model_name="customer",
            name="customer_source",
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["business", "language"], name="customer_language"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["business", "source"], name="customer_source"),
        ),
    ]
