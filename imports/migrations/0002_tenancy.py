"""Policies, keys, and the sweep's list of runs that have fallen silent."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0001_initial"), ("customers", "0002_tenancy")]

    operations: ClassVar = [
        TenantTable("ImportRun"),
        TenantTable("ImportProblem"),
        TenantTable("ImportSeen"),
        SqlFile("imports/sql/due.sql"),
    ]
