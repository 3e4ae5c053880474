"""What tests of rehearsals share: templates and stays, a real run under a clock that is moved, and what came of it."""

import datetime as dt
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from automations.models import OPEN, Automation, DryRun, DryRunStep, Journey, JourneyStep
from automations.planning import passing
from automations.planning.services import plan_pass
from automations.rehearsal.services import dry_run_start, dry_run_work
from automations.running.services import run_batch
from customers.card.models import Customer
from customers.history.models import Stay
from messaging.gate.schedule import at_local
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


def really(made: Automation, house: House, *, now: dt.datetime, days: int) -> list[Told]:
    """Let the clock go through the days: the planner at every midnight, the runner and the outbox when something is
    due, until everybody has ended; then what became of each journey, in the words of :func:`told_of`."""
    last = now + days * DAY
    clock, waited = now, dict[int, str]()
    while clock < last or _next(made) is not None:
        if clock < last:
            # The one transaction of a test would be read anew by every pass, as if all of it had changed again.
            with patch.object(passing, "changes_new", return_value=()):
                plan_pass(now=clock)
        midnight = at_local(clock.astimezone(house.business.zone).date() + DAY, dt.time(0), house.business.zone)
        while (due := _next(made)) is not None and due < midnight:
            clock = max(clock, due)
            while run_batch(now=clock).more:
                pass
            _send(clock, waited)
        clock = midnight
    return _became(made, waited)


def _next(made: Automation) -> dt.datetime | None:
    journeys = Journey.objects.filter(automation=made, state__in=OPEN).order_by("due_at")
    messages = Message.objects.filter(origin="automation", state="planned").order_by("due_at")
    found = [rows.values_list("due_at", flat=True).first() for rows in (journeys, messages)]
    return min((each for each in found if each is not None), default=None)


def _send(clock: dt.datetime, waited: dict[int, str]) -> None:
    """The outbox, but for the handing over. Why a message has ``waited`` it forgets when the message goes."""
    due = Message.objects.filter(origin="automation", state="planned", due_at__lte=clock)
    waited.update(due.exclude(deferred_reason="").values_list("id", "deferred_reason"))
    while not (batch := batch_claim(at=clock, most=100)).is_idle:
        written = batch_write(batch=batch)
        refs = [each.ref for each in written.outgoing]
        gone = Message.objects.filter(ref__in=refs)
        gone.update(state="sent", sent_at=clock, attempted_at=clock, claim=None, claimed_until=None)


def _became(made: Automation, waited: dict[int, str]) -> list[Told]:
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
        if each.state != Journey.State.PLANNED
    )


def _step(step: JourneyStep, message: Message | None, waited: dict[int, str]) -> Told:
    if message is None:
        return step.step, step.outcome, step.reason, step.due_at, None, None
    text = message.template_text_id
    if message.state == Message.State.SKIPPED:
        return step.step, "refused", message.reason, step.due_at, None, text
    return step.step, step.outcome, waited.get(message.pk, ""), step.due_at, message.sent_at or message.due_at, text
