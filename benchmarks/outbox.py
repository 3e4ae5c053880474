"""A newsletter to a hundred thousand guests: planned, through the gate, and out by two workers to a mail server here.

``python -m benchmarks.outbox [--guests N] [--workers 2] [--keep] [--again]`` prints one JSON object: guests a second
through the gate alone, messages a second planned and sent, processor time a message, the workers' memory on the way,
and whether every message arrived once. ``--for SECONDS`` ends the sending early, ``--only plan`` and ``--only send`` do
it in two parts, so that a machine need be quiet for the second alone.
"""

import argparse
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import databases, measure

DATABASE = "innkeeper_bench_outbox"
GUESTS, WORKERS = 100_000, 2
SLUG = "outbox-measure"
BATCH = 5_000
WORKER = """
import signal
import django
django.setup()
from benchmarks.measure import Processor
from messaging.outbox.services import send_due
ended = []
signal.signal(signal.SIGTERM, lambda *_given: ended.append(True))
processor = Processor()
while not ended and send_due(business_id={business}).more:
    pass
print(processor.read(), flush=True)
"""


@contextmanager
def sink(log: Path, kind: str = "smtp") -> Iterator[int]:
    """A mail server, or for ``resend`` a service over HTTP, in a process of its own; its port."""
    program = [sys.executable, "-m", "benchmarks.sink", str(log), *(["--service"] if kind == "resend" else [])]
    running = subprocess.Popen(program, cwd=measure.CHECKOUT, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        yield int(running.stdout.readline())
    finally:
        running.kill()
        running.wait(10)


def open_to_sink(port: int) -> None:
    """Let this process and those it starts reach a mail server on this machine; before Django is set up."""
    os.environ["INNKEEPER_OUTGOING_NETWORKS"] = "127.0.0.1/32"
    os.environ["INNKEEPER_OUTGOING_MAIL_PORTS"] = str(port)


def house_make(*, guests: int, port: int, kind: str = "smtp") -> Any:
    """A business with so many guests who all want the newsletter, and its way of sending: a mail server, a service or
    the local inbox."""
    from accounts.services.businesses import business_create
    from accounts.tenancy import business_scope
    from messaging.gate.services import settings_save
    from messaging.transports.services import TransportValues, transport_create

    business = business_create(name="Outbox", country="NO", slug=SLUG)
    with business_scope(business.pk):
        settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=1, cap_week=3)
        transport_create(
            business=business,
            values=TransportValues(
                kind=kind,
                name="Sink",
                options={"host": "127.0.0.1", "port": port, "security": "none"} if kind == "smtp" else {},
                secrets={"api_key": "sink"} if kind == "resend" else {},
                sender_address="hello@example.org",
            ),
        )
    for start in range(0, guests, BATCH):
        with business_scope(business.pk):
            _guests(start, min(guests, start + BATCH))
    return business


def _guests(first: int, last: int) -> None:
    from customers.card.models import ContactPoint, Customer
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set
    from customers.consent.models import ConsentEvent

    numbers = range(first, last)
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Measured"):
        made = Customer.objects.bulk_create(
            Customer(given_name="Kari", family_name=f"Nordmann {n}", language=("nb", "da", "nl", "en")[n % 4])
            for n in numbers
        )
        ContactPoint.objects.bulk_create(
            ContactPoint(
                customer=each,
                kind="email",
                value=f"guest{n}@example.org",
                normalised=f"guest{n}@example.org",
                is_primary=True,
            )
            for n, each in zip(numbers, made, strict=True)
        )
        ConsentEvent.objects.bulk_create(
            ConsentEvent(customer_id=each.pk, purpose="newsletter", channel="email", act="granted", source="desk")
            for each in made
        )


def template_make(business: Any) -> int:
    """A newsletter in four languages, of the usual length."""
    from accounts.tenancy import business_scope

    with business_scope(business.pk):
        return _template_make()


