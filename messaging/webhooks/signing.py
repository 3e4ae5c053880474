"""Signatures of webhooks, as Standard Webhooks has them. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


class NoSecret(ValueError):
    """The text is not a secret of a webhook."""


def secret_text(key: bytes) -> str:
    """A key as people and programs hand it on.

    >>> secret_text(b"MfKQ9r8GKYqrTwjUPD8ILPZI")
    'whsec_TWZLUTlyOEdLWXFyVHdqVVBEOElMUFpJ'
    """
    return PREFIX + base64.b64encode(key).decode()


def secret_read(text: str) -> bytes:
    """The key in a secret. Raises NoSecret."""
    if not text.startswith(PREFIX):
        raise NoSecret
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError as error:
        raise NoSecret from error


def signature(*, secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """One signature with its version.

    >>> signature(
    ...     secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ...     webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...     timestamp=1614265330,
    ...     body=b'{"test": 2432232314}',
    ... )
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret_read(secret), signed, hashlib.sha256).digest()).decode()


def headers(*, secrets: Sequence[str], webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes with a body, signed by every one of ``secrets``: two of them while a new one takes over."""
    signed = (signature(secret=each, webhook_id=webhook_id, timestamp=timestamp, body=body) for each in secrets)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
