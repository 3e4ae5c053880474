"""Events of accounts that higher rooms may answer; accounts itself knows none of them."""

from django.dispatch import Signal

business_created = Signal()
"""Sent inside the new business's scope and transaction, with ``business``: rooms add what a business starts with."""

keys_asked = Signal()
"""Sent with ``business`` before anything is sealed anew: rooms return the names of keys of the installation that what
they keep sealed needs and that are not there."""

keys_changed = Signal()
"""Sent with ``business`` when the installation has a newer key: rooms seal what they keep under it, and return how much
that was. They open the scope themselves."""
