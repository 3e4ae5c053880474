"""Runs that nobody starts are put away too."""

from typing import ClassVar

from django.db import migrations, models

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0003_seen_of_before")]

    operations: ClassVar = [
        migrations.RemoveIndex("importrun", "import_run_open"),
        migrations.AddIndex(
            "importrun",
            models.Index(
                condition=models.Q(("state__in", ("checking", "ready", "running"))),
                fields=["business", "seen_at"],
                name="import_run_open",
            ),
        ),
        SqlFile("imports/sql/due.sql"),
    ]
