"""Writes on what happened: stays, activities, purchases, invoices, staff tasks, and the products a business sells.

Each is one change set, or joins the one that is open, and can be undone; products are settings and have none.
"""

from customers.history.services.activities import ACTIVITY_TITLES, MAX_PINNED, activity_add, activity_pin
from customers.history.services.invoices import INVOICE_FIELDS, invoice_add, invoice_pay, invoice_update
from customers.history.services.products import product_add, product_archive, product_update
from customers.history.services.purchases import PURCHASE_FIELDS, purchase_add, purchase_remove, purchase_update
from customers.history.services.refusals import (
    ActivityRefused,
    HistoryRefused,
    InvoiceRefused,
    Overtaken,
    ProductRefused,
    PurchaseRefused,
    StayRefused,
    TodoRefused,
)
from customers.history.services.stays import MOVE_TITLES, MOVES, STAY_FIELDS, stay_add, stay_move, stay_update
from customers.history.services.todos import TODO_FIELDS, todo_add, todo_done, todo_update

__all__ = [
    "ACTIVITY_TITLES",
    "INVOICE_FIELDS",
    "MAX_PINNED",
    "MOVES",
    "MOVE_TITLES",
    "PURCHASE_FIELDS",
    "STAY_FIELDS",
    "TODO_FIELDS",
    "ActivityRefused",
    "HistoryRefused",
    "InvoiceRefused",
    "Overtaken",
    "ProductRefused",
    "PurchaseRefused",
    "StayRefused",
    "TodoRefused",
    "activity_add",
    "activity_pin",
    "invoice_add",
    "invoice_pay",
    "invoice_update",
    "product_add",
    "product_archive",
    "product_update",
    "purchase_add",
    "purchase_remove",
    "purchase_update",
    "stay_add",
    "stay_move",
    "stay_update",
    "todo_add",
    "todo_done",
    "todo_update",
]
