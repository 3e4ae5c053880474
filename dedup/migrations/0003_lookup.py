"""One new card is looked up with one statement, whose plan is kept."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("dedup", "0002_decision_taught")]

    operations: ClassVar = [SqlFile("dedup/register/sql/lookup.sql")]