def _template_make() -> int:
    from messaging.texts.models import Template, TemplateText

    template = Template.objects.create(name="Summer", channel="email", purpose="newsletter")
    for language in ("nb", "da", "nl", "en"):
        TemplateText.objects.create(
            template=template,
            language=language,
            version=1,
            subject="Summer by the fjord, {guest.given_name}",
            preheader="Three nights, breakfast by the water",
            blocks=[
                {"kind": "heading", "text": "Dear {guest.given_name|guest}"},
                *({"kind": "paragraph", "text": "The days are long and the water is warm. " * 6} for _each in range(3)),
                {"kind": "button", "text": "Book", "link": "https://example.org/book"},
            ],
        )
    return int(template.pk)


def campaign_make(template_id: int) -> Any:
    """A campaign of a template to everybody in the business in scope, let out at once."""
    from customers.segments.models import Segment
    from messaging.campaigns.services import campaign_confirm, campaign_create

    segment = Segment.objects.create(name="Everybody", tree={"version": 1, "match": "all", "rules": []})
    campaign = campaign_create(name="Summer", segment_id=segment.pk, template_id=template_id)
    return campaign_confirm(campaign_id=campaign.pk)


def drafts_of(ids: list[int], template_id: int, campaign: int = 1) -> list[Any]:
    """The newsletter to each guest."""
    from django.utils import timezone

    from messaging.outbox.services import Draft

    due = timezone.now() - dt.timedelta(seconds=1)
    return [
        Draft(
            customer_id=pk,
            channel="email",
            purpose="newsletter",
            key=f"campaign:{campaign}:{pk}",
            due_at=due,
            origin="campaign",
            origin_id=campaign,
            template_id=template_id,
        )
        for pk in ids
    ]


def planned_measure(*, guests: int, port: int) -> dict[str, Any]:
    """Gate and plan; Django is set up on a database of the measure's own."""
    from accounts.tenancy import business_scope
    from customers.card.models import Customer
    from messaging.gate.selectors import gate
    from messaging.outbox.planning import _wanted
    from messaging.outbox.services import plan

    business, template_id = _house(guests, port)
    with business_scope(business.pk):
        ids = list(Customer.objects.order_by("id").values_list("pk", flat=True)[:guests])
        drafts = drafts_of(ids, template_id)
    analyse()
    processor = measure.Processor()

    def ruled() -> None:
        with business_scope(business.pk):
            rulings = gate(wanted=[_wanted(each) for each in drafts], at=drafts[0].due_at)
        assert {each.verdict.value for each in rulings} == {"allow"}

    def planned() -> None:
        for start in range(0, guests, BATCH):
            with business_scope(business.pk):
                plan(drafts=drafts[start : start + BATCH])

    gate_wall, gate_cpu = measure.timed_both(ruled, processor)
    plan_wall, plan_cpu = measure.timed_both(planned, processor)
    analyse()
    return {
        "gate_a_second": round(1000 * guests / gate_wall),
        "gate_a_processor_second": gate_cpu and round(1000 * guests / gate_cpu),
        "planned_a_second": round(1000 * guests / plan_wall),
        "planned_a_processor_second": plan_cpu and round(1000 * guests / plan_cpu),
    }


def sent_measure(*, port: int, workers: int, log: Path, seconds: float | None) -> dict[str, Any]:
    """What was planned goes out through a sink at ``port``, for so many seconds or to the end."""
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from messaging.outbox.models import Message

    business = Business.objects.get(slug=SLUG)
    with business_scope(business.pk):
        _way_to(port)
        before = set(Message.objects.filter(state="sent").values_list("ref", flat=True))
    told = sending_watched(business.pk, workers, log, seconds=seconds)
    with business_scope(business.pk):
        rows = list(Message.objects.values_list("ref", "state"))
    taken = arrived(log)
    return {
        "workers": workers,
        **told,
        "states": dict(Counter(state for _ref, state in rows)),
        "arrived": len(taken),
        "arrived_more_than_once": sum(1 for count in taken.values() if count > 1),
        "sent_and_not_there": sum(
            1 for ref, state in rows if state == "sent" and ref not in before and not taken[ref.hex]
        ),
    }


