"""Whether a message comes from Amazon SNS: its signature, by a certificate of Amazon's own.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import binascii
import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate
from django.core.cache import cache
from django.utils import timezone

from accounts.outgoing import OutgoingError, https_open
from accounts.outgoing_problems import KeyRefused, NothingThere
from messaging.callbacks.report import Forged, Unreached

_CERTIFICATE: Final = re.compile(
    r"https://sns\.[a-z]{2}(-[a-z]{2,10}){1,3}-\d{1,2}\.amazonaws\.com(\.cn)?/[A-Za-z0-9-]{1,100}\.pem"
)
_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
"""What is signed of each type, in this order; a notification without a subject is signed without one."""
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "1": hashes.SHA1(),  # noqa: S303 - what Amazon signs by unless a topic asks for more
    "2": hashes.SHA256(),
}
CERTIFICATE_MAX: Final = 20_000
SECONDS: Final = 10.0
KEPT_FOR: Final = dt.timedelta(days=1)


def sns_signed(told: Mapping[str, Any]) -> None:
    """Raises Forged for a message that Amazon has not signed, Unreached where its certificate cannot be fetched now.

    Never within a business's scope: it may ask another server.
    """
    address, algorithm = str(told.get("SigningCertURL", "")), _HASHES.get(str(told.get("SignatureVersion", "")))
    names = _SIGNED.get(str(told.get("Type", "")))
    if algorithm is None or names is None or not _CERTIFICATE.fullmatch(address):
        raise Forged("SNS")
    try:
        signature = base64.b64decode(str(told.get("Signature", "")), validate=True)
        certificate = load_pem_x509_certificate(_certificate(address))
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise Forged("SNS")
        if not certificate.not_valid_before_utc <= timezone.now() <= certificate.not_valid_after_utc:
            raise Forged("SNS")
        key.verify(signature, sns_canonical(told, names), PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise Forged("SNS") from error


def sns_canonical(told: Mapping[str, Any], names: tuple[str, ...] | None = None) -> bytes:
    """What is signed: each name and its value on lines of their own."""
    names = names or _SIGNED[told["Type"]]
    return "".join(f"{name}\n{told[name]}\n" for name in names if told.get(name) is not None).encode()


def _certificate(address: str) -> bytes:
    """The certificate in PEM; asked for once a day."""
    key = f"sns:{hashlib.sha256(address.encode()).hexdigest()}"
    kept = cache.get(key)
    if isinstance(kept, bytes):
        return kept
    try:
        found = certificate_fetch(address)
    except (NothingThere, KeyRefused) as error:
        raise Forged("SNS") from error
    except OutgoingError as error:
        raise Unreached("SNS") from error
    cache.set(key, found, KEPT_FOR.total_seconds())
    return found


def certificate_fetch(address: str) -> bytes:
    """A certificate as Amazon serves it. Raises OutgoingError."""
    with https_open(address, limit=CERTIFICATE_MAX, seconds=SECONDS) as answer:
        return answer.read()
