"""Pages of a guest's purchases and invoices."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form, ModelForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.changes.messages import undoable
from customers.history.billing_forms import InvoiceForm, PurchaseForm
from customers.history.found import guest_or_404, of_guest_or_404
from customers.history.models import Invoice, Purchase, Stay
from customers.history.selectors import stays_ahead
from customers.history.services import (
    HistoryRefused,
    Overtaken,
    invoice_add,
    invoice_pay,
    invoice_update,
    purchase_add,
    purchase_remove,
    purchase_update,
)

PAYMENT_DAYS = 14
"""When an invoice is due unless somebody says otherwise."""


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def purchase_new(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Write what the guest bought; during a stay it is the stay's."""
    customer, today = guest_or_404(customer_id), _today(request)
    ahead = stays_ahead(customer_id=customer_id, today=today)
    in_house = next((stay.pk for stay in ahead if stay.status == Stay.Status.CHECKED_IN), None)
    form = PurchaseForm(
        request.POST or None,
        business=request.business,
        customer_id=customer_id,
        initial={"bought_on": today, "quantity": "1", "stay": in_house},
    )
    if request.method == "POST" and form.is_valid():
        try:
            _purchase, act = purchase_add(
                business=request.business, customer_id=customer_id, values=form.values(), member=request.member
            )
            undoable(request, _("The purchase is on the card."), act)
            return redirect("guest_card", slug=slug, customer_id=customer_id)
        except HistoryRefused as refused:
            form.add_error(None, str(refused))
    title = _("New purchase by %(name)s") % {"name": customer}
    return _entry(request, form, customer, title=title, submit=_("Save purchase"))


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def purchase_edit(request: BusinessRequest, slug: str, customer_id: int, purchase_id: int) -> HttpResponse:
    """Change a purchase."""
    customer, purchase = guest_or_404(customer_id), of_guest_or_404(Purchase, customer_id, purchase_id)
    options: dict[str, Any] = {"business": request.business, "customer_id": customer_id}
    form = PurchaseForm(request.POST or None, instance=purchase, **options)
    if request.method == "POST" and form.is_valid():
        try:
            act = purchase_update(
                purchase_id=purchase_id,
                values=form.values(),
                version=form.cleaned_data["version"],
                member=request.member,
            )
            undoable(request, _("The purchase is changed."), act)
            return redirect("guest_card", slug=slug, customer_id=customer_id)
        except Overtaken as overtaken:
            now = of_guest_or_404(Purchase, customer_id, purchase_id)
            form = PurchaseForm.beside(request.POST, overtaken, instance=now, **options)
        except HistoryRefused as refused:
            form.add_error(None, str(refused))
    title = _("Purchase by %(name)s") % {"name": customer}
    return _entry(request, form, customer, title=title, submit=_("Save purchase"), purchase=purchase)


@requires(Capability.EDIT)
@require_POST
def purchase_delete(request: BusinessRequest, slug: str, customer_id: int, purchase_id: int) -> HttpResponse:
    """Take a purchase off the card."""
    of_guest_or_404(Purchase, customer_id, purchase_id)
    undoable(request, _("The purchase is removed."), purchase_remove(purchase_id=purchase_id, member=request.member))
    return redirect("guest_card", slug=slug, customer_id=customer_id)


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def invoice_new(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Write what was billed to the guest."""
    customer, today = guest_or_404(customer_id), _today(request)
    form = InvoiceForm(
        request.POST or None,
        business=request.business,
        customer_id=customer_id,
        initial={"issued_on": today, "due_on": today + timedelta(days=PAYMENT_DAYS)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            _invoice, act = invoice_add(
                business=request.business, customer_id=customer_id, values=form.values(), member=request.member
            )
            undoable(request, _("The invoice is on the card."), act)
            return redirect("guest_card", slug=slug, customer_id=customer_id)
        except HistoryRefused as refused:
            form.add_error(None, str(refused))
    title = _("New invoice for %(name)s") % {"name": customer}
    return _entry(request, form, customer, title=title, submit=_("Save invoice"))


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def invoice_edit(request: BusinessRequest, slug: str, customer_id: int, invoice_id: int) -> HttpResponse:
    """Change an invoice."""
    customer, invoice = guest_or_404(customer_id), of_guest_or_404(Invoice, customer_id, invoice_id)
    options: dict[str, Any] = {"business": request.business, "customer_id": customer_id}
    form = InvoiceForm(request.POST or None, instance=invoice, **options)
    if request.method == "POST" and form.is_valid():
        try:
            act = invoice_update(
                invoice_id=invoice_id,
                values=form.values(),
                version=form.cleaned_data["version"],
                member=request.member,
            )
            undoable(request, _("The invoice is changed."), act)
            return redirect("guest_card", slug=slug, customer_id=customer_id)
        except Overtaken as overtaken:
            now = of_guest_or_404(Invoice, customer_id, invoice_id)
            form = InvoiceForm.beside(request.POST, overtaken, instance=now, **options)
        except HistoryRefused as refused:
            form.add_error(None, str(refused))
    title = _("Invoice for %(name)s") % {"name": customer}
    return _entry(request, form, customer, title=title, submit=_("Save invoice"))


@requires(Capability.EDIT)
@require_POST
def invoice_paid(request: BusinessRequest, slug: str, customer_id: int, invoice_id: int) -> HttpResponse:
    """Mark an invoice as paid today; with ``open`` as open again."""
    of_guest_or_404(Invoice, customer_id, invoice_id)
    reopened = "open" in request.POST
    act = invoice_pay(invoice_id=invoice_id, paid_on=None if reopened else _today(request), member=request.member)
    if act is None:
        messages.info(request, _("The invoice is open already.") if reopened else _("The invoice is paid already."))
    undoable(request, _("The invoice is open again.") if reopened else _("The invoice is paid."), act)
    return redirect("guest_card", slug=slug, customer_id=customer_id)


def _today(request: BusinessRequest) -> Any:
    return timezone.localdate(timezone=request.business.zone)


def _entry(
    request: BusinessRequest, form: Form | ModelForm, customer: Customer, *, title: str, submit: str, **more: Any
) -> HttpResponse:
    context = {"form": form, "customer": customer, "title": title, "submit": submit, **more}
    return render(request, "history/entry.html", context, status=422 if form.errors else 200)
