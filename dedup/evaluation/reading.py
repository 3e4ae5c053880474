"""A labelled table, read from a CSV file."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from charset_normalizer import from_bytes

from dedup.engine import Kind
from dedup.evaluation.guessing import Guess, guessed, kind_named

NOTHING = "nothing"
"""What a column is said to hold that is not to be compared."""


class Unreadable(Exception):
    """Why a file cannot be used, for people."""


class Labelled(NamedTuple):
    """``columns``: values by header. ``ids``, ``truth``, ``sources``: of each row."""

    columns: dict[str, list[str]]
    ids: list[str]
    truth: list[str]
    sources: list[str] | None
    guess: Guess

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.truth)


def read(
    path: Path,
    *,
    id_column: str,
    truth: str,
    source: str | None = None,
    mapped: Sequence[tuple[str, str]] = (),
) -> Labelled:
    """Read a file with headers, comma, semicolon or tab between its columns. ``mapped``: pairs of a column and what it
    holds, in either order.

    :raises Unreadable: no such file, no rows, an unknown column or kind.
    """
    columns = _columns(path)
    for name in (id_column, truth, source):
        if name is not None and name not in columns:
            raise Unreadable(_no_column(name, columns))
    kinds = dict(_mapped(one, other, columns) for one, other in mapped)
    named = [name for name in (id_column, truth, source) if name is not None]
    guess = guessed(columns, mapped=kinds, ignore=named)
    if not guess.fields:
        raise Unreadable("No column looks like a name, an address or a number to compare. --map says what they hold.")
    sources = columns[source] if source is not None else None
    return Labelled(columns, columns[id_column], columns[truth], sources, guess)


def _mapped(one: str, other: str, columns: Mapping[str, Sequence[str]]) -> tuple[str, Kind | None]:
    """(column, what it holds) of two words of which one names a column."""
    for column, word in ((one, other), (other, one)):
        if column in columns:
            kind = kind_named(word)
            if kind is not None or word == NOTHING:
                return column, kind
    if one not in columns and other not in columns:
        raise Unreadable(_no_column(one, columns))
    word = other if one in columns else one
    raise Unreadable(f"{word!r} is nothing that a column can hold. That is one of: {', '.join(Kind)}, {NOTHING}.")


def _no_column(name: str, columns: Mapping[str, Sequence[str]]) -> str:
    return f"There is no column {name!r}. There are: {', '.join(columns)}."


def _columns(path: Path) -> dict[str, list[str]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    text = _decoded(raw)
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    header = [name.strip() for name in next(rows, [])]
    width = len(header)
    body = [row if len(row) == width else (row + [""] * width)[:width] for row in rows if row]
    if not body:
        raise Unreadable(f"{path} has no rows.")
    return dict(zip(header, map(list, zip(*body, strict=True)), strict=True))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = from_bytes(raw[:200_000]).best()
        return raw.decode(best.encoding if best else "cp1252", "replace")
