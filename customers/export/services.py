"""Write guests to a file, in constant memory."""

import csv
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
    target = tempfile.TemporaryFile("w+", encoding="utf-8-sig", newline="", dir=settings.INNKEEPER_UPLOADS)  # noqa: SIM115
    try:
        writer = csv.writer(target, delimiter=";")
        writer.writerow(COLUMNS)
        count = 0
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.itersize = BATCH
            cursor.execute(GUESTS.format(condition=condition), list(values))
            while rows := cursor.fetchmany(BATCH):
                writer.writerows(safe_row(row) for row in rows)
                count += len(rows)
        audit_record(
            action="guest.exported",
            member=member,
            object_type="export",
            data={**described, "rows": count},
            address=address,
        )
        target.flush()
        target.buffer.seek(0)
        return target.buffer
    except BaseException:
        target.close()
        raise
