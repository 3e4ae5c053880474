"""Columns of many cards: each distinct value kept once, rows as numbers of their values."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dedup.engine.hashing import Hashes, hashes
from dedup.engine.kinds import GUEST_FIELDS, Field, columns
from dedup.engine.profile import SEPARATOR, Normaliser, Profile

Codes = NDArray[np.int32]
T = TypeVar("T")
BATCH = 50_000
_NONE: Codes = np.zeros(0, np.int32)


class _Numbers(dict[str, int]):
    """Numbers the values it is asked for in the order they come; the empty one is -1."""

    def __init__(self) -> None:
        super().__init__({"": -1})

    def __missing__(self, value: str) -> int:
        number = self[value] = len(self) - 1
        return number


class Column:
    """A column of cards.

    ``codes[row]`` is the number of the row's first value among ``texts``, -1 for none. ``more_rows``, ``more_codes``
    hold the further values of rows with several, sorted by row.
    """

    def __init__(self, field: Field, codes: Codes, texts: list[str], more_rows: Codes, more_codes: Codes) -> None:
        self.field = field
        self.codes = codes
        self.texts = texts
        self.more_rows = more_rows
        self.more_codes = more_codes
        self._derived: dict[str, Any] = {}

    def derived(self, name: str, make: Callable[[], T]) -> T:
        """What follows from the distinct values, worked out once."""
        if name not in self._derived:
            self._derived[name] = make()
        found: T = self._derived[name]
        return found

    def hashed(self, name: str = "", of: Callable[[str], str] | None = None) -> Hashes:
        """A hash of every distinct value, or of what ``of`` makes of it; 0 where that is empty."""
        return self.derived(f"hash {name}", lambda: hashes([of(text) for text in self.texts] if of else self.texts))

    def spread(self, by_value: NDArray[Any], empty: Any = 0) -> NDArray[Any]:
        """What holds for each distinct value, for each row's first value."""
        return np.append(by_value, np.asarray([empty], by_value.dtype))[self.codes]

    def entries(self) -> tuple[Codes, Codes]:
        """(row, code) of every value of every row, the first ones first."""
        rows = np.flatnonzero(self.codes >= 0).astype(np.int32)
        return np.concatenate([rows, self.more_rows]), np.concatenate([self.codes[rows], self.more_codes])

    def shares(self) -> NDArray[np.float64]:
        """How many rows have each distinct value, as a share of the rows with any."""

        def counted() -> NDArray[np.float64]:
            counts = np.bincount(self.entries()[1], minlength=len(self.texts)).astype(np.float64)
            return counts / max(int((self.codes >= 0).sum()), 1)

        return self.derived("shares", counted)


class Table:
    """The columns of ``size`` cards, by name; ``source`` tells apart the registers that are linked."""

    def __init__(
        self, fields: tuple[Field, ...], columns: dict[str, Column], size: int, source: NDArray[np.int64] | None = None
    ) -> None:
        self.fields = fields
        self.columns = columns
        self.size = size
        self.source = source

    @classmethod
    def of(
        cls,
        rows: Iterable[Mapping[str, Sequence[str]]],
        fields: Iterable[Field] = GUEST_FIELDS,
        source: Iterable[object] | None = None,
    ) -> "Table":
        """A table of cards as they were typed. ``source``: where each comes from, where registers are linked."""
        fields = tuple(fields)
        normaliser = Normaliser(fields)
        return cls.from_profiles(map(normaliser.row, rows), fields, source=source)

    @classmethod
    def of_columns(
        cls,
        columns_typed: Mapping[str, Sequence[str]],
        fields: Iterable[Field] = GUEST_FIELDS,
        source: Iterable[object] | None = None,
    ) -> "Table":
        """A table of columns as they were typed, one value a row; each distinct one is brought into its form once."""
        fields = tuple(fields)
        normaliser = Normaliser(fields)
        kept = iter(columns(fields))
        built: dict[str, Column] = {}
        size = 0
        for field in fields:
            texts = columns_typed[field.name]
            size = len(texts)
            for column in zip(*normaliser.column(field, texts, columns_typed), strict=True):
                builder = _Builder(next(kept))
                builder.add(column, 0)
                built[builder.field.name] = builder.column()
        return cls(fields, built, size, _sources(source))

    @classmethod
    def from_profiles(
        cls,
        profiles: Iterable[Profile | Sequence[str]],
        fields: Iterable[Field] = GUEST_FIELDS,
        source: Iterable[object] | None = None,
    ) -> "Table":
        """A table of stored profiles, or of the rows ``as_row`` gave. Read once, in batches: the texts are not kept."""

        def pages() -> Iterator[list[tuple[str, ...]]]:
            read = iter(profiles)
            while batch := list(islice(read, BATCH)):
                rows = [one.row if isinstance(one, Profile) else one for one in batch]
                yield list(zip(*rows, strict=True))

        return cls.from_pages(pages(), fields, source=source)

    @classmethod
    def from_pages(
        cls,
        pages: Iterable[Sequence[Sequence[str]]],
        fields: Iterable[Field] = GUEST_FIELDS,
        source: Iterable[object] | None = None,
    ) -> "Table":
        """A table of stored profiles that come some at a time: of each column its texts."""
        fields = tuple(fields)
        builders = [_Builder(field) for field in columns(fields)]
        size = 0
        for page in pages:
            for builder, texts in zip(builders, page, strict=True):
                builder.add(texts, size)
            size += len(page[0])
        return cls(fields, {one.field.name: one.column() for one in builders}, size, _sources(source))


class _Builder:
    """Reads a column batch by batch."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self._numbers = _Numbers()
        self._codes: list[Codes] = []
        self._more: list[tuple[int, int]] = []

    def add(self, texts: Sequence[str], start: int) -> None:
        if self.field.many:
            texts = list(texts)
            for at, text in enumerate(texts):
                if SEPARATOR in text:
                    texts[at], *others = text.split(SEPARATOR)
                    self._more += [(start + at, self._numbers[other]) for other in others]
        self._codes.append(np.fromiter(map(self._numbers.__getitem__, texts), np.int32, len(texts)))

    def column(self) -> Column:
        codes = self._codes[0] if len(self._codes) == 1 else np.concatenate([_NONE, *self._codes])
        if self._more:
            more = np.array(self._more, np.int32)
            rows, further = more[:, 0].copy(), more[:, 1].copy()
        else:
            rows = further = _NONE
        return Column(self.field, codes, list(self._numbers)[1:], rows, further)


def _sources(source: Iterable[object] | None) -> NDArray[np.int64] | None:
    if source is None:
        return None
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in source], np.int64)
