"""Events of guests that higher rooms may answer; customers itself knows none of them."""

from django.dispatch import Signal

guests_changed = Signal()
"""Sent with ``business_id`` inside the transaction that ends an act on guests. It says that there may be something to
look at, never what: the changes themselves are in the database."""

act_undone = Signal()
"""Sent with ``target``, the act or the undo that is being undone, inside that transaction, so that rooms above take
back what they did beside the recorded changes. Each answers how much went back, and how much stays as it is."""
