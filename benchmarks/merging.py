"""Merge two cards with a thousand rows, and ten thousand pairs of a demo register at once; and undo both.

``python -m benchmarks.merging [--rows N] [--pairs N] [--repeats N]`` makes a database of its own and prints one JSON
object: milliseconds of wall and processor time (this program and its database connection) of a merge and of its undo,
of as many pairs as repeats, each merged once; seconds of the many. `rows_alone` is the limit of both: the rows of other
pairs led to the other card by one plain statement a table, and taken back. In the end the register is compared with
what it was, table by table.
"""

import argparse
import hashlib
import os
import time
from functools import partial
from typing import Any

from benchmarks import databases, measure, register

DATABASE = "innkeeper_bench_merging"
ROWS, PAIRS, REPEATS = 1_000, 10_000, 20
SLICE = 500
"""Pairs of one transaction, as a worker merges them."""
_KEPT = frozenset(
    {
        *("customers_change", "customers_changeset", "accounts_auditentry"),
        *("customers_mergedcard", "customers_cardlineage", "customers_carriedrows"),
    }
)


def merging_measure(*, rows: int, pairs: int, repeats: int) -> dict[str, Any]:
    """Every figure; Django is set up on a database with a demo register."""
    from django.db import connection

    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.card.models import Customer

    processor = measure.Processor()
    business = Business.objects.get(slug=register.SLUG)
    figures: dict[str, Any] = {}
    with business_scope(business.pk):
        pairs_of_rows = [_two_with(rows) for _each in range(2 * repeats)]
    databases.database_settle()
    figures["pair"] = {"rows": rows, **_pair(business.pk, pairs_of_rows, processor)}
    with business_scope(business.pk):
        ids = list(
            Customer.objects.filter(is_restricted=False)
            .exclude(pk__in=[card for pair in pairs_of_rows for card in pair])
            .order_by("id")
            .values_list("pk", flat=True)[: 2 * pairs]
        )
        before = _contents()
        figures["register"] = Customer.objects.count()
    figures["many"] = _many(business.pk, ids, processor)
    with business_scope(business.pk):
        figures["differs"] = sorted(table for table, content in _contents().items() if before[table] != content)
    connection.close()
    return figures


