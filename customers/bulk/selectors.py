"""Reads of bulk actions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from accounts.tenancy.runs import SILENT_AFTER, runs_due
from customers.bulk.models import BulkRun
from customers.bulk.wording import reason_sentence
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.selectors import KeptRow, kept_rows

KEPT_SHOWN = 10
"""How many entries that an undo kept its progress names; the undo's own page has more."""


@dataclass(frozen=True)
class SkippedGroup:
    """Guests that a run left as they are for one reason; ``examples`` are (id, name) of the first of them."""

    reason: str
    sentence: str
    number: int
    examples: list[tuple[int, str]]

    @property
    def more(self) -> int:
        """How many are not among the examples."""
        return self.number - len(self.examples)


def run_get(*, run_id: int) -> BulkRun:
    """One run. Raises ``BulkRun.DoesNotExist``."""
    return BulkRun.objects.select_related("change_set").get(pk=run_id)


def skipped_groups(*, kind: str, skipped: Mapping[str, int], examples: Mapping[str, list[int]]) -> list[SkippedGroup]:
    """Who was left as they are and why, the most frequent reason first; a card that is gone has no name."""
    ids = {customer_id for known in examples.values() for customer_id in known}
    names = {card.pk: card.name for card in Customer.objects.filter(pk__in=ids)} if ids else {}
    groups = [
        SkippedGroup(
            reason,
            reason_sentence(kind, reason),
            number,
            [(customer_id, names[customer_id]) for customer_id in examples.get(reason, []) if customer_id in names],
        )
        for reason, number in skipped.items()
    ]
    return sorted(groups, key=lambda group: (-group.number, group.reason))


@dataclass(frozen=True)
class UndoProgress:
    """How far the undoing of an act in the background has come, or what came of it.

    ``is_hidden``: what it removes is out of everybody's sight. ``kept`` had been changed or used since, ``restricted``
    is of guests whose data may only be stored, ``blocked`` could not come back; all are entries. ``seconds_left`` is
    known from the first tenth on.
    """

    change_set_id: int
    run: BulkRun
    act: ChangeSet | None
    is_working: bool
    is_hidden: bool
    is_failed: bool
    kept: int
    restricted: int
    blocked: int
    seconds_left: int | None
    kept_rows: list[KeptRow]

    @property
    def kept_more(self) -> int:
        """How many kept entries are not listed."""
        return self.kept + self.restricted - len(self.kept_rows)


def undo_progress(*, change_set_id: int) -> UndoProgress | None:
    """The latest undoing of an act in the background; ``None`` where there was none."""
    runs = BulkRun.objects.select_related("change_set").filter(kind="undo", values__change_set=change_set_id)
    run = runs.order_by("-id").first()
    return undo_progress_of(run=run) if run is not None else None


def undo_progress_of(*, run: BulkRun) -> UndoProgress:
    """The same of a run that is an undo."""
    act = run.change_set
    left = None
    if run.is_open and 10 * run.done >= run.total > 0:
        elapsed = (timezone.now() - run.created_at).total_seconds()
        left = math.ceil(elapsed * (run.total - run.done) / run.done)
    return UndoProgress(
        change_set_id=run.values["change_set"],
        run=run,
        act=act,
        is_working=run.is_open,
        is_hidden=act is not None,
        is_failed=run.state == BulkRun.State.FAILED,
        kept=run.skipped.get("kept", 0),
        restricted=run.skipped.get("restricted", 0),
        blocked=run.skipped.get("blocked", 0),
        seconds_left=left,
        kept_rows=kept_rows(act=act, most=KEPT_SHOWN) if act is not None and not run.is_open else [],
    )


def runs_silent() -> list[tuple[int, int]]:
    """(business, run) of runs of any business that should be at work and have not been heard of for a while."""
    return runs_due("customers_bulk_due", silent=SILENT_AFTER)
