"""Events of accounts that higher rooms may answer; accounts itself knows none of them."""

from django.dispatch import Signal

business_created = Signal()
"""Sent inside the new business's scope and transaction, with ``business``: rooms add what a business starts with."""
