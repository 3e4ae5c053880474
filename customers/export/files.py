"""A small file of rows, written while somebody waits and gone when it is closed."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, Any

from django.conf import settings

from customers.export.rows import safe_row


def csv_file(*, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A CSV file (UTF-8 with BOM, semicolons, every cell safe against formulas), open at its start.

    It has no name on disk: nothing is left behind, whatever is killed when.
    """
    target = tempfile.TemporaryFile(dir=settings.INNKEEPER_UPLOADS)  # noqa: SIM115 - the response closes it
    try:
        text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
        writer = csv.writer(text, delimiter=";")
        writer.writerow(columns)
        writer.writerows(safe_row(row) for row in rows)
        # Without detaching, the wrapper would close the file when it goes out of sight.
        text.detach()
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target
