"""Reads of automations that run: how many are where, whose turn it is when, what it came to."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count, F, Q, QuerySet

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import Definition, DefinitionError, definition_read
from automations.models import OPEN, Automation, AutomationVersion, Journey, JourneyStep
from automations.watching.ahead import Ahead, Stands, ahead_of, next_of
from customers.search.fetch_sql import rows
from messaging.gate.schedule import zone_of

PAGE: Final = 50
RESULT_DAYS: Final = 30
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TICK: Final = dt.timedelta(microseconds=1)
_PLACE: Final = re.compile(r"([0-9]{1,16})-([0-9]{1,18})")
_WORKS: Final = (Automation.State.ON.value, Automation.State.PAUSED.value)


@dataclass
class StepCounts:
    """Of one step: how many guests stand there, and what came of it for those who are past it."""

    waiting: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of each outcome that has reasons, how many by reason."""

    def number(self, outcome: str) -> int:
        """How many times it came so."""
        return self.outcomes.get(outcome, 0)


@dataclass(frozen=True)
class Counts:
    """An automation in numbers of journeys: by state, by reason of the states that have reasons, by step."""

    states: Mapping[str, int]
    reasons: Mapping[str, Mapping[str, int]]
    steps: Mapping[str, StepCounts]
    older: int = 0
    """Under way on versions before the current one."""

    @property
    def open(self) -> int:
        """How many go on."""
        return sum(self.states.get(state, 0) for state in OPEN)

    @property
    def all(self) -> int:
        """How many there ever were."""
        return sum(self.states.values())


@dataclass(frozen=True)
class JourneyPage:
    """Some journeys; ``after`` is where the next page begins, empty where these are the last."""

    journeys: list[Journey]
    after: str


@dataclass(frozen=True)
class NextStep:
    """What comes next for a guest in one automation: the journey, the step and its moment, ``None`` for both where what
    runs cannot be read any more."""

    journey: Journey
    ahead: Ahead | None

    @property
    def at(self) -> dt.datetime | None:
        """When."""
        return self.ahead.at if self.ahead is not None else self.journey.due_at


@dataclass(frozen=True)
class Results:
    """What an automation came to: guests who began, their messages, goals, and in so many days after each began the
    stays they booked, with the revenue in the business's currency."""

    days: int
    journeys: int = 0
    guests: int = 0
    goals: int = 0
    sent: int = 0
    opened: int = 0
    clicked: int = 0
    booked: int = 0
    stays: int = 0
    revenue: float = 0.0


def counts_of(*, automation_id: int) -> Counts:
    """How many stand where, and what came of each step. Four grouped queries, over indexes alone."""
    journeys = Journey.objects.filter(automation_id=automation_id).order_by()
    states: dict[str, int] = {}
    steps: dict[str, StepCounts] = {}
    for state, step, number in journeys.values_list("state", "step").annotate(Count("id")):
        states[state] = states.get(state, 0) + number
        if state in OPEN:
            steps.setdefault(step, StepCounts()).waiting += number
    reasons: dict[str, dict[str, int]] = {}
    why = journeys.exclude(reason="").values_list("state", "reason").annotate(Count("id"))
    for state, reason, number in why:
        reasons.setdefault(state, {})[reason] = number
    done = JourneyStep.objects.filter(automation_id=automation_id).order_by()
    for step, outcome, reason, number in done.values_list("step", "outcome", "reason").annotate(Count("id")):
        told = steps.setdefault(step, StepCounts())
        told.outcomes[outcome] = told.number(outcome) + number
        if reason:
            told.reasons.setdefault(outcome, {})[reason] = number
    earlier = AutomationVersion.objects.filter(automation_id=automation_id).exclude(pk=F("automation__current_id"))
    older = journeys.filter(state=Journey.State.RUNNING, version_id__in=earlier.values("pk")).count()
    return Counts(states, reasons, steps, older)


def journeys_page(
    *,
    automation_id: int,
    state: str = "",
    step: str = "",
    outcome: str = "",
    reason: str = "",
    after: str = "",
) -> JourneyPage:
    """Journeys through an automation with guest and version: of those that go on whose turn it is soonest first, else
    the newest first. One query.

    ``state`` and ``reason`` are the journey's. With ``step`` alone those who stand there; with ``outcome`` those for
    whom the step came so, and then ``reason`` is the step's.
    """
    found: QuerySet[Journey] = Journey.objects.filter(automation_id=automation_id)
    if state:
        found = found.filter(state=state)
    if step and outcome:
        came = JourneyStep.objects.filter(automation_id=automation_id, step=step, outcome=outcome)
        if reason:
            came = came.filter(reason=reason)
        found = found.filter(pk__in=came.values("journey_id"))
    else:
        if step:
            found = found.filter(step=step, state__in=OPEN)
        if reason:
            found = found.filter(reason=reason)
    is_open = state in OPEN or bool(step and not outcome)
    if place := _place(after):
        at, pk = place
        found = found.filter(Q(due_at=at, pk__gt=pk) | Q(due_at__gt=at)) if is_open else found.filter(pk__lt=pk)
    order = ("due_at", "pk") if is_open else ("-pk",)
    page = list(found.select_related("customer", "version").order_by(*order)[: PAGE + 1])
    return JourneyPage(page[:PAGE], _after(page[PAGE - 1]) if len(page) > PAGE else "")


def _after(last: Journey) -> str:
    """Where the page behind a journey begins."""
    moment = (last.due_at - _EPOCH) // _TICK if last.due_at is not None else 0
    return f"{moment}-{last.pk}"


