"""New words wait in a short list before they go into the index of fragments; cards are found by key for their facts."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from accounts.tenancy.operations import SqlFile


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0023_lighter_imports")]

    operations: ClassVar = [
        SqlFile("customers/facts/sql/facts.sql"),
        migrations.RemoveIndex("vocabulary", "vocabulary_fragments"),
        migrations.AddIndex(
            "vocabulary",
            GinIndex(
                fastupdate=True,
                fields=["business", "token"],
                gin_pending_list_limit=256,
                name="vocabulary_fragments",
                opclasses=["int8_ops", "gin_trgm_ops"],
            ),
        ),
    ]
