"""What somebody may mean who types a value to filter by: "dutch", "vip", "bergen", "2025", "newsletter".

Answered from names alone, whatever the size of the register: a city is offered as it is typed.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from customers.conditions.labels import field_label, fields_grouped
from customers.conditions.names import Names
from customers.conditions.typed import has_operators
from customers.conditions.typed_words import typed_conditions
from customers.conditions.words import condition_words
from customers.filters import Condition, Field, Period
from customers.filters.schema import TEXT_MAX
from customers.normalise.letters import fold

SUGGESTED: Final = 10
YEARS: Final = range(1900, 2100)


@dataclass(frozen=True)
class Suggestion:
    """Conditions to add, or a ``field`` of which the value is still to be chosen. ``about`` says what kind it is."""

    label: str
    about: str
    conditions: tuple[Condition, ...] = ()
    field: str = ""


def suggestions(*, text: str, names: Names, most: int = SUGGESTED) -> list[Suggestion]:
    """What a text may mean, the likeliest first: a name that it is, then names that begin so, then names with a word
    that begins so."""
    typed = typed_conditions(text, names) if has_operators(text) else None
    if typed and typed.conditions and not typed.text:
        said = ", ".join(str(condition_words(each, names)) for each in typed.conditions)
        return [Suggestion(said, _("as typed"), typed.conditions)]
    sought = fold(text)
    if not sought:
        return []
    named = sorted(
        ((rank, place, one) for place, one in enumerate(_named(names)) if (rank := _rank(sought, one.label)) < _NONE),
        key=lambda found: found[:2],
    )
    exact = [one for rank, _place, one in named if rank == 0]
    others = [one for rank, _place, one in named if rank > 0]
    return [*exact, *_years(sought, names), *others[: most - 1], *_typed_text(text.strip(), names)][:most]


def fields_to_choose(names: Names) -> list[tuple[str, list[Suggestion]]]:
    """Every field by the title of its group: what one looks through who does not know what to type."""
    return [
        (title, [Suggestion(label, "", field=key) for key, label in fields]) for title, fields in fields_grouped(names)
    ]


_NONE: Final = 9


def _rank(sought: str, label: str) -> int:
    folded = fold(label)
    if folded == sought:
        return 0
    if folded.startswith(sought):
        return 1
    return 2 if f" {sought}" in folded else _NONE


def _named(names: Names) -> Iterator[Suggestion]:
    """Everything that has a name, in the order in which likes are offered."""
    catalogue = names.catalogue
    yield from _values(catalogue["tags"], names)
    yield from _consents(names)
    for key in ("segment", "language", "source", "kind", "country"):
        yield from _values(catalogue[key], names)
    for pk, name in names.properties.items():
        condition = Condition("stays.count", "at_least", Decimal(1), where=(("property", (pk,)),))
        yield Suggestion(name, _("Has stayed at"), (condition,))
    for field in catalogue.values():
        if field.own is not None and field.kind == "choice":
            yield from _values(field, names)
        elif field.kind == "flag":
            yield Suggestion(field_label(field, names), _("yes"), (Condition(field.key, "yes"),))
    yield from _values(catalogue["birthday"], names)
    for field in catalogue.values():
        if field.kind != "flag":
            yield Suggestion(field_label(field, names), _("choose …"), field=field.key)


def _values(field: Field, names: Names) -> Iterator[Suggestion]:
    operator = "month" if field.kind == "birthday" else "any_of"
    for value, label in names.choices(field) or ():
        if value != "":
            yield Suggestion(label, field_label(field, names), (Condition(field.key, operator, (value,)),))


def _consents(names: Names) -> Iterator[Suggestion]:
    for field in names.catalogue.values():
        if field.key.startswith("consent."):
            given = Condition(field.key, "any_of", ("granted",))
            yield Suggestion(condition_words(given, names).label, _("consent given"), (given,))
    for key in ("email_reach", "sms_reach"):
        reached = Condition(key, "any_of", ("ok",))
        yield Suggestion(condition_words(reached, names).label, _("yes"), (reached,))


def _years(sought: str, names: Names) -> list[Suggestion]:
    if len(sought) != 4 or not sought.isascii() or not sought.isdecimal() or int(sought) not in YEARS:
        return []
    year = int(sought)
    period = Period("between", first=dt.date(year, 1, 1), until=dt.date(year, 12, 31))
    stayed = Condition("stays.count", "at_least", Decimal(1), period=period)
    others = [Condition(key, "in", period) for key in ("last_stay", "first_contact", "next_arrival", "birth_date")]
    said = [Suggestion(_("Stayed in %(year)s") % {"year": sought}, _("Stays"), (stayed,))]
    return said + [Suggestion(sought, condition_words(each, names).label, (each,)) for each in others]


def _typed_text(text: str, names: Names) -> Sequence[Suggestion]:
    """What is no name: a postal code where it begins with a digit, else a city."""
    if not text or len(text) > TEXT_MAX:
        return ()
    if text[0].isdecimal():
        return [Suggestion(f"{text}…", _("Postal code"), (Condition("postal_code", "starts_with", (text,)),))]
    city = text[0].upper() + text[1:]
    return [Suggestion(city, _("City"), (Condition("city", "is", (city,)),))]
