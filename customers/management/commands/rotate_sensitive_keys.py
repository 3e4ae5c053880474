"""``manage.py rotate_sensitive_keys``: seal sensitive details under the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Business
from customers.sensitive.keys import keyring
from customers.sensitive.rotation import keys_missing, rotate
from customers.sensitive.sealing import CannotOpen


class Command(BaseCommand):
    help = (
        "Seal every sensitive detail under the first key of INNKEEPER_SENSITIVE_KEYS. Put the new key first and keep "
        "the old ones behind it until this has run; run it again after an interruption."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which businesses."""
        parser.add_argument("--business", metavar="SLUG", help="only this one, e.g. fjordstuen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look first whether every key is there: nothing is sealed while one is missing."""
        found = Business.objects.order_by("pk")
        if slug := options["business"]:
            found = found.filter(slug=slug)
        businesses = list(found)
        if slug and not businesses:
            raise CommandError(f"There is no business with the address {slug}.")
        missing = {business.slug: names for business in businesses if (names := keys_missing(business_id=business.pk))}
        if missing:
            told = "; ".join(f"{slug}: {', '.join(sorted(names))}" for slug, names in missing.items())
            raise CommandError(
                f"Nothing was sealed: INNKEEPER_SENSITIVE_KEYS lacks keys that details are sealed with ({told}). Add "
                "them behind the newest one."
            )
        for business in businesses:
            try:
                done = rotate(business_id=business.pk)
            except CannotOpen as error:
                raise CommandError(f"{business.slug}: {error} Nothing after it was sealed.") from error
            waiting = f", {done.waiting} left to be erased" if done.waiting else ""
            self.stdout.write(f"{business.slug}: {done.sealed} sealed under {keyring().current}{waiting}")
