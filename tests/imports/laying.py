"""A file's rows as they are suggested to be read, without a database."""

from collections.abc import Sequence
from typing import Any

from imports.mapping import Plan, lay, suggest


def laid(header: Sequence[str], cells: Sequence[Sequence[str]] = (), **told: Any) -> Plan:
    """The layout that is suggested for a file, laid over its header."""
    fields = told.get("fields", ())
    return lay(suggest(header, cells, **told).layout, header, fields=fields, sample=cells)
