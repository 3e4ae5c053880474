"""Writing a file: the guests are found once, then their rows are fetched and written some thousand at a time.

Each batch is a transaction of its own, so that a long export keeps nothing from being tidied up, and memory holds one
batch and the guests' ids. While one batch is written a thread fetches the next.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, BinaryIO, Final

from django.db import connection
from django.utils.translation import override

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.export.catalogue import MOMENT, Column, columns_chosen, names_of
from customers.export.csv_out import CsvOut
from customers.export.look import XLSX, Look
from customers.export.models import Kind
from customers.export.selection import Chosen, guests_chosen
from customers.export.statements import rows_sql
from customers.export.xlsx_out import XlsxOut

BATCH: Final = 5_000
"""Guests whose rows are fetched at a time."""


class Stopped(Exception):
    """Nobody wants the file any more."""


@dataclass
class Built:
    """What was written: rows, guests left out because their data is restricted, letters the encoding lacks."""

    rows: int = 0
    left_out: int = 0
    lost: int = 0


Tell = Callable[[int, int], None]
"""Called after each batch with how many guests were come to and how many there are; may raise :class:`Stopped`."""


def export_build(
    *,
    business: Business,
    kind: str,
    chosen: Chosen,
    columns: Sequence[str],
    look: Look,
    target: BinaryIO,
    tell: Tell,
    batch: int = BATCH,
) -> Built:
    """Write the file into ``target``, which stays open. Opens its own scopes, and no transaction around them.

    Guests whose processing is restricted are left out: an export is processing. Raises
    :class:`~customers.filters.TreeError` for a filter that names what is gone.
    """
    with business_scope(business.pk):
        ids = guests_chosen(chosen, business=business)
        told = columns_chosen(kind, columns)
    tell(0, len(ids))
    with override(look.header or "en"):
        names, title = names_of(told, readable=bool(look.header)), str(Kind(kind).label)
    out = XlsxOut(target, told, title=title) if look.format == XLSX else CsvOut(target, told, look)
    out.header(names)
    built, done = Built(), 0
    asked = _Asked(business, rows_sql(kind, told, serial_dates=look.format == XLSX), told)
    for guests, rows in asked.batches(ids, batch):
        left, cells = _parted(rows)
        built.left_out += left
        built.rows += len(cells)
        out.rows(cells)
        done += guests
        tell(done, len(ids))
    out.close()
    built.lost = out.lost
    return built


@dataclass(frozen=True)
class _Asked:
    """The statement of an export, and of whom to ask it."""

    business: Business
    statement: str
    columns: Sequence[Column]

    def batches(self, ids: "array[int]", size: int) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
        """How many guests each batch is of, with its rows. The next is fetched while one is dealt with."""
        starts = range(0, len(ids), size)
        if len(starts) < 2 or connection.in_atomic_block:
            # Inside a transaction the rows are seen as it sees them.
            for start in starts:
                some = ids[start : start + size]
                yield len(some), self.fetch(some)
            return
        # One thread, so that it keeps its connection; it ends with the thread.
        with ThreadPoolExecutor(1) as pool:
            try:
                waiting = pool.submit(self.fetch, ids[:size])
                for start in starts:
                    rows = waiting.result()
                    if start + size < len(ids):
                        waiting = pool.submit(self.fetch, ids[start + size : start + 2 * size])
                    yield min(size, len(ids) - start), rows
            finally:
                pool.submit(_disconnected)

    def fetch(self, ids: "array[int]") -> list[tuple[Any, ...]]:
        """The rows of some guests."""
        with business_scope(self.business.pk), connection.cursor() as cursor:
            cursor.execute(self.statement, {"ids": ids.tolist()})
            rows = cursor.fetchall()
        moments = [place for place, column in enumerate(self.columns, start=2) if column.type == MOMENT]
        return _local(rows, moments, self.business.zone) if moments else rows


def _disconnected() -> None:
    """Close the connection of the thread that this runs in."""
    connection.close()


def _local(rows: list[tuple[Any, ...]], places: Sequence[int], zone: tzinfo) -> list[tuple[Any, ...]]:
    """Moments as the business's clock showed them, with the difference to the world's."""
    found = []
    for row in rows:
        cells = list(row)
        for place in places:
            if cells[place] is not None:
                cells[place] = cells[place].astimezone(zone).isoformat(timespec="seconds")
        found.append(tuple(cells))
    return found


def _parted(rows: list[tuple[Any, ...]]) -> tuple[int, list[tuple[Any, ...]]]:
    """How many restricted guests there are, and the cells of the others."""
    restricted = {row[1] for row in rows if row[0]}
    return len(restricted), [row[2:] for row in rows if not row[0]]
