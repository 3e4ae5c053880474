"""Journeys as the API gives them."""

from collections.abc import Sequence
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Id, PageQuery, Strict, Text
from automations.models import Journey, JourneyStep
from automations.reasons import reason_words
from automations.watching.selectors import Counts, NextStep

_COLUMNS: Final[tuple[str, ...]] = (
    *("id", "automation_id", "number", "guest_id", "state", "reason", "why", "occurrence", "stay_id"),
    *("invoice_id", "anchor", "step", "due_at", "due_local", "zone", "number_done"),
    *("began_at", "ended_at", "created_at"),
)


class JourneyOut(serializers.ModelSerializer):
    """A guest on the way through an automation. `step` is what comes next, empty before the first; `due_at` is when,
    and `due_local` what the clock shows then in `zone`."""

    automation_id = serializers.IntegerField()
    number = serializers.IntegerField(source="version.number", help_text="The version it began on.")
    guest_id = serializers.IntegerField(source="customer_id")
    stay_id = serializers.IntegerField(allow_null=True)
    invoice_id = serializers.IntegerField(allow_null=True)
    occurrence = serializers.CharField(help_text="What began it; it is there once.")
    why = serializers.SerializerMethodField(help_text="Why it ended, in words; or empty.")

    class Meta:
        model = Journey
        fields = _COLUMNS
        read_only_fields = _COLUMNS

    def get_why(self, journey: Journey) -> str:
        return str(reason_words(journey.reason)) if journey.reason else ""


class JourneyPage(serializers.Serializer):
    """One page of journeys, in the order they were planned."""

    items = JourneyOut(many=True)
    next = serializers.URLField(allow_null=True)


class JourneyQuery(PageQuery):
    """Which journeys."""

    automation_id = Id(required=False)
    guest_id = Id(required=False)
    state = Choice(Journey.State, required=False)
    step = Text(12, required=False, help_text="Those for whom this step comes next.")


class JourneyStepOut(serializers.ModelSerializer):
    """What came of a step. Of a message, a staff task or a webhook the id of what was made."""

    outcome = serializers.ChoiceField(choices=JourneyStep.Outcome.values)
    why = serializers.SerializerMethodField(help_text="Why it came so, in words; or empty.")
    message_id = serializers.IntegerField(allow_null=True)
    todo_id = serializers.IntegerField(allow_null=True)
    delivery_id = serializers.IntegerField(allow_null=True)

    class Meta:
        model = JourneyStep
        fields = ("step", "outcome", "reason", "why", "due_at", "at", "message_id", "todo_id", "delivery_id")
        read_only_fields = fields

    def get_why(self, step: JourneyStep) -> str:
        return str(reason_words(step.reason)) if step.reason else ""


class JourneyWhole(JourneyOut):
    """A journey with its steps so far."""

    steps = serializers.SerializerMethodField()

    class Meta(JourneyOut.Meta):
        fields = (*_COLUMNS, "steps")
        read_only_fields = (*_COLUMNS, "steps")

    @extend_schema_field(JourneyStepOut(many=True))
    def get_steps(self, journey: Journey) -> Sequence[Any]:
        rows = JourneyStep.objects.filter(journey_id=journey.pk).order_by("at", "id")
        return list(JourneyStepOut(rows, many=True).data)


class MovedOut(serializers.Serializer):
    """How many journeys go on on the current version."""

    moved = serializers.IntegerField()


@extend_schema_serializer(examples=[OpenApiExample("next", {"step": ""}, request_only=True)])
class SkipIn(Strict):
    """Which step to go past."""

    step = Text(12, required=False, help_text="Its id; the one that comes next unless told.")


class StepCountsOut(serializers.Serializer):
    """One step in numbers."""

    step = serializers.CharField(help_text="Its id; empty: before the first.")
    waiting = serializers.IntegerField(help_text="Journeys for which it comes next.")
    outcomes = serializers.DictField(child=serializers.IntegerField(), help_text="How often it came to which outcome.")
    reasons = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="Of each outcome, how often why."
    )


class CountsOut(serializers.Serializer):
    """An automation in numbers of journeys."""

    states = serializers.DictField(child=serializers.IntegerField())
    reasons = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="Of each state, how many ended why."
    )
    older = serializers.IntegerField(help_text="Under way on versions before the current one.")
    steps = StepCountsOut(many=True)


class ResultsOfAutomation(serializers.Serializer):
    """What an automation came to: guests who began, their messages, goals, and the stays they booked within `days` of
    their beginning, with the revenue in the business's currency."""

    days = serializers.IntegerField()
    journeys = serializers.IntegerField()
    guests = serializers.IntegerField()
    goals = serializers.IntegerField()
    sent = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    booked = serializers.IntegerField(help_text="Guests who booked.")
    stays = serializers.IntegerField()
    revenue = serializers.FloatField()


class ResultsDays(Strict):
    """In how many days after."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=365)


class NextStepOut(serializers.Serializer):
    """What comes next for a guest in one automation. `is_maybe`: a condition stands before it."""

    journey_id = serializers.IntegerField()
    automation_id = serializers.IntegerField()
    automation = serializers.CharField(help_text="What it is called.")
    state = serializers.ChoiceField(choices=Journey.State.values)
    step = serializers.CharField(help_text="The id of the step; or empty.")
    do = serializers.CharField(help_text="What the step does: `email`, `task` …; or empty.")
    at = serializers.DateTimeField(allow_null=True)
    is_maybe = serializers.BooleanField()


class NextSteps(serializers.Serializer):
    """What comes next for a guest, the soonest first."""

    items = NextStepOut(many=True)


def counts_shown(counts: Counts) -> dict[str, Any]:
    """Numbers as the API gives them."""
    steps = [
        {"step": step, "waiting": each.waiting, "outcomes": each.outcomes, "reasons": each.reasons}
        for step, each in sorted(counts.steps.items())
    ]
    told = {"states": counts.states, "reasons": counts.reasons, "older": counts.older, "steps": steps}
    return dict(CountsOut(told).data)


def next_shown(found: Sequence[NextStep]) -> list[Any]:
    """What comes next, as the API gives it."""
    told = [
        {
            "journey_id": each.journey.pk,
            "automation_id": each.journey.automation_id,
            "automation": each.journey.automation.name,
            "state": each.journey.state,
            "step": each.ahead.step.id if each.ahead else each.journey.step,
            "do": each.ahead.step.do.value if each.ahead else "",
            "at": each.at,
            "is_maybe": each.ahead.is_maybe if each.ahead else False,
        }
        for each in found
    ]
    return list(NextStepOut(told, many=True).data)
