"""How long the palette takes for a query at a million guests, and how often the right guest is among its eight.

``python -m benchmarks.lookup [--guests N] [--queries N]``: signed in as Fjordstuen's receptionist, through the whole
request (middleware, policies, queries as the app role, template), in one process without a network; every query once,
of all kinds mixed. ``cpu`` is what this process and its database server process computed, which busy neighbours
lengthen less than the time on the clock; only where the server runs on this machine. Beside it, on the same rows in
the same run, what a plain look-up gives: ``ILIKE`` over the names, and ``LIKE`` over a trigram index, both as the
owner, whom no policy slows.
"""

import argparse
import random
import string
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import measure, register

LIMIT_MS = 50
"""The product's limit for a palette query, at the 95th percentile."""
SHARED = 8
"""A guest can only be expected among eight hits if no more than eight cards bear the same name."""
PEER_QUERIES = 30
"""The plain look-ups take up to a second each."""
PEER_INDEX = "benchmark_trigrams"


@dataclass(frozen=True)
class Asked:
    """One query; ``wanted`` are the cards that answer it, empty where none does or any of very many may."""

    kind: str
    text: str
    wanted: frozenset[int] = frozenset()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guests", type=int, default=register.GUESTS)
    parser.add_argument("--queries", type=int, default=200, help="queries of each kind (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other queries (default 1)")
    options = parser.parse_args()
    made = register.register_ensure(guests=options.guests)
    from django.test.utils import override_settings

    draw = random.Random(options.seed)
    queries = _queries(draw, options.queries)
    with override_settings(ALLOWED_HOSTS=["testserver"], SECURE_SSL_REDIRECT=False):
        measured = _measure(queries)
    everything = [outcome for each in measured.values() for outcome in each]
    overall = measure.summary([outcome.milliseconds for outcome in everything])
    measure.report(
        {
            "what": "look-up",
            "register": {name: made[name] for name in ("guests_asked", "small_asked")},
            "limit_ms": LIMIT_MS,
            "all": overall,
            "all_cpu": _cpu_summary(everything),
            "p95_to_limit": round(overall["p95_ms"] / LIMIT_MS, 2),
            "kinds": {kind: _kind(each) for kind, each in measured.items()},
            "peers": _peers(queries),
        }
    )


@dataclass(frozen=True)
class Outcome:
    """Of one query: time on the clock, processor time (``None``: unknown) and whether a wanted card was shown."""

    milliseconds: float
    cpu: float | None
    found: bool | None


def _kind(outcomes: list[Outcome]) -> dict[str, Any]:
    judged = [outcome.found for outcome in outcomes if outcome.found is not None]
    rate = {"hit_rate": round(sum(judged) / len(judged), 4)} if judged else {}
    cpu = _cpu_summary(outcomes)
    timings = measure.summary([outcome.milliseconds for outcome in outcomes])
    return timings | ({"cpu_p50_ms": cpu["p50_ms"], "cpu_p95_ms": cpu["p95_ms"]} if cpu else {}) | rate


def _cpu_summary(outcomes: list[Outcome]) -> dict[str, float] | None:
    known = [outcome.cpu for outcome in outcomes if outcome.cpu is not None]
    return measure.summary(known) if known else None


def _processor(pid: int) -> Callable[[], float | None]:
    """Reads the milliseconds that this process and process ``pid`` have computed so far."""
    path = Path(f"/proc/{pid}/schedstat")

    def read() -> float | None:
        try:
            return time.process_time() * 1000 + int(path.read_text(encoding="ascii").split()[0]) / 1e6
        except (OSError, ValueError, IndexError):
            return None

    return read


