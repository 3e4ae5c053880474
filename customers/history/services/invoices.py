"""Writes on what was billed to a guest and when it was paid."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business, Member
from customers.card.services import card_held
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Invoice
from customers.history.services.parts import changed_fields, not_overtaken, takes_part
from customers.history.services.refusals import InvoiceRefused

INVOICE_FIELDS = ("stay_id", "number", "issued_on", "due_on", "paid_on", "amount", "currency", "note")
"""The fields of an invoice that people and machines may set. A credit note has a negative amount."""


def invoice_add(
    *, business: Business, customer_id: int, values: Mapping[str, Any], member: Member | None = None
) -> tuple[Invoice, ChangeSet]:
    """Write what was billed to a guest, in the business's currency if none is said.

    Raises ``Customer.DoesNotExist``, and :class:`InvoiceRefused` without a number, when it is due before it was
    issued, or when the stay is not the guest's.
    """
    customer = card_held(customer_id=customer_id)
    invoice = Invoice(customer=customer, **{name: values[name] for name in INVOICE_FIELDS if name in values})
    invoice.currency = invoice.currency or business.currency
    _check(invoice, set(values))
    with change_set(
        kind=ChangeSet.Kind.EDIT,
        title=gettext_noop("New invoice for %(guests)s"),
        params={"guests": [customer.pk]},
        member=member,
    ) as act:
        invoice.save(force_insert=True)
    return invoice, act


def invoice_update(
    *, invoice_id: int, values: Mapping[str, Any], version: int | None = None, member: Member | None = None
) -> ChangeSet | None:
    """Change an invoice; ``None`` when nothing was different.

    Raises ``Invoice.DoesNotExist``, :class:`Overtaken` when it is no longer the ``version`` the editor saw, and
    :class:`InvoiceRefused` as :func:`invoice_add` does.
    """
    return _write(invoice_id, values, gettext_noop("Changed an invoice of %(guests)s"), member, version)


def invoice_pay(*, invoice_id: int, paid_on: date | None, member: Member | None = None) -> ChangeSet | None:
    """Mark an invoice as paid on a day, or (``None``) as open again; ``None`` when it is so already.

    One that is paid keeps its day: of two members who mark it the first is right. Raises ``Invoice.DoesNotExist``.
    """
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update(no_key=True).get(pk=invoice_id)
        if (invoice.paid_on is None) == (paid_on is None):
            return None
        title = gettext_noop("Invoice of %(guests)s paid")
        if paid_on is None:
            title = gettext_noop("Invoice of %(guests)s open again")
        return _write(invoice_id, {"paid_on": paid_on}, title, member)


def _write(
    invoice_id: int, values: Mapping[str, Any], title: str, member: Member | None, version: int | None = None
) -> ChangeSet | None:
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update(no_key=True).get(pk=invoice_id)
        changed = changed_fields(invoice, values, INVOICE_FIELDS)
        if not changed:
            return None
        not_overtaken(invoice, version)
        for name in changed:
            setattr(invoice, name, values[name])
        _check(invoice, set(changed))
        with change_set(
            kind=ChangeSet.Kind.EDIT, title=title, params={"guests": [invoice.customer_id]}, member=member
        ) as act:
            invoice.save(update_fields=changed)
    return act


def _check(invoice: Invoice, given: set[str]) -> None:
    if not invoice.number.strip():
        raise InvoiceRefused(_("Write the invoice's number."))
    if invoice.amount is None:
        raise InvoiceRefused(_("Write the invoice's amount."))
    if invoice.due_on is not None and invoice.due_on < invoice.issued_on:
        raise InvoiceRefused(_("The invoice is due before it was issued. Choose that day or a later one."))
    if (
        "stay_id" in given
        and invoice.stay_id is not None
        and not takes_part(customer_id=invoice.customer_id, stay_id=invoice.stay_id)
    ):
        raise InvoiceRefused(_("This is not a stay of the guest."))
