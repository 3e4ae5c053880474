"""Invoices and purchases from a batch."""

from decimal import Decimal
from typing import Final

from imports.mapping import values
from imports.mapping.cards import without_card_numbers
from imports.mapping.columns import Columns
from imports.mapping.meanings import WHO
from imports.mapping.records import content_id, currencies, record_ids
from imports.mapping.rows import LIMITS, Context, Interpreted, InvoiceRow, PurchaseRow

_QUANTITY_MAX: Final = Decimal("99999999.99")
_PAID: Final = "paid"


def read_invoices(columns: Columns, context: Context, result: Interpreted) -> None:
    """Add the batch's invoices; one without a number or an amount is left out."""
    numbers = columns.texts("invoice.number", limit=LIMITS["number"])
    amounts = columns.parsed("invoice.amount", lambda text: _cents(text, columns.plan.decimal), "invoice_amount")
    texts = columns.texts("invoice.amount")
    for at, (number, text) in enumerate(zip(numbers, texts, strict=True)):
        if not number:
            columns.report(at, "invoice.number", "", "no_number")
        if not text:
            columns.report(at, "invoice.amount", "", "invoice_amount")
    states = columns.chosen("invoice.state")
    notes = columns.texts("invoice.note", limit=LIMITS["stay_note"])
    rows = zip(
        columns.lines,
        record_ids(columns, "invoice.id") if columns.has("invoice.id") else numbers,
        numbers,
        columns.dates("invoice.issued_on", "value_date"),
        columns.dates("invoice.due_on", "value_date"),
        columns.dates("invoice.paid_on", "value_date"),
        states,
        amounts,
        currencies(columns, context, "invoice.currency", "invoice.amount"),
        columns.texts("invoice.stay", limit=LIMITS["external_id"]),
        [without_card_numbers(note) for note in notes],
        strict=True,
    )
    for at, (line, own_id, number, issued, due, paid, state, amount, currency, stay, note) in enumerate(rows):
        if at in columns.left_out or amount is None:
            continue
        is_paid = True if paid is not None else state == _PAID if state else None
        result.invoices.append(
            InvoiceRow(line, own_id or number, number, issued, due, paid, is_paid, amount, currency, stay, note)
        )


def read_purchases(columns: Columns, context: Context, result: Interpreted) -> None:
    """Add the batch's purchases; one that says neither what nor for how much is left out."""
    decimal = columns.plan.decimal
    products = columns.texts("purchase.product", limit=LIMITS["product"])
    codes = columns.texts("purchase.code", limit=LIMITS["code"])
    told = columns.texts("purchase.description", limit=LIMITS["description"])
    quantities = columns.parsed("purchase.quantity", lambda text: _quantity(text, decimal), "quantity")
    amounts = columns.parsed("purchase.amount", lambda text: _cents(text, decimal), "amount")
    prices = columns.parsed("purchase.price", lambda text: values.amount(text, decimal), "amount")
    bought = columns.dates("purchase.bought_on", "date")
    references = columns.texts("purchase.reference", limit=LIMITS["reference"])
    stays = columns.texts("purchase.stay", limit=LIMITS["external_id"])
    properties = columns.texts("purchase.property", limit=LIMITS["property"])
    codes_of_money = currencies(columns, context, "purchase.currency", "purchase.amount")
    ids = record_ids(columns, "purchase.id") if columns.has("purchase.id") else [""] * len(columns)
    who = [columns.texts(meaning) for meaning in WHO]
    met: dict[str, int] = {}
    for at, line in enumerate(columns.lines):
        if at in columns.left_out:
            continue
        quantity = quantities[at] or Decimal(1)
        amount, price = amounts[at], prices[at]
        if amount is None and price is not None:
            amount = values.cents(price * quantity)
        if amount is None and not (products[at] or codes[at] or told[at]):
            columns.report(at, "purchase.amount", "", "no_purchase")
            continue
        external = ids[at]
        if not external:
            parts = [str(bought[at]), products[at], codes[at], told[at], str(quantity), str(amount), references[at],
                     stays[at], *(texts[at] for texts in who)]  # fmt: skip
            external = content_id(parts)
            # The same thing bought twice on one day is two purchases, in this file as in the next.
            met[external] = met.get(external, 0) + 1
            external += f":{met[external]}" if met[external] > 1 else ""
        result.purchases.append(
            PurchaseRow(
                line, external, bought[at], products[at], codes[at], told[at], quantity, amount,
                codes_of_money[at] if amount is not None else "", properties[at], stays[at], references[at],
            )
        )  # fmt: skip


def _cents(text: str, decimal: str) -> Decimal | None:
    value = values.amount(text, decimal)
    return values.cents(value) if value is not None else None


def _quantity(text: str, decimal: str) -> Decimal | None:
    value = values.amount(text, decimal)
    return values.cents(value) if value is not None and abs(value) <= _QUANTITY_MAX else None
