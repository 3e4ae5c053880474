"""Bulk actions as the API takes and gives them."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Id, Strict, Text
from customers.bulk.models import BulkRun
from customers.bulk.wording import reason_sentence, run_sentence
from customers.segments.serializers import Tree

IDS_MAX = 10_000
"""Guests that one request may name by id."""


class BulkValues(Strict):
    """What the action does: `tag_id` for tags, `field` and `value` for a field, `automation_id` for automations."""

    tag_id = Id(required=False, help_text="The tag to put on or take off.")
    field = Text(
        50,
        required=False,
        help_text="`language`, `nationality`, `country`, `source`, or `own.` and the key of a field of your own.",
    )
    value = Text(500, required=False, help_text="What to write, as files write it; empty to empty the field.")
    automation_id = Id(required=False, help_text="The automation to start or stop.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "tag", {"action": "tag_add", "values": {"tag_id": 8}, "guest_ids": [4711, 4712]}, request_only=True
        ),
        OpenApiExample(
            "language",
            {
                "action": "field_set",
                "values": {"field": "language", "value": "nl"},
                "filter": {
                    "version": 1,
                    "match": "all",
                    "rules": [{"field": "country", "operator": "any_of", "value": ["NL"]}],
                },
            },
            request_only=True,
        ),
    ]
)
class BulkIn(Strict):
    """An action on guests: by id, all that match a filter, or all of a segment."""

    action = Text(
        24,
        allow_blank=False,
        help_text="`tag_add`, `tag_remove`, `field_set`, `automation_add` or `automation_remove`.",
    )
    values = BulkValues()
    guest_ids = serializers.ListField(
        child=Id(), required=False, min_length=1, max_length=IDS_MAX, help_text="These guests."
    )
    filter = Tree(required=False, help_text="All guests that match it when the action starts.")
    segment_id = Id(required=False, help_text="All guests of this segment when the action starts.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [name for name in ("guest_ids", "filter", "segment_id") if name in attrs]
        if len(named) != 1:
            raise serializers.ValidationError(
                {named[-1] if named else "guest_ids": [_("Say which guests: send guest_ids, filter or segment_id.")]}
            )
        return attrs


class BulkSkipped(serializers.Serializer):
    """Guests that were left as they are."""

    reason = serializers.CharField()
    detail = serializers.CharField(help_text="Why, for people.")
    number = serializers.IntegerField()
    guest_ids = serializers.ListField(child=serializers.IntegerField(), help_text="The first of them.")


class BulkOut(serializers.ModelSerializer):
    """An action on many guests and how far it has come. An undo is one too: `action` is `undo`, and counts entries."""

    action = serializers.CharField(source="kind", read_only=True)
    title = serializers.SerializerMethodField(help_text="What it does, for people.")
    state = serializers.ChoiceField(choices=BulkRun.State.values, read_only=True)
    skipped = serializers.SerializerMethodField()
    change_set_id = serializers.IntegerField(read_only=True, allow_null=True, help_text="The act in the history.")

    class Meta:
        model = BulkRun
        fields = (
            "id",
            "action",
            "title",
            "state",
            "total",
            "done",
            "changed",
            "skipped",
            "error",
            "change_set_id",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields

    def get_title(self, run: BulkRun) -> str:
        return run_sentence(run)

    @extend_schema_field(BulkSkipped(many=True))
    def get_skipped(self, run: BulkRun) -> list[dict[str, Any]]:
        return [
            {
                "reason": reason,
                "detail": reason_sentence(run.kind, reason),
                "number": number,
                "guest_ids": run.examples.get(reason, []),
            }
            for reason, number in run.skipped.items()
        ]
