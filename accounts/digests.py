"""Keyed digests of addresses: what is kept of one that must not be written to again, instead of the address.

HMAC-SHA256 (RFC 2104) under a key that each business has of its own, derived from ``INNKEEPER_ADDRESS_KEY``; of the
digest the first 128 bits are kept. The database makes the same digests of the addresses it holds: it is given the
business's key, as the two pads of the HMAC, with the scope of each transaction, and stores it nowhere.
"""

import hmac
import uuid
from functools import lru_cache
from typing import Final

from django.conf import settings

_BLOCK: Final = 64
"""Bytes of a block of SHA-256."""
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def address_digest(*, business_id: int, kind: str, normalised: str) -> uuid.UUID:
    """The digest of an address in its normal form; ``kind`` is that of a contact point (``email``, ``phone``)."""
    told = hmac.digest(_key(settings.INNKEEPER_ADDRESS_KEY, business_id), f"{kind}:{normalised}".encode(), "sha256")
    return uuid.UUID(bytes=told[:16])


def address_pads(business_id: int) -> str:
    """The business's key as inner and outer pad in hexadecimal, as ``customers_address_digest`` takes it."""
    return _pads(settings.INNKEEPER_ADDRESS_KEY, business_id)


@lru_cache(maxsize=1024)
def _key(key: bytes, business_id: int) -> bytes:
    return hmac.digest(key, f"innkeeper.addresses.{business_id}".encode(), "sha256")


@lru_cache(maxsize=1024)
def _pads(key: bytes, business_id: int) -> str:
    padded = _key(key, business_id).ljust(_BLOCK, b"\0")
    return (padded.translate(_INNER) + padded.translate(_OUTER)).hex()
