"""Filters and segments at a million guests, three million stays and five million activities, beside the ORM.

``python -m benchmarks.segments [--guests N] [--repeat N] [--trees N] [--no-orm]``: every ready segment and random
two-level filters over the facts: the live count with the reach of both channels, and the list's page in three orders;
filters over a free window: the estimate and whether its interval holds the exact number, the exact count, the page.
Then all facts from nothing, and what one more stay costs. The ORM version (``segment_orm``) counts the same filters on
the same database from the register's own tables; each is stopped after ``--orm-seconds``.
"""

import argparse
import time
from typing import Any

from benchmarks import measure, register

LIMITS_MS = {
    "count": 300, "page": 200, "reach": 500, "estimate": 300, "exact": 3_000, "window page": 3_000, "rebuild": 60_000,
}  # fmt: skip
"""The product's limits: at the 95th percentile, the rebuild in all."""
SORTS = ("name", "-value", "-last")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guests", type=int, default=register.GUESTS)
    parser.add_argument("--repeat", type=int, default=3, help="times each filter is asked (default 3)")
    parser.add_argument("--trees", type=int, default=50, help="random filters over the facts (default 50)")
    parser.add_argument("--orm-seconds", type=int, default=60, help="a filter of the ORM is stopped after (default 60)")
    parser.add_argument("--no-orm", action="store_true")
    parser.add_argument("--no-rebuild", action="store_true")
    options = parser.parse_args()
    made = register.register_ensure(guests=options.guests)
    added = register.history_ensure()
    from accounts.models import Business
    from accounts.tenancy import business_scope

    business = Business.objects.get(slug=register.SLUG)
    report: dict[str, Any] = {
        "what": "segments",
        "guests": made["guests_asked"],
        "added": added,
        "limits_ms": LIMITS_MS,
    }
    if any(added.values()) or not options.no_rebuild:
        report["rebuild_seconds"] = _rebuild(business)
        register._analyse()
    with business_scope(business.pk):
        report |= _filters(business, options.repeat, options.trees)
        report["one more stay"] = _one_stay(business)
    if not options.no_orm:
        report["orm"] = _orm(business, options.trees, options.orm_seconds)
    measure.report(report)


def _rebuild(business: Any) -> float:
    """Seconds that counting all facts takes from nothing."""
    from django.db import connections

    from customers.facts.services import facts_rebuild

    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM customers_customerfacts WHERE business_id = %s", [business.pk])
        cursor.execute("VACUUM FULL customers_customerfacts")
    began = time.perf_counter()
    facts_rebuild(business=business)
    return round(time.perf_counter() - began, 1)


def _filters(business: Any, repeat: int, trees: int) -> dict[str, Any]:
    from benchmarks.segment_trees import random_trees, starters, window_trees
    from customers.card.models import Tag
    from customers.conditions.counts import tree_counted, tree_figures
    from customers.conditions.selectors import filter_catalogue, wanted
    from customers.listing.order import DEFAULT, read_order
    from customers.listing.selectors import guest_count, guest_page

    tags = sorted(Tag.objects.values_list("pk", flat=True))
    narrow = {**starters(filter_catalogue()), **random_trees(trees, tags=tags)}
    times: dict[str, list[float]] = {name: [] for name in LIMITS_MS if name != "rebuild"}
    slowest: dict[str, tuple[float, str]] = {}
    held = 0
    windows: dict[str, Any] = {}

    def note(what: str, name: str, milliseconds: float) -> None:
        times[what].append(milliseconds)
        slowest[what] = max(slowest.get(what, (0.0, "")), (round(milliseconds), name))

    for _turn in range(repeat):
        for name, tree in narrow.items():
            asked = wanted(tree=tree, business=business)
            note("count", name, measure.timed(lambda asked=asked: guest_count(guests=asked)))
            note("reach", name, measure.timed(lambda asked=asked: tree_figures(asked)))
            for sort in SORTS:
                order = read_order(sort) or DEFAULT
                page = measure.timed(lambda asked=asked, order=order: guest_page(guests=asked, order=order))
                note("page", f"{name} by {sort}", page)
        for name, tree in window_trees().items():
            asked = wanted(tree=tree, business=business)
            note("estimate", name, measure.timed(lambda asked=asked: tree_counted(asked)))
            note("exact", name, measure.timed(lambda asked=asked: tree_counted(asked, exact=True)))
            note("window page", name, measure.timed(lambda asked=asked: guest_page(guests=asked)))
    for name, tree in window_trees().items():
        asked = wanted(tree=tree, business=business)
        about, exact = tree_counted(asked), tree_counted(asked, exact=True)
        held += about.is_exact or about.low <= exact.number <= about.high
        windows[name] = {"about": about.number, "low": about.low, "high": about.high, "exact": exact.number}
    return {
        "filters": {
            what: {
                **measure.summary(each),
                "p95_to_limit": round(measure.percentile(each, 0.95) / LIMITS_MS[what], 2),
                "slowest": slowest[what],
            }
            for what, each in times.items()
        },
        "intervals_that_held": f"{held} of {len(windows)}",
        "windows": windows,
    }


