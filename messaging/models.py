"""Every model of the app, for Django to find. Import them from their own rooms."""

from messaging.callbacks.models import CallbackEvent
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.gate.models import GateSettings
from messaging.outbox.models import Message, OutboxPace
from messaging.texts.models import Template, TemplateText
from messaging.transports.models import Caught, Transport, TransportTry
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint

__all__ = [
    "CallbackEvent",
    "Campaign",
    "CampaignGuest",
    "Caught",
    "GateSettings",
    "Message",
    "OutboxPace",
    "Template",
    "TemplateText",
    "Transport",
    "TransportTry",
    "WebhookDelivery",
    "WebhookEndpoint",
]
