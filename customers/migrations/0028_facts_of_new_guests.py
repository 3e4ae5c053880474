"""Facts of guests who have just been made are begun, not counted."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0027_points_at")]

    operations: ClassVar = [SqlFile("customers/facts/sql/facts.sql")]
