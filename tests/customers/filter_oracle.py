"""What a filter means, said plainly in Python over everything written of a guest; the SQL must say the same.

Reads the register's own tables, never the facts that the SQL reads.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from customers.card.models import ContactPoint, Customer, CustomerTag
from customers.consent.models import ConsentEvent
from customers.fields.models import GuestFieldValue, StayFieldValue
from customers.filters import Catalogue, Condition, Context, Group
from customers.history.models import Activity, Invoice, Purchase, Stay, StayParticipant
from customers.permission.selectors import may_contact

TOOK_PLACE = (Stay.Status.CHECKED_IN, Stay.Status.CHECKED_OUT)


@dataclass
class Known:
    """Everything known of a guest, as rows."""

    card: Customer
    tags: set[int] = field(default_factory=set)
    contacts: list[ContactPoint] = field(default_factory=list)
    consents: dict[str, str] = field(default_factory=dict)
    parts: list[StayParticipant] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    own: dict[str, Any] = field(default_factory=dict)
    stay_own: dict[str, list[Any]] = field(default_factory=dict)
    reach: dict[str, str] = field(default_factory=dict)


def register() -> dict[int, Known]:
    """Every guest of the business in scope."""
    known = {card.pk: Known(card) for card in Customer.objects.all()}
    for tag in CustomerTag.objects.all():
        known[tag.customer_id].tags.add(tag.tag_id)
    for point in ContactPoint.objects.order_by("-is_primary", "pk"):
        known[point.customer_id].contacts.append(point)
    for event in ConsentEvent.objects.order_by("at", "pk"):
        known[event.customer_id].consents[f"{event.purpose}.{event.channel}".rstrip(".")] = event.act
    for part in StayParticipant.objects.select_related("stay"):
        known[part.customer_id].parts.append(part)
    for model, name in ((Purchase, "purchases"), (Invoice, "invoices"), (Activity, "activities")):
        for row in model.objects.all():  # type: ignore[attr-defined]
            getattr(known[row.customer_id], name).append(row)
    for value in GuestFieldValue.objects.select_related("field"):
        known[value.customer_id].own[value.field.key] = _held(value)
    of_stay: dict[int, list[StayFieldValue]] = {}
    for held in StayFieldValue.objects.select_related("field"):
        of_stay.setdefault(held.stay_id, []).append(held)
    for guest in known.values():
        for part in guest.parts:
            for value in of_stay.get(part.stay_id, ()) if part.is_guest else ():
                guest.stay_own.setdefault(value.field.key, []).append(_held(value))
    for channel in ("email", "sms"):
        for pk, verdict in may_contact(ids=list(known), purpose="newsletter", channel=channel).items():
            known[pk].reach[channel] = verdict.reasons[0] if verdict.reasons else "ok"
    return known


def _held(row: Any) -> Any:
    return {"yes_no": row.flag, "number": row.number, "date": row.date}.get(row.field.kind, row.text)


def matching(tree: Group, known: dict[int, Known], catalogue: Catalogue, context: Context) -> set[int]:
    """The ids of the guests that match."""
    return {pk for pk, guest in known.items() if holds(tree, guest, catalogue, context)}


def holds(rule: Group | Condition, guest: Known, catalogue: Catalogue, context: Context) -> bool:
    """Whether a rule is true of a guest."""
    if isinstance(rule, Group):
        each = [holds(one, guest, catalogue, context) for one in rule.rules]
        found = all(each) if rule.match == "all" or not each else any(each)
    else:
        found = _Look(guest, catalogue, context).condition(rule)
    return found != rule.negated


class _Look:
    def __init__(self, guest: Known, catalogue: Catalogue, context: Context) -> None:
        self.guest, self.card, self.catalogue, self.context = guest, guest.card, catalogue, context
        self.today = context.today

    def condition(self, condition: Condition) -> bool:
        key = condition.field
        if self.catalogue[key].rows is not None:
            return _compare(condition, self.aggregate(condition))
        if key.startswith("own."):
            value = self.guest.own.get(key.removeprefix("own."))
            return value is None if condition.operator == "empty" else self.compare(condition, value)
        if key.startswith("stay_own."):
            values = self.guest.stay_own.get(key.removeprefix("stay_own."), [])
            return not values if condition.operator == "empty" else any(self.compare(condition, v) for v in values)
        if key == "segment":
            segments = [self.context.segments[number].tree for number in condition.value]
            return any(holds(tree, self.guest, self.catalogue, self.context) for tree in segments)
        return self.compare(condition, self.value(key))

    def compare(self, condition: Condition, value: Any) -> bool:
        if condition.operator == "in" and self.catalogue[condition.field].kind == "birthday":
            return value is not None and self.has_birthday(value, condition)
        if condition.operator == "in":
            first, last = condition.value.span(self.today)
            return value is not None and (first is None or first <= value) and (last is None or value <= last)
        if condition.operator == "month":
            return value is not None and value.month in condition.value
        if condition.operator == "top":
            threshold = self.context.ranks.get(condition.value)
            minor, currency = value
            return threshold is not None and currency == self.context.currency and minor >= threshold and minor > 0
        return _compare(condition, value)

    def has_birthday(self, born: dt.date, condition: Condition) -> bool:
        """Day by day: whether the guest's birthday falls on one of the span."""
        first, last = condition.value.span(self.today)
        for number in range(min((last - first).days, 366) + 1):
            day = first + dt.timedelta(days=number)
            on_leap_day = (born.month, born.day) == (2, 29) and (day.month, day.day) == (2, 28)
            if (born.month, born.day) == (day.month, day.day) or (on_leap_day and _next(day).month == 3):
                return True
        return False

    def value(self, key: str) -> Any:
        card = self.card
        columns = {"restricted": "is_restricted", "deceased": "is_deceased"}
        plain = ("language", "nationality", "country", "postal_code", "city", "source", "kind", "first_contact",
                 "birth_date", "do_not_contact", "restricted", "deceased")  # fmt: skip
        if key in plain:
            return getattr(card, columns.get(key, key))
        if key.startswith("consent."):
            return self.guest.consents.get(key.removeprefix("consent."), "unknown")
        if key.endswith("_reach"):
            return self.guest.reach[key.removesuffix("_reach")]
        if key.endswith("_state"):
            return self.address(key.removesuffix("_state"))
        if key == "age":
            born = card.birth_date
            before = born and (self.today.month, self.today.day) < (born.month, born.day)
            return None if born is None else self.today.year - born.year - bool(before)
        return {"tags": self.guest.tags, "birthday": card.birth_date, **self.history()}[key]

    def address(self, kind: str) -> str:
        """The state of a guest's addresses: what a newsletter meets."""
        states = [point.state for point in self.guest.contacts if point.kind == kind]
        for state in ("opted_out", "ok"):
            if state in states:
                return state
        return next((state for state in states if state != "placeholder"), "placeholder" if states else "none")

    def history(self) -> dict[str, Any]:
        parts = self.guest.parts
        own = [part.stay for part in parts if part.is_guest]
        took = [stay for stay in own if stay.status in TOOK_PLACE]
        left = [stay.departure if stay.status == Stay.Status.CHECKED_OUT else stay.arrival for stay in took]
        ahead = [stay.arrival for stay in own if stay.status == Stay.Status.BOOKED and stay.departure >= self.today]
        moments = [row.at.astimezone(self.context.zone).date() for row in self.guest.activities]
        paid = [
            (part.stay.arrival, part.stay.amount, part.stay.currency)
            for part in parts
            if part.is_payer and part.stay.status in TOOK_PLACE and part.stay.amount is not None
        ] + [(row.bought_on, row.amount, row.currency) for row in self.guest.purchases if row.amount is not None]
        times = Counter(currency for _day, _amount, currency in paid)
        main = min(times, key=lambda currency: (-times[currency], currency), default="")
        year_ago = _year_before(self.today)
        mine = [(day, amount) for day, amount, currency in paid if currency == main]
        sums = {
            "value": sum((amount for _day, amount in mine), Decimal(0)),
            "value_12_months": sum((a for day, a in mine if year_ago < day <= self.today), Decimal(0)),
            "value_this_year": sum((a for day, a in mine if day.year == self.today.year), Decimal(0)),
        }
        return {
            "stays": len(took),
            "nights": sum((stay.departure - stay.arrival).days for stay in took),
            "cancelled": sum(stay.status == Stay.Status.CANCELLED for stay in own),
            "no_shows": sum(stay.status == Stay.Status.NO_SHOW for stay in own),
            "first_arrival": min((stay.arrival for stay in took), default=None),
            "last_stay": max(left, default=None),
            "next_arrival": min(ahead, default=None),
            "last_activity": max(moments, default=None),
            "opened": None,
            "clicked": None,
            "value_rank": (int(sums["value"] * 100), main),
            **{name: amount if main == self.context.currency else Decimal(0) for name, amount in sums.items()},
        }

    def aggregate(self, condition: Condition) -> Decimal | int:
        name, _dot, what = condition.field.partition(".")
        rows = [row for row in getattr(self, name)(condition, what) if self.counts(row, condition)]
        if what == "count":
            return len(rows)
        if what == "nights":
            return sum((row.departure - row.arrival).days for row in rows)
        return sum((row.amount for row in rows if row.currency == self.context.currency and row.amount), Decimal(0))

    def counts(self, row: Any, condition: Condition) -> bool:
        day = next(getattr(row, name) for name in ("arrival", "bought_on", "issued_on", "at") if hasattr(row, name))
        if isinstance(day, dt.datetime):
            day = day.astimezone(self.context.zone).date()
        if condition.period is not None and not condition.period.span(self.today).holds(day):
            return False
        named = {"property": "property_id", "product": "product_id"}
        for name, values in condition.where:
            value = row.state_on(self.today) if name == "state" else getattr(row, named.get(name, name))
            if value not in values:
                return False
        return True

    def stays(self, condition: Condition, what: str) -> Iterable[Stay]:
        any_status = "status" in dict(condition.where)
        role = "is_payer" if what == "amount" else "is_guest"
        stays = [part.stay for part in self.guest.parts if getattr(part, role)]
        return [stay for stay in stays if any_status or stay.status in TOOK_PLACE]

    def purchases(self, condition: Condition, what: str) -> Iterable[Purchase]:
        return self.guest.purchases

    def invoices(self, condition: Condition, what: str) -> Iterable[Invoice]:
        return self.guest.invoices

    def activities(self, condition: Condition, what: str) -> Iterable[Activity]:
        return self.guest.activities


def _compare(condition: Condition, value: Any) -> bool:
    wanted = condition.value
    match condition.operator:
        case "empty":
            return value is None or value == "" or value == set()
        case "yes":
            return bool(value)
        case "any_of":
            return bool(value & set(wanted)) if isinstance(value, set) else value in wanted
        case "all_of":
            return set(wanted) <= value
        case "is":
            return value is not None and value.lower() in {each.lower() for each in wanted}
        case "contains":
            return value is not None and any(each.lower() in value.lower() for each in wanted)
        case "starts_with":
            return value is not None and any(value.lower().startswith(each.lower()) for each in wanted)
    if value is None:
        return False
    low, high = {"at_least": (wanted, None), "at_most": (None, wanted), "equals": (wanted, wanted)}.get(
        condition.operator, wanted
    )
    return (low is None or value >= low) and (high is None or value <= high)


def _next(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=1)


def _year_before(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
