"""Segments and shared views as the API takes and gives them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Count, Strict, Text
from accounts.models import User
from customers.conditions.selectors import filter_catalogue
from customers.filters import TREE_SCHEMA, Catalogue, TreeError, tree_read, tree_write
from customers.segments.models import SavedView, Segment

HISTORY_MAX, HISTORY_USUAL = 730, 90
DUTCH_REGULARS = {
    "version": 1,
    "match": "all",
    "rules": [
        {"field": "language", "operator": "any_of", "value": ["nl"]},
        {"field": "stays.count", "operator": "at_least", "value": 2, "period": {"last": 24, "unit": "month"}},
    ],
}
"""The filter that examples show."""


def _inlined(part: Any, parts: Mapping[str, Any]) -> Any:
    """The schema with what it refers to in its place: the API's description resolves references from its own root."""
    if isinstance(part, Mapping):
        if "$ref" in part:
            return _inlined(parts[str(part["$ref"]).rpartition("/")[2]], parts)
        return {
            name: _inlined(inner, parts) for name, inner in part.items() if name not in ("$schema", "$defs", "title")
        }
    return [_inlined(each, parts) for each in part] if isinstance(part, list) else part


@extend_schema_field(
    {
        **_inlined(TREE_SCHEMA, TREE_SCHEMA["$defs"]),
        "description": "A filter: conditions, and groups of conditions, of which `all` or `any` must hold.",
        "example": DUTCH_REGULARS,
    }
)
class Tree(serializers.JSONField):
    """A filter. What is wrong with its conditions, the service says."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            json.dumps(data, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError) as error:
            raise serializers.ValidationError(_("This is not a text that can be kept.")) from error
        return data

    def to_representation(self, value: Any) -> Any:
        """As it reads today: a tree of an older version is brought up to date; one that cannot be read stays."""
        catalogue: Catalogue = self.context["catalogue"]
        try:
            return tree_write(tree_read(value, catalogue))
        except TreeError:
            return value


class SegmentOut(serializers.ModelSerializer):
    """A filter with a name, and the guests who match it, counted every quarter of an hour and after each change."""

    code = serializers.CharField(read_only=True, help_text="Of a segment that came ready; empty for others.")
    name = serializers.CharField(source="title", read_only=True)
    tree = Tree(read_only=True)
    members = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="How many guests it holds, as of `counted_at`; null: not counted yet.",
    )
    is_counted = serializers.BooleanField(read_only=True, help_text="Whether `members` are those of this `tree`.")

    class Meta:
        model = Segment
        fields = (
            "id",
            "version",
            "code",
            "name",
            "description",
            "tree",
            "members",
            "is_counted",
            "counted_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


def segments_shown(segments: Sequence[Segment]) -> list[Any]:
    """Segments as the API gives them."""
    return list(SegmentOut(segments, many=True, context={"catalogue": filter_catalogue()}).data)


class SegmentPage(serializers.Serializer):
    """All segments in their order."""

    items = SegmentOut(many=True)


@extend_schema_serializer(
    examples=[OpenApiExample("Dutch", {"name": "Dutch regulars", "tree": DUTCH_REGULARS}, request_only=True)]
)
class SegmentIn(Strict):
    """A new segment."""

    name = Text(80, allow_blank=False)
    description = Text(400, required=False)
    tree = Tree()


@extend_schema_serializer(
    examples=[OpenApiExample("name", {"name": "Dutch guests, two stays", "version": 1}, request_only=True)]
)
class SegmentChange(Strict):
    """What is to change of a segment; what is left out stays."""

    name = Text(80, required=False, allow_blank=False)
    description = Text(400, required=False)
    tree = Tree(required=False)
    version = Count(2**31 - 1, required=False, help_text="The version you have before you, as with If-Match.")


class HistoryQuery(Strict):
    """How far back."""

    days = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=HISTORY_MAX,
        help_text=f"Days, today included; {HISTORY_USUAL} unless told.",
    )


class SegmentDay(serializers.Serializer):
    """One day of a segment. Who came or went because its conditions were changed counts among `members` alone."""

    day = serializers.DateField()
    members = serializers.IntegerField(help_text="How many it held when the day ended.")
    entered = serializers.IntegerField()
    left = serializers.IntegerField()


class SegmentHistory(serializers.Serializer):
    """The days of a segment, oldest first; it begins when the segment was made."""

    items = SegmentDay(many=True)


class SavedViewOut(serializers.ModelSerializer):
    """How the guest list looks: a view that all members see beside their own."""

    tree = Tree(read_only=True)
    columns = serializers.ListField(child=serializers.CharField(), read_only=True)
    density = serializers.CharField(read_only=True, help_text="`comfortable`, `compact`, or as each member has it.")

    class Meta:
        model = SavedView
        fields = (
            "id",
            "version",
            "name",
            "tree",
            "text",
            "sort",
            "columns",
            "density",
            "position",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


def views_shown(views: Sequence[SavedView]) -> list[Any]:
    """Views as the API gives them."""
    return list(SavedViewOut(views, many=True, context={"catalogue": filter_catalogue()}).data)


class SavedViewPage(serializers.Serializer):
    """All shared views in their order."""

    items = SavedViewOut(many=True)


class SavedViewBase(Strict):
    """What a view holds."""

    name = Text(60, required=False, allow_blank=False)
    tree = Tree(required=False)
    text = Text(200, required=False, help_text="What stands in the list's search box.")
    sort = Text(40, required=False, help_text="What the list is sorted by, with - before it for downwards.")
    columns = serializers.ListField(
        child=Text(60, allow_blank=False), required=False, max_length=40, help_text="The columns shown, in their order."
    )
    density = Choice(User.Density, required=False, allow_blank=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "arrivals", {"name": "Dutch regulars", "tree": DUTCH_REGULARS, "sort": "-value"}, request_only=True
        )
    ]
)
class SavedViewIn(SavedViewBase):
    """A new view that all members see."""

    name = Text(60, allow_blank=False)
    tree = Tree()


@extend_schema_serializer(
    examples=[
        OpenApiExample("order", {"sort": "-value", "columns": ["stays", "value"], "version": 1}, request_only=True)
    ]
)
class SavedViewChange(SavedViewBase):
    """What is to change of a view; what is left out stays."""

    version = Count(2**31 - 1, required=False, help_text="The version you have before you, as with If-Match.")
