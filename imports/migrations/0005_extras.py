"""What a file has beyond its format; an import that is undone takes back the consents it granted."""

from typing import ClassVar

from django.db import migrations, models

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0004_due_states"), ("customers", "0009_card_in_full_tenancy")]

    operations: ClassVar = [
        migrations.AddField("importrun", "extras", models.JSONField(db_default=[], default=list)),
        SqlFile("imports/sql/consents_undone.sql"),
    ]
