"""Addresses looked up by their key alone, so that many are suppressed at once."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0026_last_opened")]

    operations: ClassVar = [SqlFile("customers/permission/sql/suppression.sql")]
