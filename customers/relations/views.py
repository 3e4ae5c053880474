"""Pages of a guest's relations."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.card.services import CardRestricted
from customers.changes.messages import undoable
from customers.relations import services
from customers.relations.models import Relation
from customers.relations.selectors import relation_choices_of, relations_of
from customers.search.hits import TEXT_MAX, Hit, hits_found

FROM_OTHER = "of_"
"""Before a kind that is meant from the other card's side: ``of_works_at`` is "works here"."""


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def relation_new(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Relate the guest to another. GET ``q`` looks for the other card, POST ``kind`` and ``other`` relate the two.

    A POST that names no card, as a browser without script sends it, leads to the search.
    """
    customer = _customer(customer_id)
    if request.method != "POST":
        return _page(request, customer)
    kind, other = request.POST.get("kind", ""), request.POST.get("other", "")
    if kind.removeprefix(FROM_OTHER) not in Relation.Kind.values:
        return _page(request, customer, error=_("Choose what the two are to each other."))
    if not other.isascii() or not other.isdecimal() or len(other) > 18:
        query = urlencode({"kind": kind, "q": request.POST.get("other_text", "")[:TEXT_MAX]})
        return redirect(f"{reverse('relation_new', kwargs={'slug': slug, 'customer_id': customer_id})}?{query}")
    pair = [customer_id, int(other)]
    if kind.startswith(FROM_OTHER):
        pair.reverse()
    try:
        _relation, act = services.relation_add(
            customer_id=pair[0], other_id=pair[1], kind=kind.removeprefix(FROM_OTHER), member=request.member
        )
    except (services.RelationRefused, CardRestricted) as refused:
        return _page(request, customer, error=str(refused))
    except Customer.DoesNotExist:
        return _page(request, customer, error=_("This guest is not in the register any more."))
    undoable(request, _("The relation is added."), act)
    return redirect("guest_card", slug=slug, customer_id=customer_id)


@requires(Capability.EDIT)
@require_safe
def relation_choices(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """The guests meant by ``?q=``, as options of a combobox; the card itself is not among them."""
    customer = _customer(customer_id)
    context = {"hits": _hits(request, customer, request.GET.get("q", ""))}
    return render(request, "relations/_choices.html", context)


@requires(Capability.EDIT)
@require_POST
def relation_remove(request: BusinessRequest, slug: str, customer_id: int, relation_id: int) -> HttpResponse:
    """Take a relation away."""
    customer = _customer(customer_id)
    either = Q(customer=customer) | Q(other=customer)
    relation = Relation.objects.filter(either, pk=relation_id).first()
    if relation is None:
        raise Http404
    try:
        act = services.relation_remove(relation_id=relation.pk, member=request.member)
    except CardRestricted as refused:
        messages.error(request, str(refused))
    except Relation.DoesNotExist:
        messages.error(request, _("A colleague has just removed this."))
    else:
        undoable(request, _("The relation is removed."), act)
    return redirect("guest_card", slug=slug, customer_id=customer_id)


def _customer(customer_id: int) -> Customer:
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def _hits(request: BusinessRequest, customer: Customer, text: str) -> list[Hit]:
    found = hits_found(business=request.business, member_id=request.member.pk, text=text)
    return [hit for hit in found if hit.customer_id != customer.pk]


def _page(request: BusinessRequest, customer: Customer, *, error: str = "") -> HttpResponse:
    """The search, what it found, and why the two could not be related."""
    sent: Any = request.POST if error else request.GET
    text = (sent.get("q") or sent.get("other_text") or "")[:TEXT_MAX]
    context = {
        "customer": customer,
        "relations": relations_of(customer_id=customer.pk),
        "choices": relation_choices_of(customer),
        "kind": sent.get("kind", ""),
        "text": text,
        "hits": _hits(request, customer, text) if text else [],
        "error": error,
    }
    return render(request, "relations/new.html", context, status=422 if error else 200)
