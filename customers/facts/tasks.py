"""Facts as of today: a sweep that follows midnight around the businesses."""

import logging

from celery import shared_task

from accounts.models import Business
from customers.facts.selectors import facts_due_businesses
from customers.facts.services import facts_roll

_log = logging.getLogger(__name__)


@shared_task
def facts_sweep() -> None:
    """Roll the facts of every business whose day has turned since it was last done.

    A business that fails is told to the log and tried again by the next sweep; the others do not wait for it.
    """
    for business in Business.objects.filter(pk__in=facts_due_businesses()).order_by("pk"):
        try:
            facts_roll(business=business)
        except Exception:
            _log.exception("The facts of business %s were not brought to today", business.pk)
