"""Facts are counted without planning a key's check for every row; history's rows are checked once a statement."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0022_lineage")]

    operations: ClassVar = [
        SqlFile("customers/changes/sql/functions.sql"),
        SqlFile("customers/facts/sql/facts.sql"),
    ]
