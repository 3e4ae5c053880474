"""A guest filter as SQL, in two forms. Pure: texts and parameters.

``rows``: conditions on one card already at hand, each answered by a single index probe. ``sets``: conditions on the
register, from which the planner chooses where to start. Both refer to the card as ``c`` and its facts as ``f``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from customers.filters.guest_filter import GuestFilter
from customers.search.postings import held, held_values, posting_values, postings
from customers.search.rank import Term


@dataclass(frozen=True)
class TextMatch:
    """Who a search text finds: cards holding all ``terms``, and those in ``ids``; without terms those alone."""

    terms: tuple[Term, ...]
    ids: tuple[int, ...]


class Sql(NamedTuple):
    """A condition and its parameters; the empty filter is ``true``."""

    text: str
    values: list[Any]


def on_rows(guests: GuestFilter, match: TextMatch | None) -> Sql:
    """The filter as conditions on a card at hand."""
    parts, values = _columns(guests)
    for tag in guests.tags:
        # A scalar subquery and not EXISTS: it stays a probe for each row, whatever the planner thinks of it.
        parts.append("(SELECT true FROM customers_customertag t WHERE t.tag_id = %s AND t.customer_id = c.id LIMIT 1)")
        values.append(tag)
    for own in guests.own:
        condition, wanted = own.sql()
        value = f"customers_guestfieldvalue v WHERE v.field_id = %s AND v.customer_id = c.id AND {condition}"
        parts.append(f"(SELECT true FROM {value} LIMIT 1)")
        values += [own.field.id, *wanted]
    if match is not None:
        parts.append(f"(c.id = ANY (%s) OR {held(match.terms, _TOKENS)})" if match.terms else "c.id = ANY (%s)")
        values += [list(match.ids), *held_values(match.terms)]
    return Sql(" AND ".join(parts) or "true", values)


def on_sets(guests: GuestFilter, match: TextMatch | None) -> Sql:
    """The filter as conditions on the register."""
    parts, values = _columns(guests)
    for tag in guests.tags:
        parts.append("c.id IN (SELECT customer_id FROM customers_customertag WHERE tag_id = %s)")
        values.append(tag)
    for own in guests.own:
        condition, wanted = own.sql()
        parts.append(
            f"c.id IN (SELECT v.customer_id FROM customers_guestfieldvalue v WHERE v.field_id = %s AND {condition})"
        )
        values += [own.field.id, *wanted]
    if match is not None and match.terms:
        found = " INTERSECT ".join(f"SELECT * FROM {postings(term)} p" for term in match.terms)
        parts.append(f"c.id IN (({found}) UNION SELECT unnest(%s::bigint[]))")
        values += [value for term in match.terms for value in posting_values(term)]
        values.append(list(match.ids))
    elif match is not None:
        parts.append("c.id = ANY (%s)")
        values.append(list(match.ids))
    return Sql(" AND ".join(parts) or "true", values)


_TOKENS = "(' ' || c.search_tokens || ' ')"


def _columns(guests: GuestFilter) -> tuple[list[str], list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    choices: Sequence[tuple[str, tuple[str, ...]]] = (("c.language", guests.languages), ("c.source", guests.sources))
    for column, wanted in choices:
        if wanted:
            parts.append(f"{column} = ANY (%s)")
            values.append(list(wanted))
    if guests.stayed_from is not None:
        parts.append("f.last_stay >= %s")
        values.append(guests.stayed_from)
    if guests.stayed_until is not None:
        parts.append("f.last_stay <= %s")
        values.append(guests.stayed_until)
    return parts, values
