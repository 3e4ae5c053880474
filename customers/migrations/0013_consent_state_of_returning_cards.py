"""A card that an undo brings back has the consents again that the log tells of."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0012_restrict_places")]

    operations: ClassVar = [SqlFile("customers/consent/sql/state.sql")]
