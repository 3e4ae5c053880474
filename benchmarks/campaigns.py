"""A campaign to a hundred thousand guests from the button to the last message; and another business beside it.

``python -m benchmarks.campaigns [--guests N] [--workers 2] [--for SECONDS]`` prints one JSON object: how long it takes
to fix the audience, to decide about everybody, to show the page, to pause, to go on and to cancel; how fast it goes out
and in how much memory; whether every guest got it once; and how long a word of another business waits beside it.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import databases, measure
from benchmarks.outbox import (
    GUESTS,
    WORKERS,
    analyse,
    arrived,
    campaign_make,
    house_make,
    open_to_sink,
    sending_watched,
    sink,
    template_make,
)

DATABASE = "innkeeper_bench_campaigns"
WORDS = 20


def campaign_measure(*, guests: int, workers: int, port: int, log: Path, seconds: float | None) -> dict[str, Any]:
    """Every figure; Django is set up on an empty database, and a sink serves at ``port``."""
    from accounts.tenancy import business_scope
    from messaging.campaigns.models import Campaign, CampaignGuest
    from messaging.campaigns.services import campaign_cancel, campaign_pause, campaign_resume, campaign_work
    from messaging.outbox.models import Message

    business = house_make(guests=guests, port=port)
    template_id = template_make(business)
    analyse()
    with business_scope(business.pk):
        campaign_id = campaign_make(template_id).pk
    processor = measure.Processor()
    told: dict[str, Any] = {"guests": guests}

    def timed(name: str, act: Any) -> None:
        def scoped() -> None:
            with business_scope(business.pk):
                act()

        wall, used = measure.timed_both(scoped, processor)
        told[name] = {"ms": round(wall), "processor_ms": used and round(used)}

    timed("audience_fixed", lambda: _step(campaign_id))
    wall, used = measure.timed_both(lambda: campaign_work(business_id=business.pk, campaign_id=campaign_id), processor)
    told |= {
        "decided_a_second": round(1000 * guests / wall),
        "decided_a_processor_second": used and round(1000 * guests / used),
        "deciding_peak_mb": round(measure.own_peak_mb()),
    }
    analyse()
    timed("page", lambda: _page(business, campaign_id))
    timed("pause", lambda: campaign_pause(campaign_id=campaign_id))
    timed("resume", lambda: campaign_resume(campaign_id=campaign_id))
    told["word_of_another_business"] = _beside(business, port)
    processor = measure.Processor()
    told |= sending_watched(business.pk, workers, log, seconds=seconds)
    timed("page_afterwards", lambda: _page(business, campaign_id))
    campaign_work(business_id=business.pk, campaign_id=campaign_id)
    with business_scope(business.pk):
        if not Campaign.objects.filter(pk=campaign_id, state="done").exists():
            timed("cancel", lambda: campaign_cancel(campaign_id=campaign_id))
    with business_scope(business.pk):
        states = Counter(Message.objects.filter(origin="campaign").values_list("state", flat=True))
        told["state"] = Campaign.objects.get(pk=campaign_id).state
        told["arms"] = dict(Counter(CampaignGuest.objects.values_list("arm", flat=True)))
        missed = CampaignGuest.objects.filter(message_id=None, arm="sent").count()
    taken = arrived(log)
    return told | {
        "states": dict(states),
        "arrived": len(taken),
        "arrived_more_than_once": sum(1 for count in taken.values() if count > 1),
        "without_a_message": missed,
    }


def _step(campaign_id: int) -> None:
    from django.utils import timezone

    from messaging.campaigns.services import campaign_step

    campaign_step(campaign_id=campaign_id, now=timezone.now())


def _page(business: Any, campaign_id: int) -> None:
    """What the page of a campaign reads, every other second while somebody looks."""
    from messaging.campaigns.results import campaign_results
    from messaging.campaigns.selectors import campaign_get, campaign_progress

    campaign = campaign_get(campaign_id=campaign_id)
    campaign_progress(campaign=campaign)
    campaign_results(campaign=campaign, business=business)


def _beside(large: Any, port: int) -> dict[str, float]:
    """Milliseconds from the plan of one word of another business to its being sent, while workers take tasks from one
    queue, in turn: a batch of the large campaign each, put back behind the others."""
    from multiprocessing import get_context

    from django.db import connections

    from accounts.services.businesses import business_create
    from accounts.tenancy import business_scope
    from messaging.outbox.services import Draft, plan
    from messaging.transports.services import TransportValues, transport_create

    small = business_create(name="Small", country="NO", slug="outbox-beside")
    with business_scope(small.pk):
        transport_create(
            business=small,
            values=TransportValues(
                kind="smtp",
                name="Sink",
                options={"host": "127.0.0.1", "port": port, "security": "none"},
                sender_address="hello@example.org",
            ),
        )
        guest = _guest()
    context = get_context("fork")
    queue: Any = context.Queue()
    connections.close_all()
    running = [context.Process(target=_take_tasks, args=(queue,), daemon=True) for _each in range(WORKERS)]
    for each in running:
        each.start()
    for number in range(4):
        queue.put((large.pk, f"large {number}"))
    waits = []
    from django.utils import timezone

    for number in range(WORDS):
        time.sleep(0.5)
        with business_scope(small.pk):
            word = Draft(
                customer_id=guest,
                channel="email",
                purpose="stay",
                key=f"word:{number}",
                due_at=timezone.now(),
                origin="card",
                subject="Your room",
                blocks=({"kind": "paragraph", "text": "It is ready."},),
            )
            plan(drafts=[word])
        began = time.perf_counter()
        queue.put((small.pk, f"small {number}"))
        while not _is_sent(small.pk, f"word:{number}"):
            time.sleep(0.01)
        waits.append((time.perf_counter() - began) * 1000)
    queue.put(None)
    queue.put(None)
    for each in running:
        each.join(60)
    return measure.summary(waits)


def _take_tasks(queue: Any) -> None:
    from messaging.outbox.services import send_due

    while (task := queue.get()) is not None:
        business_id, turn = task
        if send_due(business_id=business_id, turn=turn).more:
            queue.put(task)
    os._exit(0)


def _is_sent(business_id: int, key: str) -> bool:
    from accounts.tenancy import business_scope
    from messaging.outbox.models import Message

    with business_scope(business_id):
        return Message.objects.filter(key=key, state="sent").exists()


def _guest() -> int:
    from customers.card.models import ContactPoint, Customer
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    with change_set(kind=ChangeSet.Kind.IMPORT, title="Measured"):
        made = Customer.objects.create(given_name="Ola", family_name="Nordmann")
        ContactPoint.objects.create(
            customer=made, kind="email", value="ola@example.org", normalised="ola@example.org", is_primary=True
        )
    return int(made.pk)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=GUESTS)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--for", type=float, dest="seconds", help="cancel it after so many seconds of sending")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sink(Path(folder) / "taken.log") as port:
        open_to_sink(port)
        databases.database_use(DATABASE, anew=True)
        log = Path(folder) / "taken.log"
        measure.report(
            campaign_measure(
                guests=options.guests, workers=options.workers, port=port, log=log, seconds=options.seconds
            )
        )
    databases.database_drop(DATABASE)


if __name__ == "__main__":
    main()
