"""Seal small secrets before they are stored, and open them again; the keys that guests' data are sealed with.

:func:`seal`: Fernet (AES-128-CBC with HMAC-SHA256) under a key derived by HKDF (RFC 5869) from the installation's
secret key, one key per purpose. Old secret keys in ``SECRET_KEY_FALLBACKS`` still open what they sealed.

:func:`keyring`: keys of their own, which can be changed without losing what the old ones sealed.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from accounts.keyring import Keyring


def seal(text: str, *, purpose: str) -> str:
    """``text`` as URL-safe ciphertext that only :func:`unseal` with the same purpose opens."""
    return _cipher(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """The text that was sealed. Raises ``cryptography.fernet.InvalidToken`` for anything else."""
    return _cipher(purpose).decrypt(sealed.encode()).decode()


def keyring() -> Keyring:
    """The keys of ``INNKEEPER_SENSITIVE_KEYS``: the first seals, all open."""
    return _keyring(tuple(settings.INNKEEPER_SENSITIVE_KEYS))


@lru_cache(maxsize=4)
def _keyring(keys: tuple[tuple[str, bytes], ...]) -> Keyring:
    return Keyring(keys)


def _cipher(purpose: str) -> MultiFernet:
    return _build(purpose, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=16)
def _build(purpose: str, secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])


def _key(secret: str, purpose: str) -> bytes:
    derived = HKDF(SHA256(), length=32, salt=None, info=f"innkeeper.{purpose}".encode()).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
