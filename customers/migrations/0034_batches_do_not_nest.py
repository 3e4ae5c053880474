"""A batch whose facts are counted once does not begin inside another: its end would forget whom that one noted."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0033_lighter_acts")]

    operations: ClassVar = [SqlFile("customers/facts/sql/facts_triggers.sql")]
