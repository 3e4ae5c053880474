"""What came too late, or may have gone before a backup was read in, waits for a decision."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0012_webhooks")]

    operations = [
        migrations.AddField(
            model_name="gatesettings", name="restored_at", field=models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["business", "-due_at", "-id"],
                condition=models.Q(("reason__in", ("expired", "restored")), ("state", "skipped")),
                name="message_late",
            ),
        ),
    ]
