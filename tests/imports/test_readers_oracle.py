"""Workbooks of any content are read as another reader reads them: calamine, which shares nothing with ours."""

import datetime as dt
import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from imports.readers import open_source
from tests.imports.workbooks import written

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20)
DAYS = st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31))
MOMENTS = st.datetimes(
    dt.datetime(1900, 3, 1),  # noqa: DTZ001 - a workbook knows no time zones
    dt.datetime(2200, 1, 1),  # noqa: DTZ001
).map(lambda moment: moment.replace(microsecond=0))
NUMBERS = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.floats(-1e12, 1e12, allow_nan=False).map(lambda number: round(number, 4)),
)
CELLS = st.one_of(TEXTS, NUMBERS, st.booleans(), DAYS, MOMENTS, st.none())


def _workbook(rows: list[list[object]], *, inline: bool) -> bytes:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, ["first", "second", "third"])
        for at, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(at, place, value)
                elif isinstance(value, bool):
                    sheet.write_boolean(at, place, value)
                elif isinstance(value, dt.datetime):
                    sheet.write_datetime(at, place, value, moment)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(at, place, value, day)
                elif value is not None:
                    sheet.write_number(at, place, value)

    return written(fill, constant_memory=inline)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.isoformat() if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else format(value, ".15g")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3).map(lambda row: ["x", *row[1:]]), min_size=1, max_size=8),
    st.booleans(),
)
def test_every_cell_is_what_another_reader_says(rows: list[list[object]], inline: bool) -> None:
    content = _workbook(rows, inline=inline)
    theirs = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    ours = [row for batch in open_source(lambda: io.BytesIO(content)).table().batches() for row in batch.rows]
    assert [[cell.replace("\r\n", "\n") for cell in row] for row in ours] == [
        [_text(value) for value in row[: len(ours[0])]] for row in theirs[1:]
    ]
