"""A message to one guest as the API takes it."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Id, Strict, Text
from messaging.texts.checking import SUBJECT_MAX
from messaging.texts.models import Channel, MessagePurpose

TEXT_MAX = 20_000


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "arrival",
            {
                "channel": "email",
                "purpose": "stay",
                "subject": "Your key",
                "text": "Dear {guest.given_name|guest},\n\nyour key waits in the box beside the door.",
            },
            request_only=True,
        )
    ]
)
class MessageIn(Strict):
    """A template, or words of one's own: paragraphs between empty lines, with placeholders as templates have them."""

    template_id = Id(required=False, allow_null=True)
    channel = Choice(Channel, required=False, help_text="Of words of one's own; a template has its own.")
    purpose = Choice(MessagePurpose, required=False, help_text="What it is about; what is allowed depends on it.")
    subject = Text(SUBJECT_MAX, required=False)
    text = Text(TEXT_MAX, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("template_id") is None:
            missing = [name for name in ("channel", "purpose", "text") if not attrs.get(name)]
            if missing:
                raise serializers.ValidationError(dict.fromkeys(missing, _("This field is required.")))
        return attrs
