"""Policies, keys and the membership function."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile, TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0001_initial")]

    operations: ClassVar = [
        TenantTable("Property"),
        TenantTable("Member"),
        TenantTable("Invitation"),
        TenantTable("AuditEntry", append_only=True),
        SqlFile("accounts/tenancy/sql/memberships.sql"),
    ]
