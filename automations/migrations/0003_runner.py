"""The wait that a journey is in, and the businesses in which journeys are due."""

from django.db import migrations, models

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies = [("automations", "0002_planner"), ("customers", "0029_automation_changes")]

    operations = [
        migrations.AddField(
            model_name="journey",
            name="waiting",
            field=models.CharField(blank=True, db_default="", default="", max_length=12),
        ),
        SqlFile("automations/sql/due.sql"),
    ]
