"""What columns are called in six languages, and what words in their cells mean: data of `imports.formats`."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from customers.normalise import fold
from imports.mapping.layout import Kind
from imports.mapping.meanings import ADDRESS, meanings
from imports.mapping.own import OwnField

LANGUAGES: Final = ("en", "nb", "da", "nl", "sv", "de")
_WORDS: Final = "words.toml"


class Named(NamedTuple):
    """A name that a column may have: folded, of which meaning, in which language, and how far down its list."""

    name: str
    meaning: str
    language: str
    rank: int


def names_for(kind: Kind) -> Mapping[str, tuple[Named, ...]]:
    """Folded name → the meanings it may have in a file of this kind; those of the kind's own records come first."""
    return _names()[kind]


def own_names(fields: Sequence[OwnField], kind: Kind) -> dict[str, str]:
    """Folded name → meaning of the business's fields: as exported, by key, by name; in bookings the stay's first."""
    wanted = [one for one in fields if kind == "bookings" and one.target == "stay"]
    wanted += [one for one in fields if kind in ("guests", "bookings") and one.target == "guest"]
    found: dict[str, str] = {}
    for name_of in (_exported, _key, _label):
        for one in wanted:
            found.setdefault(fold(name_of(one)), one.meaning)
    return found


def label_names(meaning: str, language: str) -> tuple[str, ...]:
    """What a column of a meaning is called in a language, best first; in English where the language has no name."""
    names = _content().get(meaning, {})
    return tuple(names.get(language, names.get("en", ())))


def template_header(kind: Kind, language: str, *, fields: Sequence[OwnField] = ()) -> list[str]:
    """The columns of a template for files of this kind, named in `language` (en, nb, da, nl, sv, de).

    A file with these columns needs nothing told. Columns that only other systems have are left out.
    """
    header = []
    for meaning in meanings(kind, fields=fields):
        if meaning.is_own:
            header.append(meaning.label)
        elif meaning.key.startswith(_RARE) or (
            kind == "consents" and meaning.group != "consent" and meaning.key not in ADDRESS
        ):
            continue
        elif meaning.key in _content() and meaning.key not in _FOR_OTHERS and language in _content()[meaning.key]:
            header.append(label_names(meaning.key, language)[0])
    return header


@cache
def known_words() -> Mapping[str, Mapping[str, str]]:
    """Meaning → word of a file, casefolded → what it is called here."""
    return {
        meaning: {word.casefold(): value for value, words in values.items() for word in words}
        for meaning, values in _words()["values"].items()
    }


@cache
def nothing_names() -> frozenset[str]:
    """Folded names of columns that mean nothing here, and are left behind without a question."""
    return frozenset(fold(name) for names in _words()["nothing"].values() for name in names)


@cache
def parted_names() -> frozenset[str]:
    """Folded names of columns that have a postal code and a city in one cell."""
    return frozenset(fold(name) for names in _words()["parted"].values() for name in names)


def choices(meaning: str) -> tuple[str, ...]:
    """The values that a meaning with a table of words can have."""
    return tuple(_words()["values"].get(meaning, ()))


_FOR_OTHERS: Final = frozenset(
    ("guest.full_name", "guest.email_state", "guest.changed_at", "stay.cancelled", "stay.arrival_year",
     "stay.arrival_month", "stay.arrival_day", "stay.nights", "stay.rate", "stay.lead_days", "purchase.price",
     "guest.why_us", "guest.thanked", "guest.deal_breakers", "guest.house_number", "guest.family_prefix")
)  # fmt: skip


_RARE: Final = ("consent.profiling", "consent.tracking", "consent.purpose", "consent.channel", "consent.answer")


def _exported(one: OwnField) -> str:
    return f"f.{one.key}"


def _key(one: OwnField) -> str:
    return one.key


def _label(one: OwnField) -> str:
    return one.label


@cache
def _names() -> dict[Kind, dict[str, tuple[Named, ...]]]:
    kinds: dict[Kind, dict[str, tuple[Named, ...]]] = {}
    for kind in ("guests", "bookings", "invoices", "purchases", "consents"):
        found: dict[str, list[Named]] = {}
        for meaning in sorted(meanings(kind), key=lambda each: each.group in ("guest", "address")):
            for language, names in _content().get(meaning.key, {}).items():
                for rank, name in enumerate(names):
                    found.setdefault(fold(name), []).append(Named(fold(name), meaning.key, language, rank))
        kinds[kind] = {name: tuple(each) for name, each in found.items()}
    return kinds


@cache
def _content() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for file in resources.files("imports.formats").joinpath("columns").iterdir():
        if file.name.endswith(".toml"):
            found |= tomllib.loads(file.read_text("utf-8"))
    return found


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(resources.files("imports.formats").joinpath(_WORDS).read_text("utf-8"))
