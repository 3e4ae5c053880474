"""Suppressed addresses as the API takes and gives them: asked about, never listed in clear."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Moment, PageQuery, Strict, Text
from customers.card.models import ContactPoint
from customers.permission.models import Suppression
from customers.permission.suppressing import REASON_MAX, address_normal

EXAMPLE = {"kind": "email", "address": "kari.fjellrype@example.com"}


class SuppressionOut(serializers.ModelSerializer):
    """An address that must not be written to, and why. The address is not kept: `digest` stands for it."""

    class Meta:
        model = Suppression
        fields = ("id", "kind", "digest", "reason", "at", "recorded_at", "source")
        read_only_fields = fields


class SuppressionPage(serializers.Serializer):
    """One page of suppressed addresses, in the order they were recorded."""

    items = SuppressionOut(many=True)
    next = serializers.URLField(allow_null=True)


class SuppressionQuery(PageQuery):
    """Which ones to list."""

    kind = Choice(ContactPoint.Kind, required=False)
    reason = Choice(Suppression.Reason, required=False)


class Addressed(Strict):
    """An e-mail address or a phone number, as anybody writes it."""

    kind = Choice(ContactPoint.Kind)
    address = Text(254, help_text="A number without a country code is read as one of the business's country.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            normalised = address_normal(kind=attrs["kind"], value=attrs.pop("address"))
        except ValueError as error:
            raise serializers.ValidationError({"address": [str(error)]}) from error
        return {**attrs, "normalised": normalised}


@extend_schema_serializer(examples=[OpenApiExample("address", EXAMPLE, request_only=True)])
class SuppressionCheck(Addressed):
    """Which address is asked about."""


class SuppressionFound(serializers.Serializer):
    """What an address is suppressed for; once for each reason, nothing where it may be written to."""

    items = SuppressionOut(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "unsubscribed",
            {**EXAMPLE, "reason": "unsubscribed", "at": "2026-01-12T09:30:00+01:00", "source": "Old newsletter tool"},
            request_only=True,
        )
    ]
)
class SuppressionIn(Addressed):
    """An address that must not be written to again."""

    reason = Choice(Suppression.Reason, required=False, help_text="`manual` unless told.")
    at = Moment(required=False, help_text="When it happened; now unless told.")
    source = Text(200, required=False, help_text="Where it was learned; the key's name unless told.")  # type: ignore[assignment]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "works again", {**EXAMPLE, "reason": "bounce", "why": "The mailbox works again."}, request_only=True
        )
    ]
)
class SuppressionLift(Addressed):
    """Which suppression is lifted, and why."""

    reason = Choice(Suppression.Reason, help_text="What it is suppressed for; what it is suppressed for besides stays.")
    why = Text(REASON_MAX, help_text="Kept in the log.")

    def validate_why(self, value: str) -> str:
        """Something must be said."""
        if not value.strip():
            raise serializers.ValidationError(_("Write why. It is kept in the log."))
        return value
