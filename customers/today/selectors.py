"""Reads of Today: who comes, is here, leaves and should have come, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Exists, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import Business, Property
from accounts.tenancy import require_business_id
from customers.card.models import ContactPoint, Customer, CustomerTag, Tag
from customers.facts.models import CustomerFacts
from customers.history.models import Stay, StayParticipant
from customers.search.models import Presence
from customers.today.days import Days, birthday_keys, days_at
from customers.today.flags import Flag, flags_of

SHOWN = 15
"""Rows of a list before it says how many more there are."""
COUNTED = 1000
"""A list is counted so far; beyond, it is more than that."""
NAMED = 3
"""Guests of a stay that are named; the others are counted."""
BIRTHDAYS = 20
REGULAR = 3
"""From so many stays on a guest's birthday is remembered while they are away."""
NEWEST = 2000
"""How many of the latest stays are looked through for new bookings: a day's worth at a large business."""
BOOKINGS = 10
Allergies = Callable[[Collection[int]], Collection[int]]
"""Which of some guests have an allergy that the reader may know of."""
LISTS = ("arrivals", "in_house", "departures", "missing")


def nobody(ids: Collection[int]) -> Collection[int]:
    """No allergy is told."""
    return ()


@dataclass(frozen=True)
class StayRow:
    """A stay with its guests, the one who booked first; ``asks`` names what to ask the first one for."""

    stay: Stay
    guests: list[Customer]
    more: int
    flags: list[Flag]
    asks: tuple[str, ...]
    is_late: bool
    """Should have come or gone on an earlier day."""

    @property
    def people(self) -> int:
        """How many sleep there."""
        return self.stay.adults + self.stay.children


@dataclass(frozen=True)
class StayList:
    """The first rows of a list and how many there are, ``COUNTED`` meaning more than can be counted at a glance."""

    name: str
    rows: list[StayRow] = field(default_factory=list)
    total: int = 0

    @property
    def has_more(self) -> bool:
        """Whether some are not shown."""
        return self.total > len(self.rows)

    @property
    def is_capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > COUNTED


@dataclass(frozen=True)
class Birthday:
    """A guest whose birthday it is, how old they become, and whether they are in house or arriving."""

    customer: Customer
    age: int
    is_here: bool


@dataclass(frozen=True)
class TodayView:
    """Everything of Today but staff tasks."""

    days: Days
    day: date
    lists: dict[str, StayList]
    birthdays: list[Birthday]
    bookings: list[StayRow]


def today_days(*, business: Business, properties: Sequence[Property], now: datetime | None = None) -> Days:
    """Which day it is at each property."""
    zones = {place.pk: place.time_zone for place in properties}
    return days_at(now or timezone.now(), home=business.time_zone, zones=zones)


def today_view(
    *, days: Days, only: Property | None = None, now: datetime | None = None, allergies: Allergies = nobody
) -> TodayView:
    """Today at all properties, or at one. ``allergies`` tells which of some guests have one, for who may know."""
    scoped = days if only is None else Days(days.home, {only.pk: days.at(only.pk)})
    day = days.home if only is None else days.at(only.pk)
    ids = {name: _ids(name, stays_today(name, scoped, everywhere=only is None)) for name in LISTS}
    shown = {name: found[:SHOWN] for name, found in ids.items()}
    booked = _new_bookings(now or timezone.now(), day, only)
    rows = stay_rows(ids={*booked, *(pk for found in shown.values() for pk in found)}, days=days, allergies=allergies)
    return TodayView(
        days,
        day,
        {name: StayList(name, _pick(rows, shown[name]), len(ids[name])) for name in LISTS},
        birthdays_on(day=day),
        _pick(rows, booked),
    )


def stays_today(name: str, days: Days, *, everywhere: bool = False) -> QuerySet[Stay]:
    """The stays of one of :data:`LISTS` in its order; ``everywhere`` says that ``days`` are of all properties."""
    when = Q()
    groups = days.groups or {days.home: []}
    for day, places in groups.items():
        at = Q() if everywhere and len(groups) == 1 else Q(property_id__in=places)
        when |= (
            at
            & {
                "arrivals": Q(status=Stay.Status.BOOKED, arrival=day),
                "missing": Q(status=Stay.Status.BOOKED, arrival__lt=day),
                "in_house": Q(status=Stay.Status.CHECKED_IN, departure__gt=day),
                "departures": Q(status=Stay.Status.CHECKED_IN, departure__lte=day),
            }[name]
        )
    stays = Stay.objects.filter(when)
    if name == "arrivals":
        # At the desk one looks for a name.
        first = Min("participants__customer__sort_key", filter=Q(participants__is_guest=True))
        return stays.annotate(name=first).order_by("name", "id")
    return stays.order_by(*{"missing": ("arrival", "id")}.get(name, ("unit", "id")))


