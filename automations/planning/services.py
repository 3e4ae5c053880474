"""Writes of the planner: passes, those who are there already, guests entered by hand."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from automations.definition import Definition, definition_read
from automations.models import Automation, Journey
from automations.planning.by_hand import ALREADY, hand_enter
from automations.planning.circles import circles_tell
from automations.planning.entering import Gate
from automations.planning.gone import definitions_of, filters_of, triggers_gone, troubles_note, wanted_of
from automations.planning.passing import LOOKAHEAD, Pass, Planned
from automations.planning.place import is_newer, look, state_keep, state_lock, window_of
from automations.planning.present import present_counted, present_entered

__all__ = [
    "LOOKAHEAD", "Entered", "Passed", "enter_by_hand", "plan_business", "plan_pass", "plan_reset", "present_count",
    "present_take",
]  # fmt: skip


@dataclass(frozen=True)
class Passed:
    """What a pass did: guests let in, planned journeys whose day moved, those that left before they began; ``again``:
    there is more to do at once."""

    entered: int = 0
    moved: int = 0
    left: int = 0
    again: bool = False


@dataclass(frozen=True)
class Entered:
    """Guests entered by hand: how many began, how many were on their way or through it already, and why others did
    not."""

    entered: int = 0
    already: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


def plan_business(*, business_id: int, now: dt.datetime | None = None) -> Passed:
    """A pass over a business, in a transaction of its own."""
    return tried_again(partial(_passed, business_id, now))


def plan_pass(*, now: dt.datetime | None = None) -> Passed:
    """Let in whom everything that was written since the last pass concerns, and plan the days that have come near.

    In the caller's scope and transaction, which has written nothing yet: what it writes itself is looked at again. Two
    passes are one after the other. A fixed number of statements, whatever the number of guests.
    """
    now = now or timezone.now()
    at = look()
    state, this = state_lock()
    begun: int | None = this + 1
    if is_newer(state, at):
        at, begun = look(), None
    looked_at = (Automation.State.ON, Automation.State.PAUSED)
    found = list(Automation.objects.filter(state__in=looked_at).select_related("current").order_by("pk"))
    _pauses(found)
    on = [each for each in found if each.is_on]
    _copied(on, this)
    definitions = definitions_of(on)
    filters = filters_of(definitions)
    gone = triggers_gone(definitions) | {each.pk for each in on if each.pk not in filters}
    troubles_note(on, gone)
    planned = [
        Planned(each, definitions[each.pk], each.since_xid or this, filters[each.pk])
        for each in on
        if each.pk not in gone
    ]
    work = Pass(planned, now)
    since = min((each.since_xid or this for each in on), default=this)
    work.work(window_of(state, at, since=since, this=this, now=now))
    circles_tell([each for each in on if each.pk in work.circling], at=now)
    state_keep(state, at, begun=begun, now=now)
    return Passed(work.let.entered, work.let.moved, work.left)


def plan_reset(*, automation: Automation) -> int:
    """What runs is another definition now: those who have not begun are planned anew by the next pass. Returns how many
    there were."""
    waiting = Journey.objects.filter(automation=automation, state=Journey.State.PLANNED)
    number, _tables = waiting.delete()
    automation.planned_through = None
    Automation.objects.filter(pk=automation.pk).update(planned_through=None)
    return number


def present_count(*, definition: Definition, now: dt.datetime | None = None) -> int:
    """How many are there already of those whom a trigger would meet, and who match its filter. Raises
    :class:`customers.filters.TreeError` for a filter that cannot be asked."""
    return present_counted(_present(Automation(pk=0), definition, now or timezone.now()))


def present_take(*, automation: Automation, now: dt.datetime | None = None) -> int:
    """Let in those who are there already, now, each once however often this is asked. Returns how many. Raises
    :class:`customers.filters.TreeError` for a filter that cannot be asked."""
    if automation.current is None:
        return 0
    definition = definition_read(automation.current.definition)
    let = present_entered(_present(automation, definition, now or timezone.now()))
    return let.entered + let.moved


def enter_by_hand(*, automation_id: int, customer_ids: Sequence[int], now: dt.datetime | None = None) -> Entered:
    """Let these guests in now, whatever begins the automation otherwise. Its filter and its rule of entry hold.

    ``already``: under way, or through it where that is allowed once or not again yet. ``refused`` by reason:
    ``restricted``, ``deceased``, ``only`` for the filter, ``missing`` for cards that are not there, ``off`` for all
    where the automation is not on. Raises ``Automation.DoesNotExist``. A fixed number of statements.
    """
    automation = Automation.objects.select_related("current").get(pk=automation_id)
    asked = sorted(set(customer_ids))
    if not automation.is_on or automation.current is None:
        return Entered(refused={"off": len(asked)} if asked else {})
    definition = definition_read(automation.current.definition)
    filters = filters_of({automation.pk: definition})
    if automation.pk not in filters:
        return Entered(refused={"gone": len(asked)} if asked else {})
    with transaction.atomic():
        gate = Gate(automation, definition, now or timezone.now(), filters[automation.pk])
        told = Counter(hand_enter(gate, asked))
    entered, already = told.pop("", 0), told.pop(ALREADY, 0)
    return Entered(entered, already, dict(told))


def _passed(business_id: int, now: dt.datetime | None) -> Passed:
    with business_scope(business_id):
        return plan_pass(now=now)


def _copied(on: Sequence[Automation], this: int) -> None:
    """A database that was read in from a copy counts its transactions anew: what happens from now on counts."""
    ahead = [each for each in on if each.since_xid is not None and each.since_xid > this]
    for each in ahead:
        each.since_xid = this
    if ahead:
        Automation.objects.filter(pk__in=[each.pk for each in ahead]).update(since_xid=this)


def _pauses(found: Sequence[Automation]) -> None:
    """Days are looked at from the beginning once a paused automation goes on: what moved meanwhile, nobody saw."""
    paused = [each.pk for each in found if not each.is_on and each.planned_through is not None]
    if paused:
        Automation.objects.filter(pk__in=paused).update(planned_through=None)


def _present(automation: Automation, definition: Definition, now: dt.datetime) -> Gate:
    """The way in for many at once: filters are asked of the whole register."""
    only = wanted_of(definition)
    return Gate(automation, definition, now, only, by_sets=True)
