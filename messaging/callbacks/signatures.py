"""How services prove that a call is theirs. Pure: what was sent and a key in; :class:`Forged` when it does not fit."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from messaging.callbacks.report import Forged

LEEWAY: Final = 300.0
"""Seconds a signed moment may lie from now (Standard Webhooks)."""


def twilio_signed(address: str, form: Mapping[str, str], signature: str, *, key: str) -> None:
    """Twilio: HMAC-SHA1 of the address and the fields by name, in base64
    (https://www.twilio.com/docs/usage/security)."""
    said = address + "".join(name + form[name] for name in sorted(form))
    # SHA-1 is what Twilio signs with; as an HMAC it is not known to be broken.
    _same(base64.b64encode(hmac.digest(key.encode(), said.encode(), "sha1")).decode(), signature)


def body_signed(body: bytes, header: str, *, key: str) -> None:
    """GatewayAPI's newer interface: ``v1=`` and the HMAC-SHA256 of the body in hexadecimal."""
    version, _equals, signature = header.partition("=")
    if version != "v1":
        raise Forged("v1")
    _same(hmac.digest(key.encode(), body, "sha256").hex(), signature.strip().lower())


def jwt_opened(token: str, *, key: str) -> dict[str, Any]:
    """What a JSON Web Token signed with HS256 says (RFC 7519); no other algorithm is taken, whatever it names."""
    try:
        head, claims, signature = token.split(".")
        if json.loads(_unpadded(head)).get("alg") != "HS256":
            raise Forged("alg")
        said = json.loads(_unpadded(claims))
        given = _unpadded(signature)
    except (ValueError, AttributeError, binascii.Error) as error:
        raise Forged("JWT") from error
    if not hmac.compare_digest(hmac.digest(key.encode(), f"{head}.{claims}".encode(), "sha256"), given):
        raise Forged("JWT")
    if not isinstance(said, dict):
        raise Forged("JWT")
    return said


def webhook_signed(body: bytes, headers: Mapping[str, str], *, key: str, now: float) -> None:
    """Standard Webhooks, as Resend sends them: HMAC-SHA256 over id, moment and body, within five minutes.

    ``key`` is ``whsec_`` and base64; ``headers`` have small letters; several signatures may stand in one header.
    """
    named = {part: headers.get(f"webhook-{part}") or headers.get(f"svix-{part}", "") for part in _PARTS}
    try:
        secret = base64.b64decode(key.removeprefix("whsec_"), validate=True)
        moment = int(named["timestamp"])
    except ValueError as error:
        raise Forged("webhook") from error
    if not secret or not named["id"] or abs(now - moment) > LEEWAY:
        raise Forged("webhook")
    said = f"{named['id']}.{moment}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(secret, said, hashlib.sha256)).decode()
    given: Sequence[str] = named["signature"].split()
    if not any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given):
        raise Forged("webhook")


_PARTS: Final = ("id", "timestamp", "signature")


def _same(wanted: str, given: str) -> None:
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Forged("signature")


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
