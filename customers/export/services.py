"""Write guests to a file, in constant memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from accounts.audit import audit_record
from accounts.models import Member
from customers.export.files import csv_file, fetched
from customers.export.rows import COLUMNS
from customers.export.statements import GUESTS


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
    found = Unrestricted(fetched(GUESTS.format(condition=condition), values))
    target = csv_file(columns=COLUMNS, rows=found)
    try:
        data = {**described, "rows": found.written}
        if found.left_out:
            data["left_out"] = found.left_out
        audit_record(action="guest.exported", member=member, object_type="export", data=data, address=address)
    except BaseException:
        target.close()
        raise
    return Exported(target, found.written, found.left_out)
