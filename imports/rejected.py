"""The rows of a file that were left out, as a file that can be put right and imported again."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from customers.export.rows import safe_row
from imports.models import ImportProblem, ImportRow, ImportRun
from imports.readers import file_opener, open_source
from imports.returned import OURS, returned
from imports.selectors import rows_of
from imports.stops import Changed
from imports.store import store_opener
from imports.wording import reason_sentence

_ROWS_AT_ONCE: Final = 5_000


def rejected_file(*, run: ImportRun, path: Path | None = None) -> Iterator[str]:
    """The original rows that were left out, cells as they stand, with why and on which line, as pieces of a CSV file.

    Rows that a member decided to leave out are among them. In the active language, formula-safe; parted as Excel of
    that language expects. The two columns in front are passed over when the file is imported again. Needs the run's
    file and preview, which are kept for a while after the import. Raises FileError when the file is not there any more.
    """
    left_out = _left_out(run)
    opener = file_opener(path) if path else store_opener(run.upload, run.business)
    source = open_source(opener, name=run.file_name)
    if source.survey.sha256 != run.sha256:
        raise Changed
    table = returned(source.table(run.table))
    yield "\ufeff"
    yield _lines([[*OURS, *table.header]])
    for batch in table.batches(_ROWS_AT_ONCE):
        rows = [
            [str(line), left_out[line], *row]
            for line, row in zip(batch.lines, batch.rows, strict=True)
            if line in left_out
        ]
        rows += [
            [str(problem.line), reason_sentence(problem.reason), problem.value]
            for problem in batch.problems
            if problem.line in left_out
        ]
        if rows:
            yield _lines(sorted(rows, key=lambda row: int(row[0])))


def _left_out(run: ImportRun) -> dict[int, str]:
    """Line → why, in the active language."""
    found: dict[int, str] = {}
    named = _named(run)
    after = 0
    while rows := rows_of(run=run, outcome=ImportRow.Outcome.INVALID, after_line=after, size=_ROWS_AT_ONCE):
        for row in rows:
            sentence = reason_sentence(row.cause)
            found[row.line] = f"{named[row.line]}: {sentence}" if row.line in named else sentence
        after = rows[-1].line
    skipped = ImportRow.objects.filter(run_id=run.pk, decision=ImportRow.Decision.SKIP)
    for line in skipped.values_list("line", flat=True).iterator(chunk_size=_ROWS_AT_ONCE):
        found.setdefault(line, _("Left out on request"))
    return found


def _named(run: ImportRun) -> dict[int, str]:
    """Line → the column of the problem, for those that are kept by line."""
    return {
        line: column
        for line, column in ImportProblem.objects.filter(run=run).order_by("-id").values_list("line", "column")
        if column
    }


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    delimiter = "," if (get_language() or "en").startswith("en") else ";"
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(map(safe_row, rows))
    return text.getvalue()
