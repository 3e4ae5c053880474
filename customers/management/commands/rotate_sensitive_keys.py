"""``manage.py rotate_sensitive_keys``: seal under the newest key what older ones hold: details, files, secrets."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.dispatch import Signal

from accounts.models import Business
from accounts.sealed_files import sealed_again, sealed_under
from accounts.signals import keys_asked, keys_changed
from customers.sensitive.keys import keyring
from customers.sensitive.rotation import keys_missing, rotate
from customers.sensitive.sealing import CannotOpen


class Command(BaseCommand):
    help = (
        "Seal every sensitive detail, every kept file and every other secret under the first key of "
        "INNKEEPER_SENSITIVE_KEYS. Put the new key first and keep the old ones behind it until this has run; run it "
        "again after an interruption."
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
        missing = {business.slug: names for business in businesses if (names := _missing(business))}
        if missing:
            told = "; ".join(f"{slug}: {', '.join(sorted(names))}" for slug, names in missing.items())
            raise CommandError(
                f"Nothing was sealed: INNKEEPER_SENSITIVE_KEYS lacks keys that details are sealed with ({told}). Add "
                "them behind the newest one."
            )
        for business in businesses:
            try:
                done = rotate(business_id=business.pk)
                files = sum(sealed_again(path) for path in _files(business))
                others = sum(_answers(keys_changed, business))
            except CannotOpen as error:
                raise CommandError(f"{business.slug}: {error} Nothing after it was sealed.") from error
            told = f"{business.slug}: {done.sealed} sealed under {keyring().current}"
            told += f", {files} files" if files else ""
            told += f", {others} other secrets" if others else ""
            told += f", {done.waiting} left to be erased" if done.waiting else ""
            self.stdout.write(told)


def _files(business: Business) -> list[Path]:
    """The files that are kept sealed for a business."""
    kept = sealed_under(Path(settings.INNKEEPER_UPLOADS))
    return [path for path, header in kept if header.business == business.public_id]


def _answers(signal: Signal, business: Business) -> list[Any]:
    """What the rooms that listen answer."""
    return [answer for _receiver, answer in signal.send(Business, business=business)]


def _missing(business: Business) -> set[str]:
    """Names of keys that something of a business needs and the environment does not have."""
    names = keys_missing(business_id=business.pk)
    for others in _answers(keys_asked, business):
        names |= others
    for _path, header in sealed_under(Path(settings.INNKEEPER_UPLOADS)):
        if header.business == business.public_id and header.key_name not in keyring():
            names.add(header.key_name)
    return names
