"""kill -9 of workers at random points of a campaign: no guest may be lost, none written to twice, each doubt be shown.

``python -m benchmarks.outbox_kill [--kills 200] [--messages 10000] [--seed 1] [--kind smtp|resend|local]``: a campaign
to everybody is let out; two workers decide about its guests and send it; each is killed at a random moment and another
takes its place, until so many kills are done; then all is sent to the end. ``smtp`` is a mail server that cannot be
asked whether it has a message: what was handed over and not written down must be in doubt and never go again.
``resend`` and ``local`` take each message once, however often it is offered: there everything must be sent in the end.
"""

import argparse
import datetime as dt
import os
import random
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import databases, measure
from benchmarks.outbox import analyse, campaign_make, house_make, open_to_sink, sink, template_make

DATABASE = "innkeeper_bench_outbox_kill"
KILLS, MESSAGES = 200, 10_000
LEASE = 3.0
"""Seconds a claim lasts here, so that nobody waits for minutes after each kill; a worker at work renews it."""
LONGEST = 0.4
WORKERS = 2
KINDS = ("smtp", "resend", "local")


@dataclass
class Killed:
    """What became of a campaign whose workers were killed."""

    kills: int = 0
    """Of workers that had something to do."""
    kills_deciding: int = 0
    """Of those, while guests had not been decided about."""
    campaign: str = ""
    """The campaign's state in the end."""
    states: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    """Guests of the campaign without a message, or whose message is said to be sent and is not there."""
    doubled: int = 0
    """Guests who got more than one, and messages that are there more than once."""
    unknown_and_arrived: int = 0
    unknown_and_not: int = 0
    asked_twice: int = 0
    """Offered more than once, to a transport that can be asked again."""
    seconds: float = 0


def campaign_killed(
    *, business: Any, template_id: int, kills: int, chance: random.Random, log: Path, longest: float = LONGEST
) -> Killed:
    """Let a campaign to everybody out and have it sent by workers that are killed."""
    from accounts.tenancy import business_scope
    from messaging.campaigns.models import Campaign, CampaignGuest
    from messaging.outbox.models import Message

    with business_scope(business.pk):
        campaign_id = campaign_make(template_id).pk
    began = time.perf_counter()
    found = Killed()
    _kill(found, (business.pk, campaign_id), kills, chance, most=10, longest=longest)
    _finish(business.pk, campaign_id)
    found.seconds = round(time.perf_counter() - began, 1)
    with business_scope(business.pk):
        rows = list(Message.objects.values_list("ref", "customer_id", "address", "state", "attempts"))
        guests = dict(CampaignGuest.objects.values_list("customer_id", "arm"))
        found.campaign = Campaign.objects.get(pk=campaign_id).state
    taken, reached = _taken(business.pk, log)
    found.states = dict(Counter(state for _ref, _guest, _address, state, _attempts in rows))
    found.doubled = sum(1 for number in reached.values() if number > 1)
    found.lost = len(guests.keys() - {guest for _ref, guest, *_rest in rows})
    for ref, _guest, _address, state, attempts in rows:
        arrived = taken[ref.hex]
        found.doubled += arrived > 1
        found.lost += state == "sent" and not arrived
        found.unknown_and_arrived += state == "unknown" and arrived > 0
        found.unknown_and_not += state == "unknown" and not arrived
        found.asked_twice += attempts > 1
    return found


def _kill(
    found: Killed, campaign: tuple[int, int], kills: int, chance: random.Random, *, most: int, longest: float
) -> None:
    """Keep two workers at work and kill either at random moments."""
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 - read once, and not by every worker
    running: list[int] = []
    try:
        while found.kills < kills and _waiting(*campaign) != (False, False):
            while len(running) < WORKERS:
                running.append(_started(*campaign, most))
            time.sleep(chance.uniform(0, longest))
            victim = running.pop(chance.randrange(len(running)))
            deciding, sending = _waiting(*campaign)
            found.kills += deciding or sending
            found.kills_deciding += deciding
            _killed(victim)
    finally:
        for each in running:
            _killed(each)


def _started(business_id: int, campaign_id: int, most: int) -> int:
    """A worker as a child of this process, which has everything loaded; its process id."""
    from django.db import connections

    from messaging.campaigns.services import campaign_work
    from messaging.outbox.services import send_due

    connections.close_all()
    child = os.fork()
    if child:
        return child
    try:
        while True:
            campaign_work(business_id=business_id, campaign_id=campaign_id)
            while send_due(business_id=business_id, most=most, lease=dt.timedelta(seconds=LEASE)).more:
                pass
            time.sleep(0.1)
    finally:
        os._exit(1)


def _killed(worker: int) -> None:
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)


def _waiting(business_id: int, campaign_id: int) -> tuple[bool, bool]:
    """Whether there are guests to decide about, and messages to send."""
    from accounts.tenancy import business_scope
    from messaging.campaigns.models import Campaign, CampaignGuest
    from messaging.outbox.models import Message

    with business_scope(business_id):
        deciding = (
            Campaign.objects.filter(pk=campaign_id, state="scheduled").exists()
            or CampaignGuest.objects.filter(campaign_id=campaign_id, arm="waiting").exists()
        )
        return deciding, Message.objects.filter(state__in=("planned", "claimed")).exists()


def _finish(business_id: int, campaign_id: int) -> None:
    """Send the rest in peace; what was in somebody's hands waits for its lease."""
    from messaging.campaigns.services import campaign_work
    from messaging.outbox.services import send_due

    patience = time.monotonic() + 3_600
    while time.monotonic() < patience:
        campaign_work(business_id=business_id, campaign_id=campaign_id)
        if _waiting(business_id, campaign_id) == (False, False):
            return
        if not send_due(business_id=business_id, lease=dt.timedelta(seconds=60)).more:
            time.sleep(0.2)


def _taken(business_id: int, log: Path) -> tuple[Counter[str], Counter[str]]:
    """How often each message arrived, by its ref in hexadecimal, and how many each address got."""
    from accounts.tenancy import business_scope
    from messaging.transports.models import Caught

    with business_scope(business_id):
        caught = [(ref.hex, address) for ref, address in Caught.objects.values_list("ref", "address")]
    lines = [line.split() for line in log.read_text().splitlines()]
    arrived = [*caught, *((name.partition("@")[0].replace("-", ""), address) for name, address in lines)]
    return Counter(name for name, _address in arrived), Counter(address for _name, address in arrived)


def service_at(port: int) -> None:
    """Ask for Resend here."""
    from messaging.transports import providers

    providers.ADDRESSES["resend", ""] = f"http://127.0.0.1:{port}/"


def main() -> None:
    """Kill, count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, default="smtp")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sink(Path(folder) / "taken.log", options.kind) as port:
        open_to_sink(port)
        databases.database_use(f"{DATABASE}_{options.kind}", anew=True)
        log = Path(folder) / "taken.log"
        log.touch()
        service_at(port)
        business = house_make(guests=options.messages, port=port, kind=options.kind)
        template_id = template_make(business)
        analyse()
        found = campaign_killed(
            business=business,
            template_id=template_id,
            kills=options.kills,
            chance=random.Random(options.seed),
            log=log,
        )
        measure.report({"kind": options.kind, "messages": options.messages, "seed": options.seed, **vars(found)})
    databases.database_drop(f"{DATABASE}_{options.kind}")


if __name__ == "__main__":
    main()
