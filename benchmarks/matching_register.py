"""How long it takes to find the double registrations of a large register, to follow a change, and to look one card up.

``python -m benchmarks.matching_register [--guests N] [--lookups N] [--keep]``: a database of its own with a business of
so many made-up guests beside a small one; everything as the app role, under the policies.

- ``profiles``: the first walk's reading of all cards, normalising included. It is done once.
- ``walk``: a whole run from the profiles as they are kept, in a program of its own: read, compare, keep. ``compare`` is
  the same without writing what was found.
- ``lookup``: one unsaved card against all, cards of the register written a little differently; with and without the
  explanation of the best hit.
- ``follow``: an edited card, from the commit to its matches.

``cpu`` is the processor time of this program and, where it runs on this machine, of its database connection.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from benchmarks import databases, measure

DATABASE = "innkeeper_bench_matching"
SLUG, NEIGHBOUR = "fjordstuen", "duinzicht"
GUESTS = 1_000_000
LIMITS = {"walk_s": 35, "walk_mb": 2_000, "lookup_p50_ms": 1, "lookup_p99_ms": 10}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guests", type=int, default=GUESTS)
    parser.add_argument("--lookups", type=int, default=1_000)
    parser.add_argument("--keep", action="store_true", help="leave the database for the next time")
    parser.add_argument("--database", default=DATABASE, help="another one, that is there already, is left as it is")
    parser.add_argument("--step", choices=("profiles", "compare", "walk"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        databases.database_use(options.database)
        print(json.dumps(_step(options.step)))
        return
    databases.database_use(options.database)
    is_own = options.database == DATABASE
    for slug, guests in ((SLUG, options.guests), (NEIGHBOUR, 1_000)):
        if is_own:
            measure.manage("demo", "--guests", str(guests), "--business", slug, "--json")
    try:
        report = {"what": "matching a register", "guests": options.guests, "limits": LIMITS}
        report |= {name: _program(name, options.database) for name in ("profiles", "compare", "walk")}
        report |= {"lookup": _lookups(options.lookups), "follow": _follows(100)}
        measure.report(report)
    finally:
        if is_own and not options.keep:
            databases.database_drop(DATABASE)


def _program(step: str, database: str) -> dict[str, Any]:
    """A step in a program of its own, so that its peak of memory is its own."""
    own = [sys.executable, "-m", "benchmarks.matching_register", "--database", database, "--step", step]
    ran = measure.run_program(own)
    return {**json.loads(ran.output.splitlines()[-1]), "peak_mb": round(ran.peak_mb, 1)}


def _step(step: str) -> dict[str, Any]:
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from dedup.register.models import MatchRun, MatchSettings
    from dedup.register.runs import register_run
    from dedup.register.services import run_start

    business = Business.objects.get(slug=SLUG).pk
    told: dict[str, Any] = {}
    began, processor = time.perf_counter(), time.process_time()
    if step == "compare":
        with business_scope(business):
            told = _compare()
    else:
        with business_scope(business):
            if step == "profiles":
                MatchSettings.objects.update(engine=0)
            run = run_start()
        stop = _after_profiles(business, run.pk) if step == "profiles" else lambda: None
        with suppress(_Enough):
            register_run(business_id=business, run_id=run.pk, tell=stop)
        with business_scope(business):
            run = MatchRun.objects.get(pk=run.pk)
            told = {"cards": run.cards, "matches": run.found, "new": run.fresh, "cut_off": len(run.capped)}
            if step == "profiles":
                run.delete()
                told = {"cards": told["cards"]}
    return {
        **told,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - processor, 1),
    }


class _Enough(Exception):
    """The step that is measured has ended."""


def _after_profiles(business: int, run_id: int) -> Callable[[], None]:
    from accounts.tenancy import business_scope
    from dedup.register.models import MatchRun

    def tell() -> None:
        with business_scope(business):
            if MatchRun.objects.get(pk=run_id).phase == MatchRun.Phase.COMPARE:
                raise _Enough

    return tell


def _compare() -> dict[str, Any]:
    from dedup.engine import find
    from dedup.register.comparing import kept
    from dedup.register.matches import apart_pairs
    from dedup.register.runs import MATCHES_MAX
    from dedup.register.whole import whole_read

    began = time.perf_counter()
    whole = whole_read()
    read = time.perf_counter() - began
    found = find(whole.table, apart=whole.rows_of(apart_pairs()))
    pairs = kept(found, whole.ids, most=MATCHES_MAX)
    proposed = int((found.probability >= found.model.propose).sum())
    return {"cards": len(whole.ids), "read_s": round(read, 1), "kept": len(pairs), "proposed": proposed}


def _lookups(count: int) -> dict[str, Any]:
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from dedup.register.lookup import lookup
    from dedup.register.profiles import values_of

    business = Business.objects.get(slug=SLUG).pk
    draw = random.Random(1)
    times: dict[str, list[float]] = {"hits": [], "with_explanation": []}
    right = 0
    with business_scope(business):
        cards = list(values_of(_some_cards(count)).items())
        for _card, values in cards[:20]:
            lookup(values=values)
        processor = measure.Processor()
        before = processor.read()
        for card, values in cards:
            typed = _written_again(values, draw)
            began = time.perf_counter()
            hits = lookup(values=typed)
            times["hits"].append((time.perf_counter() - began) * 1000)
            if hits:
                _why = hits[0].explanation
            times["with_explanation"].append((time.perf_counter() - began) * 1000)
            right += card in [hit.customer_id for hit in hits]
        after = processor.read()
    cpu = None if before is None or after is None else round((after - before) / count, 2)
    return {
        **{name: measure.summary(each) for name, each in times.items()},
        "cpu_ms_each_with_explanation": cpu,
        "right_card_among_hits": round(right / count, 3),
    }


def _some_cards(count: int) -> list[int]:
    from accounts.tenancy import require_business_id
    from customers.search.fetch_sql import ids

    sql = "SELECT customer_id FROM dedup_cardprofile WHERE business_id = %s ORDER BY hashint8(customer_id) LIMIT %s"
    return ids(sql, [require_business_id(), count])


def _written_again(values: dict[str, list[str]], draw: random.Random) -> dict[str, list[str]]:
    """The card as another receptionist would type it: a slip in the family name, and half of what is known."""
    typed = {name: texts for name, texts in values.items() if "name" in name or name == "kind" or draw.random() < 0.6}
    family = values.get("family_name", [""])[0]
    if len(family) > 4 and draw.random() < 0.5:
        at = draw.randrange(1, len(family) - 1)
        typed["family_name"] = [family[:at] + family[at + 1] + family[at] + family[at + 2 :]]
    return typed


def _follows(count: int) -> dict[str, float]:
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.card.models import Customer
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set
    from dedup.register.follow import register_follow

    business = Business.objects.get(slug=SLUG).pk
    register_follow(business_id=business)
    with business_scope(business):
        cards = _some_cards(count)
    times = []
    for card in cards:
        with business_scope(business), change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=card).update(city="Elverum")
        began = time.perf_counter()
        register_follow(business_id=business)
        times.append((time.perf_counter() - began) * 1000)
    return measure.summary(times)


if __name__ == "__main__":
    main()
