"""Finding out how a file's columns are separated and quoted, from its first lines."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from imports.readers.header import header_place

DELIMITERS: Final = (",", ";", "\t", "|")
_ROWS_LOOKED_AT: Final = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a line is cut into cells. Quotes are doubled inside quotes; `escape` is a backslash or nothing.

    `skip` lines stand above the header: the `sep=;` that Excel reads.
    """

    delimiter: str
    escape: str | None = None
    skip: int = 0

    def reader_options(self) -> dict[str, str | bool | None]:
        """Arguments for `csv.reader`."""
        return {"delimiter": self.delimiter, "escapechar": self.escape, "quotechar": '"', "doublequote": True}


def detect(lines: Sequence[str]) -> Dialect:
    """The dialect in which the first lines of a file (with their line ends) make the most even table."""
    skip = 0
    first = lines[0].strip().lower() if lines else ""
    if first.startswith("sep=") and len(first) <= 5:
        delimiter = lines[0].strip("\r\n")[4:] or "\t"
        return Dialect(delimiter[0], _escape(lines[1:], delimiter[0]), 1)
    found = {delimiter: Dialect(delimiter, _escape(lines, delimiter), skip) for delimiter in DELIMITERS}
    scores = {delimiter: _score(_rows(lines, dialect)) for delimiter, dialect in found.items()}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best] < 1.0:
        # The first row makes no table with those below it: there may be lines of text above the header.
        below = {delimiter: _score_below(_rows(lines, dialect)) for delimiter, dialect in found.items()}
        under = max(below, key=lambda delimiter: below[delimiter])
        if below[under] > max(scores[best], 1.0):
            return found[under]
    return found[best] if scores[best] else found[","]


def _escape(lines: Sequence[str], delimiter: str) -> str | None:
    """A backslash, where reading it as an escape makes the table more even."""
    if not any(f"\\{delimiter}" in line or '\\"' in line for line in lines):
        return None
    plain, escaped = (_score(_rows(lines, Dialect(delimiter, escape))) for escape in (None, "\\"))
    return "\\" if escaped > plain else None


def _rows(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """The first rows as a dialect cuts them; none where it cannot."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(iter(lines), **dialect.reader_options()):  # type: ignore[arg-type]
            if row:
                rows.append(row)
            if len(rows) > _ROWS_LOOKED_AT:
                break
    except csv.Error:
        return []
    return rows


def _score(rows: Sequence[Sequence[str]]) -> float:
    """Columns of the header times the share of rows that have as many; 0 for a single column.

    A row that is shorter, as programs write it that leave empty cells away, counts half.
    """
    if not rows or len(rows[0]) < 2:
        return 0.0
    width = len(rows[0])
    body = rows[1:]
    even = sum(1.0 if len(row) == width else 0.5 if 1 < len(row) < width else 0.0 for row in body)
    return width * (even / len(body) if body else 1.0) + width / 1000


def _score_below(rows: Sequence[Sequence[str]]) -> float:
    """The same for the table under lines of text that stand above its header."""
    place = header_place(rows)
    return _score(rows[place:]) if place > 0 else 0.0
