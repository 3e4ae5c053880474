"""Files that Innkeeper wrote with names of columns for people: read as if it had used those for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.utils.translation import override

from customers.export.catalogue import built_in, names_of
from customers.export.look import HEADERS
from customers.export.models import Kind
from imports.readers import Table
from imports.readers.tables import Seen

KEYS: Final = ("id", "guest_id")
"""One of them stands in a file that can be told from others: it has the number of the card."""
FEWEST: Final = 3
"""So many names must be ours."""
SHARE: Final = 0.6
"""And this share of all: a template to fill in has some of them too."""


@dataclass(frozen=True, slots=True)
class Exported(Seen):
    """A table with other names for its columns."""

    header: tuple[str, ...]


def exported(table: Table) -> Table:
    """The table with its columns named as programs name them where it is one of ours, or as it is."""
    names = keys_of(table.header)
    return Exported(table, names) if names else table


def keys_of(header: Sequence[str]) -> tuple[str, ...]:
    """The keys of a header in one of our languages; names that are not ours, such as own fields, stay. Else nothing."""
    best: tuple[str, ...] = ()
    most = FEWEST - 1
    for kind in Kind:
        for language in HEADERS[1:]:
            known = _labels(kind, language)
            found = tuple(known.get(name, name) for name in header)
            told = sum(name in known for name in header)
            is_told = told > most and told >= SHARE * len(header)
            if is_told and any(key in found for key in KEYS) and len(set(found)) == len(found):
                best, most = found, told
    return best


@cache
def _labels(kind: str, language: str) -> dict[str, str]:
    columns = built_in(kind)
    with override(language):
        names = names_of(columns, readable=True)
    return {name: column.key for name, column in zip(names, columns, strict=True)}
