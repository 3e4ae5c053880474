"""Editing in place: one part of the card, as a fragment for a page with script and as a page of its own without."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, retarget

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.card.parts import PARTS, PartForm, parts_missing
from customers.card.selectors import card_view
from customers.card.services import CardRestricted, EditConflict, customer_update
from customers.card.views import conflicts_show, wanted_values
from customers.changes.messages import named, undoable


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def guest_part(request: BusinessRequest, slug: str, customer_id: int, part: str) -> HttpResponse:
    """Change one part of the card."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None or part not in PARTS:
        raise Http404
    form = PartForm(request.POST or None, instance=customer, business=request.business, part=part)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["seen"]
        try:
            saved, act = customer_update(
                business=request.business,
                customer_id=customer_id,
                values=wanted_values(request, form),
                contacts=form.contacts(),
                seen=seen.get("values"),
                seen_contacts=seen.get("contacts"),
                member=request.member,
            )
        except EditConflict as conflict:
            form = _after_conflict(request, customer_id, part, conflict)
        except CardRestricted as refused:
            form.add_error(None, str(refused))
        else:
            undoable(request, named(_("Saved %(name)s."), saved), act)
            if not request.htmx:
                return redirect("guest_card", slug=slug, customer_id=customer_id)
            return _details(request, customer_id, part)
    context = {"form": form, "customer": customer, "part": part, "title": PARTS[part][0]}
    page = "guests/_part_form.html" if request.htmx else "guests/part.html"
    return render(request, page, context, status=422 if form.errors else 200)


@requires(Capability.LOOK_UP)
@require_safe
def guest_details(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """The details as they stand, to put back what was opened for editing."""
    answer = _details(request, customer_id)
    return answer if request.htmx else redirect("guest_card", slug=slug, customer_id=customer_id)


def _details(request: BusinessRequest, customer_id: int, edited: str = "") -> HttpResponse:
    try:
        card = card_view(customer_id=customer_id)
    except Customer.DoesNotExist as error:
        raise Http404 from error
    answer = render(request, "guests/_details_swap.html", details_context(request, card) | {"edited": edited})
    return reswap(retarget(answer, "#details"), "outerHTML")


def details_context(request: BusinessRequest, card: Any) -> dict[str, Any]:
    """What ``guests/_details.html`` shows."""
    return {
        "card": card,
        "customer": card.customer,
        "can_change": request.member.can(Capability.EDIT) and not card.customer.is_restricted,
        "missing": parts_missing(card.customer),
    }


def _after_conflict(request: BusinessRequest, customer_id: int, part: str, conflict: EditConflict) -> PartForm:
    """The editor's own values again, starting from the card as it is now."""
    current = Customer.objects.get(pk=customer_id)
    posted = request.POST.copy()
    fresh = PartForm(instance=current, business=request.business, part=part)
    posted["seen"] = fresh.initial["seen"]
    form = PartForm(posted, instance=current, business=request.business, part=part)
    conflicts_show(form, fresh, conflict)
    return form
