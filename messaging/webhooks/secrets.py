"""What signs the webhooks of an endpoint, sealed under the installation's keys and bound to its business.

A new secret takes over gently: for a day both sign, so that the receiver can be told in between.
"""

import datetime as dt
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

from accounts.keyring import CannotOpen
from accounts.models import Business
from accounts.sealed_rows import keys_missing, rows_reseal
from accounts.sealing import keyring
from accounts.tenancy import business_scope
from messaging.webhooks.models import WebhookEndpoint
from messaging.webhooks.signing import SECRET_BYTES, secret_text

OVERLAP: Final = dt.timedelta(hours=24)
"""So long the secret before signs beside the new one."""
_PURPOSE: Final = b"innkeeper.webhook.1"


class SecretLost(Exception):
    """The secret of an endpoint does not open: the installation's keys are not those that sealed it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secret of an endpoint, and the one before it with the moment it ends."""

    secret: str
    before: str = ""
    before_until: dt.datetime | None = None

    def signing(self, at: dt.datetime) -> tuple[str, ...]:
        """Those that sign at a moment, the new one first."""
        if self.before and self.before_until and at < self.before_until:
            return (self.secret, self.before)
        return (self.secret,)


def secret_new() -> str:
    """A secret nobody has had."""
    return secret_text(secrets.token_bytes(SECRET_BYTES))


def secrets_seal(endpoint: WebhookEndpoint, business: Business, kept: Secrets) -> None:
    """Put secrets on an endpoint, unsaved."""
    told = {
        "secret": kept.secret,
        "before": kept.before,
        "before_until": kept.before_until.isoformat() if kept.before_until else "",
    }
    sealed = keyring().seal_bytes(json.dumps(told).encode(), bound=_bound(business))
    endpoint.secret, endpoint.secret_key = sealed.ciphertext, sealed.key_name


def secrets_open(endpoint: WebhookEndpoint, business: Business) -> Secrets:
    """An endpoint's secrets. Raises SecretLost."""
    try:
        told = json.loads(keyring().open_bytes(endpoint.secret, endpoint.secret_key, bound=_bound(business)))
    except CannotOpen as error:
        raise SecretLost from error
    until = told["before_until"]
    return Secrets(told["secret"], told["before"], dt.datetime.fromisoformat(until) if until else None)


def webhook_keys_missing(*, business: Business, **sent: Any) -> set[str]:
    """Names of the installation's keys that a business's webhooks need and the environment does not have."""
    with business_scope(business.pk):
        return keys_missing(WebhookEndpoint)


def webhook_keys_reseal(*, business: Business, **sent: Any) -> int:
    """Seal what an older key of the installation holds under the newest; returns of how many endpoints."""

    def again(endpoint: WebhookEndpoint) -> None:
        try:
            secrets_seal(endpoint, business, secrets_open(endpoint, business))
        except SecretLost as error:
            raise CannotOpen(f"The secret of the webhook {endpoint.pk} does not open.") from error

    with business_scope(business.pk):
        return rows_reseal(WebhookEndpoint, again)


def _bound(business: Business) -> bytes:
    return _PURPOSE + business.public_id.bytes
