"""The one place where the look-up and the lists send a statement: under the policy of the business in scope."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection

Rows = list[tuple[Any, ...]]

_SCANNING: Final = {
    "enable_indexscan": "off",
    "work_mem": "128MB",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0.001",
    # A part of a condition that is read by several processes of its own keeps the whole from being so: that is for the
    # tables of a whole register alone.
    "min_parallel_table_scan_size": "128MB",
    "min_parallel_index_scan_size": "128MB",
}


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
    order of their stays. Here it reads a table, or the part of it that an index names, once and in its own order, by
    several processes where the table is large, and a hash of all guests has room, for one that spilled would be read
    through again for each of them.
    """
    names, values = list(_SCANNING), list(_SCANNING.values())
    (before,) = rows(f"SELECT {', '.join(['current_setting(%s)'] * len(names))}", names)
    _set(names, values)
    # After an error the transaction ends, and the settings with it.
    yield
    _set(names, before)


def _set(names: Sequence[str], values: Sequence[str]) -> None:
    pairs = [each for pair in zip(names, values, strict=True) for each in pair]
    rows(f"SELECT {', '.join(['set_config(%s, %s, true)'] * len(names))}", pairs)
