"""A guest's own copy of everything the business holds about them (GDPR articles 15 and 20), from the declarations."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import ForeignKey, Model

from customers.card.models import Customer
from customers.declarations import GuestTable, guest_tables


def guest_copy(*, customer_id: int, opened: Mapping[str, str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Everything told of a guest, by table in plain names; values as JSON holds them, dates as ISO texts.

    ``opened`` are the sensitive details in clear, for whoever may hand them out. Raises ``Customer.DoesNotExist``.
    """
    Customer.objects.get(pk=customer_id)
    copy = {}
    for table in guest_tables():
        if table.guest and (table.told or table.read):
            rows = _rows(table, customer_id)
            if rows:
                copy[str(table.table._meta.verbose_name_plural)] = rows
    if opened:
        label = str(guest_table("customers.SensitiveDetail").table._meta.verbose_name_plural)
        copy[label] = [{"kind": kind, "text": text} for kind, text in opened.items()]
    return copy


def guest_table(model: str) -> GuestTable:
    """The declaration of a table. Raises ``StopIteration`` for one that has none."""
    return next(table for table in guest_tables() if table.model == model)


def _rows(table: GuestTable, customer_id: int) -> list[dict[str, Any]]:
    related = [name for name in table.told if isinstance(table.table._meta.get_field(name), ForeignKey)]
    rows: Iterable[Model] = table.rows_of(customer_id).select_related(*related)
    if table.read is not None:
        return table.read(rows)
    return [{name: _plain(getattr(row, name)) for name in table.told} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (Decimal, Model)):
        return str(value)
    return value
