"""How long the server takes for a page of the guest list at a million guests, by every order and filter.

``python -m benchmarks.guest_list [--guests N] [--repeat N]``: signed in as Fjordstuen's receptionist, through the whole
request (middleware, policies, queries as the app role, template), in one process without a network. First pages and
pages from random places of the register, in random order, so that no query profits from the one before.
"""

import argparse
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from benchmarks import measure, register

LIMIT_MS = 200
"""The product's limit for a page of the list, at the 95th percentile."""
TAGS = ("vip", "problem", "influencer", "regular")
TEXTS = ("hansen", "anne hansen", "haugland", "bjorg", "hanssen kari", "solb", "@fjordpost.example", "+47 912")
Case = tuple[str, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guests", type=int, default=register.GUESTS)
    parser.add_argument("--repeat", type=int, default=10, help="requests of each case (default 10)")
    options = parser.parse_args()
    made = register.register_ensure(guests=options.guests)
    from django.test import Client
    from django.test.utils import override_settings

    from accounts.models import User

    draw = random.Random(1)
    client = Client()
    client.force_login(User.objects.get(email="reception@fjordstuen.example"))
    processor_of: dict[str, list[float]] = {}
    timings: dict[str, list[float]] = {}
    with override_settings(ALLOWED_HOSTS=["testserver"], SECURE_SSL_REDIRECT=False):
        _get(client, "")
        processor = measure.Processor()
        cases = [case for _ in range(options.repeat) for case in _cases(draw)]
        draw.shuffle(cases)
        for name, query in cases:
            wall, busy = measure.timed_both(lambda query=query: _get(client, query), processor)
            timings.setdefault(name, []).append(wall)
            if busy is not None:
                processor_of.setdefault(name, []).append(busy)
        counted = [query for _name, query in _cases(draw) if query]
        totals = [measure.timed(lambda query=query: _get(client, query, "guest_total")) for query in counted]
    overall = measure.summary([one for each in timings.values() for one in each])
    busy_overall = measure.summary([one for each in processor_of.values() for one in each]) if processor_of else None
    measure.report(
        {
            "what": "guest list",
            "register": {name: made[name] for name in ("guests_asked", "small_asked")},
            "limit_ms": LIMIT_MS,
            "all": overall,
            "p95_to_limit": round(overall["p95_ms"] / LIMIT_MS, 2),
            "all_processor": busy_overall,
            "processor_p95_to_limit": round(busy_overall["p95_ms"] / LIMIT_MS, 2) if busy_overall else None,
            "cases": {
                name: {
                    "wall": measure.summary(each),
                    "processor": measure.summary(processor_of[name]) if name in processor_of else None,
                }
                for name, each in sorted(timings.items())
            },
            "exact_total": measure.summary(totals),
        }
    )


def _get(client: Any, query: str, view: str = "guest_list") -> None:
    from django.urls import reverse

    url = f"{reverse(view, kwargs={'slug': register.SLUG})}?{query}"
    answer = client.get(url)
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answered {answer.status_code}")


def _cases(draw: random.Random) -> list[Case]:
    """One request of each case, with fresh places and dates."""
    from django.utils import timezone

    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.card.models import Tag

    business = Business.objects.get(slug=register.SLUG)
    today = timezone.localdate(timezone=business.zone)
    with business_scope(business.pk):
        cases = list(_orders(draw))
        tags = dict(Tag.objects.filter(code__in=TAGS).values_list("code", "pk"))
    filters: list[tuple[str, list[tuple[str, Any]]]] = [(f"tag {code}", [("tag", tags[code])]) for code in TAGS]
    filters += [(f"language {language}", [("language", language)]) for language in ("nb", "de", "nl")]
    filters += [(f"source {source}", [("source", source)]) for source in ("online_agent", "agent", "referral")]
    filters += [
        ("last stay in 30 days", [("stayed_from", today - timedelta(days=30))]),
        ("last stay before two years", [("stayed_until", today - timedelta(days=730))]),
        ("last stay in a week", _week(draw, today)),
        ("vip and language de", [("tag", tags["vip"]), ("language", "de")]),
        ("problem and agent and two years", [("tag", tags["problem"]), ("source", "agent"), *_week(draw, today, 730)]),
    ]
    filters += [(f"text {text}", [("q", text)]) for text in TEXTS]
    for name, parameters in filters:
        for sort in ("name", "-last", "-value"):
            cases.append((f"{name}, by {sort}", urlencode([*parameters, ("sort", sort)])))
    return cases


def _week(draw: random.Random, today: Any, days: int = 7) -> list[tuple[str, Any]]:
    first = today - timedelta(days=days + draw.randrange(900))
    return [("stayed_from", first), ("stayed_until", first + timedelta(days=days))]


def _orders(draw: random.Random) -> Iterator[Case]:
    """Each order both ways: its first page, and the pages after and before a random guest."""
    from customers.card.models import Customer
    from customers.facts.models import CustomerFacts
    from customers.listing.order import Place, read_order, write_place

    newest = Customer.objects.order_by("-id").values_list("id", flat=True)[0]
    for sort in ("name", "-name", "first", "-first", "last", "-last", "stays", "-stays", "value", "-value"):
        yield f"first page by {sort}", urlencode({"sort": sort})
        order = read_order(sort)
        if order is None:
            raise RuntimeError(f"The list cannot be sorted by {sort}.")
        guest = Customer.objects.filter(id__lte=draw.randint(1, newest)).order_by("-id")[0]
        value = getattr(CustomerFacts.objects.get(customer_id=guest.pk), order.column)
        place = Place(value.isoformat() if hasattr(value, "isoformat") else value, guest.pk)
        for way in ("after", "before"):
            yield f"page {way} a guest by {sort}", urlencode({"sort": sort, way: write_place(place)})


if __name__ == "__main__":
    main()
