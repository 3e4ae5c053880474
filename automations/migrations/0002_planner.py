"""What the planner has read, transaction by transaction, and the businesses whose planner has something to look at."""

from django.db import migrations, models

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies = [("automations", "0001_automations")]

    operations = [
        migrations.AddField(
            model_name="plannerstate",
            name="snapshot",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        SqlFile("automations/sql/planner_due.sql"),
    ]
