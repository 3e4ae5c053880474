"""Who sends a business's messages in turn; businesses that have no way, or whose way rests, keep nobody out."""

from django.db import migrations, models

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_campaign_hours")]

    operations = [
        migrations.AddField(model_name="outboxpace", name="turns", field=models.JSONField(default=list)),
        SqlFile("messaging/outbox/sql/due.sql"),
    ]
