"""Fields of a business's own with their values, and how guests belong together: read off the stays of a batch.

Pure, and drawn from a sequence of its own: guests, stays and extras of a seed are the same with and without.
"""

import random
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Final, NamedTuple

from customers.sample.calendar import Calendar
from customers.sample.names import Draw, pick
from customers.sample.rows import NULL, YES, Batch, Row

_KNOWN, _STAY_KNOWN, _STAY_KNOWN_NEAR = 0.14, 0.05, 0.45
_HOUSEHOLD, _WORKS_AT, _REFERRED = 0.4, 0.7, 0.015
_NEAR: Final = 14
_LETTERS: Final = "BDEFHJKLNPRSTVXZ"


class Own(NamedTuple):
    """A field a house added: what it belongs to (``guest``, ``stay``), its kind, key and label, a choice's options as
    (key, label), and how a value is drawn, as text in the form COPY reads."""

    target: str
    kind: str
    key: str
    label: str
    value: Callable[[Draw, Calendar], str]
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """What rows call it: keys are a target's own."""
        return f"{self.target}.{self.key}"


def _choice(target: str, key: str, label: str, *options: tuple[str, str]) -> Own:
    return Own(target, "choice", key, label, lambda draw, _calendar: pick(options, draw)[0], options)


def _yes_no(target: str, key: str, label: str) -> Own:
    return Own(target, "yes_no", key, label, lambda draw, _calendar: "t" if draw() < 0.7 else "f")


def _digits(draw: Draw, count: int) -> str:
    return str(int(draw() * 10**count)).zfill(count)


def _letters(draw: Draw, count: int) -> str:
    return "".join(pick(_LETTERS, draw) for _ in range(count))


def _hour(draw: Draw, _calendar: Calendar) -> str:
    return f"{15 + int(draw() * 8)}:{pick(('00', '30'), draw)}"


OWN: Final = {
    "nb": (
        _choice("guest", "pute", "Pute", ("dun", "Dun"), ("skum", "Skum"), ("allergivennlig", "Allergivennlig")),
        Own("guest", "text", "bilnummer", "Bilnummer", lambda draw, _: f"{_letters(draw, 2)} {_digits(draw, 5)}"),
        Own("guest", "date", "stamgjest_siden", "Stamgjest siden", lambda draw, day: day.iso(-int(draw() * 1000) - 1)),
        Own("stay", "text", "ankomsttid", "Ankomsttid", _hour),
        _yes_no("stay", "hund_med", "Hund med"),
    ),
    "da": (
        Own("guest", "number", "kundenummer", "Kundenummer", lambda draw, _: str(10_000 + int(draw() * 80_000))),
        _choice(
            "guest", "bordopstilling", "Bordopstilling", ("u_bord", "U-bord"), ("biograf", "Biograf"), ("oer", "Øer")
        ),
        _choice(
            "stay", "anledning", "Anledning", ("kursus", "Kursus"), ("aarsmoede", "Årsmøde"), ("fest", "Fest")
        ),
        _yes_no("stay", "projektor", "Projektor"),
    ),
    "nl": (
        Own(
            "guest", "text", "kenteken", "Kenteken",
            lambda draw, _: f"{_letters(draw, 2)}-{_digits(draw, 3)}-{_letters(draw, 1)}",
        ),
        Own("guest", "text", "favoriete_plek", "Favoriete plek", lambda draw, _: f"C{100 + int(draw() * 60)}"),
        Own("stay", "text", "aankomsttijd", "Aankomsttijd", _hour),
        _yes_no("stay", "hond_mee", "Hond mee"),
    ),
}  # fmt: skip
"""By the language the house keeps its notes in; a house of another language has none."""


def own_add(calendar: Calendar, batch: Batch, *, seed: str, number: int) -> None:
    """Add values of own fields and relations to a batch that is otherwise complete."""
    # Not a secret: what matters is that it repeats.
    draw: Draw = random.Random(f"{seed}/{calendar.profile.codes}/{number}/own").random  # noqa: S311
    fields = OWN.get(calendar.profile.staff_language, ())
    of_guests = [field for field in fields if field.target == "guest"]
    of_stays = [field for field in fields if field.target == "stay"]
    for row in batch.customers:
        if row[1] == "person":
            batch.guest_values.extend(_values(row[0], of_guests, calendar, draw, _KNOWN))
    for stay in batch.stays:
        near = abs(calendar.day(stay[3])) <= _NEAR and stay[2] in ("booked", "checked_in")
        share = _STAY_KNOWN_NEAR if near else _STAY_KNOWN
        batch.stay_values.extend(_values(stay[0], of_stays, calendar, draw, share))
    _relations(batch, draw)


def _values(n: str, fields: list[Own], calendar: Calendar, draw: Draw, share: float) -> Iterator[Row]:
    for field in fields:
        if draw() >= share:
            continue
        value, none = field.value(draw, calendar), (NULL, NULL, NULL)
        match field.kind:
            case "number":
                yield n, field.name, "", value, NULL, NULL
            case "date":
                yield n, field.name, "", NULL, value, NULL
            case "yes_no":
                yield n, field.name, "", NULL, NULL, value
            case _:
                yield n, field.name, value, *none


def _relations(batch: Batch, draw: Draw) -> None:
    """Who shares an address and a room lives together; who stays at a company's expense works there."""
    cards = {row[0]: row for row in batch.customers}
    persons = dict(zip(cards, batch.persons, strict=True))
    together: dict[str, list[str]] = {}
    payers: dict[str, str] = {}
    for stay, customer, is_guest, _books, pays, is_agent in batch.participants:
        if is_guest == YES and cards[customer][1] == "person":
            together.setdefault(stay, []).append(customer)
        if pays == YES and is_agent != YES and cards[customer][1] == "company":
            payers[stay] = customer
    tried: set[tuple[str, str]] = set()

    def relate(one: str, other: str, kind: str, share: float) -> None:
        if (one, other) not in tried and persons[one] != persons[other]:
            tried.add((one, other))
            if draw() < share:
                batch.relations.append((one, other, kind))

    for stay, guests in together.items():
        for one, other in combinations(sorted(guests, key=int), 2):
            if cards[one][9] and cards[one][9:12] == cards[other][9:12]:
                relate(one, other, "household", _HOUSEHOLD)
        if stay in payers:
            for guest in guests:
                relate(guest, payers[stay], "works_at", _WORKS_AT)
    known: list[str] = []
    for n, row in cards.items():
        if row[1] == "person":
            if known and draw() < _REFERRED:
                relate(n, pick(known, draw), "referred_by", 1)
            known.append(n)
