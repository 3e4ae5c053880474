"""Messages of one state and the last SMS to a number are found by an index."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_campaign_texts")]

    operations = [
        migrations.RemoveIndex(model_name="message", name="message_unknown"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["business", "state", "-due_at", "-id"], name="message_state"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["business", "address", "-sent_at", "-id"],
                condition=Q(channel="sms", sent_at__isnull=False),
                name="message_number",
            ),
        ),
    ]