def stay_rows(*, ids: Collection[int], days: Days, allergies: Allergies = nobody) -> dict[int, StayRow]:
    """Stays by id with guests, flags and what to ask for; six queries, however many stays."""
    stays = Stay.objects.filter(pk__in=ids).select_related("property").in_bulk()
    guests: dict[int, list[Customer]] = defaultdict(list)
    parts = StayParticipant.objects.filter(stay_id__in=stays).select_related("customer")
    for part in parts.order_by("-is_guest", "-is_booker", "id"):
        # A stay without a guest of its own is its booker's, until somebody is named.
        if part.is_guest or not guests[part.stay_id]:
            guests[part.stay_id].append(part.customer)
    people = {guest.pk for each in guests.values() for guest in each[:NAMED]}
    flags, reached = flags_of(people, allergic=allergies(people)), _reached(people)
    rows = {}
    for pk, stay in stays.items():
        named, day = guests[pk][:NAMED], days.at(stay.property_id)
        late = stay.arrival < day if stay.status == Stay.Status.BOOKED else stay.departure < day
        worn = dict.fromkeys(flag for guest in named for flag in flags.get(guest.pk, ()))
        asks = tuple(kind for kind in ContactPoint.Kind.values if named and kind not in reached[named[0].pk])
        rows[pk] = StayRow(stay, named, len(guests[pk]) - len(named), list(worn), asks, late)
    return rows


def birthdays_on(*, day: date, limit: int = BIRTHDAYS) -> list[Birthday]:
    """Whose birthday it is: those in house and arriving first, then regular guests. Nobody deceased or restricted."""
    present = Presence.objects.filter(
        Q(in_house=True) | Q(is_booked=True, arrival=day), customer_id=OuterRef("pk"), business_id=require_business_id()
    )
    stays = CustomerFacts.objects.filter(customer_id=OuterRef("pk")).values("stays")
    guests = (
        Customer.objects.filter(
            birthday__in=birthday_keys(day), birth_date__isnull=False, is_deceased=False, is_restricted=False
        )
        .annotate(is_here=Exists(present), stays=Subquery(stays, output_field=IntegerField()))
        .filter(Q(is_here=True) | Q(stays__gte=REGULAR))
        .order_by("-is_here", "-stays", "pk")[:limit]
    )
    return [
        Birthday(guest, day.year - guest.birth_date.year, guest.is_here)
        for guest in guests
        if guest.birth_date is not None
    ]


def _ids(name: str, stays: QuerySet[Stay]) -> list[int]:
    """The first stays of a list in its order, as many as are counted.

    Arrivals beyond that number stand as they come: to put thousands of names in order for the twenty that are shown
    would take longer than the page.
    """
    if name == "arrivals":
        unordered = list(stays.order_by().values_list("pk", flat=True)[: COUNTED + 1])
        if not 1 < len(unordered) <= COUNTED:
            return unordered
    return list(stays.values_list("pk", flat=True)[: COUNTED + 1])


def _pick(rows: dict[int, StayRow], ids: Iterable[int]) -> list[StayRow]:
    return [rows[pk] for pk in ids if pk in rows]


def _new_bookings(now: datetime, day: date, only: Property | None) -> list[int]:
    """Bookings of the last 24 hours whose guest has had a problem, or has not come before; newest first."""
    newest = Stay.objects.order_by("-id").values("pk")[:NEWEST]
    warned = CustomerTag.objects.filter(
        tag__code__in=(Tag.Code.PROBLEM, Tag.Code.NO_SHOW),
        tag__business_id=require_business_id(),
        customer__stay_parts__stay_id=OuterRef("pk"),
        customer__stay_parts__business_id=require_business_id(),
    )
    stays = Stay.objects.filter(
        Q(created_at__gte=now - timedelta(days=1)) | Q(booked_on__gte=day - timedelta(days=1)),
        Exists(warned),
        pk__in=newest,
        status=Stay.Status.BOOKED,
    )
    if only is not None:
        stays = stays.filter(property_id=only.pk)
    return list(stays.order_by("-id").values_list("pk", flat=True)[:BOOKINGS])


def _reached(ids: Collection[int]) -> dict[int, set[str]]:
    """The kinds of contact point by which each guest can be reached."""
    reached: dict[int, set[str]] = defaultdict(set)
    points = ContactPoint.objects.filter(customer_id__in=ids, state=ContactPoint.State.OK)
    for customer_id, kind in points.values_list("customer_id", "kind"):
        reached[customer_id].add(kind)
    return reached
