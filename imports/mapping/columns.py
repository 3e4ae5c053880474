"""A batch seen by columns: cleaned texts and typed values for each meaning, and a note of everything that is wrong."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from customers.export.rows import plain
from customers.normalise import split_place
from imports.mapping import dates
from imports.mapping.cards import without_card_numbers
from imports.mapping.meanings import is_sensitive
from imports.mapping.plan import Plan, Source
from imports.mapping.values import WHOLE_MAX
from imports.problems import REASONS, Problem, shown
from imports.readers import Batch

_T = TypeVar("_T")
Day = dt.date
Moment = dt.date | dt.datetime

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SPACES = re.compile("[\\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
# Longer runs of spaces are cut: what looks for separators would try each of their spaces against all that follow.
_RUN = " " * 32
_RUNS = re.compile(r"[^\S\n]{32,}")
_ELSEWHERE: Final = -1
_NOTHING: Final = Source(())


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and _RUN not in text


class Columns:
    """The cells of a batch by meaning. `left_out` are positions of rows that cannot be imported."""

    def __init__(self, plan: Plan, batch: Batch) -> None:
        self.plan = plan
        self.lines = batch.lines
        self.rows = batch.rows
        # A row that is no row may hold anything anywhere: with sensitive columns none of it is repeated.
        found = batch.problems + batch.notes
        self.problems = [problem._replace(value="") if plan.sensitive else problem for problem in found]
        self.left_out: set[int] = set()
        self._cells: list[tuple[str, ...]] = list(zip(*batch.rows, strict=True))
        self._known: dict[tuple[int, bool, bool], list[str]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def has(self, meaning: str) -> bool:
        """Whether the file says something of this meaning."""
        return self.plan.has(meaning)

    def report(self, at: int, meaning: str, value: str, reason: str) -> None:
        """Name a problem of row `at`; a reason that leaves the row out does so. Sensitive values are never repeated."""
        self.report_between(at, self.plan.names(meaning), "" if is_sensitive(meaning) else value, reason)

    def report_between(self, at: int, names: str, value: str, reason: str) -> None:
        """Name a problem of row `at` that several columns share, by their names."""
        self.problems.append(Problem(self.lines[at], names, shown(value), reason))
        if REASONS[reason][1]:
            self.left_out.add(at)

    def open_rows(self) -> list[list[str]]:
        """The rows without their sensitive cells."""
        if not self.plan.sensitive:
            return self.rows
        places = [place for place in range(len(self.plan.header)) if place not in self.plan.sensitive]
        return [[row[place] for place in places] for row in self.rows]

    def texts(self, meaning: str, *, limit: int = 0, lines: bool = False) -> list[str]:
        """What each row says of a meaning, cleaned, cut to `limit` characters, empty if nothing.

        Card numbers are masked in what is free text (`lines` kept). Words that stand for nothing are empty.
        """
        source = self.plan.sources.get(meaning)
        if source is None:
            fixed = self.plan.fixed.get(meaning, "")
            return [fixed[:limit] if limit else fixed] * len(self)
        columns = [self._cleaned(place, meaning, lines=lines) for place in source.places]
        match source.how:
            case "part":
                part = _place_part if source.is_place else _part
                texts = [part(cell, source) for cell in columns[0]]
            case "join" if len(columns) > 1 or source.words:
                texts = _joined(columns, source)
            case _:
                texts = columns[0][:]
                for other in columns[1:]:
                    texts = [first or second for first, second in zip(texts, other, strict=True)]
        return self._bounded(texts, meaning, limit) if limit else texts

    def each(self, meaning: str) -> list[tuple[str, ...]]:
        """All cells of a meaning's columns, row by row: those of a cell that is split, or the one part."""
        source = self.plan.sources.get(meaning, _NOTHING)
        if source.how == "part" or not source.places:
            return [(text,) for text in self.texts(meaning)]
        columns = [self._cleaned(place, meaning, lines=False) for place in source.places]
        rows = list(zip(*columns, strict=True))
        if source.how != "split" or not source.by:
            return rows
        by = source.by
        return [tuple(part.strip() for cell in cells for part in cell.split(by)) for cells in rows]

    def parsed(self, meaning: str, parse: Callable[[str], _T | None], reason: str) -> list[_T | None]:
        """Typed values of a meaning; what cannot be parsed is reported and None, what is empty is None."""
        if not self.has(meaning):
            return [None] * len(self)
        texts = self.texts(meaning)
        known: dict[str, _T | None] = {text: parse(text) if text else None for text in set(texts)}
        if None in known.values():
            for at, text in enumerate(texts):
                if text and known[text] is None:
                    self.report(at, meaning, text, reason)
        return [known[text] for text in texts]

    def dates(self, meaning: str, reason: str) -> list[Day | None]:
        """Dates of a meaning in the order its column is written in."""
        return [
            value.date() if isinstance(value, dt.datetime) else value
            for value in self._dated(meaning, reason, lambda place: dates.YEARS)
        ]

    def birthdays(self, meaning: str, reason: str) -> list[Day | None]:
        """Dates of birth: of which century a year of two digits is the layout says, and never one to come."""
        years = self.plan.years
        latest = dt.datetime.now(dt.UTC).year % 100
        return [
            value.date() if isinstance(value, dt.datetime) else value
            for value in self._dated(meaning, reason, lambda place: min(years.get(place, years[_ELSEWHERE]), latest))
        ]

    def moments(self, meaning: str, reason: str) -> list[Moment | None]:
        """Dates of a meaning with their time where they have one."""
        return self._dated(meaning, reason, lambda place: dates.YEARS)

    def worded(self, meaning: str, parse: Callable[[str], _T | None], reason: str, nothing: _T) -> list[_T | None]:
        """As `parsed`, by what the layout says that words of the file mean: one that means nothing is `nothing`."""
        words = self.plan.values.get(meaning)
        if not words:
            return self.parsed(meaning, parse, reason)

        def read(text: str) -> _T | None:
            word = said(text, words)
            return nothing if word == "" else parse(text if word is None else word)

        return self.parsed(meaning, read, reason)

    def chosen(self, meaning: str, reason: str = "choice") -> list[str]:
        """Values of a meaning by the table of words; an unknown word is reported and empty."""
        words = self.plan.values.get(meaning, {})
        found = self.parsed(meaning, lambda text: said(text, words), reason)
        return [value or "" for value in found]

    def summed(self, meaning: str, parse: Callable[[str], int | None], reason: str) -> list[int]:
        """The sum of a meaning's columns in each row, empty cells counting 0."""
        sums = []
        for at, cells in enumerate(self.each(meaning)):
            total = 0
            for cell in cells:
                number = parse(cell) if cell else 0
                if number is None:
                    self.report(at, meaning, cell, reason)
                total += number or 0
            if total > WHOLE_MAX:
                self.report(at, meaning, str(total), reason)
                total = 0
            sums.append(total)
        return sums

    def _dated(self, meaning: str, reason: str, years: Callable[[int], int]) -> list[Moment | None]:
        source = self.plan.sources.get(meaning)
        if source is None:
            return self.parsed(meaning, lambda text: dates.moment(text, "ymd", dates.YEARS), reason)
        orders = self.plan.dates
        if source.how != "first" or len(source.places) == 1:
            place = source.places[0]
            order, pivot = orders.get(place, orders[_ELSEWHERE]), years(place)
            return self.parsed(meaning, lambda text: dates.moment(text, order, pivot), reason)
        found: list[Moment | None] = [None] * len(self)
        done: set[int] = set()
        for place in source.places:
            order, pivot = orders.get(place, orders[_ELSEWHERE]), years(place)
            for at, text in enumerate(self._cleaned(place, meaning, lines=False)):
                if text and at not in done:
                    done.add(at)
                    found[at] = dates.moment(text, order, pivot)
                    if found[at] is None:
                        self.report(at, meaning, text, reason)
        return found

    def _cleaned(self, place: int, meaning: str, *, lines: bool) -> list[str]:
        is_name = meaning.endswith("name")
        known = self._known.get((place, lines, is_name))
        if known is None:
            known = self._known[place, lines, is_name] = self._clean(place, meaning, lines=lines, is_name=is_name)
        return known

    def _clean(self, place: int, meaning: str, *, lines: bool, is_name: bool) -> list[str]:
        cells = [cell.strip() for cell in self._cells[place]] if self._cells else []
        everything = "".join(cells)
        if "'" in everything:
            cells = [plain(cell).strip() for cell in cells]
        if not _is_plain(everything):
            for at, cell in enumerate(cells):
                if not _is_plain(cell):
                    cells[at] = self._plain(at, meaning, cell, lines=lines)
        if lines:
            cells = [self._without_cards(at, meaning, cell) for at, cell in enumerate(cells)]
        empty = self.plan.empty
        if empty and not is_name:
            cells = ["" if cell in empty else cell for cell in cells]
        return cells

    def _plain(self, at: int, meaning: str, cell: str, *, lines: bool) -> str:
        """Composed letters, plain spaces, no invisible characters; line breaks only where `lines` may stand."""
        composed = unicodedata.normalize("NFC", cell)
        without = _CONTROL.sub(" ", composed.replace("\r\n", "\n").replace("\r", "\n"))
        if _CONTROL.search(composed.replace("\r", "\n")):
            self.report(at, meaning, without, "control")
        without = _INVISIBLE.sub("", without)
        if lines:
            return _RUNS.sub(_RUN[1:], without).strip()
        return _SPACES.sub(" ", without).strip()

    def _without_cards(self, at: int, meaning: str, cell: str) -> str:
        without = without_card_numbers(cell)
        if without is not cell and without != cell:
            self.report(at, meaning, without, "card_number")
        return without

    def _bounded(self, texts: list[str], meaning: str, limit: int) -> list[str]:
        if max(map(len, texts), default=0) > limit:
            for at, text in enumerate(texts):
                if len(text) > limit:
                    self.report(at, meaning, text, "too_long")
                    texts[at] = text[:limit].rstrip()
        return texts


