"""Pieces of statements and their parameters, put together."""

from collections.abc import Sequence
from typing import Any, Final

from customers.filters import Sql

STAY_ZONE: Final = """
    LEFT JOIN accounts_property place ON place.business_id = s.business_id AND place.id = s.property_id
"""
"""The place of the stay ``s``, whose clock counts."""


def looked_up(table: str, alias: str, key: str, *, business: int) -> Sql:
    """A join that looks each row up by its key, whatever the planner expects of a business it has no statistics of."""
    return anything(
        f"CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE t.business_id = %s AND {key} LIMIT 1) {alias}", business
    )


def joined(*parts: "Sql | str") -> Sql:
    """Pieces one after the other."""
    texts: list[str] = []
    values: list[Any] = []
    for part in parts:
        if isinstance(part, Sql):
            texts.append(part.text)
            values += part.values
        else:
            texts.append(part)
    return Sql(" ".join(texts), values)


def every(conditions: Sequence["Sql | str"]) -> Sql:
    """All of these conditions."""
    found = Sql("true", [])
    for condition in conditions:
        found = joined(found, "AND (", condition, ")")
    return found


def anything(sql: str, *values: Any) -> Sql:
    """A piece with its parameters."""
    return Sql(sql, list(values))
