"""Exports as the API takes and gives them."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Id, Strict, Text
from customers.export.catalogue import columns_of
from customers.export.forms import IDS_MAX
from customers.export.look import DELIMITERS, ENCODINGS, HEADERS
from customers.export.models import ExportRun, Kind
from customers.segments.serializers import Tree


@extend_schema_serializer(
    examples=[
        OpenApiExample("everybody", {"kind": "guests"}, request_only=True),
        OpenApiExample(
            "segment",
            {"kind": "guests", "segment_id": 3, "columns": ["given_name", "family_name", "email"], "format": "xlsx"},
            request_only=True,
        ),
    ]
)
class ExportIn(Strict):
    """What a file shall hold: of every guest, or of those named by id, by a filter or by a segment."""

    kind = Choice(Kind, required=False, help_text="What the rows are; `guests` unless told otherwise.")
    guest_ids = serializers.ListField(
        child=Id(), required=False, min_length=1, max_length=IDS_MAX, help_text="Of these guests."
    )
    filter = Tree(required=False, help_text="Of all guests that match it when the file is written.")
    segment_id = Id(required=False, help_text="Of all guests of this segment when the file is written.")
    columns = serializers.ListField(
        child=Text(60, allow_blank=False),
        required=False,
        max_length=200,
        help_text="Their names, as the first line of a file holds them; left out: the usual ones.",
    )
    format = Choice(ExportRun.Format, required=False, help_text="`csv` unless told otherwise.")
    delimiter = serializers.ChoiceField(choices=list(DELIMITERS), required=False, help_text="A comma if left out.")
    encoding = serializers.ChoiceField(choices=list(ENCODINGS), required=False, help_text="`utf-8` if left out.")
    decimal = serializers.ChoiceField(choices=[".", ","], required=False, help_text="A point if left out.")
    header = serializers.ChoiceField(
        choices=list(HEADERS),
        required=False,
        help_text="The language of the columns' names; empty or left out: the names that programs use.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [name for name in ("guest_ids", "filter", "segment_id") if name in attrs]
        if len(named) > 1:
            raise serializers.ValidationError(
                {named[-1]: [_("Say which guests once: by guest_ids, filter or segment_id.")]}
            )
        known = {column.key for column in columns_of(attrs.get("kind", Kind.GUESTS))}
        strange = [name for name in attrs.get("columns", ()) if name not in known]
        if strange:
            told = _("There is no column of this name: %(name)s.") % {"name": strange[0]}
            raise serializers.ValidationError({"columns": [told]})
        return attrs


class ExportOut(serializers.ModelSerializer):
    """A file and how far it is. `file_url` is there while the file can be had; it is good for an hour, for this key."""

    state = serializers.ChoiceField(choices=ExportRun.State.values, read_only=True)
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = ExportRun
        fields: ClassVar = (
            "id",
            "kind",
            "state",
            "format",
            "columns",
            "total",
            "done",
            "rows",
            "left_out",
            "file_name",
            "size",
            "downloads",
            "created_at",
            "finished_at",
            "expires_at",
            "file_url",
        )
        read_only_fields = fields
        extra_kwargs: ClassVar = {
            "total": {"help_text": "Guests that match, once the writing has begun."},
            "done": {"help_text": "Guests come to."},
            "left_out": {"help_text": "Guests that are not in the file: the processing of their data is restricted."},
            "expires_at": {"help_text": "When the file goes."},
        }

    def get_file_url(self, run: ExportRun) -> str | None:
        url: str | None = self.context["file_url"](run)
        return url


class ExportPage(serializers.Serializer):
    """A page of exports."""

    items = ExportOut(many=True)
    next = serializers.CharField(allow_null=True)


class FileQuery(Strict):
    """What the address of a file carries."""

    key = Text(400, required=False, help_text="The signature in `file_url`.")
