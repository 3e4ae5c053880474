"""Pages of a guest's stays."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability, Property
from customers.card.models import Customer
from customers.card.services import EditConflict
from customers.changes.messages import undoable
from customers.history.forms import StayForm
from customers.history.models import Stay
from customers.history.saving import stay_book, stay_change
from customers.history.selectors import stay_of_guest
from customers.history.services import MOVES, StayRefused, stay_move


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def stay_new(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Book a stay for the guest."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    today = timezone.localdate(timezone=request.business.zone)
    first = Property.objects.order_by("name", "id").first()
    initial = {"arrival": today, "departure": today + timedelta(days=1), "currency": request.business.currency}
    form = StayForm(request.POST or None, business=request.business, initial={**initial, "property": first})
    if request.method == "POST" and form.is_valid():
        _stay, act = stay_book(
            business=request.business,
            customer_id=customer_id,
            values=form.values(),
            own=form.own_values(),
            member=request.member,
        )
        undoable(request, _("The stay is booked."), act)
        return redirect("guest_card", slug=slug, customer_id=customer_id)
    context = {"form": form, "customer": customer, "stay": None, "no_property": first is None}
    return render(request, "guests/stay.html", context, status=422 if form.errors else 200)


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def stay_edit(request: BusinessRequest, slug: str, customer_id: int, stay_id: int) -> HttpResponse:
    """Change or move a stay."""
    customer, stay = _find(customer_id, stay_id)
    form = StayForm(request.POST or None, instance=stay, business=request.business)
    if request.method == "POST" and form.is_valid():
        try:
            act = stay_change(
                stay_id=stay_id,
                values=form.values(),
                own=form.own_values(),
                seen=form.cleaned_data["seen"],
                member=request.member,
            )
        except EditConflict as conflict:
            form = _after_conflict(request, stay_id, conflict)
        else:
            undoable(request, _("The stay is changed."), act)
            return redirect("guest_card", slug=slug, customer_id=customer_id)
    moves = [Stay.Status(status) for status in Stay.Status.values if status in MOVES[stay.status]]
    context = {"form": form, "customer": customer, "stay": stay, "moves": moves}
    return render(request, "guests/stay.html", context, status=422 if form.errors else 200)


def _after_conflict(request: BusinessRequest, stay_id: int, conflict: EditConflict) -> StayForm:
    """The editor's own values again, starting from the stay as it is now: saving once more is done knowingly."""
    posted = request.POST.copy()
    fresh = StayForm(instance=Stay.objects.get(pk=stay_id), business=request.business)
    posted["seen"] = fresh.initial["seen"]
    form = StayForm(posted, instance=Stay.objects.get(pk=stay_id), business=request.business)
    for name, value in conflict.current.items():
        shown = localize(value) if value not in (None, "") else _("empty")
        if name == "property_id":
            shown = str(Property.objects.get(pk=value))
        form.add_error(
            name.removesuffix("_id"),
            _("A colleague changed this to “%(value)s” while you were editing. Save again to keep yours.")
            % {"value": shown},
        )
    return form


@requires(Capability.EDIT)
@require_POST
def stay_status(request: BusinessRequest, slug: str, customer_id: int, stay_id: int) -> HttpResponse:
    """Check in, check out, cancel, no-show, and the ways back. POST ``status``."""
    _find(customer_id, stay_id)
    try:
        status = Stay.Status(request.POST.get("status", ""))
    except ValueError:
        messages.error(request, _("Choose what happened to the stay."))
        return redirect("guest_card", slug=slug, customer_id=customer_id)
    try:
        act = stay_move(stay_id=stay_id, status=status, member=request.member)
        undoable(request, _("The stay is now: %(status)s.") % {"status": status.label}, act)
    except StayRefused as refused:
        messages.error(request, str(refused))
    return redirect("guest_card", slug=slug, customer_id=customer_id)


def _find(customer_id: int, stay_id: int) -> tuple[Customer, Stay]:
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    try:
        return customer, stay_of_guest(customer_id=customer_id, stay_id=stay_id)
    except Stay.DoesNotExist as error:
        raise Http404 from error
