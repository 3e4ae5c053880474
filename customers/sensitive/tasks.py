"""Erasing what a consent no longer covers: a nudge for one business, and a sweep that needs no nudge."""

from celery import shared_task

from accounts.tenancy import business_scope
from accounts.tenancy.tasks import TenantTask
from customers.sensitive.selectors import sensitive_due_businesses
from customers.sensitive.services import sensitive_erase_due


@shared_task(base=TenantTask, scoped=False)
def sensitive_erase(business_id: int) -> None:
    """Erase a business's details whose consent has ended, one transaction for each few hundred."""
    _erase(business_id)


@shared_task
def sensitive_sweep() -> None:
    """The same everywhere, for what a lost message or a dead worker left. Reads have stopped at once already."""
    for business_id in sensitive_due_businesses():
        _erase(business_id)


def _erase(business_id: int) -> None:
    while True:
        with business_scope(business_id):
            if not sensitive_erase_due():
                return
