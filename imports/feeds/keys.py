"""The key that an address asks for: a header's value, sealed under the installation's keys."""

from typing import Any, Final

from accounts.keyring import CannotOpen
from accounts.models import Business
from accounts.sealed_rows import keys_missing, rows_reseal
from accounts.sealing import keyring
from accounts.tenancy import business_scope
from imports.feeds.problems import KeyLost
from imports.models import ImportFeed

_PURPOSE: Final = b"innkeeper.feed.1"


def key_seal(feed: ImportFeed, business: Business, key: str) -> None:
    """Put a key, or none, on a feed, unsaved."""
    if not key:
        feed.secret, feed.secret_key = b"", ""
        return
    sealed = keyring().seal_bytes(key.encode(), bound=_bound(business))
    feed.secret, feed.secret_key = sealed.ciphertext, sealed.key_name


def key_open(feed: ImportFeed, business: Business) -> str:
    """A feed's key; empty without one. Raises KeyLost."""
    if not feed.secret_key:
        return ""
    try:
        return keyring().open_bytes(feed.secret, feed.secret_key, bound=_bound(business)).decode()
    except CannotOpen as error:
        raise KeyLost from error


def feed_keys_missing(*, business: Business, **sent: Any) -> set[str]:
    """Names of the installation's keys that a business's feeds need and the environment does not have."""
    with business_scope(business.pk):
        return keys_missing(ImportFeed)


def feed_keys_reseal(*, business: Business, **sent: Any) -> int:
    """Seal every key of a business that an older key of the installation holds under the newest; returns how many."""

    def again(feed: ImportFeed) -> None:
        try:
            key_seal(feed, business, key_open(feed, business))
        except KeyLost as error:
            raise CannotOpen(f"The key of the nightly import {feed.pk} does not open.") from error

    with business_scope(business.pk):
        return rows_reseal(ImportFeed, again)


def _bound(business: Business) -> bytes:
    return _PURPOSE + business.public_id.bytes
