"""The same filters as a Django developer would write them without facts: a queryset over the register's own tables."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from customers.card.models import ContactPoint, Customer, CustomerTag
from customers.consent.models import ConsentState
from customers.filters import Condition, Context, Group
from customers.history.models import Activity, StayParticipant

TOOK_PLACE = Q(stay__status__in=["checked_in", "checked_out"])


def guests_of(tree: Group, context: Context) -> QuerySet[Customer]:
    """The guests who match. Raises ``KeyError`` for a field that this version does not know."""
    reader = _Reader(context)
    condition = reader.group(tree)
    return Customer.objects.annotate(**reader.annotations).filter(condition)


def _parts() -> QuerySet[StayParticipant]:
    return StayParticipant.objects.filter(customer=OuterRef("pk"))


class _Reader:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.annotations: dict[str, Any] = {}

    def group(self, group: Group) -> Q:
        found = Q()
        for rule in group.rules:
            part = self.group(rule) if isinstance(rule, Group) else self.condition(rule)
            found = found & part if group.match == "all" else found | part
        return ~found if group.negated else found

    def condition(self, rule: Condition) -> Q:
        name = self.column(rule)
        condition = name if isinstance(name, Q) else self.compare(rule, name)
        return ~condition if rule.negated else condition

    def compare(self, rule: Condition, column: str) -> Q:
        value = _days(rule.value) if column == "nights" else rule.value
        match rule.operator:
            case "any_of":
                return Q(**{f"{column}__in": value})
            case "at_least":
                return Q(**{f"{column}__gte": value})
            case "at_most":
                return Q(**{f"{column}__lte": value})
            case "equals":
                return Q(**{column: value})
            case "between":
                return Q(**{f"{column}__range": value})
            case "empty":
                return Q(**{f"{column}__isnull": True})
            case "starts_with":
                return Q(**{f"{column}__istartswith": value[0]})
        return self.within(rule, column)

    def within(self, rule: Condition, column: str) -> Q:
        first, last = rule.value.span(self.context.today)
        found = Q(**{f"{column}__isnull": False})
        if first is not None:
            found &= Q(**{f"{column}__gte": first})
        return found & Q(**{f"{column}__lte": last}) if last is not None else found

    def column(self, rule: Condition) -> str | Q:
        today = self.context.today
        key = rule.field
        if key in ("language", "country", "source", "city", "kind", "first_contact"):
            return key
        if key == "tags":
            return Exists(CustomerTag.objects.filter(customer=OuterRef("pk"), tag__in=rule.value)) & Q()
        if key == "birthday":
            return Q(birth_date__month__in=rule.value) if rule.operator == "month" else self.birthday(rule)
        if key == "age":
            young, old = rule.value
            born = (
                dt.date(today.year - old - 1, today.month, today.day),
                dt.date(today.year - young, today.month, today.day),
            )
            return Q(birth_date__gt=born[0], birth_date__lte=born[1])
        if key == "consent.newsletter.email":
            return self.consent(rule.value[0])
        if key == "email_reach":
            usable = ContactPoint.objects.filter(customer=OuterRef("pk"), kind="email", state="ok")
            free = Q(do_not_contact=False, is_restricted=False, is_deceased=False)
            return free & self.consent("granted") & Q(Exists(usable))
        self.annotations[key.replace(".", "_")] = self.figure(key, rule)
        return key.replace(".", "_")

    def birthday(self, rule: Condition) -> Q:
        first, last = rule.value.span(self.context.today)
        days = [first + dt.timedelta(days=place) for place in range((last - first).days + 1)]
        found = Q()
        for day in days:
            found |= Q(birth_date__month=day.month, birth_date__day=day.day)
        return found

    def consent(self, state: str) -> Q:
        there = ConsentState.objects.filter(customer=OuterRef("pk"), purpose="newsletter", channel="email")
        if state == "unknown":
            return ~Q(Exists(there))
        return Q(Exists(there.filter(granted=state == "granted")))

    def figure(self, key: str, rule: Condition) -> Any:
        took = _parts().filter(TOOK_PLACE, is_guest=True)
        window = rule.period.span(self.context.today) if rule.period else None
        if window is not None:
            took = took.filter(stay__arrival__range=(window.first, window.last))
        paid = _parts().filter(TOOK_PLACE, is_payer=True)
        if window is not None:
            paid = paid.filter(stay__arrival__range=(window.first, window.last))
        calls = Activity.objects.filter(customer=OuterRef("pk"), kind__in=dict(rule.where).get("kind", []))
        if window is not None and key.startswith("activities"):
            calls = calls.filter(at__date__range=(window.first, window.last))
        ahead = _parts().filter(is_guest=True, stay__status="booked", stay__departure__gte=self.context.today)
        return {
            "stays": lambda: _one(took, Count("*"), 0),
            "stays.count": lambda: _one(took, Count("*"), 0),
            "activities.count": lambda: _one(calls, Count("*"), 0),
            "nights": lambda: _one(took, Sum(F("stay__departure") - F("stay__arrival")), dt.timedelta(0)),
            "value": lambda: _one(paid, Sum("stay__amount"), Decimal(0)),
            "stays.amount": lambda: _one(paid, Sum("stay__amount"), Decimal(0)),
            "last_stay": lambda: _one(took, Max("stay__departure")),
            "first_arrival": lambda: _one(took, Min("stay__arrival")),
            "next_arrival": lambda: _one(ahead, Min("stay__arrival")),
        }[key]()


def _days(value: Any) -> Any:
    """Numbers of nights as the ORM counts them."""
    return dt.timedelta(days=float(value)) if not isinstance(value, tuple) else tuple(map(_days, value))


def _one(rows: QuerySet[Any], figure: Any, default: Any = None) -> Any:
    """A figure of the rows of each guest, as a scalar subquery."""
    found = Subquery(rows.order_by().values("customer").annotate(figure=figure).values("figure"))
    return found if default is None else Coalesce(found, Value(default))
