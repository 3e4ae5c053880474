"""A tag on a hundred thousand guests of a million, and the undo, beside a straightforward loop over the same models.

``python -m benchmarks.bulk [--guests N] [--loop N]`` prints one JSON object: seconds of wall time,
and of processor time of this program and its database connection where the system tells.
"""

import argparse
import os
import time
from typing import Any

from benchmarks import databases, measure, register

GUESTS = 100_000
LOOP = 2_000
TITLE = "Measured"


def bulk_measure(*, guests: int, loop: int) -> dict[str, Any]:
    """Every figure; Django is set up on a database that has the register's large business."""
    from django.db import connection

    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.bulk.services import bulk_start, bulk_work
    from customers.bulk.undoing import bulk_undo, undo_is_big
    from customers.card.models import Customer, Tag

    processor = measure.Processor()
    business = Business.objects.get(slug=register.SLUG)
    with business_scope(business.pk):
        tag, _made = Tag.objects.get_or_create(name=TITLE)
        # Spread over the register, as a filter finds them, and without the tag.
        untagged = Customer.objects.exclude(customer_tags__tag=tag).filter(is_restricted=False)
        everyone = untagged.order_by("id").values_list("pk", flat=True)
        total = everyone.count()
        ids = list(everyone)[:: max(1, total // guests)][:guests]
    figures: dict[str, Any] = {"register": total, "guests": len(ids)}
    kept: dict[str, Any] = {}

    def start() -> None:
        with business_scope(business.pk):
            kept["run"] = bulk_start(business=business, action="tag_add", values={"tag": str(tag.pk)}, ids=ids)

    def work() -> None:
        bulk_work(business_id=business.pk, run_id=kept["run"].pk)

    def undo_start() -> None:
        with business_scope(business.pk):
            kept["run"].refresh_from_db()
            kept["undo"] = bulk_undo(change_set_id=kept["run"].change_set_id)

    def undo() -> None:
        bulk_work(business_id=business.pk, run_id=kept["undo"].pk)

    for name, call in (("start", start), ("tag", work), ("undo_start", undo_start), ("undo", undo)):
        figures[name] = _seconds(call, processor)
    with business_scope(business.pk):
        for run in kept.values():
            run.refresh_from_db()
        figures["tagged"], figures["taken_back"] = kept["run"].changed, kept["undo"].changed
        figures["in_background"] = undo_is_big(change_set_id=kept["run"].change_set_id)
    figures["beside"] = _beside(business, tag, ids, loop, processor)
    connection.close()
    return figures


def _beside(business: Any, tag: Any, ids: list[int], loop: int, processor: Any) -> dict[str, Any]:
    """The same tag by the usual means: a service call a guest, and ``bulk_create`` in one transaction."""
    from django.db import transaction

    from accounts.tenancy import business_scope
    from customers.card.models import CustomerTag
    from customers.card.services import tag_add
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    few = ids[:loop]

    def by_loop() -> None:
        with business_scope(business.pk), change_set(kind=ChangeSet.Kind.BULK, title=TITLE):
            for customer_id in few:
                tag_add(customer_id=customer_id, tag_id=tag.pk)
            transaction.set_rollback(True)

    def by_bulk_create() -> None:
        with business_scope(business.pk), change_set(kind=ChangeSet.Kind.BULK, title=TITLE):
            slots: dict[int, set[int]] = {}
            for customer_id, slot in CustomerTag.objects.filter(customer__in=ids).values_list("customer_id", "slot"):
                slots.setdefault(customer_id, set()).add(slot)
            CustomerTag.objects.bulk_create(
                [
                    CustomerTag(
                        customer_id=customer_id, tag=tag, slot=min(set(range(1, 10)) - slots.get(customer_id, set()))
                    )
                    for customer_id in ids
                    if len(slots.get(customer_id, ())) < 9
                ],
                batch_size=5_000,
            )
            transaction.set_rollback(True)

    looped = _seconds(by_loop, processor)
    return {
        "loop_guests": len(few),
        "loop": looped,
        "loop_for_all_estimated": round(looped["seconds"] * len(ids) / max(1, len(few)), 1),
        "bulk_create": _seconds(by_bulk_create, processor),
    }


def _seconds(call: Any, processor: Any) -> dict[str, float | None]:
    before, began = processor.read(), time.perf_counter()
    call()
    wall, after = time.perf_counter() - began, processor.read()
    spent = None if before is None or after is None else round((after - before) / 1000, 2)
    return {"seconds": round(wall, 2), "processor_seconds": spent}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=GUESTS)
    parser.add_argument("--loop", type=int, default=LOOP, help="guests of the loop, whose time is extrapolated")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    databases.database_use(databases.REGISTER)
    measure.report(bulk_measure(guests=options.guests, loop=options.loop))


if __name__ == "__main__":
    main()
