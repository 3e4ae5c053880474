"""Who is in a segment now: one statement for each, however many guests there are."""

import logging
from datetime import timedelta

from django.db import transaction

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.conditions.selectors import filter_catalogue
from customers.filters import Sql, tree_read
from customers.listing.selectors import matching_sql
from customers.segments.members_sql import Refreshed, members_lock, members_refresh
from customers.segments.models import Segment
from customers.segments.selectors import segments_waiting

_log = logging.getLogger(__name__)

EVERY = timedelta(minutes=15)
"""How old a count gets. Beat asks as often; the minute less lets none wait for the time after."""
OLD_AFTER = EVERY - timedelta(minutes=1)


def segment_refresh(*, segment_id: int) -> Refreshed:
    """Let those in who match the segment's tree now, and out who do not; two at once wait for each other.

    When the definition has changed since the last count, they come and go by definition. Raises
    ``Segment.DoesNotExist``, also for one removed meanwhile, and :class:`~customers.filters.TreeError` for a tree that
    cannot be read any more; then the members stay as they are.
    """
    with transaction.atomic():
        if not members_lock(segment_id):
            raise Segment.DoesNotExist
        segment, matching = _definition(segment_id)
        return members_refresh(
            segment_id, matching, definition=segment.definition, by_definition=not segment.is_counted
        )


def _definition(segment_id: int) -> tuple[Segment, Sql]:
    """The segment and the SQL of its tree, both of one definition: the tree may name segments changed meanwhile."""
    while True:
        segment = Segment.objects.get(pk=segment_id)
        matching = matching_sql(tree=tree_read(segment.tree, filter_catalogue()))
        if Segment.objects.filter(pk=segment_id, definition=segment.definition).exists():
            return segment, matching


def segments_refresh(*, business: Business, older: timedelta = timedelta(0)) -> dict[int, Refreshed]:
    """Count the segments of a business that have changed or were counted longer than ``older`` ago, each by itself.

    One that cannot be counted is told to the log and tried again next time; the others do not wait for it.
    """
    with business_scope(business.pk):
        waiting = segments_waiting(older=older)
    counted: dict[int, Refreshed] = {}
    for segment_id in waiting:
        try:
            with business_scope(business.pk):
                counted[segment_id] = segment_refresh(segment_id=segment_id)
        except Segment.DoesNotExist:
            continue
        except Exception:
            _log.exception("Segment %s of business %s was not counted", segment_id, business.pk)
    return counted
