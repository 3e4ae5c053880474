"""``manage.py restored``: after a backup was read in, send nothing that may have gone out already."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope
from messaging.gate.services import restored_note


class Command(BaseCommand):
    help = (
        "Hold back what was due before now: the database that a backup took the place of may have sent it. Run it "
        "after a restore, before the workers are started. Members decide about each message in the outbox."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="one business; without it, all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        businesses = Business.objects.order_by("slug")
        if options["business"]:
            businesses = businesses.filter(slug=options["business"])
            if not businesses:
                raise CommandError(f"There is no business {options['business']}.")
        now = timezone.now()
        for business in businesses:
            with business_scope(business.pk):
                restored_note(at=now)
            self.stdout.write(f"{business.slug}: what was due before {now:%Y-%m-%d %H:%M} UTC waits for a decision")
