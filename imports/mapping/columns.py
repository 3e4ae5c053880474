"""A batch seen by columns: cleaned texts and typed values for each meaning, and a note of everything that is wrong."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

from customers.export.rows import plain
from imports.mapping.cards import without_card_numbers
from imports.mapping.plan import Plan, is_sensitive
from imports.mapping.values import WHOLE_MAX
from imports.problems import REASONS, Problem, shown
from imports.readers import Batch

_T = TypeVar("_T")

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SPACES = re.compile("[\\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


class Columns:
    """The cells of a batch by meaning. `left_out` are positions of rows that cannot be imported."""

    def __init__(self, plan: Plan, batch: Batch) -> None:
        self.plan = plan
        self.lines = batch.lines
        self.rows = batch.rows
        # A row that is no row may hold anything anywhere: with sensitive columns none of it is repeated.
        self.problems = [problem._replace(value="") if plan.sensitive else problem for problem in batch.problems]
        self.left_out: set[int] = set()
        self._cells: list[tuple[str, ...]] = list(zip(*batch.rows, strict=True))
        self._empty = plan.format.empty
        self._known: dict[tuple[int, bool, bool], list[str]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def has(self, meaning: str) -> bool:
        """Whether the file has a column of this meaning."""
        return meaning in self.plan.places

    def report(self, at: int, meaning: str, value: str, reason: str) -> None:
        """Name a problem of row `at`; a reason that leaves the row out does so. Sensitive values are never repeated."""
        self.report_between(at, self.plan.names(meaning), "" if is_sensitive(meaning) else value, reason)

    def open_cells(self, at: int) -> list[str]:
        """The cells of a row that are not sensitive."""
        return [cell for place, cell in enumerate(self.rows[at]) if place not in self.plan.sensitive]

    def report_between(self, at: int, names: str, value: str, reason: str) -> None:
        """Name a problem of row `at` that several columns share, by their names."""
        self.problems.append(Problem(self.lines[at], names, shown(value), reason))
        if REASONS[reason][1]:
            self.left_out.add(at)

    def texts(self, meaning: str, *, limit: int = 0, lines: bool = False) -> list[str]:
        """The first filled cell of a meaning's columns in each row, cleaned, cut to `limit` characters, empty if none.

        Card numbers are masked in what is free text (`lines` kept). Words that stand for nothing are empty.
        """
        columns = [self._cleaned(place, meaning, lines=lines) for place in self.plan.places.get(meaning, ())]
        if not columns:
            return [""] * len(self)
        texts = columns[0][:]
        for other in columns[1:]:
            texts = [first or second for first, second in zip(texts, other, strict=True)]
        return self._bounded(texts, meaning, limit) if limit else texts

    def each(self, meaning: str) -> Iterable[tuple[str, ...]]:
        """All cells of a meaning's columns, row by row."""
        columns = [self._cleaned(place, meaning, lines=False) for place in self.plan.places.get(meaning, ())]
        return zip(*columns, strict=True) if columns else [()] * len(self)

    def notes(self, meaning: str, limit: int) -> list[str]:
        """The stay's note of each row: the filled ones of its columns, each after its word."""
        parts = [(self._cleaned(place, meaning, lines=False), label) for place, label in self.plan.note]
        texts = [
            " · ".join(f"{label} {column[at]}".lstrip() for column, label in parts if column[at])
            for at in range(len(self))
        ]
        return self._bounded([without_card_numbers(text) for text in texts], meaning, limit)

    def parsed(self, meaning: str, parse: Callable[[str], _T | None], reason: str) -> list[_T | None]:
        """Typed values of a meaning; what cannot be parsed is reported and None, what is empty is None."""
        known: dict[str, _T | None] = {"": None}
        found = []
        for at, text in enumerate(self.texts(meaning)):
            if text not in known:
                known[text] = parse(text)
            value = known[text]
            if value is None and text:
                self.report(at, meaning, text, reason)
            found.append(value)
        return found

    def chosen(self, meaning: str, reason: str = "choice") -> list[str]:
        """Values of a meaning by the format's table of words; an unknown word is reported and empty."""
        words = self.plan.format.values.get(meaning, {})
        return [value or "" for value in self.parsed(meaning, lambda text: words.get(text.casefold()), reason)]

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

    def _cleaned(self, place: int, meaning: str, *, lines: bool) -> list[str]:
        is_name = meaning.endswith("name")
        known = self._known.get((place, lines, is_name))
        if known is None:
            known = self._known[place, lines, is_name] = self._clean(place, meaning, lines=lines, is_name=is_name)
        return known

    def _clean(self, place: int, meaning: str, *, lines: bool, is_name: bool) -> list[str]:
        cells = [cell.strip() for cell in self._cells[place]] if self._cells else []
        if self.plan.format.escaped:
            cells = [plain(cell).strip() for cell in cells]
        if not _is_plain("".join(cells)):
            for at, cell in enumerate(cells):
                if not _is_plain(cell):
                    cells[at] = self._plain(at, meaning, cell, lines=lines)
        if lines:
            cells = [self._without_cards(at, meaning, cell) for at, cell in enumerate(cells)]
        if self._empty and not is_name:
            cells = ["" if cell in self._empty else cell for cell in cells]
        return cells

    def _plain(self, at: int, meaning: str, cell: str, *, lines: bool) -> str:
        """Composed letters, plain spaces, no invisible characters; line breaks only where `lines` may stand."""
        composed = unicodedata.normalize("NFC", cell)
        without = _CONTROL.sub(" ", composed.replace("\r\n", "\n").replace("\r", "\n"))
        if _CONTROL.search(composed.replace("\r", "\n")):
            self.report(at, meaning, without, "control")
        without = _INVISIBLE.sub("", without)
        if lines:
            return without.strip()
        return _SPACES.sub(" ", without).strip()

    def _without_cards(self, at: int, meaning: str, cell: str) -> str:
        without = without_card_numbers(cell)
        if without is not cell and without != cell:
            self.report(at, meaning, without, "card_number")
        return without

    def _bounded(self, texts: list[str], meaning: str, limit: int) -> list[str]:
        for at, text in enumerate(texts):
            if len(text) > limit:
                self.report(at, meaning, text, "too_long")
                texts[at] = text[:limit].rstrip()
        return texts
