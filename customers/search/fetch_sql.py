"""The one place where the look-up and the lists send a statement: under the policy of the business in scope."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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


@contextmanager
def scanning() -> Iterator[None]:
    """Statements in here read a large part of a register.

    A planner believes an index walk through half of a table cheaper than it is: guests do not lie on the disk in the
    order of their stays. Here it reads a table, or the part of it that an index names, once and in its own order, and
    a hash of all guests has room, for one that spilled would be read through again for each of them.
    """
    ((before,),) = rows(
        "SELECT current_setting('work_mem') FROM (SELECT set_config('enable_indexscan', 'off', true)) s"
    )
    rows("SELECT set_config('work_mem', '128MB', true)")
    # After an error the transaction ends, and the settings with it.
    yield
    rows("SELECT set_config('enable_indexscan', 'on', true), set_config('work_mem', %s, true)", [before])
