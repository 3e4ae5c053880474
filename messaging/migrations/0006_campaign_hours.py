"""Campaigns: times of their own for guests of some languages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_callbacks"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="hours",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
