"""The actions of this room, offered when the app is ready."""

from customers.bulk.registry import register
from customers.bulk.setting import FIELD_SET
from customers.bulk.tagging import TAG_ADD, TAG_REMOVE


def offer() -> None:
    """Offer them."""
    for action in (TAG_ADD, TAG_REMOVE, FIELD_SET):
        register(action)
