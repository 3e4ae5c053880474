"""What acts on many guests did to journeys, and the orders in which journeys are looked through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("automations", "0004_dry_runs")]

    operations = [
        migrations.AddField(
            model_name="journey", name="bulk_id", field=models.BigIntegerField(editable=False, null=True)
        ),
        migrations.AddField(
            model_name="journey", name="due_before", field=models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(fields=["business", "automation", "-id"], name="journey_newest"),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(
                condition=models.Q(("reason", ""), _negated=True),
                fields=["business", "automation", "state", "reason", "id"],
                name="journey_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(
                condition=models.Q(("bulk_id__isnull", False)), fields=["business", "bulk_id"], name="journey_bulk"
            ),
        ),
    ]
