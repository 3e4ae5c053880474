"""Those whose facts wait to be counted stand in a setting, not in a table; and nobody is looked for who is present by old
stays."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0032_lighter_history")]

    operations: ClassVar = [
        SqlFile("customers/facts/sql/facts_triggers.sql"),
        SqlFile("customers/search/sql/presence.sql"),
    ]
