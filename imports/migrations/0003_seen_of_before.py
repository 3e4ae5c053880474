"""What a run has made stands in its change set; only what was there before is noted beside it."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("imports", "0002_tenancy")]

    operations: ClassVar = [migrations.RemoveField("importseen", "created")]
