"""The API of filters: what can be asked, and how many guests an answer holds."""

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import Flag, Strict
from accounts.models import ApiKey
from customers.conditions.counts import tree_figures
from customers.conditions.labels import fields_grouped, operator_label
from customers.conditions.names import Names
from customers.conditions.selectors import filter_catalogue, wanted
from customers.filters import TREE_SCHEMA, Field
from customers.segments.api import SegmentView
from customers.segments.serializers import DUTCH_REGULARS, Tree
from customers.segments.services import tree_checked


@extend_schema_serializer(examples=[OpenApiExample("Dutch", {"tree": DUTCH_REGULARS}, request_only=True)])
class FilterCountIn(Strict):
    """What to count."""

    tree = Tree()
    exact = Flag(
        required=False,
        default=False,
        help_text="Count a large register to the last guest; otherwise slow filters are estimated from a part of it.",
    )


class ReasonCount(serializers.Serializer):
    """How many guests a reason keeps from it; of several reasons a guest counts under the first."""

    reason = serializers.CharField()
    guests = serializers.IntegerField()


class ChannelReach(serializers.Serializer):
    """Whom the newsletter reaches by a channel."""

    channel = serializers.CharField()
    reachable = serializers.IntegerField()
    why_not = ReasonCount(many=True)


class FilterCount(serializers.Serializer):
    """How many guests match."""

    guests = serializers.IntegerField()
    is_exact = serializers.BooleanField(help_text="Whether that is the number, or an estimate.")
    low = serializers.IntegerField(help_text="Most likely (95 %) no fewer than this.")
    high = serializers.IntegerField(help_text="Most likely (95 %) no more than this.")
    reach = ChannelReach(many=True)
    sample = serializers.ListField(
        child=serializers.IntegerField(), help_text="Up to ten of them, at random, the same ones each time."
    )


class FilterOperator(serializers.Serializer):
    """How a field can be compared; `not` turns it round."""

    operator = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    label_not = serializers.CharField()


class FilterField(serializers.Serializer):
    """A field that guests can be found by."""

    field = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    group = serializers.CharField()
    operators = FilterOperator(many=True)
    options = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="The values of a closed choice; null: any that fit."
    )
    takes_period = serializers.BooleanField(help_text="Whether it is counted over a `period`, within `where`.")
    where = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(), allow_null=True),
        help_text="What it can be narrowed by, with the values of a closed choice.",
    )


class FilterSchema(serializers.Serializer):
    """Everything needed to write a filter."""

    schema = serializers.JSONField(help_text="The JSON schema of a filter.")
    fields = FilterField(many=True)  # type: ignore[assignment]


class FilterCounts(SegmentView):
    """Counting."""

    scopes: ClassVar = {"POST": ApiKey.Scope.READ}

    @extend_schema(
        operation_id="count_guests",
        summary="Count the guests who match a filter",
        description="With whom of them the newsletter reaches, and why not the others. Nothing is kept.",
        tags=["Segments"],
        request=FilterCountIn,
        responses={200: FilterCount},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(FilterCountIn)
        figures = tree_figures(wanted(tree=tree_checked(body["tree"])), exact=body["exact"])
        counted = figures.counted
        return Response(
            {
                "guests": counted.number,
                "is_exact": counted.is_exact,
                "low": counted.number if counted.is_exact else counted.low,
                "high": counted.number if counted.is_exact else counted.high,
                "reach": [
                    {
                        "channel": channel,
                        "reachable": reach.reachable,
                        "why_not": [{"reason": reason.value, "guests": number} for reason, number in reach.why_not],
                    }
                    for channel, reach in figures.reach.items()
                ],
                "sample": list(figures.sample),
            }
        )


class FilterFields(SegmentView):
    """The language of filters."""

    @extend_schema(
        operation_id="get_filter_schema",
        summary="Read what a filter can ask",
        description="The fields include the business's own.",
        tags=["Segments"],
        responses=FilterSchema,
    )
    def get(self, request: Request, slug: str) -> Response:
        names = Names(business=self.business, catalogue=filter_catalogue())
        fields = [
            _shown(names.catalogue[key], label, group)
            for group, labelled in fields_grouped(names)
            for key, label in labelled
        ]
        return Response({"schema": TREE_SCHEMA, "fields": fields})


def _shown(field: Field, label: str, group: str) -> dict[str, Any]:
    where = field.rows.where if field.rows else ()
    options = field.rows.options if field.rows else {}
    return {
        "field": field.key,
        "kind": field.kind,
        "label": label,
        "group": group,
        "operators": [
            {
                "operator": operator,
                "label": operator_label(field, operator),
                "label_not": operator_label(field, operator, negated=True),
            }
            for operator in field.operators
        ],
        "options": None if field.options is None else list(field.options),
        "takes_period": field.rows is not None,
        "where": {name: list(options[name]) if name in options else None for name in where},
    }


urlpatterns = [
    path("filters/count/", FilterCounts.as_view(), name="api_filter_count"),
    path("filters/schema/", FilterFields.as_view(), name="api_filter_schema"),
]
