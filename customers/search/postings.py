"""How a word to find becomes SQL: its postings, and a condition on rows already found. Pure: texts and parameters."""

from collections.abc import Sequence
from typing import Any, Final

from customers.search.rank import Term

END: Final = "\U0010ffff"
"""Sorts after every letter (collation C): a word and all that begins with it lie between it and it + END."""


def postings(term: Term) -> str:
    """A term's posting rows as a SELECT: only comparisons that an index may answer below a policy."""
    ranges = ["SELECT customer_id FROM customers_posting WHERE token >= %s AND token < %s"] * len(term.beginnings)
    if term.tokens:
        ranges.append("SELECT customer_id FROM customers_posting WHERE token = ANY (%s)")
    return "(" + " UNION ALL ".join(ranges) + ")"


def posting_values(term: Term) -> list[Any]:
    """The parameters of :func:`postings`."""
    values: list[Any] = [value for form in term.beginnings for value in (form, form + END)]
    return [*values, list(term.tokens)] if term.tokens else values


def words_present(term: Term, when: str, bounds: Sequence[Any]) -> tuple[str, list[Any]]:
    """The words of guests present that a term means, where ``when`` holds of them: a SELECT and its parameters."""
    source = f"SELECT customer_id, token FROM customers_presenceword WHERE {when} AND"
    parts: list[str] = []
    values: list[Any] = []
    for form in term.beginnings:
        parts.append(f"{source} token >= %s AND token < %s")
        values += [*bounds, form, form + END]
    if term.tokens:
        parts.append(f"{source} token = ANY (%s)")
        values += [*bounds, list(term.tokens)]
    return "(" + " UNION ALL ".join(parts) + ")", values


def held(terms: Sequence[Term], column: str) -> str:
    """Whether a card's tokens, with a space before and after, hold every term: a condition on rows already found."""
    return " AND ".join([f"{column} LIKE ANY (%s)"] * len(terms)) or "true"


def held_values(terms: Sequence[Term]) -> list[Any]:
    """The parameters of :func:`held`."""
    return [term.patterns() for term in terms]


def wholeness(terms: Sequence[Term], column: str) -> str:
    """How many terms stand whole among a card's tokens, to order by."""
    return " + ".join([f"({column} LIKE ANY (%s))::integer"] * len(terms))


def wholeness_values(terms: Sequence[Term]) -> list[Any]:
    """The parameters of :func:`wholeness`."""
    return [term.whole_patterns() for term in terms]
