"""Finding out how a file's columns are separated and quoted, from its first lines."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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
    best, best_score = Dialect(",", None, skip), 0.0
    for delimiter in DELIMITERS:
        escape = _escape(lines, delimiter)
        score = _score(lines, Dialect(delimiter, escape))
        if score > best_score:
            best, best_score = Dialect(delimiter, escape, skip), score
    return best


def _escape(lines: Sequence[str], delimiter: str) -> str | None:
    """A backslash, where reading it as an escape makes the table more even."""
    if not any(f"\\{delimiter}" in line or '\\"' in line for line in lines):
        return None
    plain, escaped = _score(lines, Dialect(delimiter)), _score(lines, Dialect(delimiter, "\\"))
    return "\\" if escaped > plain else None


def _score(lines: Sequence[str], dialect: Dialect) -> float:
    """Columns of the header times the share of rows that have as many; 0 for a single column."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(iter(lines), **dialect.reader_options()):  # type: ignore[arg-type]
            if row:
                rows.append(row)
            if len(rows) > _ROWS_LOOKED_AT:
                break
    except csv.Error:
        return 0.0
    if not rows or len(rows[0]) < 2:
        return 0.0
    width = len(rows[0])
    body = rows[1:]
    even = sum(len(row) == width for row in body) / len(body) if body else 1.0
    return width * even + width / 1000
