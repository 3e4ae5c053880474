"""What the columns of an unknown table hold: by their headers in several languages, then by their values."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from customers.normalise import fold
from customers.normalise.lists import listed
from dedup.engine import Field, Kind
from dedup.engine.words import nicknames

SAMPLE = 2_000
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE = re.compile(r"\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}")
_LETTERS = re.compile(r"[^\W\d_]")


class Guess(NamedTuple):
    """The fields of a table, and the columns that are left out because they say nothing of who a row is."""

    fields: tuple[Field, ...]
    left_out: tuple[str, ...]


def guessed(
    columns: Mapping[str, Sequence[str]], *, mapped: Mapping[str, Kind | None] | None = None, ignore: Sequence[str] = ()
) -> Guess:
    """What each column holds. ``columns``: values by header. ``mapped``: what is known beforehand, ``None`` for nothing
    to compare; the others are guessed. ``ignore``: headers of the row's name, the truth and the source."""
    known = mapped or {}
    kinds: dict[str, Kind] = {}
    for header, values in columns.items():
        if header in known:
            kind = known[header]
        elif header in ignore:
            kind = None
        else:
            kind = _kind(header, [value for value in values if value and not value.isspace()])
        if kind is not None:
            kinds[header] = kind
    _settle_names(kinds, columns, known)
    fields = [Field(name, kind) for name, kind in kinds.items()]
    return Guess(tuple(_ordered(fields)), tuple(name for name in columns if name not in kinds))


def _kind(header: str, values: Sequence[str]) -> Kind | None:
    """What a column holds, None for nothing of use."""
    if len(set(values[:SAMPLE])) < 2:
        return None
    words = header_words(header)
    sample = values[:SAMPLE]
    looks = _looks(sample)
    if looks is not None:
        return looks
    kind = _headed(words)
    if kind is None:
        return None if words in _left_out() else _unnamed(words, values)
    if kind in (Kind.EMAIL, Kind.BIRTH_DATE) and not _fits(kind, sample):
        return None
    if kind in (Kind.NUMBER, Kind.ORGANISATION) and len(set(values)) == len(values) > 50:
        # No two rows share it: it numbers the rows.
        return None
    if kind is Kind.TEXT and len(set(sample)) * 20 < len(sample):
        return Kind.CATEGORY
    return kind


def header_words(header: str) -> str:
    """A header's words, folded: ``dateOfBirth`` and ``DATE_OF_BIRTH`` are ``date of birth``."""
    return fold(_CAMEL.sub(" ", header).replace("_", " "))


def _headed(words: str) -> Kind | None:
    known = _headers()
    if words in known:
        return known[words]
    if words in _left_out():
        return None
    parts = words.split()
    if parts and parts[-1] in ("id", "key", "uuid", "guid"):
        return None
    bare = " ".join(parts).rstrip("0123456789 ")
    for length in range(len(parts), 0, -1):
        for at in range(len(parts) - length, -1, -1):
            part = " ".join(parts[at : at + length])
            if part in known and (length > 1 or len(part) > 2):
                return known[part]
    return known.get(bare)


def _looks(sample: Sequence[str]) -> Kind | None:
    """A kind that values tell by themselves, whatever their header."""
    maybe = [value for value in sample if "@" in value]
    if sum(bool(_EMAIL.fullmatch(value.strip())) for value in maybe) * 2 > len(sample):
        return Kind.EMAIL
    return None


def _fits(kind: Kind, sample: Sequence[str]) -> bool:
    if kind is Kind.EMAIL:
        return sum("@" in value for value in sample) * 4 > len(sample)
    return sum(any(letter.isdigit() for letter in value) for value in sample) * 2 > len(sample)


def _unnamed(words: str, values: Sequence[str]) -> Kind | None:
    """A column whose header says nothing: texts that differ enough are compared as texts."""
    if any(word in ("id", "key", "cluster", "group", "label", "entity", "household") for word in words.split()):
        return None
    sample = values[:SAMPLE]
    lettered = sum(bool(_LETTERS.search(value)) for value in sample)
    several = len(set(sample))
    if lettered * 2 > len(sample) and several * 20 > len(sample) and several > 20:
        return Kind.TEXT
    if sum(bool(_DATE.fullmatch(value.strip())) for value in sample) * 2 > len(sample) and several > 50:
        return None
    return None


def kind_named(word: str) -> Kind | None:
    """The kind that somebody means by a word: its own name, or what a column may be headed."""
    return Kind(word) if word in set(map(str, Kind)) else _headed(header_words(word))


def _settle_names(
    kinds: dict[str, Kind], columns: Mapping[str, Sequence[str]], known: Mapping[str, Kind | None]
) -> None:
    """One column for a full name or a company, whichever it holds; none beside given and family name, or beside a full
    name that is known. What is known stays as it is."""
    parted = Kind.GIVEN in kinds.values() and Kind.FAMILY in kinds.values()
    parted |= Kind.FULL_NAME in known.values()
    whole = [name for name, kind in kinds.items() if kind is Kind.FULL_NAME and name not in known]
    for name in whole:
        people = of_people(columns[name])
        if not people:
            kinds[name] = Kind.COMPANY
        elif parted or name != whole[0]:
            kinds.pop(name)
    for name, kind in list(kinds.items()):
        if name not in known and kind is Kind.COMPANY and header_words(name) == "title" and not parted:
            kinds[name] = Kind.TEXT


def of_people(values: Sequence[str]) -> bool:
    """Whether names are of people rather than of companies."""
    given, companies = nicknames(), _company_words()
    people = firms = 0
    for value in [value for value in values if value.strip()][:SAMPLE]:
        words = fold(value).split()
        people += len(words) < 6 and any(word in given for word in words)
        firms += any(word in companies for word in words) or any(letter.isdigit() for letter in value)
    return people > firms


_ORDER = list(Kind)


def _ordered(fields: list[Field]) -> list[Field]:
    """By kind; the first name before the middle one."""
    return sorted(fields, key=lambda one: (_ORDER.index(one.kind), "mid" in one.name.lower() or one.name == "mi"))


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("dedup.evaluation").joinpath("headers.toml").read_text("utf-8"))


@cache
def _headers() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for kind, words in _lists()["kinds"].items():
        for word in words.strip().split("|"):
            found.setdefault(word.strip(), Kind(kind))
    return found


@cache
def _left_out() -> frozenset[str]:
    return frozenset(word.strip() for word in _lists()["left_out"]["words"].split("|"))


@cache
def _company_words() -> frozenset[str]:
    return frozenset(_lists()["company_words"]["words"].split()) | listed("names", "companies", "legal_forms")
