"""Reads of bulk actions."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.tenancy.runs import SILENT_AFTER, runs_due
from customers.bulk.models import BulkRun
from customers.bulk.wording import reason_sentence
from customers.card.models import Customer


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


def runs_silent() -> list[tuple[int, int]]:
    """(business, run) of runs of any business that should be at work and have not been heard of for a while."""
    return runs_due("customers_bulk_due", silent=SILENT_AFTER)
