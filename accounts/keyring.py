"""Named keys that seal bytes. Pure: keys, bytes and what they are bound to in, ciphertext out.

AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits, which stands before the ciphertext. ``bound`` says where a
ciphertext belongs; it opens nowhere else.
"""

import os
from collections.abc import Iterable
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32


class CannotOpen(Exception):
    """The key is not there, or the ciphertext is not what was sealed for this place."""


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

    def missing(self, key_names: Iterable[str]) -> set[str]:
        """Those of these names that no key has."""
        return set(key_names) - self._ciphers.keys()

    def seal_bytes(self, data: bytes, *, bound: bytes) -> Sealed:
        """Seal ``data`` under the first key."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(nonce + self._ciphers[self.current].encrypt(nonce, data, bound), self.current)

    def open_bytes(self, ciphertext: bytes | memoryview, key_name: str, *, bound: bytes) -> bytes:
        """What was sealed. Raises :class:`CannotOpen`, and :class:`MissingKey` for a key that is not there."""
        cipher = self._ciphers.get(key_name)
        if cipher is None:
            raise MissingKey(key_name)
        data = bytes(ciphertext)
        try:
            return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(f"This does not open with the key {key_name}.") from error


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"A key has {KEY_BYTES} bytes.")
    return key
