"""A CSV file, written batch by batch."""

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO, Final

from customers.export.catalogue import MONEY, NUMBER, Column
from customers.export.look import Look
from customers.export.rows import safe_column, safe_row

Cells = Sequence[str | None]
MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_MARKS: Final = {"utf-8-sig": ("utf-8", b"\xef\xbb\xbf")}


class CsvOut:
    """Writes into ``target``, which it leaves open. Every text is safe against formulas; numbers are none.

    ``lost`` counts the letters that the encoding does not have; a question mark stands for each.
    """

    def __init__(self, target: BinaryIO, columns: Sequence[Column], look: Look) -> None:
        self.target = target
        self.encoding, mark = _MARKS.get(look.encoding, (look.encoding, b""))
        self.columns = columns
        self.has_comma = look.decimal == ","
        self.lost = 0
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=look.delimiter)
        target.write(mark)

    def header(self, names: Sequence[str]) -> None:
        """The names of the columns."""
        self._writer.writerow(safe_row(names))
        self._flush()

    def rows(self, rows: Sequence[Cells]) -> None:
        """Some rows, each with a text or nothing for every column."""
        if not rows:
            return
        columns = zip(self.columns, zip(*rows, strict=True), strict=True)
        told = [self._column(column, cells) for column, cells in columns]
        self._writer.writerows(zip(*told, strict=True))
        self._flush()

    def close(self) -> None:
        """Nothing more to write."""

    def _column(self, column: Column, cells: Cells) -> Cells:
        if column.type not in (NUMBER, MONEY):
            return safe_column(cells)
        if self.has_comma:
            return [cell and cell.replace(".", ",") for cell in cells]
        return cells

    def _flush(self) -> None:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        try:
            data = text.encode(self.encoding)
        except UnicodeEncodeError:
            data = text.encode(self.encoding, "replace")
            self.lost += data.count(b"?") - text.count("?")
        self.target.write(data)
