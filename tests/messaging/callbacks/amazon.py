"""Messages signed as Amazon SNS signs them, by a certificate of our own that is served as Amazon's."""

import base64
import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.core.cache import cache
from django.utils import timezone

from accounts.outgoing_problems import NothingThere
from messaging.callbacks import sns

ADDRESS = "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(*, days: int = 365) -> bytes:
    """Of Amazon's service, valid until so many days from now."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    built = built.serial_number(1).not_valid_before(timezone.now() - dt.timedelta(days=400))
    made = built.not_valid_after(timezone.now() + dt.timedelta(days=days)).sign(KEY, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


CERTIFICATE = certificate()


def signed(told: dict[str, Any], *, version: str = "1", address: str = ADDRESS) -> dict[str, Any]:
    """A message with Amazon's signature. What is signed is written out here as Amazon documents it."""
    names = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"]
    if "Subject" in told:
        names.insert(2, "Subject")
    said = "".join(f"{name}\n{told[name]}\n" for name in names)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = base64.b64encode(KEY.sign(said.encode(), padding.PKCS1v15(), algorithm)).decode()
    return told | {"SignatureVersion": version, "Signature": signature, "SigningCertURL": address}


def certificates_served(monkeypatch: pytest.MonkeyPatch, *, served: bytes = CERTIFICATE) -> list[str]:
    """Serve a certificate at Amazon's address and nothing anywhere else; the addresses that are asked for."""
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        if address != ADDRESS:
            raise NothingThere(host="sns", status=404)
        return served

    cache.clear()
    monkeypatch.setattr(sns, "certificate_fetch", fetch)
    return asked
