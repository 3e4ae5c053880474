"""What an undo of many merges brings back between two cards belongs to the undo of the merge that had removed it."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0030_planner_indexes")]

    operations: ClassVar = [SqlFile("customers/lineage/sql/lineage.sql")]
