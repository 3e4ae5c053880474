"""Write guests to a file, in constant memory."""

import csv
import io
import tempfile
from collections.abc import Sequence
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction

from accounts.audit import audit_record
from accounts.models import Member
from customers.export.rows import COLUMNS, safe_row
from customers.export.statements import GUESTS

BATCH = 2_000
"""Rows fetched at a time."""


def guests_export(
    *, condition: str, values: Sequence[Any], described: dict[str, Any], member: Member, address: str | None = None
) -> IO[bytes]:
    """The guests that ``condition`` lets through as a CSV file (UTF-8 with BOM, semicolons), open at its start.

    The file has no name on disk and is gone when it is closed. ``described`` is the filter as the log keeps it: who
    exported which guests, and how many.
    """
    # No name: nothing is left behind, whatever is killed when.
    target = tempfile.TemporaryFile(dir=settings.INNKEEPER_UPLOADS)  # noqa: SIM115 - the response closes it
    try:
        text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
        count = _write(text, GUESTS.format(condition=condition), values)
        # Without detaching, the wrapper would close the file when it goes out of sight.
        text.detach()
        target.seek(0)
        data = {**described, "rows": count}
        audit_record(action="guest.exported", member=member, object_type="export", data=data, address=address)
    except BaseException:
        target.close()
        raise
    return target


def _write(text: IO[str], statement: str, values: Sequence[Any]) -> int:
    writer = csv.writer(text, delimiter=";")
    writer.writerow(COLUMNS)
    count = 0
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(statement, list(values))
        while rows := cursor.fetchmany(BATCH):
            writer.writerows(safe_row(row) for row in rows)
            count += len(rows)
    return count
