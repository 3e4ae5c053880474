"""Templates as the API takes and gives them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Flag, Id, PageQuery, Strict, Text
from messaging.rendering.blocks import KINDS, MAX_BLOCKS
from messaging.texts.checking import SUBJECT_MAX, Draft
from messaging.texts.models import MAX_SMS, Channel, MessagePurpose, Template, TemplateText
from messaging.texts.selectors import texts_of
from messaging.texts.services import NAME_MAX


class BlockOut(serializers.Serializer):
    """One part of an e-mail."""

    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    text = serializers.CharField(required=False)
    link = serializers.CharField(required=False, help_text="Where a button or a picture leads.")

    def get_fields(self) -> dict[str, serializers.Field]:
        """With ``source``, a name that a field itself has."""
        source = serializers.CharField(required=False, help_text="The https address of a picture.")
        return {**super().get_fields(), "source": source}


class TextOut(serializers.ModelSerializer):
    """A template's words in one language, in force."""

    blocks = BlockOut(many=True, help_text="What an e-mail consists of; empty for an SMS.")

    class Meta:
        model = TemplateText
        fields = ("id", "language", "version", "subject", "preheader", "blocks", "body", "actor", "made_at")
        read_only_fields = fields


class TemplateOut(serializers.ModelSerializer):
    """A template with its texts in force, by language code."""

    texts = TextOut(many=True)

    class Meta:
        model = Template
        fields = ("id", "name", "channel", "purpose", "is_archived", "created_at", "changed_at", "texts")
        read_only_fields = fields


class TemplatePage(serializers.Serializer):
    """One page of templates, in the order they were made."""

    items = TemplateOut(many=True)
    next = serializers.URLField(allow_null=True)


class TemplateQuery(PageQuery):
    """Which templates to list."""

    channel = Choice(Channel, required=False)
    purpose = Choice(MessagePurpose, required=False)
    is_archived = serializers.BooleanField(required=False, default=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "welcome",
            {
                "subject": "We look forward to seeing you, {guest.given_name|dear guest}",
                "blocks": [
                    {"kind": "heading", "text": "See you soon"},
                    {"kind": "paragraph", "text": "You arrive on **{stay.arrival}**."},
                    {"kind": "button", "text": "How to find us", "link": "https://example.com/way"},
                ],
            },
            request_only=True,
        )
    ]
)
class TextIn(Strict):
    """A template's words in one language: of an e-mail `subject` and `blocks`, of an SMS `body`.

    Placeholders are `{guest.given_name}`, or `{guest.given_name|dear guest}` with what stands there without a value.
    """

    subject = Text(SUBJECT_MAX, required=False)
    preheader = Text(SUBJECT_MAX, required=False, help_text="Stands beside the subject in most inboxes.")
    blocks = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True, trim_whitespace=False)),
        required=False,
        max_length=MAX_BLOCKS,
        help_text="Each with `kind` (heading, paragraph, button, image, divider, signature), `text`, `link`, `source`.",
    )
    body = Text(MAX_SMS, required=False)
    version = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="The version you have before you, 0 for none."
    )


class NewTextIn(TextIn):
    """The words of a template that is made, in one language."""

    language = Text(5, required=True, help_text="An ISO 639-1 code: nb, en.")
    version = None  # type: ignore[assignment]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "parking",
            {
                "name": "Parking",
                "channel": "sms",
                "purpose": "stay",
                "texts": [{"language": "en", "body": "Welcome, {guest.given_name|dear guest}! Park behind the house."}],
            },
            request_only=True,
        )
    ]
)
class TemplateIn(Strict):
    """A template to be made."""

    name = Text(NAME_MAX)
    channel = Choice(Channel)
    purpose = Choice(MessagePurpose)
    texts = NewTextIn(many=True, required=False)

    def validate_texts(self, texts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({text["language"] for text in texts}) < len(texts):
            raise serializers.ValidationError(_("Each language only once."))
        return texts


@extend_schema_serializer(examples=[OpenApiExample("name", {"name": "Welcome before arrival"}, request_only=True)])
class TemplateChange(Strict):
    """What may change of a template."""

    name = Text(NAME_MAX, required=False, allow_blank=False)
    purpose = Choice(MessagePurpose, required=False)
    is_archived = Flag(required=False)


@extend_schema_serializer(examples=[OpenApiExample("guest", {"guest_id": 1042}, request_only=True)])
class PreviewIn(Strict):
    """Whom to render a template for."""

    guest_id = Id()
    stay_id = Id(required=False, allow_null=True, help_text="Unless told, the stay the guest is in, else the next.")
    invoice_id = Id(required=False, allow_null=True, help_text="Unless told, the unpaid one that was due first.")
    language = Text(5, required=False, help_text="Unless told, the guest's, else the business's, else any there is.")


class SegmentsOut(serializers.Serializer):
    """What an SMS takes."""

    encoding = serializers.ChoiceField(choices=[("GSM-7", "GSM-7"), ("UCS-2", "UCS-2")])
    units = serializers.IntegerField()
    parts = serializers.IntegerField()
    left = serializers.IntegerField()


class PreviewOut(serializers.Serializer):
    """A message as the guest would get it."""

    language = serializers.CharField()
    subject = serializers.CharField()
    html = serializers.CharField()
    text = serializers.CharField()
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Placeholders that have no value for this guest, nor a fallback."
    )
    segments = SegmentsOut(allow_null=True)


def templates_shown(templates: Iterable[Template]) -> list[Mapping[str, Any]]:
    """Templates as the API gives them. One query."""
    listed = list(templates)
    texts = texts_of(template_ids=[template.pk for template in listed])
    return [
        TemplateOut(
            {**_fields(template), "texts": [texts[template.pk][code] for code in sorted(texts[template.pk])]}
        ).data
        for template in listed
    ]


def draft_in(body: Mapping[str, Any]) -> Draft:
    """A text of the API as a draft."""
    return Draft(
        body.get("subject", ""), body.get("preheader", ""), tuple(body.get("blocks", ())), body.get("body", "")
    )


def _fields(template: Template) -> dict[str, Any]:
    return {name: getattr(template, name) for name in TemplateOut.Meta.fields if name != "texts"}
