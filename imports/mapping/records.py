"""What stays, invoices and purchases have in common: ids, currencies."""

import hashlib
import re
from collections.abc import Iterable

from imports.mapping import values
from imports.mapping.columns import Columns
from imports.mapping.rows import LIMITS, Context

_CURRENCY = re.compile(r"(?<![^\W\d_])[A-Z]{3}(?![^\W\d_])|[€£]")


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


def currencies(columns: Columns, context: Context, meaning: str, amount: str) -> list[str]:
    """The currency of each row: its own, or that beside its amount, else the chosen, the format's or the business's."""
    default = context.currency or columns.plan.currency or context.home_currency
    if columns.has(meaning):
        codes = columns.parsed(meaning, values.currency, "choice")
        return [code or default for code in codes]
    texts = columns.texts(amount)
    known = {text: _beside(text) or default for text in set(texts)}
    return [known[text] for text in texts]


def _beside(text: str) -> str:
    """The currency that an amount names, as `1 250 EUR` does; a sign that several countries have names none."""
    found = _CURRENCY.search(text)
    return values.currency(found.group()) or "" if found else ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