def _two_with(rows: int) -> tuple[int, int]:
    """Two cards with contact points and tags, the second with ``rows`` stays, purchases, invoices and notes."""
    from datetime import date, timedelta

    from accounts.models import Property
    from customers.card.models import ContactPoint, Customer
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set
    from customers.facts.services import facts_once
    from customers.history.models import Activity, Invoice, Purchase, Stay, StayParticipant

    house = Property.objects.order_by("id")[0]
    with change_set(kind=ChangeSet.Kind.EDIT, title="Measured"), facts_once():
        cards = Customer.objects.bulk_create(
            Customer(given_name="Ingrid", family_name=name, city="Oslo", search_tokens="ingrid", sort_key=name)
            for name in ("Sørensen", "Sorensen")
        )
        for card in cards:
            ContactPoint.objects.create(
                customer=card,
                kind="email",
                value=f"{card.pk}@example.com",
                normalised=f"{card.pk}@example.com",
                is_primary=True,
            )
        # The first has a few more stays, so that it stays and the rows of the second move.
        parts = {cards[0].pk: rows // 2 + 1, cards[1].pk: rows // 2}
        for card, number in parts.items():
            stays = Stay.objects.bulk_create(
                Stay(
                    property=house,
                    status="checked_out",
                    arrival=date(2024, 1, 1) + timedelta(days=day),
                    departure=date(2024, 1, 3) + timedelta(days=day),
                    amount=900,
                    currency="NOK",
                )
                for day in range(number)
            )
            StayParticipant.objects.bulk_create(
                StayParticipant(stay=stay, customer_id=card, is_payer=True) for stay in stays
            )
        quarter = rows // 4
        Activity.objects.bulk_create(Activity(customer=cards[1], text="Called") for _each in range(quarter))
        Purchase.objects.bulk_create(
            Purchase(customer=cards[1], description="Spa", amount=100, currency="NOK") for _each in range(quarter // 2)
        )
        Invoice.objects.bulk_create(
            Invoice(customer=cards[1], number=f"M{each}", amount=100, currency="NOK")
            for each in range(rows - rows // 2 - quarter - quarter // 2)
        )
    return cards[0].pk, cards[1].pk


def _pair(business_id: int, pairs: list[tuple[int, int]], processor: Any) -> dict[str, Any]:
    from accounts.tenancy import business_scope
    from customers.changes.services import change_set_undo
    from dedup.merging.services import merge, merge_preview

    calls = ("preview", "rows_alone", "merge", "undo")
    wall: dict[str, list[float]] = {name: [] for name in calls}
    spent: dict[str, list[float]] = {name: [] for name in calls}
    done: dict[str, Any] = {}
    kept = 0

    def preview(cards: tuple[int, int]) -> None:
        with business_scope(business_id):
            merge_preview(customer_ids=cards)

    def rows_alone(cards: tuple[int, int]) -> None:
        with business_scope(business_id):
            _lead(cards)

    def merged(cards: tuple[int, int]) -> None:
        with business_scope(business_id):
            done["act"] = merge(customer_ids=cards, survivor_id=cards[0])

    def undo(_cards: tuple[int, int]) -> None:
        with business_scope(business_id):
            done["outcome"] = change_set_undo(change_set_id=done["act"].pk)[1]

    # The limit has pairs of its own: the dead rows that it leaves would be in the way of a merge.
    for cards, others in zip(pairs[::2], pairs[1::2], strict=True):
        for name, call in zip(calls, (preview, rows_alone, merged, undo), strict=True):
            took, used = measure.timed_both(partial(call, others if call is rows_alone else cards), processor)
            wall[name].append(took)
            spent[name].append(used or took)
        kept += done["outcome"].kept
    return {
        name: {**measure.summary(wall[name]), "processor_p50_ms": measure.summary(spent[name])["p50_ms"]}
        for name in wall
    } | {"kept": kept}


def _lead(cards: tuple[int, int]) -> None:
    """Lead the second card's rows to the first as an edit could, with every trigger, and leave nothing of it."""
    from django.db import transaction

    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set
    from customers.facts.services import facts_once
    from customers.history.models import Activity, Invoice, Purchase, StayParticipant

    with transaction.atomic():
        with change_set(kind=ChangeSet.Kind.EDIT, title="Measured"), facts_once():
            for model in (StayParticipant, Purchase, Invoice, Activity):
                model.objects.filter(customer_id=cards[1]).update(customer_id=cards[0])
        transaction.set_rollback(True)


def _many(business_id: int, ids: list[int], processor: Any) -> dict[str, Any]:
    from accounts.tenancy import business_scope
    from customers.changes.services import change_set_undo
    from dedup.merging.services import Order, merge_many

    orders = [Order(ids[place : place + 2]) for place in range(0, len(ids) - 1, 2)]
    figures: dict[str, Any] = {"pairs": len(orders)}
    before, began = processor.read() or 0, time.perf_counter()
    act, merged, refused = None, 0, 0
    for start in range(0, len(orders), SLICE):
        with business_scope(business_id):
            done = merge_many(orders=orders[start : start + SLICE], part_of=act)
            act, merged, refused = done.act, merged + len(done.merges), refused + len(done.refused)
    figures |= {"merged": merged, "refused": refused, "seconds": round(time.perf_counter() - began, 1)}
    figures["processor_seconds"] = round(((processor.read() or 0) - before) / 1000, 1)
    before, began = processor.read() or 0, time.perf_counter()
    with business_scope(business_id):
        outcome = change_set_undo(change_set_id=act.pk)[1] if act else None
    figures["undo_seconds"] = round(time.perf_counter() - began, 1)
    figures["undo_processor_seconds"] = round(((processor.read() or 0) - before) / 1000, 1)
    figures["undo_kept"] = outcome.kept if outcome else None
    return figures


def _contents() -> dict[str, str]:
    """A digest of every table of the business in scope, row versions left out."""
    from django.apps import apps
    from django.db import connection

    from accounts.tenancy.models import TenantModel

    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if issubclass(model, TenantModel) and table not in _KEPT:
                cursor.execute(f"SELECT md5((to_jsonb(t) - 'version')::text) FROM {table} t ORDER BY 1")
                digest = hashlib.sha256()
                for (row,) in cursor.fetchall():
                    digest.update(row.encode())
                found[table] = digest.hexdigest()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the card that is merged away")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs merged at once")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    databases.database_use(DATABASE, anew=True)
    measure.manage("demo", "--guests", str(2 * options.pairs + 1_000), "--business", register.SLUG, "--json")
    measure.report(merging_measure(rows=options.rows, pairs=options.pairs, repeats=options.repeats))


if __name__ == "__main__":
    main()
