"""Webhooks and their deliveries as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Flag, PageQuery, Strict, Text
from messaging.webhooks.labels import trouble_words
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.services import NAME_MAX, URL_MAX

_VERSION_HELP = "The version you have before you."


class WebhookOut(serializers.ModelSerializer):
    """Where webhooks go. Its secret is told once, when it is made."""

    trouble = serializers.CharField(
        help_text="Why webhooks do not get through, such as `unreachable`, `fault` or `gone`; empty: they do."
    )
    trouble_words = serializers.SerializerMethodField(help_text="The same for people, in the caller's language.")
    rests_until = serializers.DateTimeField(allow_null=True, help_text="Nothing is delivered before this.")

    class Meta:
        model = WebhookEndpoint
        fields = (
            "id",
            "name",
            "url",
            "is_on",
            "trouble",
            "trouble_words",
            "troubled_since",
            "rests_until",
            "created_at",
            "version",
        )
        read_only_fields = fields

    def get_trouble_words(self, endpoint: WebhookEndpoint) -> str:
        return trouble_words(endpoint.trouble)


class WebhookMadeOut(WebhookOut):
    """A webhook with its secret. An answer that is repeated for its `Idempotency-Key` is without it."""

    secret = serializers.CharField(
        required=False, help_text="`whsec_…`: told now and never again. Keep it where no browser reads it."
    )

    class Meta:
        model = WebhookEndpoint
        fields = (*WebhookOut.Meta.fields, "secret")
        read_only_fields = fields


class WebhookPage(serializers.Serializer):
    """All webhooks by name."""

    items = WebhookOut(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "locks", {"name": "Door locks", "url": "https://locks.fjordstuen.example/webhooks"}, request_only=True
        )
    ]
)
class WebhookIn(Strict):
    """A webhook to be made."""

    name = Text(NAME_MAX, allow_blank=False)
    url = Text(URL_MAX, allow_blank=False, help_text="It begins with `https://` and is on the open internet.")


@extend_schema_serializer(examples=[OpenApiExample("off", {"is_on": False}, request_only=True)])
class WebhookChange(Strict):
    """What to change of a webhook."""

    name = Text(NAME_MAX, required=False, allow_blank=False)
    url = Text(URL_MAX, required=False, allow_blank=False)
    is_on = Flag(required=False)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1, help_text=_VERSION_HELP)


class DeliveryQuery(PageQuery):
    """Which deliveries to list."""

    state = Choice(WebhookDelivery.State, required=False)


class DeliveryOut(serializers.ModelSerializer):
    """A webhook to one endpoint, and what became of it."""

    webhook_id = serializers.CharField(help_text="What the receiver gets as the header `webhook-id`.")
    guest_id = serializers.IntegerField(source="customer_id", allow_null=True, help_text="Null for a test.")
    kind = serializers.CharField(help_text="`automation.reached` or `webhook.test`.")
    state = serializers.ChoiceField(choices=WebhookDelivery.State.choices)
    status = serializers.IntegerField(allow_null=True, help_text="The status that was answered last.")
    reason = serializers.CharField(help_text="Why the last attempt failed; empty: it did not.")
    reason_words = serializers.SerializerMethodField(help_text="The same for people, in the caller's language.")

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "webhook_id",
            "guest_id",
            "kind",
            "state",
            "attempts",
            "due_at",
            "attempted_at",
            "status",
            "reason",
            "reason_words",
            "detail",
            "sent_at",
            "created_at",
        )
        read_only_fields = fields

    def get_reason_words(self, delivery: WebhookDelivery) -> str:
        return trouble_words(delivery.reason)


class DeliveryWholeOut(DeliveryOut):
    """A delivery with what it says."""

    body = serializers.SerializerMethodField()

    class Meta:
        model = WebhookDelivery
        fields = (*DeliveryOut.Meta.fields, "body")
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_body(self, delivery: WebhookDelivery) -> Any:
        return delivery.body


class DeliveryPageOut(serializers.Serializer):
    """One page of deliveries, in the order they were planned."""

    items = DeliveryOut(many=True)
    next = serializers.URLField(allow_null=True)


class ResentOut(serializers.Serializer):
    """How many are delivered again."""

    resent = serializers.IntegerField()
