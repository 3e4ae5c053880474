"""Ways of sending, test messages and the local inbox as the API gives them. No secret is ever given out."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Strict, Text
from messaging.transports.domain import check_of
from messaging.transports.labels import finding_words, reason_words
from messaging.transports.models import Caught, Channel, Transport, TransportTry

_RECORD = {
    "type": ["object", "null"],
    "description": "What to put into DNS; null: nothing.",
    "properties": {"kind": {"type": "string"}, "name": {"type": "string"}, "value": {"type": "string"}},
}


class FindingOut(serializers.Serializer):
    """One thing that was found of the sender's domain."""

    topic = serializers.CharField(help_text="`sender`, `spf`, `dkim`, `dmarc` or `replies`.")
    code = serializers.CharField(help_text="For programs; it stays the same.")
    tone = serializers.CharField(help_text="`ok`, `info`, `warn` or `bad`.")
    words = serializers.CharField(help_text="For people, in the caller's language.")
    record = serializers.SerializerMethodField()

    @extend_schema_field(_RECORD)
    def get_record(self, finding: dict[str, Any]) -> dict[str, str] | None:
        record = finding["record"]
        return {"kind": record.kind, "name": record.name, "value": record.value} if record else None


class TransportOut(serializers.ModelSerializer):
    """A way of sending. What it needs to sign in is not told."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    kind = serializers.CharField(help_text="Such as `smtp`, `mailgun`, `gatewayapi` or `local`.")
    price = serializers.DecimalField(
        8, 4, allow_null=True, help_text="Of a part of an SMS, in the business's currency."
    )
    domain_findings = serializers.SerializerMethodField(help_text="Of the latest check of the sender's domain.")

    class Meta:
        model = Transport
        fields = (
            "id",
            "channel",
            "kind",
            "name",
            "sender_address",
            "sender_name",
            "reply_to",
            "per_minute",
            "price",
            "is_default",
            "is_on",
            "checked_at",
            "domain_findings",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(FindingOut(many=True))
    def get_domain_findings(self, transport: Transport) -> Any:
        check = check_of(transport.domain)
        rows = [
            {
                "topic": each.topic,
                "code": each.code,
                "tone": each.tone,
                "words": finding_words(each),
                "record": each.record,
            }
            for each in (check.findings if check else ())
        ]
        return FindingOut(rows, many=True).data


class TransportPage(serializers.Serializer):
    """All ways of sending, e-mail first, the default of each channel first."""

    items = TransportOut(many=True)


@extend_schema_serializer(
    examples=[OpenApiExample("oneself", {"address": "desk@fjordstuen.example"}, request_only=True)]
)
class TryIn(Strict):
    """Where a test message goes."""

    address = Text(254, allow_blank=False, help_text="An e-mail address, or a phone number for SMS.")


class TryOut(serializers.ModelSerializer):
    """A test message, and what became of it."""

    state = serializers.ChoiceField(choices=TransportTry.State.choices)
    reason = serializers.SerializerMethodField(help_text="Why it was not taken; empty when it was.")
    detail = serializers.SerializerMethodField(help_text="The provider's own words.")

    class Meta:
        model = TransportTry
        fields = ("id", "address", "state", "reason", "detail", "asked_at", "done_at")
        read_only_fields = fields

    def get_reason(self, asked: TransportTry) -> str:
        return reason_words(asked.error.get("reason", ""))

    def get_detail(self, asked: TransportTry) -> str:
        return str(asked.error.get("words", ""))


class TryPage(serializers.Serializer):
    """The latest test messages, newest first."""

    items = TryOut(many=True)


class CaughtQuery(Strict):
    """What of the local inbox is wanted."""

    channel = Choice(Channel, required=False)
    q = Text(200, required=False, help_text="Part of an address, a name or a subject.")
    before = Text(60, required=False, help_text="Where the last page ended; comes in `older`.")


class CaughtLine(serializers.ModelSerializer):
    """A caught message in a list."""

    channel = serializers.ChoiceField(choices=Channel.choices)

    class Meta:
        model = Caught
        fields = ("id", "ref", "channel", "address", "name", "sender", "subject", "at")
        read_only_fields = fields


class CaughtOut(CaughtLine):
    """A caught message whole."""

    headers = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = Caught
        fields = (*CaughtLine.Meta.fields, "text", "html", "headers")
        read_only_fields = fields


class CaughtPageOut(serializers.Serializer):
    """A page of the local inbox, newest first. ``older`` is empty on the last one."""

    items = CaughtLine(many=True)
    older = serializers.CharField()
