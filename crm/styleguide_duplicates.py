"""What the style guide shows of duplicates: made up pairs, what speaks for one of them, and two cards to merge."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from dedup.register.explaining import Explained, Part
from dedup.register.models import Match
from dedup.register.shown import CardShown
from dedup.review.evidence import evidence_drawn
from dedup.review.merge_shown import Line
from dedup.review.shown import LETTERS, PairShown, Side
from dedup.review.wording import band_of, field_words, percent_words

SEEN = dt.datetime(2026, 10, 3, 12, 5, tzinfo=dt.UTC)


def _card(number: int, given: str, family: str, email: str, **more: Any) -> CardShown:
    values: dict[str, Any] = {
        "kind": "person",
        "company_name": "",
        "organisation_number": "",
        "birth_date": dt.date(1973, 1, 23),
        "street": "",
        "postal_code": "",
        "city": "",
        "country": "NO",
        "phones": ("+4791234567",),
        "stays": 2,
        "last_stay": dt.date(2024, 5, 12),
        "next_arrival": None,
        "value": Decimal(9840),
        "currency": "NOK",
        "is_restricted": False,
        "is_deceased": False,
        "do_not_contact": False,
        "created_at": SEEN,
    }
    return CardShown(
        customer_id=number,
        name=f"{given} {family}",
        given_name=given,
        family_name=family,
        emails=(email,),
        **(values | more),
    )


LEFT = _card(1, "Ingrid", "Sørensen", "ingrid.sorensen@example.no", city="Oslo", stays=14, last_stay=SEEN.date())
RIGHT = _card(2, "Ingrid", "Sorensen", "ingrids@example.com")
PARTS = (
    Part("before", "", -13.1, "", ""),
    Part("birth_date", "same", 16.8, "", ""),
    Part("phones", "same", 8.4, "", ""),
    Part("given_name", "same", 5.2, "", ""),
    Part("family_name", "equivalent", 4.6, "", ""),
    Part("emails", "different", -1.3, "", ""),
    Part("city", "", 0.1, "", ""),
)


def _side(card: CardShown, place: int, flags: list[tuple[str, str]]) -> Side:
    return Side(
        id=card.customer_id,
        letter=LETTERS[place],
        name=card.name,
        url="#duplicates",
        place=card.city,
        email=card.emails[0],
        phone=card.phones[0],
        stays=card.stays,
        last_stay=card.last_stay,
        flags=flags,
    )


def _pair(number: int, probability: float, **more: Any) -> PairShown:
    values: dict[str, Any] = {
        "agreeing": field_words(("given_name", "family_name", "phones", "birth_date")),
        "differing": field_words(("emails",)),
        "state": Match.State.OPEN,
        "can_merge": True,
        "is_current": False,
    }
    values |= more
    return PairShown(
        id=number,
        percent=percent_words(probability),
        band=band_of(probability),
        left=_side(LEFT, 0, []),
        right=_side(RIGHT, 1, [("bad", "Do not contact")] if number == 2 else []),
        url="#duplicates",
        can_propose=not values["can_merge"],
        merge_url="#duplicates",
        decide_url="?",
        **values,
    )


def duplicates_shown() -> dict[str, Any]:
    """Pairs in every state, the evidence for one, and the lines of a merge, as the pages' templates take them."""
    weight = sum(part.weight for part in PARTS)
    explained = Explained(1, 0.9999, weight, PARTS)
    return {
        "pairs": [
            _pair(1, 0.9999, is_current=True),
            _pair(2, 0.93, can_merge=False),
            _pair(3, 0.61, agreeing=[], differing=field_words(("emails", "birth_date")), state=Match.State.LATER),
        ],
        "match": _pair(4, 0.9999, evidence=evidence_drawn(explained, LEFT, RIGHT), others=[3], merge_all_url="#merge"),
        "heads": [
            (SimpleNamespace(letter="A", name=LEFT.name, stays=14, last_stay=LEFT.last_stay), "#duplicates"),
            (SimpleNamespace(letter="B", name=RIGHT.name, stays=2, last_stay=RIGHT.last_stay), "#duplicates"),
        ],
        "lines": [
            Line("name", "Name", [(LEFT.name, True), (RIGHT.name, False)], LEFT.name, True, 1),
            Line("address", "Address", [("", False), ("Parkveien 12, 0350 Oslo", True)], "", True, 2),
            Line("nationality", "Nationality", [("Norway", True), ("Norway", False)], "Norway", False),
        ],
    }
