"""Pages of a guest's purchases and invoices."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form, ModelForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.changes.messages import undoable
from customers.changes.models import ChangeSet
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


@dataclass(frozen=True)
class Kind:
    """What pages of purchases and of invoices differ in: the row, its form, its services and its sentences."""

    model: type[Purchase | Invoice]
    form: type[PurchaseForm | InvoiceForm]
    add: Callable[..., tuple[Any, ChangeSet]]
    update: Callable[..., ChangeSet | None]
    title_new: str
    title: str
    added: str
    changed: str
    submit: str

    @property
    def name(self) -> str:
        """``purchase`` or ``invoice``: what its page calls the row, and its service with ``_id``."""
        return str(self.model._meta.model_name)


PURCHASE = Kind(
    Purchase,
    PurchaseForm,
    purchase_add,
    purchase_update,
    title_new=gettext_noop("New purchase by %(name)s"),
    title=gettext_noop("Purchase by %(name)s"),
    added=gettext_noop("The purchase is on the card."),
    changed=gettext_noop("The purchase is changed."),
    submit=gettext_noop("Save purchase"),
)
INVOICE = Kind(
    Invoice,
    InvoiceForm,
    invoice_add,
    invoice_update,
    title_new=gettext_noop("New invoice for %(name)s"),
    title=gettext_noop("Invoice for %(name)s"),
    added=gettext_noop("The invoice is on the card."),
    changed=gettext_noop("The invoice is changed."),
    submit=gettext_noop("Save invoice"),
)


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def purchase_new(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Write what the guest bought; during a stay it is the stay's."""
    today = _today(request)
    ahead = stays_ahead(customer_id=customer_id, today=today)
    in_house = next((stay.pk for stay in ahead if stay.status == Stay.Status.CHECKED_IN), None)
    return _new(request, PURCHASE, customer_id, {"bought_on": today, "quantity": "1", "stay": in_house})


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def purchase_edit(request: BusinessRequest, slug: str, customer_id: int, purchase_id: int) -> HttpResponse:
    """Change a purchase."""
    return _edit(request, PURCHASE, customer_id, purchase_id)


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
    today = _today(request)
    return _new(request, INVOICE, customer_id, {"issued_on": today, "due_on": today + timedelta(days=PAYMENT_DAYS)})


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def invoice_edit(request: BusinessRequest, slug: str, customer_id: int, invoice_id: int) -> HttpResponse:
    """Change an invoice."""
    return _edit(request, INVOICE, customer_id, invoice_id)


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


def _new(request: BusinessRequest, kind: Kind, customer_id: int, initial: dict[str, Any]) -> HttpResponse:
    customer = guest_or_404(customer_id)
    form = kind.form(request.POST or None, business=request.business, customer_id=customer_id, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _row, act = kind.add(
                business=request.business, customer_id=customer_id, values=form.values(), member=request.member
            )
            undoable(request, _(kind.added), act)
            return redirect("guest_card", slug=request.business.slug, customer_id=customer_id)
        except HistoryRefused as refused:
            form.add_error(None, str(refused))
    return _entry(request, kind, form, customer, title=kind.title_new)


def _edit(request: BusinessRequest, kind: Kind, customer_id: int, row_id: int) -> HttpResponse:
    customer, row = guest_or_404(customer_id), of_guest_or_404(kind.model, customer_id, row_id)
    options: dict[str, Any] = {"business": request.business, "customer_id": customer_id}
    form = kind.form(request.POST or None, instance=row, **options)
    if request.method == "POST" and form.is_valid():
        try:
            act = kind.update(
                **{f"{kind.name}_id": row_id},
                values=form.values(),
                version=form.cleaned_data["version"],
                member=request.member,
            )
            undoable(request, _(kind.changed), act)
            return redirect("guest_card", slug=request.business.slug, customer_id=customer_id)
        except Overtaken as overtaken:
            now = of_guest_or_404(kind.model, customer_id, row_id)
            form = kind.form.beside(request.POST, overtaken, instance=now, **options)
        except HistoryRefused as refused:
            form.add_error(None, str(refused))
    return _entry(request, kind, form, customer, title=kind.title, row=row)


def _entry(
    request: BusinessRequest, kind: Kind, form: Form | ModelForm, customer: Customer, *, title: str, row: Any = None
) -> HttpResponse:
    context = {"form": form, "customer": customer, "title": _(title) % {"name": customer}, "submit": _(kind.submit)}
    if row is not None:
        context[kind.name] = row
    return render(request, "history/entry.html", context, status=422 if form.errors else 200)
