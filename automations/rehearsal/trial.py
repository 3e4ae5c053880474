"""One guest's journey in compressed time: every step with its moment and what it would send. Nothing is written."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Business
from accounts.services.refusals import Refused
from accounts.tenancy import require_business_id
from automations.building.checking import definition_check
from automations.building.services import DefinitionRefused, read
from automations.definition import Definition
from automations.models import Automation, Journey
from automations.rehearsal.clock import Clock
from automations.rehearsal.evidence import evidence_of
from automations.rehearsal.hindsight import Hindsight
from automations.rehearsal.occasion import Occasion, occasion_of
from automations.rehearsal.showing import Letter, letters_of
from automations.rehearsal.stage import InTheWay, hidden_make, play, taken_back, ways_of
from automations.rehearsal.ways import Line, Way
from customers.card.models import Customer
from customers.conditions.selectors import filter_catalogue, wanted
from customers.filters import tree_read
from customers.search.fetch_sql import rows
from messaging.texts.showing import Shown

FOLLOWED_FOR: Final = dt.timedelta(days=5_000)
"""As long as the longest wait there may be, and some more."""
_MATCHES: Final = "SELECT EXISTS (SELECT FROM customers_customerfacts f WHERE f.customer_id = %s AND {condition})"


@dataclass(frozen=True)
class Tried:
    """One step of a trial; ``shown`` is the message as the guest would get it."""

    line: Line
    shown: Shown | None = None


@dataclass(frozen=True)
class Trial:
    """What would become of one guest. ``keeps_out`` says why the guest would not begin at all, empty where nothing
    does; the steps are told all the same."""

    guest: Customer
    occasion: Occasion
    way: Way
    steps: tuple[Tried, ...]
    keeps_out: str = ""


def try_on(
    *,
    customer_id: int,
    automation_id: int | None = None,
    definition: Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> Trial:
    """Send one guest through the draft of an automation, or through a definition, from the moment it would begin.

    Raises ``Automation.DoesNotExist``, ``Customer.DoesNotExist``, :class:`DefinitionRefused` for a definition that
    cannot run, and :class:`Refused` while somebody else is at work on the guest.
    """
    now = now or timezone.now()
    if definition is None:
        definition = Automation.objects.get(pk=automation_id or 0).draft
    found = read(definition, whole=True)
    problems = definition_check(found)
    if problems:
        raise DefinitionRefused(problems)
    guest = Customer.objects.get(pk=customer_id)
    business = Business.objects.get(pk=require_business_id())
    occasion = occasion_of(definition=found, guest=guest, business=business, now=now)
    try:
        way = _played(definition, found, guest, occasion, business)
    except (InTheWay, OperationalError) as error:
        if isinstance(error, OperationalError) and getattr(error.__cause__, "pgcode", None) != "55P03":
            raise
        raise Refused(_("Somebody is changing this guest just now. Try again in a moment.")) from error
    letters = letters_of(
        [Letter(guest.pk, way.stay_id, way.invoice_id, line.text_id) for line in way.lines if line.text_id is not None],
        business=business,
    )
    shown = iter(letters)
    steps = tuple(Tried(line, next(shown) if line.text_id is not None else None) for line in way.lines)
    return Trial(guest, occasion, way, steps, _keeps_out(found, guest, occasion, business))


def _played(
    definition: Mapping[str, Any], found: Definition, guest: Customer, occasion: Occasion, business: Business
) -> Way:
    with taken_back():
        hidden = hidden_make(definition=definition)
        Journey.objects.create(
            automation=hidden,
            version_id=hidden.current_id or 0,
            customer=guest,
            occurrence="try",
            stay=occasion.stay,
            invoice=occasion.invoice,
            anchor=occasion.anchor,
            state=Journey.State.RUNNING,
            due_at=occasion.at,
            zone=occasion.zone,
            created_at=occasion.at,
        )
        hindsight = Hindsight(definition=found, since=occasion.at, business=business, is_past=False)
        evidence = evidence_of(
            definition=found,
            hindsight=hindsight,
            guests=[guest.pk],
            stays=[occasion.stay.pk] if occasion.stay else [],
            invoices=[occasion.invoice.pk] if occasion.invoice else [],
        )
        clock = Clock((business.zone,), is_daily=True)
        play(hidden=hidden, clock=clock, until=occasion.at + FOLLOWED_FOR, evidence=evidence)
        (way,) = ways_of(hidden=hidden, definition=found)
    return way


def _keeps_out(definition: Definition, guest: Customer, occasion: Occasion, business: Business) -> str:
    """Why the guest would not begin; the runner asks the same."""
    if guest.is_deceased:
        return "deceased"
    if guest.is_restricted:
        return "restricted"
    if definition.only and definition.only.get("rules"):
        meant = wanted(tree=tree_read(definition.only, filter_catalogue()), business=business)
        today = occasion.at.astimezone(business.zone).date()
        asked = replace(meant, context=replace(meant.context, today=today)).on_rows()
        ((is_met,),) = rows(_MATCHES.format(condition=f"({asked.text})"), [guest.pk, *asked.values])
        return "" if is_met else "only"
    return ""
