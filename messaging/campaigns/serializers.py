"""Campaigns as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Clock, Count, Day, Id, PageQuery, Strict, Text
from messaging.campaigns.models import HOLDOUT_MAX, Campaign
from messaging.campaigns.services.drafts import CHOSEN_MAX, NAME_MAX


class CampaignOut(serializers.ModelSerializer):
    """A campaign. `segment_id` is empty where guests were chosen one by one or the segment is gone."""

    segment_id = serializers.IntegerField(allow_null=True)
    template_id = serializers.IntegerField(allow_null=True)
    channel = serializers.CharField(help_text="`email` or `sms`; empty for a draft without a template.")
    hour = Clock(allow_null=True)
    hours = serializers.DictField(child=serializers.CharField(), help_text="Times of languages with their own.")
    trouble = serializers.CharField(help_text="Why it was paused by itself: `late`, `segment`, `template`; or empty.")

    class Meta:
        model = Campaign
        fields = (
            "id",
            "name",
            "segment_id",
            "segment_name",
            "template_id",
            "channel",
            "purpose",
            "timing",
            "day",
            "hour",
            "hours",
            "holdout",
            "result_days",
            "state",
            "trouble",
            "starts_at",
            "audience",
            "created_at",
            "confirmed_at",
            "started_at",
            "finished_at",
            "version",
        )
        read_only_fields = fields


class CampaignPage(serializers.Serializer):
    """One page of campaigns, in the order they were made."""

    items = CampaignOut(many=True)
    next = serializers.URLField(allow_null=True)


class CampaignQuery(PageQuery):
    """Which campaigns to list."""

    state = Choice(Campaign.State, required=False)


class CampaignFields(Strict):
    """What can be said of a campaign before it goes out."""

    segment_id = Id(required=False, allow_null=True)
    guest_ids = serializers.ListField(
        child=Id(), required=False, max_length=CHOSEN_MAX, help_text="Guests chosen one by one instead of a segment."
    )
    template_id = Id(required=False, allow_null=True)
    timing = Choice(Campaign.Timing, required=False)
    day = Day(required=False, allow_null=True)
    hour = Clock(
        required=False, allow_null=True, help_text="In the business's time zone, or in each guest's: see `timing`."
    )
    hours = serializers.DictField(
        child=Clock(), required=False, help_text="Times of languages that have one of their own: `nl`: `09:30`."
    )
    holdout = Count(
        required=False, most=HOLDOUT_MAX, help_text="Percent of the guests, drawn at random, who get nothing."
    )
    result_days = serializers.IntegerField(required=False, min_value=1, max_value=365)


@extend_schema_serializer(
    examples=[OpenApiExample("winter", {"name": "Winter letter", "holdout": 10}, request_only=True)]
)
class CampaignIn(CampaignFields):
    """A campaign to be made; it is a draft."""

    name = Text(NAME_MAX, allow_blank=False)


@extend_schema_serializer(examples=[OpenApiExample("now", {"timing": "now"}, request_only=True)])
class CampaignChange(CampaignFields):
    """What to change of a draft."""

    name = Text(NAME_MAX, required=False, allow_blank=False)
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you have before you."
    )


class ResultsQuery(Strict):
    """In how many days after."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=365)


class ReasonOut(serializers.Serializer):
    """Guests who do not get it for one reason."""

    reason = serializers.CharField(help_text="A code.")
    words = serializers.CharField()
    number = serializers.IntegerField()


class CampaignPreviewOut(serializers.Serializer):
    """Whom it would reach now. Of a large audience some are looked at and the numbers scaled."""

    total = serializers.IntegerField()
    looked_at = serializers.IntegerField()
    reached = serializers.IntegerField()
    low = serializers.IntegerField(help_text="With 95 % certainty at least so many are reached.")
    high = serializers.IntegerField()
    held = serializers.IntegerField()
    later = serializers.IntegerField(help_text="Of those reached, how many get it later: quiet hours, or the cap.")
    excluded = ReasonOut(many=True)


class ProgressOut(serializers.Serializer):
    """How far a campaign has come, in guests."""

    audience = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Nothing has been decided for them yet.")
    due = serializers.IntegerField(help_text="Planned, and not sent yet.")
    sent = serializers.IntegerField()
    held = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Nobody knows whether these went.")
    excluded = ReasonOut(many=True)


class FatesOut(serializers.Serializer):
    """What became of the messages."""

    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    bounced = serializers.IntegerField()
    complained = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()


class SideOut(serializers.Serializer):
    """Guests of one kind in the days after."""

    guests = serializers.IntegerField()
    booked = serializers.IntegerField(help_text="How many of them booked.")
    stays = serializers.IntegerField()
    revenue = serializers.FloatField(source="spent.total", help_text="In the business's currency.")


class DifferenceOut(serializers.Serializer):
    """What it made of a difference, with the interval in which it lies with 95 % certainty."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ResultsOut(serializers.Serializer):
    """What came of it. `bookers` is in percentage points, `spending` in money a guest; empty without enough guests and
    of a campaign that was cancelled. `sent` are all who were drawn to get it."""

    progress = ProgressOut()
    messages = FatesOut()
    days = serializers.IntegerField(help_text="Days after in which stays and revenue are counted.")
    is_told = serializers.BooleanField(
        help_text="Whether the way it was sent by tells what became of messages; else nothing is known of delivery."
    )
    first = serializers.DateField()
    last = serializers.DateField()
    sent = SideOut()
    held = SideOut()
    bookers = DifferenceOut(allow_null=True)
    spending = DifferenceOut(allow_null=True)


def fields_in(body: dict[str, Any]) -> dict[str, Any]:
    """What the API calls the guests chosen one by one."""
    values = dict(body)
    if "guest_ids" in values:
        values["chosen"] = values.pop("guest_ids") or None
    return values
