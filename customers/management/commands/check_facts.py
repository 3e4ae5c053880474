"""``manage.py check_facts``: compare the facts of guests with what they are counted from, and repair them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.facts.check import facts_check
from customers.facts.services import facts_rebuild

SHOWN = 20


class Command(BaseCommand):
    help = "Compare what lists are filtered by with the cards and stays behind it. Exit code 1 where they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="one business; without it, all of them")
        parser.add_argument("--repair", action="store_true", help="keep what was counted anew")
        parser.add_argument("--rebuild", action="store_true", help="count all anew and compare nothing, on two cores")

    def handle(self, *args: Any, **options: Any) -> None:
        businesses = Business.objects.order_by("slug")
        if options["business"]:
            businesses = businesses.filter(slug=options["business"])
            if not businesses:
                raise CommandError(f"There is no business {options['business']}.")
        if options["rebuild"]:
            for business in businesses:
                self.stdout.write(f"{business.slug}: {facts_rebuild(business=business):,} guests counted")
            return
        wrong = 0
        for business in businesses:
            with business_scope(business.pk):
                found = facts_check(repair=options["repair"])
            wrong += len(found.differing)
            told = f"{business.slug}: {found.checked:,} guests, {len(found.differing):,} differ"
            if found.differing:
                told += f" (cards {', '.join(map(str, found.differing[:SHOWN]))}{' …' if wrong > SHOWN else ''})"
            self.stdout.write(told)
        if wrong and not options["repair"]:
            raise CommandError("Facts differ from the stays. --repair counts them anew.")