def _measure(queries: list[Asked]) -> dict[str, list[Outcome]]:
    """The outcome of each query, by kind; in random order after a warm-up."""
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.get(email=f"reception@{register.SLUG}.example"))
    url = reverse("guest_lookup", kwargs={"slug": register.SLUG})
    for asked in queries[:20]:
        client.get(url, {"q": asked.text})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        processor = _processor(cursor.fetchone()[0])
    results: dict[str, list[Outcome]] = {}
    for asked in queries:
        shown: list[str] = []

        def call(text: str = asked.text, shown: list[str] = shown) -> None:
            answer = client.get(f"{url}?{urlencode({'q': text})}")
            if answer.status_code != 200:
                raise RuntimeError(f"{text!r} answered {answer.status_code}")
            shown.append(answer.content.decode())

        began = processor()
        milliseconds = measure.timed(call)
        ended = processor()
        found = any(f'id="hit-{card}"' in shown[0] for card in asked.wanted) if asked.wanted else None
        cpu = None if began is None or ended is None else ended - began
        results.setdefault(asked.kind, []).append(Outcome(milliseconds, cpu, found))
    return dict(sorted(results.items()))


def _queries(draw: random.Random, count: int) -> list[Asked]:
    """``count`` queries of each kind, mixed."""
    from accounts.models import Business
    from accounts.tenancy import business_scope

    business = Business.objects.get(slug=register.SLUG)
    with business_scope(business.pk):
        people = _people(draw, count)
        contacts = {kind: _contacts(draw, kind, count) for kind in ("phone", "email")}
        bookings = _bookings(draw, count)
        rooms = _rooms(draw, count)
    asked = [query for wanted, name in people for query in _of_name(draw, wanted, name)]
    asked += [Asked("phone, whole", value, wanted) for wanted, value in contacts["phone"]]
    asked += [Asked("phone, part", _part(draw, value)) for _wanted, value in contacts["phone"]]
    asked += [Asked("e-mail, whole", value, wanted) for wanted, value in contacts["email"]]
    asked += [Asked("e-mail, beginning", value[: draw.randint(5, 10)]) for _wanted, value in contacts["email"]]
    asked += [Asked("booking", value.lower(), wanted) for wanted, value in bookings]
    asked += [Asked("room", unit, wanted) for wanted, unit in rooms]
    asked += [Asked("miss", "".join(draw.choices("qxzwkvj", k=draw.randint(4, 9)))) for _each in range(count)]
    draw.shuffle(asked)
    return asked


_ASCII = str.maketrans({"ø": "oe", "å": "aa", "æ": "ae", "ö": "oe", "ä": "ae", "ü": "ue"})


def _of_name(draw: random.Random, wanted: frozenset[int], name: str) -> list[Asked]:
    from customers.normalise import fold

    folded = fold(name)
    words = folded.split()
    longest = max(words, key=len)
    at = draw.randrange(1, max(2, len(longest) - 3))
    ascii_name = name.lower().translate(_ASCII)
    found = [
        Asked("name, whole", folded, wanted),
        Asked("name, other order", " ".join(reversed(words)), wanted),
        Asked("typo in a name", _slip(draw, folded), wanted),
        Asked("typo in a word", _slip(draw, longest)),
        Asked("beginning, one word", draw.choice(words)[: draw.randint(2, 5)]),
        Asked("beginning, two words", f"{words[0]} {words[-1][:3]}"),
        Asked("fragment", longest[at : at + 4]),
    ]
    if ascii_name != name.lower():
        found.append(Asked("ASCII for Nordic", ascii_name, wanted))
    return found


def _slip(draw: random.Random, text: str) -> str:
    """One edit anywhere: a letter left out, put in, changed, or two swapped."""
    at, letter = draw.randrange(len(text)), draw.choice(string.ascii_lowercase)
    kinds: list[Callable[[], str]] = [
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + letter + text[at:],
        lambda: text[:at] + letter + text[at + 1 :],
        lambda: text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :] if at else text[1] + text[0] + text[2:],
    ]
    return next(slipped for _try in range(99) if (slipped := draw.choice(kinds)()) != text)


def _part(draw: random.Random, number: str) -> str:
    digits = number.lstrip("+")
    return draw.choice((digits[2 : draw.randint(6, 9)], digits[-5:], f"+{digits[: draw.randint(5, 8)]}"))


