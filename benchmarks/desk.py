"""How long the server takes for what the desk has open all day, at a million guests: a card, Today, a new guest.

``python -m benchmarks.desk [--guests N] [--repeat N]``: signed in as Fjordstuen's receptionist, through the whole
request, in one process without a network. Cards: random ones, and one guest with 5,000 entries on the timeline, its
first page and its older ones. Today: each property. New guest: the check for the same person while one types.
"""

import argparse
import datetime as dt
import gzip
import random
from typing import Any

from benchmarks import measure, register

LIMITS_MS = {"card": 150, "long card": 150, "long timeline": 150, "today": 150, "new guest check": 100}
"""The product's limits at the 95th percentile, server time."""
HTML_LIMIT = 15 * 1024
"""The product's limit for the card's page, gzipped."""
ENTRIES = 5_000
LONG = "Langelinje"
"""Family name of the guest with the long timeline."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guests", type=int, default=register.GUESTS)
    parser.add_argument("--repeat", type=int, default=100, help="requests of each case (default 100)")
    options = parser.parse_args()
    made = register.register_ensure(guests=options.guests)
    from django.test import Client
    from django.test.utils import override_settings

    from accounts.models import User

    draw = random.Random(1)
    client = Client()
    client.force_login(User.objects.get(email="reception@fjordstuen.example"))
    long = _long_guest()
    addresses = {name: list(each) for name, each in _addresses(draw, long, options.repeat).items()}
    walls: dict[str, list[float]] = {name: [] for name in addresses}
    busy: dict[str, list[float]] = {name: [] for name in addresses}
    with override_settings(ALLOWED_HOSTS=["testserver"], SECURE_SSL_REDIRECT=False):
        for each in addresses.values():
            _get(client, each[0])
        processor = measure.Processor()
        calls = [(name, path) for name, each in addresses.items() for path in each]
        draw.shuffle(calls)
        for name, path in calls:
            wall, used = measure.timed_both(lambda path=path: _get(client, path), processor)
            walls[name].append(wall)
            if used is not None:
                busy[name].append(used)
        html = len(gzip.compress(_get(client, addresses["long card"][0]), 6))
    report = {}
    for name, each in walls.items():
        summed = measure.summary(each)
        report[name] = {
            "wall": summed,
            "processor": measure.summary(busy[name]) if busy[name] else None,
            "limit_ms": LIMITS_MS[name],
            "p95_to_limit": round(summed["p95_ms"] / LIMITS_MS[name], 2),
        }
    measure.report(
        {
            "what": "the desk",
            "register": {name: made[name] for name in ("guests_asked", "small_asked")},
            "entries_of_the_long_card": ENTRIES,
            "html_gz": html,
            "html_to_limit": round(html / HTML_LIMIT, 2),
            "cases": report,
        }
    )


def _get(client: Any, path: str) -> bytes:
    """The page; what stands behind ``#`` in ``path`` is sent as a form."""
    path, _sharp, form = path.partition("#")
    answer = client.post(path, form, content_type="application/x-www-form-urlencoded") if form else client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return bytes(answer.content)


def _addresses(draw: random.Random, long: int, repeat: int) -> dict[str, list[str]]:
    """What is asked for, by case."""
    from django.urls import reverse
    from django.utils import timezone
    from django.utils.http import urlencode

    from accounts.models import Business, Property
    from accounts.tenancy import business_scope
    from customers.card.models import Customer
    from customers.history.timeline import timeline_page

    business = Business.objects.get(slug=register.SLUG)

    def address(name: str, **kwargs: Any) -> str:
        return reverse(name, kwargs={"slug": register.SLUG, **kwargs})

    with business_scope(business.pk):
        first, last = (Customer.objects.order_by(order).values_list("pk", flat=True)[0] for order in ("pk", "-pk"))
        somebody = list(
            Customer.objects.filter(pk__in=[draw.randint(first, last) for _ in range(repeat * 2)]).order_by("?")[
                :repeat
            ]
        )
        houses = list(Property.objects.values_list("pk", flat=True))
        older, after = [], ""
        for _page in range(20):
            page = timeline_page(customer_id=long, today=timezone.localdate(), after=after)
            after = page.after or ""
            older.append(f"{address('guest_timeline', customer_id=long)}?{urlencode({'after': after})}")
    check = address("guest_check")
    typed = [
        urlencode(
            {"given_name": guest.given_name, "family_name": guest.family_name, "email_0": f"{guest.pk}@example.com"}
        )
        for guest in somebody
    ]
    return {
        "card": [address("guest_card", customer_id=guest.pk) for guest in somebody],
        "long card": [address("guest_card", customer_id=long)] * repeat,
        "long timeline": [draw.choice(older) for _ in range(repeat)],
        "today": [f"{address('business_home')}?property={draw.choice(houses)}" for _ in range(repeat)],
        "new guest check": [f"{check}#{each}" for each in typed],
    }


def _long_guest() -> int:
    """The guest with the long timeline, made once: stays, purchases, invoices, notes and consents, a fifth each."""
    from accounts.models import Business, Property
    from accounts.tenancy import business_scope
    from customers.card.models import Customer
    from customers.card.services import ContactValues, customer_create
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set
    from customers.consent.models import ConsentEvent
    from customers.history.models import Activity, Invoice, Purchase, Stay, StayParticipant

    business = Business.objects.get(slug=register.SLUG)
    with business_scope(business.pk):
        known = Customer.objects.filter(sort_key__startswith=LONG.lower()).values_list("pk", flat=True).first()
        if known is not None:
            return int(known)
        with change_set(kind=ChangeSet.Kind.BULK, title="A long history"):
            guest, _act = customer_create(
                business=business,
                values={"given_name": "Anniken", "family_name": LONG, "language": "nb"},
                contacts=ContactValues(["anniken@langelinje.example"]),
            )
            house = Property.objects.order_by("pk")[0]
            each = ENTRIES // 5
            days = [dt.date(2026, 11, 1) - dt.timedelta(days=3 * number) for number in range(each)]
            stays = Stay.objects.bulk_create(
                Stay(
                    property=house,
                    status=Stay.Status.CHECKED_OUT,
                    arrival=day,
                    departure=day + dt.timedelta(days=1),
                    amount=1500,
                    currency="NOK",
                )
                for day in days
            )
            StayParticipant.objects.bulk_create(
                StayParticipant(stay=stay, customer=guest, is_booker=True, is_payer=True) for stay in stays
            )
            Purchase.objects.bulk_create(
                Purchase(customer=guest, description="Dinner", amount=650, currency="NOK", bought_on=day)
                for day in days
            )
            Invoice.objects.bulk_create(
                Invoice(customer=guest, number=f"L{n}", issued_on=day, paid_on=day, amount=2150, currency="NOK")
                for n, day in enumerate(days)
            )
            noon = [dt.datetime.combine(day, dt.time(12), dt.UTC) for day in days]
            Activity.objects.bulk_create(Activity(customer=guest, at=at, text="Asked for a quiet room.") for at in noon)
            acts = (ConsentEvent.Act.GRANTED, ConsentEvent.Act.WITHDRAWN)
            ConsentEvent.objects.bulk_create(
                ConsentEvent(
                    customer_id=guest.pk, purpose="newsletter", channel="email", act=acts[n % 2], at=at, source="desk"
                )
                for n, at in enumerate(noon)
            )
    return int(guest.pk)


if __name__ == "__main__":
    main()
