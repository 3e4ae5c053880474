"""The kinds of a timeline's entries: how each finds its rows by an index, and how what is shown is fetched."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.changes.models import ChangeSet
from customers.changes.selectors import ActView, act_views
from customers.consent.models import ConsentEvent
from customers.history.models import Activity, Invoice, Purchase, Stay
from customers.lineage.selectors import IDS_OF_GUEST

ACTIVITY_KINDS = tuple(Activity.Kind.values)
ACTS_SHOWN = (ChangeSet.Kind.IMPORT,)
"""Acts on many guests at once that stand in each one's timeline; edits stand in the card's list of changes."""
_LATEST, _FIRST = 5_000, 500
"""How many of a card's recorded changes are looked through for such acts: the latest, and the first, which made it."""

LABELS: dict[str, str | Promise] = {
    "stay": _("Stays"),
    "note": _("Notes"),
    "call": _("Calls"),
    "visit": _("Visits"),
    "email": _("E-mails"),
    "form": _("Forms"),
    "sms": _("SMS"),
    "purchase": _("Purchases"),
    "invoice": _("Invoices"),
    "consent": _("Consents"),
    "change": _("Imports"),
}
"""What one may filter by, in the order shown."""


@dataclass(frozen=True)
class TimelineKind:
    """One kind of entry.

    ``rows`` is SQL from ``FROM`` on that finds the rows of the guest ``%(guest)s``; ``at`` is their moment, or their
    day, by which an index orders them with ``id``. ``is_gathered``: no index does, and all of the guest's are gathered
    first, by their ids; otherwise a planner may walk the whole business by date until it has met enough of them.
    ``names`` are the labels that show it. ``template`` shows an entry, as ``entry``, of a kind that another room has
    added.
    """

    name: str
    names: frozenset[str]
    at: str
    id: str
    is_day: bool
    rows: str
    load: Callable[[Iterable[int]], dict[int, Any]]
    is_gathered: bool = False
    template: str = ""


def _stays(ids: Iterable[int]) -> dict[int, Stay]:
    return {stay.pk: stay for stay in Stay.objects.filter(pk__in=list(ids)).select_related("property")}


def _activities(ids: Iterable[int]) -> dict[int, Activity]:
    return {activity.pk: activity for activity in Activity.objects.filter(pk__in=list(ids))}


def _purchases(ids: Iterable[int]) -> dict[int, Purchase]:
    return {one.pk: one for one in Purchase.objects.filter(pk__in=list(ids)).select_related("product")}


def _invoices(ids: Iterable[int]) -> dict[int, Invoice]:
    return {invoice.pk: invoice for invoice in Invoice.objects.filter(pk__in=list(ids))}


def _consents(ids: Iterable[int]) -> dict[int, ConsentEvent]:
    return {event.pk: event for event in ConsentEvent.objects.filter(pk__in=list(ids))}


def _acts(ids: Iterable[int]) -> dict[int, ActView]:
    return act_views(ids=list(ids))


def _kind(
    name: str,
    at: str,
    key: str,
    rows: str,
    load: Callable[[Iterable[int]], dict[int, Any]],
    *,
    is_gathered: bool = False,
) -> TimelineKind:
    is_day = at.rpartition(".")[2] not in ("at", "created_at")
    return TimelineKind(name, frozenset({name}), at, key, is_day, rows, load, is_gathered)


KINDS: list[TimelineKind] = [
    _kind(
        "stay",
        "s.arrival",
        "s.id",
        # What is still to come stands in its own panel.
        "FROM customers_stay s WHERE s.id = ANY (ARRAY("
        "SELECT p.stay_id FROM customers_stayparticipant p WHERE p.customer_id = %(guest)s))"
        " AND NOT (s.status = 'booked' AND s.departure >= %(today)s)",
        _stays,
        is_gathered=True,
    ),
    TimelineKind(
        "activity",
        frozenset(ACTIVITY_KINDS),
        "a.at",
        "a.id",
        False,
        "FROM customers_activity a WHERE a.customer_id = %(guest)s AND a.kind = ANY (%(activities)s)",
        _activities,
    ),
    _kind(
        "purchase",
        "b.bought_on",
        "b.id",
        "FROM customers_purchase b WHERE b.customer_id = %(guest)s",
        _purchases,
    ),
    _kind(
        "invoice",
        "i.issued_on",
        "i.id",
        "FROM customers_invoice i WHERE i.customer_id = %(guest)s",
        _invoices,
    ),
    _kind(
        "consent",
        "e.at",
        "e.id",
        f"FROM customers_consentevent e WHERE e.customer_id = ANY ({IDS_OF_GUEST})",
        _consents,
        is_gathered=True,
    ),
    _kind(
        "change",
        "c.created_at",
        "c.id",
        "FROM customers_changeset c WHERE c.kind IN ("
        + ", ".join(f"'{kind.value}'" for kind in ACTS_SHOWN)
        + ") AND c.id = ANY (ARRAY("
        f"SELECT l.change_set_id FROM unnest({IDS_OF_GUEST}) g (id) CROSS JOIN LATERAL ("
        "(SELECT change_set_id FROM customers_change WHERE guest_id = g.id"
        f" ORDER BY id DESC LIMIT {_LATEST})"
        " UNION (SELECT change_set_id FROM customers_change WHERE guest_id = g.id"
        f" ORDER BY id LIMIT {_FIRST})) l))",
        _acts,
        is_gathered=True,
    ),
]


def kind_add(kind: TimelineKind, label: str | Promise) -> None:
    """Let every timeline show what a room above ``customers`` knows, when its app is ready; ``label`` is what one
    filters by. Raises ``KeyError`` for a kind that there is."""
    if any(each.name == kind.name for each in KINDS):
        raise KeyError(kind.name)
    KINDS.append(kind)
    LABELS[kind.name] = label
