"""What stays, invoices and purchases have in common: ids, currencies."""

import hashlib
from collections.abc import Iterable

from imports.mapping import values
from imports.mapping.columns import Columns
from imports.mapping.rows import LIMITS, Context


def record_ids(columns: Columns, meaning: str) -> list[str]:
    """A record's id in the other system, of one or several columns that must all be filled; empty where one is not."""
    ids = []
    for cells in columns.each(meaning):
        joined = "/".join(cells) if cells and all(cells) else ""
        if len(joined) > LIMITS["external_id"]:
            joined = joined[: LIMITS["external_id"] - 33] + "/" + _hash(joined)
        ids.append(joined)
    return ids


def content_id(texts: Iterable[str]) -> str:
    """Stands for a record that has no id: the same content again is the same record."""
    return f"content:{_hash(chr(31).join(texts))}"


def currencies(columns: Columns, context: Context, meaning: str) -> list[str]:
    """The currency of each row: its own, else the one chosen, the format's or the business's."""
    default = context.currency or columns.plan.currency or context.home_currency
    if not columns.has(meaning):
        return [default] * len(columns)
    codes = columns.parsed(meaning, values.currency, "choice")
    return [code or default for code in codes]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
