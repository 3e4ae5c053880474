"""Businesses with test messages older than they are kept are found, too."""

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies = [("messaging", "0010_outbox_indexes")]

    operations = [SqlFile("messaging/transports/sql/due.sql")]
