"""Events of guests that higher rooms may answer; customers itself knows none of them."""

from django.dispatch import Signal

guests_changed = Signal()
"""Sent with ``business_id`` inside the transaction that ends an act on guests. It says that there may be something to
look at, never what: the changes themselves are in the database."""
