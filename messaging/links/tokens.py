"""Tokens that stand in the links of a message. Pure: ids and keys in, text out.

A token is the business's public id, the message's ``ref`` and a tag that only the installation can make, together 64
letters. It says nothing to whoever reads it, and one that was changed or made up opens nothing. The tag is HMAC-SHA256
(RFC 2104), its first 128 bits.
"""

import base64
import binascii
import hmac
import uuid
from collections.abc import Sequence
from typing import Final, NamedTuple

_ID: Final = 16
_TAG: Final = 16
TOKEN_LETTERS: Final = 64


class MessageToken(NamedTuple):
    """What a token names."""

    public_id: uuid.UUID
    ref: uuid.UUID


def token_write(token: MessageToken, *, key: bytes) -> str:
    """The token as text that can stand in an address."""
    named = token.public_id.bytes + token.ref.bytes
    return base64.urlsafe_b64encode(named + _tag(key, b"message", named)).decode()


def token_read(text: str, *, keys: Sequence[bytes]) -> MessageToken | None:
    """What a token names; ``None`` for one that none of the keys has made."""
    if len(text) != TOKEN_LETTERS:
        return None
    try:
        data = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    named, tag = data[: 2 * _ID], data[2 * _ID :]
    # All keys are tried, whichever fits: the time it takes tells nothing.
    fits = [hmac.compare_digest(tag, _tag(key, b"message", named)) for key in keys]
    return MessageToken(uuid.UUID(bytes=named[:_ID]), uuid.UUID(bytes=named[_ID:])) if any(fits) else None


def address_sign(address: str, token: MessageToken, *, key: bytes) -> str:
    """A signature of an address that a message leads to, 22 letters."""
    return base64.urlsafe_b64encode(_tag(key, b"address", _led_to(address, token))).decode().rstrip("=")


def address_is_signed(address: str, signature: str, token: MessageToken, *, keys: Sequence[bytes]) -> bool:
    """Whether the message leads there. Another message's signature, or another address's, does not do."""
    fits = [hmac.compare_digest(signature.encode(), address_sign(address, token, key=key).encode()) for key in keys]
    return any(fits)


def _led_to(address: str, token: MessageToken) -> bytes:
    return token.public_id.bytes + token.ref.bytes + address.encode()


def _tag(key: bytes, of: bytes, data: bytes) -> bytes:
    return hmac.digest(key, of + b"\0" + data, "sha256")[:_TAG]
