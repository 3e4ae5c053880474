"""Stays by their departure, and who came into a segment by the transaction: what the planner of automations looks for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0029_automation_changes")]

    operations = [
        migrations.AddIndex(
            model_name="stay",
            index=models.Index(fields=["business", "departure", "id"], name="stay_departure"),
        ),
        migrations.AddIndex(
            model_name="segmentmember",
            index=models.Index(
                condition=models.Q(("by_definition", False)),
                fields=["business", "entered_xid"],
                name="segment_member_xid",
            ),
        ),
    ]
