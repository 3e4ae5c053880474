"""The addresses that stand in a message, whole, as a mail program opens them."""

import uuid
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.urls import reverse

from messaging.links.tokens import MessageToken, address_is_signed, address_sign, token_read, token_write

_INFO: Final = b"innkeeper.message-links"


def unsubscribe_url(*, public_id: uuid.UUID, ref: uuid.UUID) -> str:
    """Where a guest unsubscribes; ``public_id`` is the business's, ``ref`` the message's. A GET changes nothing."""
    return _absolute("unsubscribe", _token(public_id, ref))


def preferences_url(*, public_id: uuid.UUID, ref: uuid.UUID) -> str:
    """Where a guest chooses what they get."""
    return _absolute("guest_preferences", _token(public_id, ref))


def unsubscribe_headers(*, public_id: uuid.UUID, ref: uuid.UUID) -> dict[str, str]:
    """The headers of a marketing e-mail that let a mail program unsubscribe; with one click (RFC 8058) where the
    address is one of https, as that asks for."""
    url = unsubscribe_url(public_id=public_id, ref=ref)
    told = {"List-Unsubscribe": f"<{url}>"}
    if url.startswith("https://"):
        told["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return told


def tracked(url: str, *, public_id: uuid.UUID, ref: uuid.UUID) -> str:
    """A link that leads to ``url`` by way of Innkeeper, which notes that it was opened. Signed for this message.

    Only for guests who consent to that: :func:`messaging.links.selectors.trackable`. What is no web address stays.
    """
    if not url.startswith(("https://", "http://")):
        return url
    signature = address_sign(url, MessageToken(public_id, ref), key=_keys()[0])
    return f"{_absolute('message_link', _token(public_id, ref))}?{urlencode({'to': url, 's': signature})}"


def pixel_url(*, public_id: uuid.UUID, ref: uuid.UUID) -> str:
    """A picture of one transparent dot, which notes that the message was opened. As :func:`tracked`, by consent."""
    return _absolute("message_pixel", _token(public_id, ref))


def token_find(text: str) -> MessageToken | None:
    """What a token of an address names; ``None`` for a forged one."""
    return token_read(text, keys=_keys())


def leads_to(url: str, signature: str, token: MessageToken) -> bool:
    """Whether a message really leads to ``url``."""
    return address_is_signed(url, signature, token, keys=_keys())


def _token(public_id: uuid.UUID, ref: uuid.UUID) -> str:
    return token_write(MessageToken(public_id, ref), key=_keys()[0])


def _absolute(name: str, token: str) -> str:
    return f"{settings.INNKEEPER_URL}{reverse(name, kwargs={'token': token})}"


def _keys() -> tuple[bytes, ...]:
    return _derived((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _derived(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(HKDF(SHA256(), length=32, salt=None, info=_INFO).derive(secret.encode()) for secret in secrets)
