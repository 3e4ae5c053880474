"""Sealing of sensitive details. Pure: keys, ids and texts in, ciphertext out.

AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits, which stands before the ciphertext. Bound to the
business, the detail's own id and its kind, so that a ciphertext opens nowhere else: not in another business's row, nor
as another kind. Never bound to the card: a merge moves details.
"""

import os
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
_PURPOSE: Final = b"innkeeper.sensitive.1"


class CannotOpen(Exception):
    """The key is not there, or the ciphertext is not what was sealed for this business, detail and kind."""


class MissingKey(CannotOpen):
    """No key of this name is there."""


class Sealed(NamedTuple):
    """A ciphertext and the name of the key that opens it."""

    ciphertext: bytes
    key_name: str


class Keyring:
    """Named keys of 32 bytes: the first one seals, each opens what it sealed."""

    __slots__ = ("_ciphers", "current")

    def __init__(self, keys: Iterable[tuple[str, bytes]]) -> None:
        self._ciphers = {name: AESGCM(_checked(key)) for name, key in keys}
        if not self._ciphers:
            raise ValueError("A keyring needs a key.")
        self.current = next(iter(self._ciphers))

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._ciphers)})"

    def __contains__(self, key_name: object) -> bool:
        return key_name in self._ciphers

    def seal(self, text: str, *, business: UUID, uid: UUID, kind: str) -> Sealed:
        """Seal ``text`` under the first key."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._ciphers[self.current]
        return Sealed(nonce + cipher.encrypt(nonce, text.encode(), _bound(business, uid, kind)), self.current)

    def open(self, ciphertext: bytes | memoryview, key_name: str, *, business: UUID, uid: UUID, kind: str) -> str:
        """The text that was sealed. Raises :class:`CannotOpen`, and :class:`MissingKey` for a key that is not there."""
        cipher = self._ciphers.get(key_name)
        if cipher is None:
            raise MissingKey(key_name)
        data = bytes(ciphertext)
        try:
            opened = cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(business, uid, kind))
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(f"The detail {uid} does not open with the key {key_name}.") from error
        return opened.decode()


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"A key has {KEY_BYTES} bytes.")
    return key


def _bound(business: UUID, uid: UUID, kind: str) -> bytes:
    """What the ciphertext is bound to; the two ids have 16 bytes each, so no two triples read alike."""
    return _PURPOSE + business.bytes + uid.bytes + kind.encode()