def _place(after: str) -> tuple[dt.datetime, int] | None:
    """What :func:`_after` said, of whoever asks; ``None`` for anything else."""
    found = _PLACE.fullmatch(after)
    return (_EPOCH + int(found[1]) * _TICK, int(found[2])) if found else None


def journey_get(*, journey_id: int) -> Journey:
    """One journey with all that its page tells. Raises ``Journey.DoesNotExist``."""
    return Journey.objects.select_related("automation", "version", "customer", "stay", "invoice").get(pk=journey_id)


def steps_of(*, journey_id: int) -> list[JourneyStep]:
    """What came of its steps, in their order."""
    return list(JourneyStep.objects.filter(journey_id=journey_id).order_by("at", "id"))


def definition_of(journey: Journey) -> Definition | None:
    """What the journey goes by; ``None`` where it cannot be read any more."""
    try:
        return definition_read(journey.version.definition, whole=False)
    except DefinitionError:
        return None


def ahead_for(journey: Journey, *, skipped: frozenset[str] = frozenset()) -> list[Ahead]:
    """What is to come for the guest of a journey, read with its version and stay; nothing where it has ended."""
    definition = definition_of(journey)
    if definition is None or journey.due_at is None:
        return []
    stay = journey.stay
    stands = Stands(
        journey.step,
        journey.waiting,
        journey.due_at,
        zone_of(journey.zone),
        stay.arrival if stay is not None else None,
        stay.departure if stay is not None else None,
    )
    return ahead_of(definition, stands, skipped)


def next_steps_of(*, customer_id: int) -> list[NextStep]:
    """What comes next for a guest, by automations that are on or paused, the soonest first. Two queries."""
    found = Journey.objects.filter(customer_id=customer_id, state__in=OPEN, automation__state__in=_WORKS)
    journeys = list(found.select_related("automation", "version", "stay").order_by("due_at", "id"))
    skipped = _skipped(journeys)
    nexts = [NextStep(each, next_of(ahead_for(each, skipped=skipped.get(each.pk, frozenset())))) for each in journeys]
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(nexts, key=lambda each: (each.at or far, each.journey.pk))


def _skipped(journeys: Sequence[Journey]) -> dict[int, frozenset[str]]:
    """Steps that are behind journeys though they stand before them."""
    asked = [each.pk for each in journeys if each.number_done]
    found: dict[int, set[str]] = {}
    if asked:
        came = JourneyStep.objects.filter(journey_id__in=asked, outcome=JourneyStep.Outcome.SKIPPED)
        for journey, step in came.values_list("journey_id", "step"):
            found.setdefault(journey, set()).add(step)
    return {pk: frozenset(steps) for pk, steps in found.items()}


_BEGUN: Final = """
    SELECT count(*), count(DISTINCT j.customer_id), count(*) FILTER (WHERE j.state = 'goal')
    FROM automations_journey j
    WHERE j.business_id = %(business)s AND j.automation_id = %(automation)s AND j.began_at IS NOT NULL
"""
_FATES: Final = """
    SELECT count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'bounced', 'complained', 'unknown')),
           count(*) FILTER (WHERE m.opened_at IS NOT NULL OR m.clicked_at IS NOT NULL),
           count(*) FILTER (WHERE m.clicked_at IS NOT NULL)
    FROM messaging_message m
    WHERE m.business_id = %(business)s AND m.origin = 'automation' AND m.origin_id = %(automation)s
"""
_BOOKED: Final = """
    WITH begun AS MATERIALIZED (
        SELECT j.customer_id, j.began_at, j.stay_id, (j.began_at AT TIME ZONE %(zone)s)::date AS first
        FROM automations_journey j
        WHERE j.business_id = %(business)s AND j.automation_id = %(automation)s AND j.began_at IS NOT NULL
    ), booked AS (
        SELECT s.id, p.customer_id, CASE WHEN p.is_payer AND s.currency = %(currency)s THEN s.amount END AS amount
        FROM begun j
        JOIN customers_stayparticipant p ON p.business_id = %(business)s AND p.customer_id = j.customer_id
        JOIN customers_stay s ON s.business_id = %(business)s AND s.id = p.stay_id
        WHERE s.status IN ('booked', 'checked_in', 'checked_out') AND (p.is_guest OR p.is_booker OR p.is_payer)
          AND s.id IS DISTINCT FROM j.stay_id AND s.created_at >= j.began_at
          AND coalesce(s.booked_on, (s.created_at AT TIME ZONE %(zone)s)::date)
              BETWEEN j.first AND j.first + %(days)s::integer
    ), stays AS (
        SELECT id, max(amount) AS amount FROM booked GROUP BY id
    )
    SELECT (SELECT count(DISTINCT customer_id) FROM booked), count(*), coalesce(sum(amount), 0) FROM stays
"""
"""A stay counts once, however many guests and journeys it comes after, and never the one a journey is about."""


def results_of(*, automation_id: int, business: Business, days: int = RESULT_DAYS) -> Results:
    """What it came to so far. Stays are those written down after the guest began and booked in so many days from then,
    the revenue is theirs who pay, as in the results of campaigns. Three queries."""
    values = {
        "business": require_business_id(),
        "automation": automation_id,
        "days": days,
        "zone": business.time_zone,
        "currency": business.currency,
    }
    ((journeys, guests, goals),) = rows(_BEGUN, values)
    ((sent, opened, clicked),) = rows(_FATES, values)
    ((booked, stays, revenue),) = rows(_BOOKED, values) if journeys else ((0, 0, 0),)
    return Results(days, journeys, guests, goals, sent, opened, clicked, booked, stays, float(revenue))