def said(text: str, words: Mapping[str, str]) -> str | None:
    """What a word of the file is called here, by a table of words; None for an unknown one.

    A word of the table that ends in `*` stands for all that begin so.
    """
    folded = text.casefold()
    if folded in words:
        return words[folded]
    for word, value in words.items():
        if word.endswith("*") and folded.startswith(word[:-1]):
            return value
    return None


def _joined(columns: list[list[str]], source: Source) -> list[str]:
    words = source.words or ("",) * len(columns)
    by = source.by
    if not any(words):
        return [by.join(filter(None, cells)) for cells in zip(*columns, strict=True)]
    return [
        by.join(f"{word} {cell}".lstrip() for word, cell in zip(words, cells, strict=True) if cell)
        for cells in zip(*columns, strict=True)
    ]


def _place_part(cell: str, source: Source) -> str:
    """The postal code or the city of a cell that has both."""
    return split_place(cell)[source.part - 1]


def _part(cell: str, source: Source) -> str:
    """Part number `part` of a cell; the highest takes the rest, one from the end has no part before it."""
    by, part = source.by or " ", source.part or 1
    if part < 0:
        parts = cell.split(by)
        return parts[part].strip() if len(parts) > max(-part, 1) else ""
    parts = cell.split(by, part - 1) if source.is_rest else cell.split(by)
    return parts[part - 1].strip() if len(parts) >= part else ""
