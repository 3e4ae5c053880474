"""Campaigns: the versions of the texts they were confirmed with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0007_outbox_turns"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="texts",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
    ]
