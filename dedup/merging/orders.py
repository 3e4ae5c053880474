"""What is to be merged, and why it cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from customers.changes.models import ChangeSet


class MergeRefused(Exception):
    """The cards cannot be merged; the message says why, for people, and ``code`` for programs.

    Codes: ``few`` (fewer than two cards), ``same`` (a card with itself), ``many`` (too many at once), ``gone`` (not in
    the register), ``merged`` (merged into another card already), ``restricted``, ``tags`` (over nine: choose),
    ``changed`` (since the page was read), ``choice`` (no such choice).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Order:
    """Cards to merge into one. ``survivor_id`` ``None``: the one with most history. ``choices`` and ``tags`` as in
    :func:`~dedup.merging.services.merge`."""

    customer_ids: Sequence[int]
    choices: Mapping[str, int] = field(default_factory=dict)
    survivor_id: int | None = None
    tags: Sequence[int] | None = None


@dataclass(frozen=True)
class Merged:
    """What became of many orders: ``act`` undoes the whole (``None``: nothing was merged); each of ``merges``, by the
    place of its order, is the id of an act that undoes one."""

    act: ChangeSet | None
    merges: Mapping[int, int]
    refused: Mapping[int, MergeRefused]
