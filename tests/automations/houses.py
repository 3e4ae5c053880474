"""Automations for tests, written as rows: what services make of a definition is tested with them."""

import datetime as dt
from typing import Any

from django.utils import timezone

from automations.definition import definition_read
from automations.models import Automation, AutomationVersion, Journey
from customers.card.models import Customer
from tests.held import transaction_number

ARRIVALS: dict[str, Any] = {"kind": "before_arrival", "days": 3, "at": "10:00"}


def definition(*steps: dict[str, Any], trigger: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """A definition as JSON; steps without an id are called ``s1``, ``s2`` …"""
    given = [{"id": f"s{number}", **step} for number, step in enumerate(steps, 1)]
    found = {"trigger": trigger or ARRIVALS, "steps": given, **values}
    definition_read(found)
    return found


def wait(**values: Any) -> dict[str, Any]:
    """A step that waits: ``wait(days=2)``, ``wait(until="time", at="10:00")``."""
    return {"do": "wait", "wait": {"until": "duration", **values}}


def automation_on(*steps: dict[str, Any], name: str = "Welcome", **values: Any) -> Automation:
    """An automation that is on and looks at whatever happens from now on."""
    state = values.pop("state", "on")
    given = definition(*steps, **values)
    made = Automation.objects.create(
        name=name, draft=given, turned_on_at=timezone.now(), since_xid=transaction_number()
    )
    version = AutomationVersion.objects.create(automation=made, number=1, definition=given)
    Automation.objects.filter(pk=made.pk).update(current=version, state=state)
    made.refresh_from_db()
    return made


def journey(made: Automation, customer: Customer, *, due_at: dt.datetime | None = None, **values: Any) -> Journey:
    """A guest who is on the way, before the first step, due now."""
    told: dict[str, Any] = {
        "automation": made,
        "version_id": made.current_id,
        "customer": customer,
        "occurrence": f"test:{Journey.objects.count()}",
        "state": "running",
        "due_at": due_at or timezone.now(),
        "zone": "Europe/Oslo",
        "began_at": timezone.now(),
    }
    return Journey.objects.create(**{**told, **values})
