"""Rows of the guest export as text: safe against formulas, and read back unchanged by the import."""

from collections.abc import Iterable
from typing import Any, Final

COLUMNS: Final = (
    "id",
    "kind",
    "given_name",
    "family_name",
    "company",
    "organisation_number",
    "email",
    "phone",
    "language",
    "nationality",
    "street",
    "postal_code",
    "city",
    "country",
    "birth_date",
    "source",
    "first_contact",
    "tags",
    "note",
    "why_us",
    "thanked",
    "deal_breakers",
    "do_not_contact",
    "deceased",
    "stays",
    "nights",
    "value",
    "currency",
    "last_stay",
)
"""The file's header, as ``imports/formats`` knows it; from ``do_not_contact`` on it is for reading. The business's own
fields follow, each called ``f.<key>``."""

OWN_PREFIX: Final = "f."

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\x00")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""


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


def safe_row(values: Iterable[Any]) -> list[str]:
    """A row of safe cells."""
    return [safe(value) for value in values]