def arrived(log: Path) -> Counter[str]:
    """How often the sink took each message, by its ref in hexadecimal."""
    names = (line.split()[0].partition("@")[0] for line in log.read_text().splitlines())
    return Counter(name.replace("-", "") for name in names)


def _house(guests: int, port: int) -> tuple[Any, int]:
    """The business and its newsletter; the one left behind by ``--keep``, without its messages, if it is there."""
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from messaging.outbox.models import Message
    from messaging.texts.models import Template

    business = Business.objects.filter(slug=SLUG).first()
    if business is None:
        business = house_make(guests=guests, port=port)
        return business, template_make(business)
    with business_scope(business.pk):
        Message.objects.all().delete()
        _way_to(port)
        return business, Template.objects.get().pk


def _way_to(port: int) -> None:
    from messaging.outbox.models import OutboxPace
    from messaging.transports.models import Transport

    transport = Transport.objects.get()
    transport.options["port"] = port
    transport.save()
    OutboxPace.objects.update(rests_until=None)


def sending_watched(business_id: int, workers: int, log: Path, *, seconds: float | None = None) -> dict[str, Any]:
    """Let workers send, for so many seconds or all there is: messages a second from the first one on, the processor
    time of one, and the largest worker's resident memory at every tenth of the way."""
    program = [sys.executable, "-c", WORKER.format(business=business_id)]
    running = [
        subprocess.Popen(program, cwd=measure.CHECKOUT, stdout=subprocess.PIPE, text=True) for _each in range(workers)
    ]
    log.touch()
    before = counted = _lines(log)
    first, memory = 0.0, [0.0]
    while any(each.poll() is None for each in running):
        time.sleep(1)
        if not first and (counted := _lines(log)) > before:
            first = time.perf_counter()
        memory.append(max((_resident_mb(each.pid) for each in running if each.poll() is None), default=0.0))
        if first and seconds is not None and time.perf_counter() - first > seconds:
            for each in running:
                each.terminate()
            seconds = None
    last = time.perf_counter()
    used = [float(each.communicate()[0]) for each in running]
    if any(each.returncode for each in running):
        raise RuntimeError("A worker failed.")
    lines, kept = _lines(log), [each for each in memory if each]
    return {
        "sent_a_second": round((lines - counted) / (last - first)),
        "seconds": round(last - first, 1),
        "processor_ms_a_message": round(sum(used) / max(1, lines - before), 2),
        "memory_mb": [round(kept[min(len(kept) - 1, len(kept) * tenth // 10)]) for tenth in range(1, 11)]
        if kept
        else [],
    }


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def analyse() -> None:
    """Tell the planner what there is, as autovacuum would before long."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=GUESTS)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--keep", action="store_true", help="leave the database behind, to look at")
    parser.add_argument("--again", action="store_true", help="use the database that --keep left behind")
    parser.add_argument("--for", type=float, dest="seconds", help="end the sending after so many seconds")
    parser.add_argument("--only", choices=("plan", "send"), help="one part alone; the database stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sink(Path(folder) / "taken.log") as port:
        open_to_sink(port)
        databases.database_use(DATABASE, anew=not options.again and options.only != "send")
        told: dict[str, Any] = {"guests": options.guests}
        if options.only != "send":
            told |= planned_measure(guests=options.guests, port=port)
        if options.only != "plan":
            log = Path(folder) / "taken.log"
            told |= sent_measure(port=port, workers=options.workers, log=log, seconds=options.seconds)
        measure.report(told)
    options.keep = options.keep or options.only is not None
    if not options.keep:
        databases.database_drop(DATABASE)


if __name__ == "__main__":
    main()
