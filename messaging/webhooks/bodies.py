"""What a webhook says of a guest on the way through an automation: read in sets, a fixed number of queries."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from customers.card.models import ContactPoint, Customer
from customers.history.models import Stay

REACHED: Final = "automation.reached"
"""The type of what a step of an automation tells: a guest has come to it."""


@dataclass(frozen=True, slots=True)
class JourneyTold:
    """A guest's journey as the receiver gets it. ``step`` is the id of the step that tells."""

    id: int
    customer_id: int
    step: str = ""
    stay_id: int | None = None
    began_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class AutomationTold:
    """The automation as the receiver gets it."""

    id: int
    name: str
    version: int = 1


def bodies_of(
    *, kind: str, automation: AutomationTold, journeys: Sequence[JourneyTold], at: dt.datetime
) -> dict[int, dict[str, Any]]:
    """The body of each journey, by its id; a journey whose card is gone has none. Three queries, however many."""
    guests = _guests({each.customer_id for each in journeys})
    stays = _stays({each.stay_id for each in journeys if each.stay_id is not None})
    return {
        each.id: body_of(
            kind=kind,
            automation=automation,
            journey=each,
            guest=guests[each.customer_id],
            stay=stays.get(each.stay_id) if each.stay_id is not None else None,
            at=at,
        )
        for each in journeys
        if each.customer_id in guests
    }


def body_of(
    *,
    kind: str,
    automation: AutomationTold,
    journey: JourneyTold,
    guest: Mapping[str, Any],
    stay: Mapping[str, Any] | None,
    at: dt.datetime,
) -> dict[str, Any]:
    """One body: type, moment and data, as Standard Webhooks has it."""
    return {
        "type": kind,
        "timestamp": at.isoformat(timespec="seconds"),
        "data": {
            "automation": {"id": automation.id, "name": automation.name, "version": automation.version},
            "journey": {
                "id": journey.id,
                "step": journey.step,
                "began_at": journey.began_at.isoformat(timespec="seconds") if journey.began_at else None,
            },
            "guest": dict(guest),
            "stay": dict(stay) if stay is not None else None,
        },
    }


def _guests(ids: Collection[int]) -> dict[int, dict[str, Any]]:
    names = ("kind", "given_name", "family_name", "company_name", "language")
    cards = Customer.objects.filter(pk__in=ids).only("pk", *names)
    reached: dict[tuple[int, str], str] = {}
    points = ContactPoint.objects.filter(customer_id__in=ids, state=ContactPoint.State.OK)
    for customer_id, kind, value in points.order_by("customer_id", "kind", "-is_primary", "id").values_list(
        "customer_id", "kind", "normalised"
    ):
        reached.setdefault((customer_id, kind), value)
    return {
        card.pk: {
            "id": card.pk,
            "name": card.name,
            "given_name": card.given_name,
            "family_name": card.family_name,
            "company_name": card.company_name,
            "email": reached.get((card.pk, ContactPoint.Kind.EMAIL), ""),
            "phone": reached.get((card.pk, ContactPoint.Kind.PHONE), ""),
            "language": card.language,
        }
        for card in cards
    }


def _stays(ids: Collection[int]) -> dict[int, dict[str, Any]]:
    return {
        stay.pk: {
            "id": stay.pk,
            "reference": stay.reference,
            "property": {"id": stay.property_id, "name": stay.property.name},
            "status": stay.status,
            "arrival": stay.arrival.isoformat(),
            "departure": stay.departure.isoformat(),
            "nights": stay.nights,
            "adults": stay.adults,
            "children": stay.children,
            "unit": stay.unit,
            "unit_type": stay.unit_type,
        }
        for stay in Stay.objects.filter(pk__in=ids).select_related("property")
    }
