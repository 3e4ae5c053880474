"""Tasks of accounts."""

from celery import shared_task

from accounts.models import Business
from accounts.services.keys import answers_expire
from accounts.tenancy import business_scope


@shared_task
def api_answers_expire() -> None:
    """Delete, in every business, the answers of the API that are older than a day."""
    for business_id in Business.objects.order_by("pk").values_list("pk", flat=True):
        with business_scope(business_id):
            answers_expire()
