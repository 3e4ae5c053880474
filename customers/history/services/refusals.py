"""Refusals of writes on a guest's history; each says why, for people."""


class HistoryRefused(Exception):
    """Nothing was written; the message says why and what to do, for people."""


class StayRefused(HistoryRefused):
    """The stay cannot be changed so."""


class ActivityRefused(HistoryRefused):
    """The note, call or visit cannot be written or pinned so."""


class PurchaseRefused(HistoryRefused):
    """The purchase cannot be written so."""


class InvoiceRefused(HistoryRefused):
    """The invoice cannot be written so."""


class TodoRefused(HistoryRefused):
    """The staff task cannot be written so."""


class Overtaken(HistoryRefused):
    """A colleague has changed the row since the editor saw it."""


class ProductRefused(HistoryRefused):
    """The product cannot be kept so."""