def _people(draw: random.Random, count: int) -> list[tuple[frozenset[int], str]]:
    """Cards drawn evenly, with all that bear the same folded name; only names that at most SHARED bear."""
    from customers.card.models import Customer
    from customers.normalise import fold

    newest = Customer.objects.order_by("-id").values_list("id", flat=True)[0]
    oldest = Customer.objects.order_by("id").values_list("id", flat=True)[0]
    found: list[tuple[frozenset[int], str]] = []
    while len(found) < count:
        # The next card after a gap would be drawn again and again.
        guest = Customer.objects.filter(id=draw.randint(oldest, newest)).first()
        if guest is None:
            continue
        alike = Customer.objects.filter(identity_key=guest.identity_key)[:500]
        same = frozenset(each.pk for each in alike if fold(each.name) == fold(guest.name))
        if fold(guest.name) and len(same) <= SHARED and len(alike) < 500:
            found.append((same, guest.name))
    return found


def _contacts(draw: random.Random, kind: str, count: int) -> list[tuple[frozenset[int], str]]:
    from customers.card.models import ContactPoint

    points = ContactPoint.objects.filter(kind=kind).exclude(normalised="")
    newest = points.order_by("-id").values_list("id", flat=True)[0]
    found: list[tuple[frozenset[int], str]] = []
    while len(found) < count:
        point = points.filter(id__lte=draw.randint(1, newest)).order_by("-id").first()
        if point is None:
            continue
        sharing = points.filter(normalised=point.normalised).values_list("customer_id", flat=True)[: SHARED + 1]
        if len(sharing) <= SHARED:
            found.append((frozenset(sharing), point.normalised))
    return found


def _bookings(draw: random.Random, count: int) -> list[tuple[frozenset[int], str]]:
    from customers.history.models import Stay, StayParticipant

    stays = Stay.objects.exclude(reference="")
    newest = stays.order_by("-id").values_list("id", flat=True)[0]
    found: list[tuple[frozenset[int], str]] = []
    for _each in range(20 * count):
        stay = stays.filter(id__lte=draw.randint(1, newest)).order_by("-id").first()
        if stay is not None and len(found) < count:
            guests = StayParticipant.objects.filter(stay__in=list(stays.filter(reference=stay.reference)[:50]))
            found.append((frozenset(guests.values_list("customer_id", flat=True)), stay.reference))
    return [pair for pair in found if pair[0]]


def _rooms(draw: random.Random, count: int) -> list[tuple[frozenset[int], str]]:
    from customers.search.models import Presence

    guests: dict[str, set[int]] = {}
    for unit, card in Presence.objects.filter(in_house=True).exclude(unit="").values_list("unit", "customer_id"):
        guests.setdefault(unit, set()).add(card)
    return [(frozenset(guests[unit]), unit) for unit in draw.choices(sorted(guests), k=count)] if guests else []


def _peers(queries: list[Asked]) -> dict[str, Any]:
    """Plain look-ups over the same rows: the first eight cards whose name holds the text."""
    from django.db import connections

    from accounts.models import Business

    house = Business.objects.get(slug=register.SLUG).pk
    name = "lower(given_name || ' ' || family_name || ' ' || company_name)"
    ways = {
        "ilike": f"SELECT id FROM customers_customer WHERE business_id = %s AND {name} LIKE %s LIMIT 8",
        "trigram_index": "SELECT id FROM customers_customer WHERE business_id = %s AND search_tokens LIKE %s LIMIT 8",
    }
    kinds = ("name, whole", "typo in a name", "ASCII for Nordic", "beginning, one word", "fragment", "miss")
    results: dict[str, Any] = {}
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX IF NOT EXISTS {PEER_INDEX} ON customers_customer"
            " USING gin (business_id, search_tokens gin_trgm_ops)"
        )
        try:
            for way, sql in ways.items():
                results[way] = {}
                for kind in kinds:
                    asked = [query for query in queries if query.kind == kind][:PEER_QUERIES]
                    timings, hits = [], []
                    for query in asked:
                        values = [house, f"%{query.text}%"]
                        timings.append(measure.timed(lambda values=values, sql=sql: cursor.execute(sql, values)))
                        hits.append(bool(query.wanted & {row[0] for row in cursor.fetchall()}))
                    rate = {"hit_rate": round(sum(hits) / len(hits), 4)} if asked and asked[0].wanted else {}
                    results[way][kind] = measure.summary(timings) | rate
        finally:
            cursor.execute(f"DROP INDEX {PEER_INDEX}")
    connections["owner"].close()
    return results


if __name__ == "__main__":
    main()
