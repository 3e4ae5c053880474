"""Consents as the API takes and gives them."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Flag, Id, Moment, PageQuery, Strict, Text
from customers.consent.models import CONSENTS, Channel, ConsentEvent, ConsentWording, Purpose
from customers.consent.services import CLOCKS_DIFFER, PROOF_MAX


class ConsentOut(serializers.Serializer):
    """One of the five consents as it stands; `is_granted` is null where the guest was never asked."""

    purpose = serializers.ChoiceField(choices=Purpose.choices)
    channel = serializers.ChoiceField(choices=Channel.choices, help_text="Empty for purposes without a channel.")
    is_granted = serializers.BooleanField(source="granted", allow_null=True)
    since = serializers.DateTimeField(allow_null=True)


class ConsentPage(serializers.Serializer):
    """All five consents of a guest."""

    items = ConsentOut(many=True)


class ConsentEventOut(serializers.ModelSerializer):
    """A consent granted or withdrawn: when, how, in which words, and what shows it. Never changed afterwards."""

    guest_id = Id(source="customer_id", read_only=True)
    wording_id = Id(read_only=True, allow_null=True)

    class Meta:
        model = ConsentEvent
        fields = (
            "id",
            "guest_id",
            "purpose",
            "channel",
            "act",
            "at",
            "recorded_at",
            "wording_id",
            "language",
            "source",
            "by_guest",
            "actor",
            "address",
            "proof",
        )
        read_only_fields = fields


class ConsentEventPage(serializers.Serializer):
    """One page of a guest's consents, in the order they were recorded."""

    items = ConsentEventOut(many=True)
    next = serializers.URLField(allow_null=True)


class ConsentEventQuery(PageQuery):
    """Which events to list."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "newsletter",
            {
                "purpose": "newsletter",
                "channel": "email",
                "is_granted": True,
                "at": "2026-01-12T09:30:00+01:00",
                "by_guest": True,
                "address": "192.0.2.17",
                "proof": "Booking form, reference B-77120",
            },
            request_only=True,
        )
    ]
)
class ConsentIn(Strict):
    """What the guest decided in your system."""

    purpose = Choice(Purpose)
    channel = Choice(Channel, required=False, allow_blank=True, help_text="Empty for purposes without a channel.")
    is_granted = Flag(help_text="False: withdrawn.")
    at = Moment(required=False, help_text="When the guest decided; now unless told.")
    by_guest = Flag(required=False, help_text="Whether the guest did it themselves.")
    wording_id = Id(required=False, allow_null=True, help_text="The business's wording that was shown.")
    language = Text(5, required=False, help_text="In which language it was shown.")
    address = serializers.IPAddressField(required=False, help_text="The IP address it came from.")
    proof = Text(PROOF_MAX, required=False, help_text="What shows it: the number of a form, for example.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["purpose"], attrs.get("channel", "")) not in CONSENTS:
            known = ", ".join(channel or _("none") for purpose, channel in CONSENTS if purpose == attrs["purpose"])
            raise serializers.ValidationError({"channel": [_("For this purpose: %(channels)s.") % {"channels": known}]})
        if attrs.get("at") and attrs["at"] > timezone.now() + CLOCKS_DIFFER:
            told = _("This moment is in the future. Write when the guest decided.")
            raise serializers.ValidationError({"at": [told]})
        wording_id, language = attrs.get("wording_id"), attrs.get("language", "")
        if wording_id is not None:
            wording = ConsentWording.objects.filter(
                pk=wording_id, purpose=attrs["purpose"], channel=attrs.get("channel", "")
            ).first()
            if wording is None:
                raise serializers.ValidationError({"wording_id": [_("This wording does not belong to this consent.")]})
            if language and language not in wording.texts:
                raise serializers.ValidationError({"language": [_("This wording has no text in that language.")]})
        return attrs
