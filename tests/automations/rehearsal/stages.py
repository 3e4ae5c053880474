"""What tests of rehearsals share: templates and stays, a real run under a clock that is moved, and what came of it."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from automations.definition import definition_read
from automations.definition.timing import anchored_at
from automations.models import OPEN, Automation, DryRun, DryRunStep, Journey, JourneyStep
from automations.planning.services import plan_pass
from automations.rehearsal.services import dry_run_start, dry_run_work
from automations.running.services import run_batch
from customers.card.models import Customer
from customers.history.models import Stay
from customers.search.fetch_sql import rows
from messaging.gate.schedule import at_local, zone_of
from messaging.outbox.claiming import batch_claim
from messaging.outbox.models import Message
from messaging.outbox.writing import batch_write
from messaging.texts.models import Template
from tests.cast import House
from tests.factories import StayFactory, StayParticipantFactory
from tests.messaging.campaigns.houses import letter

DAY = dt.timedelta(days=1)
Told = tuple[Any, ...]


def stay_of(guest: Customer, *, arrives_in: int, nights: int = 2, status: str = "booked", **values: Any) -> Stay:
    """A stay that a guest has booked."""
    arrival = timezone.localdate() + arrives_in * DAY
    stay = StayFactory(arrival=arrival, departure=arrival + nights * DAY, status=status, **values)
    StayParticipantFactory(stay=stay, customer=guest, is_booker=True)
    return stay


def mail(template: Template | None = None, **values: Any) -> dict[str, Any]:
    """A step that sends an e-mail."""
    return {"do": "email", "template": (template or letter()).pk, **values}


def about_stays() -> Template:
    """A template about the guest's own stay."""
    return letter("Welcome", purpose="stay")


def dry_run(made: Automation, first: int = 0, last: int = 29) -> DryRun:
    """A dry run from so many days from today to so many, worked off."""
    today = timezone.localdate()
    run = dry_run_start(automation_id=made.pk, first=today + first * DAY, last=today + last * DAY)
    assert not dry_run_work(business_id=made.business_id, run_id=run.pk)
    run.refresh_from_db()
    return run


def told_of(run: DryRun) -> list[Told]:
    """What a dry run tells of each journey, those who do not begin left out."""
    found: dict[int, list[DryRunStep]] = {}
    for each in DryRunStep.objects.filter(run=run).order_by("journey", "id"):
        found.setdefault(each.journey, []).append(each)
    return sorted(
        (
            *(rows[0].customer_id, rows[0].stay_id or 0, rows[0].outcome, rows[0].reason, rows[0].at),
            *((row.step, row.outcome, row.reason, row.at, row.sends_at, row.text_id) for row in rows[1:]),
        )
        for rows in found.values()
        if rows[0].outcome != "out"
    )


Happening = tuple[dt.datetime, Callable[[], None]]


def really(
    made: Sequence[Automation],
    house: House,
    *,
    now: dt.datetime,
    days: int,
    happens: Sequence[Happening] = (),
    every: int = 1,
    before: dt.datetime | None = None,
) -> dict[int, list[Told]]:
    """Let the clock go through the days: the planner whenever something happens and at the midnights of ``every`` so
    many days, the runner and the outbox when something is due, until everybody has ended; behind the days nobody
    enters. Then what became of each journey by automation, in the words of :func:`told_of`; of those whose moment was
    ``before``."""
    last = now + days * DAY
    waited: dict[int, str] = {}
    zone = house.business.zone
    midnights = [at_local(now.astimezone(zone).date() + day * DAY, dt.time(0), zone) for day in range(1, days, every)]
    passes: list[tuple[dt.datetime, Callable[[], None] | None]] = [(at, None) for at in (now, *midnights) if at < last]
    coming = sorted([*passes, *happens], key=lambda each: each[0])
    due = _next()
    while coming or due is not None:
        clock = min(moment for moment in (coming[0][0] if coming else None, due) if moment is not None)
        with patch("django.utils.timezone.now", return_value=clock):
            looks = bool(coming) and coming[0][0] <= clock
            while coming and coming[0][0] <= clock:
                _at, happening = coming.pop(0)
                if happening is not None:
                    happening()
            if looks and clock < last:
                plan_pass(now=clock)
            while (due := _next()) is not None and due <= clock:
                while run_batch(now=clock).more:
                    pass
                _send(clock, waited)
    return {each.pk: _became(each, waited, before) for each in made}


def _next() -> dt.datetime | None:
    """When something is due next."""
    (found,) = rows(
        "SELECT least((SELECT min(due_at) FROM automations_journey WHERE state = ANY (%s)),"
        " (SELECT min(due_at) FROM messaging_message WHERE origin = 'automation' AND state = 'planned'))",
        [list(OPEN)],
    )
    moment: dt.datetime | None = found[0]
    return moment


def _send(clock: dt.datetime, waited: dict[int, str]) -> None:
    """The outbox, but for the handing over. Why a message has ``waited`` it forgets when the message goes."""
    due = Message.objects.filter(origin="automation", state="planned", due_at__lte=clock)
    if not due.exists():
        return
    waited.update(due.exclude(deferred_reason="").values_list("id", "deferred_reason"))
    while not (batch := batch_claim(at=clock, most=100)).is_idle:
        written = batch_write(batch=batch)
        refs = [each.ref for each in written.outgoing]
        gone = Message.objects.filter(ref__in=refs)
        gone.update(state="sent", sent_at=clock, attempted_at=clock, claim=None, claimed_until=None)


def _became(made: Automation, waited: dict[int, str], before: dt.datetime | None) -> list[Told]:
    messages = {each.pk: each for each in Message.objects.filter(origin="automation")}
    steps: dict[int, list[JourneyStep]] = {}
    for step in JourneyStep.objects.filter(automation=made).order_by("id"):
        steps.setdefault(step.journey_id, []).append(step)
    return sorted(
        (
            *(each.customer_id, each.stay_id or 0, each.state, each.reason, each.began_at or each.ended_at),
            *(_step(step, messages.get(step.message_id or 0), waited) for step in steps.get(each.pk, [])),
        )
        for each in Journey.objects.filter(automation=made)
        if each.state != Journey.State.PLANNED and (before is None or _moment(made, each) < before)
    )


def _moment(made: Automation, journey: Journey) -> dt.datetime:
    """When a journey began, or was to."""
    if journey.began_at is None and journey.anchor is not None:
        return anchored_at(definition_read(made.draft).trigger, journey.anchor, zone_of(journey.zone))
    at = journey.began_at or journey.ended_at
    assert at is not None
    return at


def _step(step: JourneyStep, message: Message | None, waited: dict[int, str]) -> Told:
    if message is None:
        return step.step, step.outcome, step.reason, step.due_at, None, None
    text = message.template_text_id
    if message.state == Message.State.SKIPPED:
        return step.step, "refused", message.reason, step.due_at, None, text
    return step.step, step.outcome, waited.get(message.pk, ""), step.due_at, message.sent_at or message.due_at, text
