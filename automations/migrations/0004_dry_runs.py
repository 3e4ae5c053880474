"""Dry runs that have fallen silent are found, and those whose time is over."""

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies = [("automations", "0003_runner")]

    operations = [SqlFile("automations/sql/dry_runs_due.sql")]
