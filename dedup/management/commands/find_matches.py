"""``manage.py find_matches``: look for double registrations in the whole register of a business."""

import json
import resource
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Business
from accounts.tenancy import business_scope
from dedup.register.follow import register_follow
from dedup.register.models import MatchRun
from dedup.register.runs import register_run
from dedup.register.selectors import counts, run_get
from dedup.register.services import run_start


class Command(BaseCommand):
    help = "Look for double registrations among all guests of a business. Merges nothing unless the business does so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", metavar="SLUG", required=True)
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business {options['business']}.")
        began = time.perf_counter()
        followed = register_follow(business_id=business.pk)
        with business_scope(business.pk):
            run = followed.run or run_start()
        merging = register_run(business_id=business.pk, run_id=run.pk)
        if merging is not None:
            register_run(business_id=business.pk, run_id=merging.pk)
        with business_scope(business.pk):
            told = _told(run_get(run_id=run.pk), merging and run_get(run_id=merging.pk))
        told |= {
            "seconds": round(time.perf_counter() - began, 2),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        self.stdout.write(json.dumps(told) if options["json"] else _sentence(business.slug, told))
        if told["state"] != MatchRun.State.DONE:
            raise CommandError("The search did not end. Run the command again: it goes on where it stopped.")


def _told(run: MatchRun | None, merging: MatchRun | None) -> dict[str, Any]:
    if run is None:
        raise CommandError("The search is not in the register any more.")
    found = counts()
    return {
        "state": run.state,
        "cards": run.cards,
        "kept": run.found,
        "new": run.fresh,
        "open": found.open,
        "certain": found.certain,
        "later": found.later,
        "capped": run.capped,
        "merged": merging.found if merging else 0,
    }


def _sentence(slug: str, told: dict[str, Any]) -> str:
    lines = [
        f"{slug}: {told['cards']:,} guests compared in {told['seconds']} s, {told['peak_mb']:,} MB",
        f"  {told['open']:,} matches to look at, {told['certain']:,} of them certain; {told['new']:,} were not known",
    ]
    if told["merged"]:
        lines.append(f"  {told['merged']:,} cards were merged by themselves")
    lines += [f"  cut off: {each['name']}, {each['pairs']:,} pairs" for each in told["capped"] if each.get("pairs")]
    return "\n".join(lines)
