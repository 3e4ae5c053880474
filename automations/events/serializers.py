"""Events of guests as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Id, Moment, PageQuery, Strict, Text
from automations.api.fields import JsonObject
from automations.events.services import EVENTS_MAX, KEY_MAX, NAME_MAX, Happening, Told
from automations.models import GuestEvent


class EventIn(Strict):
    """Something a guest did. With a `key` of your own the same event, sent again, is the same: nothing begins twice."""

    name = Text(NAME_MAX, allow_blank=False, help_text="What you call it; automations ask for it by this name.")
    guest_id = Id(help_text="The card; of one that was merged, the card that carries on.")
    key = Text(KEY_MAX, required=False, help_text="Your own mark of this event, one of its kind under its `name`.")
    data = JsonObject(  # type: ignore[assignment]
        required=False, help_text="What else there is to know of it, at most 4 KB."
    )
    stay_id = Id(required=False, allow_null=True, help_text="The stay it is about, one of this guest's.")
    at = Moment(required=False, allow_null=True, help_text="When it was, within the last 90 days; now unless told.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "spa",
            {
                "events": [
                    {"name": "spa.booked", "guest_id": 4711, "key": "spa-2026-118", "data": {"treatment": "Hot stone"}},
                ]
            },
            request_only=True,
        )
    ]
)
class EventsIn(Strict):
    """Events, one or many: all of them are kept, or none."""

    events = serializers.ListField(child=EventIn(), min_length=1, max_length=EVENTS_MAX)


class EventOut(serializers.ModelSerializer):
    """Something a guest did: told by another system, or seen of a message (`opened`, `clicked`) or a consent
    (`consented`). Kept for 90 days."""

    guest_id = serializers.IntegerField(source="customer_id")
    stay_id = serializers.IntegerField(allow_null=True)
    data = JsonObject()  # type: ignore[assignment]

    class Meta:
        model = GuestEvent
        fields = ("id", "kind", "name", "guest_id", "stay_id", "key", "data", "at")
        read_only_fields = fields


class EventPage(serializers.Serializer):
    """One page of events, in the order they were written."""

    items = EventOut(many=True)
    next = serializers.URLField(allow_null=True)


class EventQuery(PageQuery):
    """Which events."""

    guest_id = Id(required=False)
    kind = Choice(GuestEvent.Kind, required=False)
    name = Text(NAME_MAX, required=False)


class ToldOut(serializers.Serializer):
    """What became of one event."""

    id = serializers.IntegerField(allow_null=True)
    is_new = serializers.BooleanField(help_text="False: it had been told before, and nothing more comes of it.")
    reason = serializers.CharField(
        help_text="Why it was not kept: `restricted`, the guest's data is not to be used; or empty."
    )


class ToldPage(serializers.Serializer):
    """What became of each event, in the order they were sent."""

    items = ToldOut(many=True)


def happenings_in(body: dict[str, Any]) -> list[Happening]:
    """The events of a body as the service takes them."""
    return [
        Happening(
            name=each["name"],
            customer_id=each["guest_id"],
            key=each.get("key", ""),
            data=each.get("data", {}),
            stay_id=each.get("stay_id"),
            at=each.get("at"),
        )
        for each in body["events"]
    ]


def told_out(told: list[Told]) -> list[dict[str, Any]]:
    """What the service answers, as the API gives it."""
    return [
        {"id": each.event.pk if each.event else None, "is_new": each.is_new, "reason": each.reason} for each in told
    ]
