"""Where providers report what became of a message: an address with a secret of the transport's own."""

from django.conf import settings
from django.urls import reverse

from messaging.transports.models import Transport
from messaging.transports.secrets import CALLBACK, secrets_open


def callback_address(transport: Transport) -> str:
    """The whole address a provider is told; empty while guests cannot reach this server by https."""
    return callback_shown(transport) if is_reachable() else ""


def callback_shown(transport: Transport, name: str = "transport_callback") -> str:
    """The same for people, who are told beside it when it cannot be reached. Raises SecretLost."""
    token = secrets_open(transport).get(CALLBACK, "")
    return f"{settings.INNKEEPER_URL}{reverse(name, kwargs={'token': token})}" if token else ""


def replies_shown(transport: Transport) -> str:
    """Where a service sends what guests answer by e-mail. Raises SecretLost."""
    return callback_shown(transport, "transport_reply")


def is_reachable() -> bool:
    """Whether services can reach this server: they ask by https alone."""
    return settings.INNKEEPER_URL.startswith("https://")