def _one_stay(business: Any) -> dict[str, float]:
    """Writing one stay with the facts it changes, in one transaction; taken back."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import Property
    from customers.card.models import Customer
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set
    from customers.history.models import Stay, StayParticipant

    guest = Customer.objects.order_by("-pk")[0]
    today = timezone.localdate(timezone=business.zone)
    house = Property.objects.all()[0]

    def write() -> None:
        with transaction.atomic():
            with change_set(kind=ChangeSet.Kind.EDIT):
                stay = Stay.objects.create(
                    property=house, status="checked_out", arrival=today, departure=today, amount=900, currency="NOK"
                )
                StayParticipant.objects.create(stay=stay, customer=guest, is_payer=True)
            transaction.set_rollback(True)

    return measure.summary([measure.timed(write) for _turn in range(30)])


def _orm(business: Any, trees: int, seconds: int) -> dict[str, Any]:
    """Each filter counted once by the ORM version, and by ours right after; the ratio of their sums."""
    from django.db import OperationalError, connection, transaction

    from accounts.tenancy import business_scope
    from benchmarks.segment_orm import guests_of
    from benchmarks.segment_trees import random_trees, starters, window_trees
    from customers.card.models import Tag
    from customers.conditions.selectors import filter_catalogue, wanted
    from customers.listing.selectors import guest_count

    with business_scope(business.pk):
        tags = sorted(Tag.objects.values_list("pk", flat=True))
        catalogue = filter_catalogue()
    chosen = {**starters(catalogue), **random_trees(min(trees, 4), tags=tags), **window_trees()}
    found: dict[str, Any] = {}
    stopped, differing, theirs, ours = [], [], 0.0, 0.0
    for name, tree in chosen.items():
        with business_scope(business.pk):
            asked = wanted(tree=tree, business=business)
            try:
                queryset = guests_of(tree, asked.context)
            except KeyError:
                continue
            mine: list[int] = []
            own = measure.timed(lambda asked=asked, mine=mine: mine.append(guest_count(guests=asked)))
            counted: list[int] = []
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute(f"SET LOCAL statement_timeout = {seconds * 1000}")
                    took = measure.timed(lambda queryset=queryset, counted=counted: counted.append(queryset.count()))
            except OperationalError:
                took = seconds * 1000.0
                stopped.append(name)
        if counted and counted != mine:
            differing.append({name: [counted, mine]})
        theirs, ours = theirs + took, ours + own
        found[name] = {"orm_ms": round(took), "ms": round(own), "ratio": round(took / own, 1)}
    return {
        "ratio": round(theirs / ours, 1), "stopped_after_seconds": seconds, "stopped": stopped,
        "differing": differing, "filters": found,
    }  # fmt: skip


if __name__ == "__main__":
    main()
