"""Policies and keys of API keys and their answers."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0005_api_keys")]

    operations: ClassVar = [TenantTable("ApiKey"), TenantTable("ApiAnswer")]
