"""Policies and keys of what imports keep; the sweep's list of what is due."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0006_trusted_imports")]

    operations: ClassVar = [
        # Keys of what is referred to before the references.
        TenantTable("ImportMapping"),
        TenantTable("ImportFeed"),
        TenantTable("ImportRun"),
        TenantTable("ImportRow"),
        SqlFile("imports/sql/due.sql"),
    ]
