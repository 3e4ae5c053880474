"""A row laid into its columns: shorter rows filled up, longer ones named, totals and repeated headers told."""

import re
from collections.abc import Sequence
from typing import Final

from imports.problems import Problem, shown
from imports.readers.limits import CELL_MAX

# What rows of totals say in lists of the Nordic countries, the Netherlands, Germany, France and Spain, and of what.
_TOTAL_WORDS: Final = (
    "total|totals|totalt|totalsum|totale|totaal|totaux|totales|sum|summa|summe|summer|sluttsum|slutsumma|delsum|gesamt|"
    "gesamtsumme|gesamtbetrag|zwischensumme|eindtotaal|subtotal|subtotaal|deltotal|ialt|samlet|sammanlagt|yhteensä|"
    "antall|antal|aantal|anzahl|count|grand|sub|i|alt|number|of|im|ganzen"
)
_COUNTED_WORDS: Final = (
    "guests?|rows?|records?|bookings?|reservations?|amount|gjest|gjester|gäst|gäster|gæst|gæster|rad|rader|række|rækker|"
    "bestilling|bestillinger|bookinger|bokning|bokningar|reservasjon|reservasjoner|reservationer|beløp|belopp|beløb|"
    "bedrag|betrag|gast|gasten|rijen|boeking|boekingen|reservering|reserveringen|gäste|zeilen|buchung|buchungen"
)
_TOTAL: Final = re.compile(f"(?:{_TOTAL_WORDS})(?: (?:{_TOTAL_WORDS}|{_COUNTED_WORDS}))*")
_FIRST: Final = frozenset("tsgidzyancTSGIDZYANCE")
_WORDS: Final = re.compile(r"[^\W\d_]+")
_NO_TOTAL: Final = re.compile(r"[^\w\s():=.,-]|_")
_NUMBER: Final = re.compile(r"^\W*(?:[A-Za-z]{1,3}\.?\s?)?-?\d[\d\s.,'\u00a0\u202f]*(?:[A-Za-z]{2,3}|,-|%|€|\$|£)?\s*$")
_PHONE_OR_DAY: Final = re.compile(r"^(?:\+|00)|^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}$|@")
_SHORT: Final = 60
# What programs print below a list, alone on its line: which page it is, and when and by whom it was printed.
_PRINTED: Final = re.compile(
    r"(?:page|side|sida|pagina|seite|sivu)[ :]*\d{1,5}(?:\s*(?:of|av|af|van|von|/)\s*\d{1,5})?"
    r"|(?:printed|generated|exported|utskrevet|skrevet ut|udskrevet|utskriven|generert|genereret|genererad|afgedrukt|"
    r"gedruckt|erstellt|eksportert|eksporteret)\b[^@]*\d[^@]*|(?:end of|slutt på|slut på|einde|ende)\b[^@]{0,20}"
    r"(?:report|list|rapport|rapporten|liste|listen|lijst|bericht|berichts)",
    re.IGNORECASE,
)


def total_of(row: Sequence[str], width: int) -> bool:
    """Whether a row says what the rows above it come to, and is no row itself: a word for it, else only numbers.

    `width` is the number of columns; a table of a single column has no totals.
    """
    if width < 2:
        return False
    for place, cell in enumerate(row):
        if not cell or not (cell := cell.strip()):
            continue
        if cell[0] not in _FIRST or not _says_total(cell):
            return False
        return all(_is_number(rest.strip()) for rest in row[place + 1 :])
    return False


def _says_total(text: str) -> bool:
    if len(text) > _SHORT or _NO_TOTAL.search(text):
        return False
    return _TOTAL.fullmatch(" ".join(_WORDS.findall(text.casefold()))) is not None


def _is_number(text: str) -> bool:
    if not text:
        return True
    return len(text) <= _SHORT and not _PHONE_OR_DAY.search(text) and _NUMBER.match(text) is not None


def printed_of(row: Sequence[str], width: int) -> bool:
    """Whether a row holds nothing but a line of the printout, such as the number of the page."""
    if width < 3:
        return False
    filled = [cell for cell in row if cell and not cell.isspace()]
    return len(filled) == 1 and len(filled[0]) <= _SHORT and _PRINTED.fullmatch(filled[0].strip()) is not None


def no_row(row: Sequence[str], heading: Sequence[str]) -> str:
    """The reason why what stands among the rows is none: totals, a line of the printout, the header once more."""
    if total_of(row, len(heading)):
        return "total"
    if repeats(row, heading):
        return "heading"
    # Looked at only where most cells are empty: it takes longer than all the rest.
    return "printout" if row.count("") >= len(heading) - 1 and printed_of(row, len(heading)) else ""


def repeats(row: Sequence[str], heading: Sequence[str]) -> bool:
    """Whether a row is the header once more, as lists have it that were printed page by page."""
    return row[0] == heading[0] and len(heading) > 1 and list(row[: len(heading)]) == list(heading)


def fitted(row: list[str], width: int) -> list[str] | None:
    """A row with as many cells as there are columns: filled up, or cut where only blank cells are too many.

    None when there is text beyond the last column.
    """
    if len(row) < width:
        return row + [""] * (width - len(row))
    if len(row) > width:
        return None if any(cell.strip() for cell in row[width:]) else row[:width]
    return row


def too_long(row: Sequence[str], header: Sequence[str], line: int) -> Problem | None:
    """The problem of a cell that is longer than any cell may be."""
    for name, cell in zip(header, row, strict=False):
        if len(cell) > CELL_MAX:
            return Problem(line, name, shown(cell), "cell_too_long")
    return None


def told(row: Sequence[str]) -> str:
    """A row as a problem may show it."""
    return shown(" ".join(cell.strip() for cell in row if cell.strip()))
