"""Sealing of sensitive details. Pure: keys, ids and texts in, ciphertext out.

A ciphertext (:mod:`accounts.keyring`) is bound to the business, the detail's own id and its kind, so that it opens
nowhere else: not in another business's row, nor as another kind. Never bound to the card: a merge moves details.
"""

from typing import Final
from uuid import UUID

from accounts import keyring
from accounts.keyring import CannotOpen, MissingKey, Sealed

__all__ = ["CannotOpen", "Keyring", "MissingKey", "Sealed"]

_PURPOSE: Final = b"innkeeper.sensitive.1"


class Keyring(keyring.Keyring):
    """The installation's keys, as they seal details."""

    __slots__ = ()

    def seal(self, text: str, *, business: UUID, uid: UUID, kind: str) -> Sealed:
        """Seal ``text`` under the first key."""
        return self.seal_bytes(text.encode(), bound=_bound(business, uid, kind))

    def open(self, ciphertext: bytes | memoryview, key_name: str, *, business: UUID, uid: UUID, kind: str) -> str:
        """The text that was sealed. Raises :class:`CannotOpen`, and :class:`MissingKey` for a key that is not there."""
        try:
            return self.open_bytes(ciphertext, key_name, bound=_bound(business, uid, kind)).decode()
        except MissingKey:
            raise
        except CannotOpen as error:
            raise CannotOpen(f"The detail {uid} does not open with the key {key_name}.") from error


def _bound(business: UUID, uid: UUID, kind: str) -> bytes:
    """What the ciphertext is bound to; the two ids have 16 bytes each, so no two triples read alike."""
    return _PURPOSE + business.bytes + uid.bytes + kind.encode()
