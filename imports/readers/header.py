"""Which row holds the columns' names, and what the columns are called when the names are missing or repeated."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from customers.export.rows import column_letters
from imports.readers.errors import TooManyColumns
from imports.readers.limits import COLUMNS_MAX

HEADER_ROWS_MAX: Final = 50
"""Rows among which the header is looked for."""
_NAME_MAX: Final = 200
_LONG: Final = 120
"""More letters than a name has; what is longer is not even looked at."""
_NUMBER: Final = re.compile(r"[\d.,]+")
_BLANK: Final = " \t\r\n\ufeff\u00a0"
# What stands above tables and is no name of a column: a label with its value, a day, an address.
_NO_NAME = re.compile(
    r":\s*$|^\W*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b|^\S+@\S+\.\S+$|^https?://|^\+?\d[\d ()-]{6,}$", re.DOTALL
)


def header_place(rows: Sequence[Sequence[str]]) -> int:
    """Which of a file's first rows holds the columns' names; -1 when all are blank.

    That is the first row, unless it is clearly narrower than the table, as titles, dates of printing and the groups
    of columns above the names are.
    """
    filled = [[place for place, cell in enumerate(row) if cell.strip(_BLANK)] for row in rows]
    shown = [at for at, places in enumerate(filled) if places]
    if not shown:
        return -1
    extents = Counter(filled[at][-1] + 1 for at in shown)
    width = max(extents, key=lambda extent: (extents[extent], extent))
    if len(shown) < 4:
        width = max(extents)
    first = shown[0]
    for at in shown:
        if at >= HEADER_ROWS_MAX:
            break
        if _is_header(rows, filled, at, width, is_first=at == first):
            return at
    return first


def _is_header(
    rows: Sequence[Sequence[str]], filled: Sequence[Sequence[int]], at: int, width: int, *, is_first: bool
) -> bool:
    places = filled[at]
    if width < 2:
        return True
    if len(places) < 2 or 2 * len(places) < width:
        return False
    if _all_names(rows[at], places):
        return is_first or not any(_NUMBER.fullmatch(rows[at][place].strip(_BLANK)) for place in places)
    # Odd names are taken for names where nothing below has more of them.
    below = range(at + 1, min(at + HEADER_ROWS_MAX, len(rows)))
    return is_first and not any(len(filled[row]) > len(places) and _all_names(rows[row], filled[row]) for row in below)


def _all_names(row: Sequence[str], places: Sequence[int]) -> bool:
    cells = [row[place].strip(_BLANK) for place in places]
    return all(len(cell) <= _LONG for cell in cells) and not any(_NO_NAME.search(cell) for cell in cells)


def column_names(cells: Sequence[str], *, used: Collection[int]) -> tuple[str, ...]:
    """A name for each column, each different: `cells` trimmed; a repeated one gets a number, ` (2)`.

    A column without a name that stands between others or in which values were found (`used`, places from 0) is called
    by its letter, `Column C`; other nameless columns at the end are none. Raises TooManyColumns.
    """
    names = [" ".join(cell.replace("\ufeff", "").split())[:_NAME_MAX] for cell in cells]
    names += [""] * (min(max(used, default=-1), COLUMNS_MAX) + 1 - len(names))
    while names and not names[-1] and len(names) - 1 not in used:
        names.pop()
    if len(names) > COLUMNS_MAX:
        raise TooManyColumns(count=len(names), limit=COLUMNS_MAX)
    given = {name.casefold() for name in names if name}
    for place, name in enumerate(names):
        if not name:
            lettered = f"Column {column_letters(place)}"
            names[place] = _numbered(lettered, given) if lettered.casefold() in given else lettered
    return tuple(different(names))


def different(names: Sequence[str]) -> list[str]:
    """Names made different from each other: one that stands before, whatever its letters' case, gets a number."""
    given = {name.casefold() for name in names}
    seen: set[str] = set()
    found = []
    for name in names:
        if name.casefold() in seen:
            name = _numbered(name, seen | given)
        seen.add(name.casefold())
        found.append(name)
    return found


def used_places(rows: Sequence[Sequence[str]]) -> set[int]:
    """The columns in which any of the rows has a value."""
    return {place for row in rows for place, cell in enumerate(row) if cell.strip(_BLANK)}


def above(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The rows above a header as text, blank ones left out."""
    lines = (" ".join(cell.strip(_BLANK) for cell in row if cell.strip(_BLANK)) for row in rows)
    return tuple(line[:_NAME_MAX] for line in lines if line)


def _numbered(name: str, taken: Collection[str]) -> str:
    number = 2
    while f"{name} ({number})".casefold() in taken:
        number += 1
    return f"{name} ({number})"
