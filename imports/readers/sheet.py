"""The rows of a worksheet, one after the other, however many there are: only one piece of the part is in memory."""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple

from imports.readers.errors import BrokenWorkbook, TooManyRows
from imports.readers.limits import CELL_MAX, SHEET_ROWS_MAX
from imports.readers.markup import LocalNames, Markup, Start
from imports.readers.numbers import PLAIN, NumberFormat, number_text
from imports.readers.strings import SharedStrings, unescaped

_COLUMNS: Final = 16_384
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_DIGITS_PLAIN: Final = 15
# What stands within a cell beside its value and text: the formula, and how pieces of the text look.
_WITHIN: Final = frozenset(
    {"f", "is", "r", "rPr", "rFont", "charset", "family", "b", "i", "u", "sz", "color", "scheme", "vertAlign"}
    | {"strike", "outline", "shadow", "condense", "extend"}
)


class SheetRow(NamedTuple):
    """A row: its number from 1, its cells by their places from 0, and the places of formulas that ended in an error."""

    number: int
    cells: dict[int, str]
    errors: tuple[tuple[int, str], ...] = ()


class Book(NamedTuple):
    """What the sheets of a workbook share. `formats` has the styles whose numbers are not shown as they stand."""

    strings: SharedStrings
    formats: Mapping[str, NumberFormat]
    since_1904: bool


def sheet_rows(stream: BinaryIO, book: Book) -> Iterator[SheetRow]:
    """All rows that have a cell with something in it, in order. Of a formula the value is read that it had.

    Raises BrokenWorkbook, DangerousWorkbook, TooManyRows.
    """
    reading = _Reading(book)
    for _ in reading.markup.pieces(stream):
        reading.shorten()
        yield from reading.rows
        reading.rows.clear()
    reading.end_row()
    yield from reading.rows


class _Reading:
    """What is known between two tags.

    Only where tags begin is anything done, and never where they end: that is half the calls for each of millions of
    cells. A cell is taken when the next tag begins that is no part of it, a row when the next row does.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self.rows: list[SheetRow] = []
        self.pieces: list[str] = []
        self.number = 0
        self.cells: dict[int, str] = {}
        self.errors: list[tuple[int, str]] = []
        self.place = self.before = -1
        self.kind = "n"
        self.form: NumberFormat | None = None
        self.places: dict[str, int] = {}
        self.is_taking = False
        self.markup = Markup(self._starter())
        self.markup.parser.CharacterDataHandler = self.pieces.append

    def _starter(self) -> Start:
        names, places, formats, pieces = LocalNames(), self.places, self.book.formats, self.pieces
        end_cell = self.end_cell

        def start(tag: str, attributes: dict[str, str]) -> None:
            name = names[tag]
            if name == "v":
                self.is_taking = True
                pieces.clear()
            elif name == "c":
                if pieces:
                    end_cell()
                reference = attributes.get("r")
                if reference is None:
                    place = self.before + 1
                else:
                    letters = reference.rstrip("0123456789")
                    place = places.get(letters, -1)
                    if place < 0:
                        place = places[letters] = column_place(letters)
                if place >= _COLUMNS or not self.number:
                    raise BrokenWorkbook
                self.place = self.before = place
                self.kind = attributes.get("t", "n")
                self.form = formats.get(attributes.get("s", ""))
                self.is_taking = False
            elif name == "t":
                if not self.is_taking:
                    self.is_taking = True
                    pieces.clear()
            elif name == "row":
                self.end_row()
                self._row(attributes)
            elif name not in _WITHIN:
                # Also `rPh`, how Asian signs are read aloud: it follows the text itself, and is none of it.
                end_cell()

        return start

    def shorten(self) -> None:
        """Keep no more of a long text than is needed to tell that it is too long."""
        if self.pieces and sum(map(len, self.pieces)) > CELL_MAX:
            text = "".join(self.pieces)[: CELL_MAX + 1]
            self.pieces.clear()
            self.pieces.append(text)

    def end_row(self) -> None:
        """Take the row that was read."""
        self.end_cell()
        if self.cells or self.errors:
            self.rows.append(SheetRow(self.number, self.cells, tuple(self.errors)))
            self.cells, self.errors = {}, []

    def _row(self, attributes: dict[str, str]) -> None:
        text = attributes.get("r")
        number = self.number + 1 if text is None else _whole(text)
        if number > SHEET_ROWS_MAX:
            raise TooManyRows(limit=SHEET_ROWS_MAX)
        # Rows out of order would be one row twice for whoever goes by its number.
        if number <= self.number:
            raise BrokenWorkbook
        self.number, self.before = number, -1

    def end_cell(self) -> None:
        """Take the cell that was read, if one was."""
        pieces, place = self.pieces, self.place
        if place < 0 or not self.is_taking or not pieces:
            if place >= 0 and pieces and (formula := "".join(pieces).strip()):
                # A program that does not calculate wrote it, and left the calculating to Excel.
                self.errors.append((place, f"={formula}"))
            pieces.clear()
            self.place = -1
            return
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        pieces.clear()
        self.place = -1
        kind = self.kind
        if kind == "n":
            if self.form is not None or len(text) > _DIGITS_PLAIN or not text.isdigit():
                text = number_text(text.strip(), self.form or PLAIN, since_1904=self.book.since_1904)
        elif kind == "s":
            text = self.book.strings[_whole(text.strip())]
        elif kind == "b":
            text = {"1": "true", "0": "false"}.get(text.strip(), text)
        elif kind == "e":
            self.errors.append((place, text))
            return
        elif kind == "d":
            text = text.strip().removesuffix(".000").removesuffix("T00:00:00")
        elif "_x" in text:
            text = unescaped(text)
        if text:
            self.cells[place] = text


def column_place(letters: str) -> int:
    """A column's place by its letters: A is 0. Raises BrokenWorkbook."""
    if not letters.isascii() or not letters.isalpha() or not letters.isupper() or len(letters) > 3:
        raise BrokenWorkbook
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


class Merged(NamedTuple):
    """Cells that are shown as one: rows from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


def merged(text: str) -> Merged | None:
    """A range such as `A1:C1`; None when it is none."""
    ends = [_REFERENCE.fullmatch(end) for end in text.split(":")]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        return None
    (left, top), (right, bottom) = ends[0].groups(), ends[1].groups()
    return Merged(int(top), column_place(left), int(bottom), column_place(right))


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BrokenWorkbook
    return int(text)
