"""Blocking: the keys that two cards of one guest are likely to share."""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from customers.normalise import collapse
from dedup.engine.hashing import Hashes, combined, hashes
from dedup.engine.kinds import Kind
from dedup.engine.table import Codes, Column, Table
from dedup.engine.words import particles

_SOUNDS = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"sch|sj|skj|sh", "s"),
        (r"ph", "f"),
        (r"[ct]h", "k"),
        (r"dt|th", "t"),
        (r"gh|ck|[cq]", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"w", "v"),
        (r"[gh]j", "i"),
        (r"[jy]", "i"),
        (r"h", ""),
    )
)
_REPEATED = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"(?<=.)[aeiou]+")
_NOT_LETTERS = re.compile(r"[^a-z]+")


@lru_cache(maxsize=1 << 16)
def sound(word: str) -> str:
    """How a word sounds, roughly, in the Germanic languages: its first letter and its consonants."""
    if not word.isascii():
        return word[:6]
    for pattern, plain in _SOUNDS:
        word = pattern.sub(plain, word)
    return _VOWELS.sub("", _REPEATED.sub(r"\1", word))[:5]


def first_word(text: str) -> str:
    """The first word of a given name."""
    return text.partition(" ")[0]


def family_core(text: str) -> str:
    """A family name without its small words: ``van der berg`` is ``berg``."""
    words = text.split()
    if len(words) < 2:
        return text
    small = particles()
    kept = [word for word in words if word not in small]
    return " ".join(kept or words)


def local_letters(text: str) -> str:
    """The part of an address before the @, its letters alone."""
    return collapse(_NOT_LETTERS.sub("", text.partition("@")[0]))


def letters_of(column: Column) -> list[str]:
    """The same of each distinct address of a column."""
    return column.derived("letters", lambda: [local_letters(text) for text in column.texts])


def core_of(kind: Kind) -> Callable[[str], str]:
    """What is counted of a value of ``kind``: a given name's first word, a family name without small words."""
    return _CORES.get(kind, _itself)


def _itself(text: str) -> str:
    return text


_CORES: dict[Kind, Callable[[str], str]] = {Kind.GIVEN: first_word, Kind.FAMILY: family_core}


class Pass(NamedTuple):
    """One way to find pairs: ``rows`` that share a hash of ``hashes`` are looked at. ``narrow``: good for a look-up."""

    name: str
    rows: Codes
    hashes: Hashes
    narrow: bool


Atom = tuple[str, Hashes]
_NO_ROWS: Codes = np.zeros(0, np.int32)
_NO_HASHES: Hashes = np.zeros(0, np.uint64)
STRONG = (Kind.EMAIL, Kind.PHONE, Kind.NUMBER, Kind.ORGANISATION)
PLACES = (Kind.POSTAL_CODE, Kind.CITY, Kind.STREET, Kind.BIRTH_DATE, Kind.TEXT, Kind.COMPANY)
NARROW = frozenset((Kind.POSTAL_CODE, Kind.BIRTH_DATE, Kind.STREET))
"""What a card is looked up by together with a name."""


def passes(table: Table, *, narrow_only: bool = False) -> list[Pass]:
    """All passes over a table, those by strong values first; or those for a look-up alone."""
    found: list[Pass] = []
    everyone = np.arange(table.size, dtype=np.int32)

    def entries(name: str, column: Column, hashed: Hashes) -> None:
        rows, codes = column.entries() if column.texts else (_NO_ROWS, _NO_ROWS)
        found.append(_pass(name, rows, hashed[codes], narrow=True))

    def whole(*atoms: Atom, narrow: bool = False) -> None:
        if narrow_only and not narrow:
            return
        names = "+".join(name for name, _ in atoms)
        if any(not len(hashed) for _, hashed in atoms):
            found.append(Pass(names, _NO_ROWS, _NO_HASHES, narrow))
            return
        salt = sum(map(ord, names))
        found.append(_pass(names, everyone, combined(*(hashed for _, hashed in atoms), salt=salt), narrow=narrow))

    by_kind: dict[Kind, list[Column]] = {}
    for column in table.columns.values():
        by_kind.setdefault(column.field.kind, []).append(column)
    for kind in STRONG:
        for column in by_kind.get(kind, ()):
            entries(column.field.name, column, column.hashed())
    for column in by_kind.get(Kind.EMAIL, ()):
        entries(f"{column.field.name} local", column, hashes(letters_of(column)))
    given = _atom(by_kind, Kind.GIVEN, "given sound", lambda text: sound(first_word(text)))
    family = _atom(by_kind, Kind.FAMILY, "family sound", lambda text: sound(family_core(text)))
    atoms: list[Atom] = []
    if given and family:
        both = (given[1], family[1]) if len(given[1]) and len(family[1]) else (_NO_HASHES, _NO_HASHES)
        low, high = np.minimum(*both), np.maximum(*both)
        whole(("name", low), ("", high), narrow=True)
    for kind in PLACES:
        for column in by_kind.get(kind, ()):
            atoms.append((column.field.name, _spread(column)))
    for atom in atoms:
        whole(atom)
    numbers = [(c.field.name, _spread(c)) for c in by_kind.get(Kind.HOUSE_NUMBER, ())]
    people = [atom for atom in (given, family) if atom]
    for one, other in combinations([*people, *atoms, *numbers], 2):
        if one is given and other is family:
            continue
        is_narrow = one in people and any(c.field.name == other[0] for c in _narrow_columns(by_kind))
        whole(one, other, narrow=is_narrow)
    for atom in people:
        whole(atom)
    return found


def _narrow_columns(by_kind: dict[Kind, list[Column]]) -> list[Column]:
    return [column for kind in NARROW for column in by_kind.get(kind, ())]


def _atom(by_kind: dict[Kind, list[Column]], kind: Kind, name: str, of: Callable[[str], str]) -> Atom | None:
    for column in by_kind.get(kind, ()):
        return name, _spread(column, name, of)
    return None


def _spread(column: Column, name: str = "", of: Callable[[str], str] | None = None) -> Hashes:
    """A hash for each row, 0 for none; no hashes at all of a column where nobody has a value."""
    return column.spread(column.hashed(name, of)) if column.texts else _NO_HASHES


def _pass(name: str, rows: Codes, hashed: Hashes, *, narrow: bool) -> Pass:
    known = hashed != 0
    return Pass(name, rows[known], hashed[known], narrow)


def keys(table: Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows, keys) of every row for the key table of the look-up: rows that share a key are worth comparing."""
    narrow = passes(table, narrow_only=True)
    rows = np.concatenate([one.rows for one in narrow]).astype(np.int64) if narrow else np.zeros(0, np.int64)
    salted = [one.hashes ^ np.uint64(at * 0x9E3779B97F4A7C15 % (1 << 64)) for at, one in enumerate(narrow)]
    hashed = np.concatenate(salted) if narrow else np.zeros(0, np.uint64)
    return rows, hashed.view(np.int64)


def share_of(one: Pass, number: int, parts: int) -> Pass:
    """The part of a pass that holds one of ``parts`` shares of its keys."""
    if parts == 1:
        return one
    mine = one.hashes % np.uint64(parts) == np.uint64(number)
    return one._replace(rows=one.rows[mine], hashes=one.hashes[mine])
