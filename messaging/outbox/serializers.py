"""Messages as the API gives them."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Clock, Id, PageQuery, Strict
from messaging.gate.models import GateSettings
from messaging.outbox.forms import LEAVE, RETRY, SEND, SETTLE
from messaging.outbox.labels import reason_of
from messaging.outbox.models import Message
from messaging.outbox.selectors import LATE
from messaging.texts.models import Channel


class MessageOut(serializers.ModelSerializer):
    """One message, from its plan to its fate."""

    guest_id = serializers.IntegerField(source="customer_id")
    template_id = serializers.SerializerMethodField(help_text="`null`: it has words of its own.")
    why = serializers.SerializerMethodField(help_text="Why it waits, was not sent or is in doubt, in words.")

    class Meta:
        model = Message
        fields = (
            *("id", "ref", "guest_id", "channel", "purpose", "stay_id", "property_id", "origin", "origin_id"),
            *("template_id", "language", "address", "state", "reason", "why", "detail", "due_at", "expires_at"),
            *("sent_at", "delivered_at", "opened_at", "clicked_at", "replied_at", "created_at"),
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, serializers.Field]:
        """Ids of rows that may be gone."""
        of_rows = {
            "stay_id": serializers.IntegerField(allow_null=True, read_only=True),
            "property_id": serializers.IntegerField(allow_null=True, read_only=True),
        }
        return {**super().get_fields(), **of_rows}

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_template_id(self, message: Message) -> int | None:
        return message.template_text.template_id if message.template_text else None

    def get_why(self, message: Message) -> str:
        return reason_of(message)


class MessagePage(serializers.Serializer):
    """One page of messages, in the order they were planned."""

    items = MessageOut(many=True)
    next = serializers.URLField(allow_null=True)


class Decided(models.TextChoices):
    """What becomes of a message in doubt, or of one that came too late."""

    RETRY = RETRY, _("Send it again")
    SETTLE = SETTLE, _("Take it for sent")
    SEND = SEND, _("Send it now")
    LEAVE = LEAVE, _("Leave it unsent")


@extend_schema_serializer(examples=[OpenApiExample("settle", {"decision": "settle"}, request_only=True)])
class DecisionIn(Strict):
    """What to do with a message of which nobody knows whether it went, or that came too late."""

    decision = Choice(
        Decided,
        help_text="In doubt: `retry` sends it again, `settle` takes it for sent. Too late: `send` sends it now, `leave`"
        " leaves it unsent for good.",
    )


class TimesOut(serializers.ModelSerializer):
    """When news and offers go out, and how often one guest hears from the business."""

    open_from = Clock()
    open_until = Clock(help_text="`00:00` is midnight.")

    class Meta:
        model = GateSettings
        fields = ("open_from", "open_until", "cap_day", "cap_week")
        read_only_fields = fields


@extend_schema_serializer(examples=[OpenApiExample("evenings", {"open_until": "20:00"}, request_only=True)])
class TimesIn(Strict):
    """What to change of it. Times are local to the property; `00:00` as the end is midnight."""

    open_from = Clock(required=False)
    open_until = Clock(required=False)
    cap_day = serializers.IntegerField(required=False, min_value=1, max_value=10)
    cap_week = serializers.IntegerField(required=False, min_value=1, max_value=50)


class MessageQuery(PageQuery):
    """Which messages."""

    state = Choice(Message.State, required=False)
    late = serializers.BooleanField(
        required=False, default=False, help_text="Those alone that came too late and may still be sent."
    )
    channel = Choice(Channel, required=False)
    guest_id = Id(required=False)


def asked_of(query: dict[str, Any]) -> dict[str, Any]:
    """The query as :class:`~messaging.outbox.selectors.Asked` takes it."""
    return {
        "state": LATE if query.get("late") else query.get("state", ""),
        "channel": query.get("channel", ""),
        "customer_id": query.get("guest_id"),
    }
