"""Erasing what a consent no longer covers: a nudge for one business, and a sweep that needs no nudge."""

import logging

from celery import shared_task

from accounts.tenancy import business_scope
from accounts.tenancy.tasks import TenantTask
from customers.sensitive.selectors import sensitive_due_businesses
from customers.sensitive.services import sensitive_erase_due

_log = logging.getLogger(__name__)


@shared_task(base=TenantTask, scoped=False)
def sensitive_erase(business_id: int) -> None:
    """Erase a business's details whose consent has ended, one transaction for each few hundred."""
    _erase(business_id)


@shared_task
def sensitive_sweep() -> None:
    """The same everywhere, for what a lost message or a dead worker left. Reads have stopped at once already.

    A business that fails is told to the log and tried again by the next sweep; the others do not wait for it.
    """
    for business_id in sensitive_due_businesses():
        try:
            _erase(business_id)
        except Exception:
            _log.exception("The sensitive details of business %s were not erased", business_id)


def _erase(business_id: int) -> None:
    while True:
        with business_scope(business_id):
            if not sensitive_erase_due():
                return
