"""The sweep's list of businesses that keep sensitive details whose consent has ended."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0010_history_in_full")]

    operations: ClassVar = [SqlFile("customers/sensitive/sql/due.sql")]
