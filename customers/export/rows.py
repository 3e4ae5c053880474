"""Cells of a file: safe against formulas, and read back unchanged by the import; what columns are called."""

from collections.abc import Iterable
from typing import Any, Final

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection); the last four are full-width forms,
which some of them take for the same."""
_RISKY: Final = frozenset((*FORMULA_SIGNS, "'"))


def safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what would start one.

    :func:`plain` takes it away again, so a phone number keeps its plus, and a text that already began with an
    apostrophe and a sign its own.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_SIGNS) else text


def plain(cell: str) -> str:
    """The text that :func:`safe` made a cell of."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_SIGNS) else cell


def typed(text: str) -> str:
    """The text of a cell that is known to be text, as in a workbook: nothing there becomes a formula, so only what
    :func:`plain` would take for its own apostrophe gets one."""
    return safe(text) if text.startswith("'") else text


def safe_row(values: Iterable[Any]) -> list[str]:
    """A row of safe cells."""
    return [safe(value) for value in values]


def safe_column(texts: Iterable[str | None]) -> list[str | None]:
    """Many cells at once; most of them need no second look."""
    return [text if not text or text[0] not in _RISKY else safe(text) for text in texts]


def column_letters(place: int) -> str:
    """A column's name, counted from 0: A, B … Z, AA.

    >>> [column_letters(place) for place in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
