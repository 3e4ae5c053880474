"""Guests by what is counted of their stays in a window, for filters."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0017_bulk")]

    operations: ClassVar = [SqlFile("customers/history/sql/stays_within.sql")]
