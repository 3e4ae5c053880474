"""A large undo takes back what its import granted when it begins, and of those who stay after all when it ends."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0008_feeds"), ("customers", "0021_leaving")]

    operations: ClassVar = [SqlFile("imports/sql/consents_undone.sql")]
