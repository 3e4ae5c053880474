"""Merge cards, one group or thousands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import Member
from customers.changes.models import ChangeSet
from dedup.merging.shown import Preview


class MergeRefused(Exception):
    """The cards cannot be merged; the message says why, for people, and ``code`` for programs.

    Codes: ``few`` (fewer than two cards), ``same`` (a card with itself), ``gone`` (not in the register), ``merged``
    (merged into another card already), ``restricted``, ``tags`` (over nine: choose), ``changed`` (since the page was
    read), ``choice`` (no such choice), ``many`` (too many cards at once).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Order:
    """Cards to merge into one. ``survivor_id`` ``None``: the best one."""

    customer_ids: Sequence[int]
    choices: Mapping[str, int] = field(default_factory=dict)
    survivor_id: int | None = None


@dataclass(frozen=True)
class Merged:
    """What became of many orders: ``act`` undoes the whole; each of ``merges`` (by the place of its order) one."""

    act: ChangeSet | None
    merges: Mapping[int, int]
    """Place of the order → id of its own change set."""
    refused: Mapping[int, MergeRefused]


def merge_preview(*, customer_ids: Sequence[int]) -> Preview:
    """What merging these cards would do. Raises :class:`MergeRefused`."""
    raise NotImplementedError


def merge(
    *,
    customer_ids: Sequence[int],
    survivor_id: int | None = None,
    choices: Mapping[str, int] | None = None,
    tags: Sequence[int] | None = None,
    versions: Mapping[int, int] | None = None,
    member: Member | None = None,
) -> ChangeSet:
    """Make one card of several, and return the act, for undo. Raises :class:`MergeRefused`; then nothing is written.

    ``choices`` are keys of :class:`~dedup.merging.shown.Choice` and the index, in ``customer_ids``, of the card whose
    value holds; what is left out is chosen as the preview proposes. ``tags`` are the ids to keep when there are more
    than nine. ``versions`` are those the reader has seen.
    """
    raise NotImplementedError


def merge_many(
    *, orders: Iterable[Order], member: Member | None = None, title: str = "", part_of: ChangeSet | None = None
) -> Merged:
    """Merge each order, in sets, inside the scope and transaction of the caller; refusals stop nobody else.

    Every merge is a change set of its own and part of ``Merged.act``; undoing that one undoes all. A caller that works
    in several transactions gives the ``act`` of the first as ``part_of`` to the others.
    """
    raise NotImplementedError
