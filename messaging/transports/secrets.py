"""What is secret of a transport, sealed under the installation's keys and bound to its business."""

import json
from typing import Any, Final

from accounts.keyring import CannotOpen
from accounts.marking import gettext_noop
from accounts.models import Business
from accounts.sealed_rows import keys_missing, rows_reseal
from accounts.sealing import keyring
from accounts.tenancy import business_scope
from messaging.transports.models import Transport

_PURPOSE: Final = b"innkeeper.transport.1"
CALLBACK: Final = "callback"
"""Among the secrets: what stands in the address for callbacks."""


class SecretLost(Exception):
    """The secrets of a transport do not open: the installation's keys are not those that sealed them."""

    template = gettext_noop("What is secret of this way of sending does not open any more. Enter it again.")

    def __str__(self) -> str:
        return self.template


def secrets_seal(transport: Transport, business: Business, secrets: dict[str, str]) -> None:
    """Put secrets on a transport, unsaved."""
    sealed = keyring().seal_bytes(json.dumps(secrets, sort_keys=True).encode(), bound=_bound(business))
    transport.secret, transport.secret_key = sealed.ciphertext, sealed.key_name


def secrets_open(transport: Transport, business: Business | None = None) -> dict[str, str]:
    """A transport's secrets by name; ``business`` is asked for without one. Raises SecretLost."""
    if not transport.secret_key:
        return {}
    try:
        data = keyring().open_bytes(
            transport.secret, transport.secret_key, bound=_bound(business or transport.business)
        )
    except CannotOpen as error:
        raise SecretLost from error
    return dict(json.loads(data))


def transport_keys_missing(*, business: Business, **sent: Any) -> set[str]:
    """Names of the installation's keys that a business's transports need and the environment does not have."""
    with business_scope(business.pk):
        return keys_missing(Transport)


def transport_keys_reseal(*, business: Business, **sent: Any) -> int:
    """Seal what an older key of the installation holds under the newest; returns of how many transports."""

    def again(transport: Transport) -> None:
        try:
            secrets_seal(transport, business, secrets_open(transport, business))
        except SecretLost as error:
            raise CannotOpen(f"What is secret of the transport {transport.pk} does not open.") from error

    with business_scope(business.pk):
        return rows_reseal(Transport, again)


def _bound(business: Business) -> bytes:
    return _PURPOSE + business.public_id.bytes
