"""What an address of a guest's history names, or 404: the same for what is not there and what is another guest's; and
where to go back to."""

from typing import TypeVar

from django.db.models import Model
from django.http import Http404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import BusinessRequest
from customers.card.models import Customer

M = TypeVar("M", bound=Model)


def guest_or_404(customer_id: int) -> Customer:
    """The card of the business in scope."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def of_guest_or_404(model: type[M], customer_id: int, row_id: int) -> M:
    """A row that belongs to the guest."""
    row = model._default_manager.filter(pk=row_id, customer_id=customer_id).first()
    if row is None:
        raise Http404
    return row


def next_or(request: BusinessRequest, otherwise: str) -> str:
    """The page that a form names as ``next``, if it is one of the business's."""
    wanted = request.POST.get("next", "")
    inside = wanted.startswith(reverse("business_home", kwargs={"slug": request.business.slug}))
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if inside and safe else otherwise
