"""Write guests to a file, in constant memory."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

from accounts.audit import audit_record
from accounts.models import Member
from customers.export.files import csv_file, fetched
from customers.export.rows import COLUMNS, OWN_PREFIX
from customers.export.statements import GUESTS, NO_OWN, OWN
from customers.fields.models import CustomField
from customers.fields.selectors import field_list
from customers.fields.values import FieldInput, value_plain


class Unrestricted:
    """The rows of guests whose data may be processed, counted as they go by.

    Each row begins with a flag that says whether its guest is restricted, which is taken off, and the guest's id; the
    rows of a guest follow each other. ``written`` (rows) and ``left_out`` (guests) hold once the rows have been read.
    """

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.rows = rows
        self.written = self.left_out = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        last = None
        for is_restricted, *row in self.rows:
            if is_restricted:
                self.left_out += row[0] != last
                last = row[0]
            else:
                self.written += 1
                yield tuple(row)


@dataclass(frozen=True)
class Exported:
    """An export: the open file, how many rows it has, and how many restricted guests it lacks."""

    file: IO[bytes]
    rows: int
    left_out: int


def guests_export(
    *, condition: str, values: Sequence[Any], described: dict[str, Any], member: Member, address: str | None = None
) -> Exported:
    """The guests that ``condition`` lets through as a CSV file (UTF-8 with BOM, semicolons), open at its start.

    Guests whose processing is restricted are left out: an export is processing. The file has no name on disk and is
    gone when it is closed. ``described`` is the filter as the log keeps it: who exported which guests, and how many.
    """
    fields = field_list(target=CustomField.Target.GUEST)
    statement = GUESTS.format(condition=condition, own=OWN if fields else NO_OWN)
    found = Unrestricted(fetched(statement, values))
    columns = [*COLUMNS, *(OWN_PREFIX + field.key for field in fields)]
    target = csv_file(columns=columns, rows=_with_own(fields, found))
    try:
        data = {**described, "rows": found.written}
        if found.left_out:
            data["left_out"] = found.left_out
        audit_record(action="guest.exported", member=member, object_type="export", data=data, address=address)
    except BaseException:
        target.close()
        raise
    return Exported(target, found.written, found.left_out)


def _with_own(fields: Sequence[CustomField], rows: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
    """The rows with a cell for each field instead of the last column, which holds all own values of the guest."""
    for *row, own in rows:
        held = {field_id: columns for field_id, *columns in own or ()}
        yield [*row, *(value_plain(field, _value(held.get(field.pk))) for field in fields)]


def _value(columns: Sequence[Any] | None) -> FieldInput | None:
    """A value as PostgreSQL wrote it into JSON."""
    if columns is None:
        return None
    text, number, date, flag = columns
    return FieldInput(
        text, Decimal(number) if number is not None else None, dt.date.fromisoformat(date) if date else None, flag
    )
