"""Writes on webhooks: where they go, what signs them, and what is delivered.

What is to be delivered is written by :func:`deliver_all`; the rest of :mod:`messaging.webhooks.deliveries` is here too.
"""

from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.outgoing import address_read
from accounts.outgoing_problems import NotHttps, NotPublic, OutgoingError, PasswordInAddress, PortRefused
from accounts.services.refusals import Refused
from customers.history.models import Todo
from customers.history.services.todos import todo_done
from messaging.webhooks.deliveries import Delivery, deliver_all, deliveries_resend, endpoint_try
from messaging.webhooks.models import WebhookEndpoint
from messaging.webhooks.secrets import OVERLAP, SecretLost, Secrets, secret_new, secrets_open, secrets_seal

__all__ = [
    "Delivery",
    "EndpointChanged",
    "NewSecret",
    "deliver_all",
    "deliveries_resend",
    "endpoint_change",
    "endpoint_create",
    "endpoint_remove",
    "endpoint_rotate",
    "endpoint_try",
]

ENDPOINTS_MAX: Final = 20
NAME_MAX: Final = 80
URL_MAX: Final = 1_000


class EndpointChanged(Exception):
    """Somebody changed the endpoint meanwhile; ``current`` is how it stands."""

    def __init__(self, current: WebhookEndpoint) -> None:
        super().__init__(current.pk)
        self.current = current


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint with its new secret: the only moment it exists in clear. It goes into one answer and nowhere else."""

    endpoint: WebhookEndpoint
    secret: str


def endpoint_create(*, business: Business, name: str, url: str, member: Member | None = None) -> NewSecret:
    """Make an endpoint with a secret of its own. Raises Refused."""
    secret = secret_new()
    with transaction.atomic():
        if WebhookEndpoint.objects.count() >= ENDPOINTS_MAX:
            raise Refused(_("There are %(count)s webhooks already, as many as can be.") % {"count": ENDPOINTS_MAX})
        endpoint = WebhookEndpoint(name=_name(name), url=_url(url), member=member)
        secrets_seal(endpoint, business, Secrets(secret))
        _save(endpoint)
        _audit("webhook.added", endpoint, member)
    return NewSecret(endpoint, secret)


def endpoint_change(
    *,
    endpoint_id: int,
    version: int | None = None,
    name: str | None = None,
    url: str | None = None,
    is_on: bool | None = None,
    member: Member | None = None,
) -> WebhookEndpoint:
    """Change what is given. Another address, or being switched on, begins anew: it does not rest any more.

    Raises Refused, :class:`EndpointChanged` when it is no longer the ``version`` the editor saw, and
    ``WebhookEndpoint.DoesNotExist``.
    """
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint_id)
        if version is not None and version != endpoint.version:
            raise EndpointChanged(endpoint)
        before = (endpoint.name, endpoint.url, endpoint.is_on)
        if name is not None:
            endpoint.name = _name(name)
        if url is not None:
            endpoint.url = _url(url)
        if is_on is not None:
            endpoint.is_on = is_on
        if (endpoint.name, endpoint.url, endpoint.is_on) == before:
            return endpoint
        if endpoint.url != before[1] or (endpoint.is_on and not before[2]):
            endpoint.failures, endpoint.trouble = 0, ""
            endpoint.rests_until = endpoint.troubled_since = None
            _settle_todo(endpoint)
        endpoint.version += 1
        _save(endpoint)
        _audit("webhook.changed", endpoint, member)
    return endpoint


def endpoint_rotate(*, endpoint_id: int, business: Business, member: Member | None = None) -> NewSecret:
    """Give an endpoint a new secret. For a day the one before signs too, so that no delivery is refused meanwhile.

    Raises ``WebhookEndpoint.DoesNotExist``.
    """
    secret = secret_new()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint_id)
        try:
            before = secrets_open(endpoint, business).secret
        except SecretLost:
            before = ""
        until = timezone.now() + OVERLAP if before else None
        secrets_seal(endpoint, business, Secrets(secret, before, until))
        if not before:
            endpoint.failures, endpoint.trouble = 0, ""
            endpoint.rests_until = endpoint.troubled_since = None
        endpoint.version += 1
        _save(endpoint)
        _audit("webhook.secret", endpoint, member)
    return NewSecret(endpoint, secret)


def endpoint_remove(*, endpoint_id: int, member: Member | None = None) -> None:
    """Remove an endpoint with its secret and all of its deliveries. Raises ``WebhookEndpoint.DoesNotExist``."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint_id)
        _settle_todo(endpoint)
        _audit("webhook.removed", endpoint, member)
        endpoint.delete()


def _name(told: str) -> str:
    name = " ".join(told.split())
    if not name:
        raise Refused(_("Give it a name."), field="name")
    if len(name) > NAME_MAX:
        raise Refused(_("At most %(most)s characters.") % {"most": NAME_MAX}, field="name")
    return name


def _url(told: str) -> str:
    """An address that may be asked, as far as can be told without asking."""
    url = told.strip()
    try:
        address_read(url)
    except OutgoingError as error:
        raise Refused(_url_words(error), field="url") from error
    return url


def _url_words(error: OutgoingError) -> str:
    match error:
        case NotHttps():
            return _(
                "Only addresses that begin with https:// get webhooks, so that nobody reads the guests on their way."
            )
        case PasswordInAddress():
            return _("Leave name and password out of the address: webhooks are signed instead.")
        case PortRefused():
            return _("Port %(port)s is not open for webhooks. Use 443, or ask whoever runs the server.") % error.params
        case NotPublic():
            return _("This address is not on the open internet. Use one that everybody can reach.")
    return _("Write the address in full, for example https://example.com/webhooks.")


def _settle_todo(endpoint: WebhookEndpoint) -> None:
    """Whoever looked after it has done what was to be done."""
    if endpoint.todo_id and Todo.objects.filter(pk=endpoint.todo_id, done_at__isnull=True).exists():
        todo_done(todo_id=endpoint.todo_id, done=True)
    endpoint.todo_id = None


def _save(endpoint: WebhookEndpoint) -> None:
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        raise Refused(_("There is a webhook with this name already."), field="name") from error


def _audit(action: str, endpoint: WebhookEndpoint, member: Member | None) -> None:
    audit_record(
        action=action, member=member, object_type="webhook", object_id=endpoint.pk, data={"name": endpoint.name}
    )
