"""The one place where the look-up and the lists send a statement: under the policy of the business in scope."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

Rows = list[tuple[Any, ...]]


def rows(sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
    """What a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def ids(sql: str, values: Sequence[Any] = ()) -> list[int]:
    """The first column of a statement's rows."""
    return [row[0] for row in rows(sql, values)]
