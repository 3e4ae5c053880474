"""Known kinds of files, read from the TOML files of `imports.formats`, and recognised by the names of their columns."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, cast

from customers.normalise import fold
from imports.mapping.layout import How, Kind, Order, Reading
from imports.mapping.meanings import usual_how

_WORDS: Final = "words.toml"


@dataclass(frozen=True, slots=True)
class Format:
    """A known kind of file; `imports.formats` explains the fields. Column names are folded, `#` is any number."""

    key: str
    kind: Kind
    title: str
    system: str
    required: tuple[tuple[str, ...], ...]
    readings: tuple[Reading, ...]
    fixed: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    empty: frozenset[str]
    refused: Mapping[str, str]
    ignored: frozenset[str]
    currency: str
    dates: Order
    decimal: str

    def known(self) -> frozenset[str]:
        """Folded names of all columns that are read, refused or left behind."""
        read = {name for reading in self.readings for name in reading.columns}
        return frozenset(read) | self.ignored | frozenset(self.refused)

    def lacks(self, names: Mapping[str, int]) -> list[str]:
        """The required columns that are not among `names` (folded), each by its first name."""
        return [columns[0] for columns in self.required if not any(matching(column, names) for column in columns)]

    def knows(self, names: Mapping[str, int]) -> set[int]:
        """Places of the columns it knows."""
        return {place for column in self.known() for place in matching(column, names)}


def formats() -> tuple[Format, ...]:
    """All known formats, in the order of their names."""
    return tuple(_formats().values())


def format_of(key: str) -> Format | None:
    """A format by its key."""
    return _formats().get(key)


def recognised(header: Sequence[str], kind: Kind | None = None) -> Format | None:
    """The format whose required columns are all there, and that knows most of the file's columns; None if none.

    Of two that know as many, the one that asks for more is meant.
    """
    names = named(header)
    best: tuple[int, int, str] | None = None
    for known in formats():
        if (kind is None or known.kind == kind) and not known.lacks(names):
            told = (len(known.knows(names)), len(known.required), known.key)
            best = told if best is None else max(best, told, key=lambda each: each[:2])
    return _formats()[best[2]] if best is not None else None


def named(header: Sequence[str]) -> dict[str, int]:
    """Folded name → place of the columns that have a name; the first of two that fold alike."""
    names: dict[str, int] = {}
    for place, name in enumerate(header):
        folded = fold(name)
        if folded:
            names.setdefault(folded, place)
    return names


def matching(column: str, names: Mapping[str, int]) -> list[int]:
    """Places of a folded column name of a format; one with `#` may have several, in the order of their numbers."""
    if "#" not in column:
        return [names[column]] if column in names else []
    pattern = _pattern(column)
    found = [(int(match.group(1)), place) for name, place in names.items() if (match := pattern.fullmatch(name))]
    return [place for _number, place in sorted(found)]


@cache
def _pattern(column: str) -> re.Pattern[str]:
    before, _sign, after = column.partition("#")
    return re.compile(rf"{re.escape(before)}(\d{{1,3}}){re.escape(after)}")


@cache
def _formats() -> dict[str, Format]:
    found = {}
    for file in resources.files("imports.formats").iterdir():
        if file.name.endswith(".toml") and file.name != _WORDS:
            key = file.name.removesuffix(".toml")
            found[key] = _format(key, tomllib.loads(file.read_text("utf-8")))
    return dict(sorted(found.items()))


def _format(key: str, content: dict[str, Any]) -> Format:
    return Format(
        key=key,
        kind=content["kind"],
        title=content["title"],
        system=content.get("system", key),
        required=tuple(
            tuple(_folded(name) for name in ([names] if isinstance(names, str) else names))
            for names in content["required"]
        ),
        readings=tuple(_reading(meaning, said) for meaning, said in content["columns"].items()),
        fixed=content.get("fixed", {}),
        values={
            meaning: {word.casefold(): value for word, value in words.items()}
            for meaning, words in content.get("values", {}).items()
        },
        empty=frozenset(content.get("empty", ())),
        refused={_folded(name): reason for name, reason in content.get("refused", {}).items()},
        ignored=frozenset(_folded(name) for name in content.get("ignored", ())),
        currency=content.get("currency", ""),
        dates=content.get("dates", "dmy"),
        decimal=content.get("decimal", ""),
    )


def _reading(meaning: str, said: Any) -> Reading:
    how, by = usual_how(meaning)
    if isinstance(said, list):
        return Reading(meaning, tuple(map(_folded, said)), how, by)
    return Reading(
        meaning,
        tuple(map(_folded, said["from"])),
        cast(How, said.get("how", how)),
        said.get("by", by),
        said.get("part", 0),
        tuple(said.get("words", ())),
    )


def _folded(name: str) -> str:
    """A folded name that keeps its `#`."""
    return fold(name.replace("#", "0")).replace("0", "#") if "#" in name else fold(name)
