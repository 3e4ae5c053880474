"""Webhooks and their deliveries as the pages show them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from messaging.webhooks.labels import TONES, Trouble, trouble_words
from messaging.webhooks.models import SETTLED, WebhookDelivery, WebhookEndpoint
from messaging.webhooks.selectors import Counts, counts_of


@dataclass(frozen=True, slots=True)
class EndpointShown:
    """An endpoint with how it stands."""

    endpoint: WebhookEndpoint
    state: str
    tone: str
    trouble: str
    counts: Counts
    is_resting: bool


@dataclass(frozen=True, slots=True)
class DeliveryShown:
    """A delivery in words. ``is_again``: it waits for another attempt."""

    delivery: WebhookDelivery
    state: str
    tone: str
    what: str
    reason: str
    is_open: bool
    is_again: bool
    can_resend: bool


def endpoints_shown(endpoints: Sequence[WebhookEndpoint]) -> list[EndpointShown]:
    """Endpoints in words of the active language. One query."""
    counts = counts_of(endpoint_ids=[each.pk for each in endpoints])
    return [_endpoint(each, counts.get(each.pk, Counts())) for each in endpoints]


def endpoint_shown(endpoint: WebhookEndpoint) -> EndpointShown:
    """One of them."""
    return endpoints_shown([endpoint])[0]


def delivery_shown(delivery: WebhookDelivery) -> DeliveryShown:
    """A delivery in words of the active language."""
    is_open = delivery.state not in SETTLED
    return DeliveryShown(
        delivery=delivery,
        state=str(delivery.get_state_display()),
        tone="warn" if is_open and delivery.attempts else TONES[delivery.state],
        what=_what(delivery),
        reason=trouble_words(delivery.reason),
        is_open=is_open,
        is_again=delivery.state == WebhookDelivery.State.PLANNED and delivery.attempts > 0,
        can_resend=not is_open,
    )


def body_shown(delivery: WebhookDelivery) -> str:
    """What a delivery says, for people to read."""
    return json.dumps(delivery.body, ensure_ascii=False, indent=2)


def _endpoint(endpoint: WebhookEndpoint, counts: Counts) -> EndpointShown:
    resting = endpoint.is_on and endpoint.rests_until is not None and endpoint.rests_until > timezone.now()
    if not endpoint.is_on:
        state, tone = _("Switched off"), "bad" if endpoint.trouble == Trouble.GONE else "warn"
    elif endpoint.failures:
        state, tone = _("Not getting through"), "bad"
    elif counts.last is None and not counts.sent:
        state, tone = pgettext("webhook", "Not used yet"), "neutral"
    else:
        state, tone = pgettext("webhook", "Works"), "ok"
    return EndpointShown(endpoint, str(state), tone, trouble_words(endpoint.trouble), counts, resting)


def _what(delivery: WebhookDelivery) -> str:
    """What it tells of, in a few words."""
    if delivery.customer_id is None:
        return pgettext("webhook", "Test")
    return str(delivery.customer)
