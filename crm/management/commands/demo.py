"""``manage.py demo``: three businesses with believable guests."""

import json
from argparse import ArgumentParser
from datetime import date
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from automations.demo import demo_automations_ensure
from customers.facts.services import facts_roll
from customers.sample.businesses import DEMO_PASSWORD, HOUSES, House, demo_business_ensure, demo_sign_ins
from customers.sample.profiles import DEMO_PROFILES
from customers.sample.services import RegisterBusy, register_fill
from customers.segments.services import segments_refresh
from messaging.campaigns.demo import demo_campaign_ensure
from messaging.texts.starters import demo_templates_ensure
from messaging.transports.demo import demo_transports_ensure

DEFAULT_GUESTS = 6000


class Command(BaseCommand):
    """Make the demo businesses and fill their registers; run again it adds nothing."""

    help = (
        "Make three demo businesses (a Norwegian fjord hotel, a Danish conference centre, a Dutch campsite) with"
        " members, guests and stays around today. Run again it adds nothing, or what is missing up to --guests."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        slugs = [house.slug for house in HOUSES]
        parser.add_argument(
            "--guests", type=int, metavar="N", help=f"cards in all, over the businesses (default {DEFAULT_GUESTS})"
        )
        parser.add_argument("--business", choices=slugs, metavar="SLUG", help=f"only this one: {', '.join(slugs)}")
        parser.add_argument("--seed", default="1", help="another seed, other guests (default 1)")
        parser.add_argument(
            "--today",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the day it is at the businesses (default: now)",
        )
        parser.add_argument("--sign-ins", action="store_true", help="only print who can sign in to the demo, and how")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        guests = options["guests"]
        if guests is not None and guests < 0:
            raise CommandError("--guests is a number of cards, 0 or more.")
        report: dict[str, Any] = {}
        if not options["sign_ins"]:
            report["businesses"] = self._fill(options)
        report["sign_ins"] = [
            {
                "email": who.email,
                "name": who.name,
                "language": who.language,
                "roles": [list(role) for role in who.roles],
            }
            for who in demo_sign_ins()
        ]
        report["password"] = DEMO_PASSWORD
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        for line in report.get("businesses", []):
            self.stdout.write(_sentence(line))
        if options["sign_ins"]:
            self._print_sign_ins()
        elif not settings.INNKEEPER_DEMO:
            self.stderr.write("The demo accounts have a password that everybody knows: not for an installation in use.")

    def _fill(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        chosen = [house for house in HOUSES if options["business"] in (None, house.slug)]
        total = DEFAULT_GUESTS if options["guests"] is None else options["guests"]
        lines = []
        for house, count in _shared_out(total, chosen):
            began = perf_counter()
            with transaction.atomic():
                business, created = demo_business_ensure(house=house)
            try:
                filled = register_fill(
                    business=business,
                    profile=DEMO_PROFILES[house.slug],
                    guests=count,
                    seed=options["seed"],
                    today=options["today"],
                )
            except RegisterBusy as error:
                raise CommandError(str(error)) from error
            demo_transports_ensure(business=business)
            demo_templates_ensure(business=business)
            demo_campaign_ensure(business=business)
            # What a night would count: how values are spread, then who is in which segment by it.
            facts_roll(business=business)
            segments_refresh(business=business)
            demo_automations_ensure(business=business)
            lines.append(
                {
                    "slug": house.slug,
                    "name": house.name,
                    "created": created,
                    "guests_added": filled.guests,
                    "stays_added": filled.stays,
                    "guests": filled.total,
                    "seconds": round(perf_counter() - began, 2),
                }
            )
        return lines

    def _print_sign_ins(self) -> None:
        people = demo_sign_ins()
        if not people:
            self.stdout.write("There is no demo here yet. Make it with: manage.py demo")
            return
        width = max(len(who.email) for who in people)
        for who in people:
            roles = ", ".join(f"{role.label.lower()} of {name}" for name, role in who.roles)
            self.stdout.write(f"{who.email:<{width}}  {who.name}, {roles}")
        self.stdout.write(f"Password of all: {DEMO_PASSWORD}")


def _shared_out(total: int, houses: list[House]) -> list[tuple[House, int]]:
    """``total`` cards over the houses by their shares; the last one takes what rounding leaves."""
    shares = sum(house.guests for house in houses)
    counts = [int(total * house.guests / shares) for house in houses]
    counts[-1] += total - sum(counts)
    return list(zip(houses, counts, strict=True))


def _sentence(line: dict[str, Any]) -> str:
    name, added, total = line["name"], line["guests_added"], line["guests"]
    if added:
        return f"{name}: {added:,} guests and {line['stays_added']:,} stays added in {line['seconds']} s."
    if total or line["created"]:
        return f"{name}: nothing new, {total:,} guests are there already."
    return f"{name}: the sample guests were removed here; nothing was added."
