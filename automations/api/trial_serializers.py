"""Dry runs as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Day, Id, PageQuery, Strict, Text
from automations.api.fields import DefinitionField
from automations.models import DryRun, DryRunStep
from automations.reasons import reason_words
from automations.rehearsal.trial import Trial, Tried
from automations.rehearsal.wording import NOTES, problem_words


class DryRunOut(serializers.ModelSerializer):
    """What an automation would do, or would have done, in a span of days. `counts` holds for each step how often it
    came to which outcome, and for which reason: `{"mail": {"done.": 12, "refused.no_consent": 3}}`; with an empty name,
    of the journeys themselves."""

    automation_id = serializers.IntegerField()
    definition = DefinitionField(read_only=True)
    counts = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))
    why = serializers.SerializerMethodField(help_text="Why it failed, in words; or empty.")

    class Meta:
        model = DryRun
        fields = (
            *("id", "automation_id", "definition", "first", "last", "state", "problem", "why", "guests", "counts"),
            *("created_at", "finished_at"),
        )
        read_only_fields = fields

    def get_why(self, run: DryRun) -> str:
        return problem_words(run)


class DryRunPage(serializers.Serializer):
    """One page of dry runs, in the order they were asked for."""

    items = DryRunOut(many=True)
    next = serializers.URLField(allow_null=True)


@extend_schema_serializer(
    examples=[OpenApiExample("may", {"first": "2026-05-01", "last": "2026-05-31"}, request_only=True)]
)
class DryRunIn(Strict):
    """Which days to try."""

    first = Day()
    last = Day(help_text="The last day that counts.")


class DryRunStepOut(serializers.ModelSerializer):
    """What one step would do for one guest, or why it would not. An empty `step` is the journey as a whole, and
    `outcome` how it would end."""

    guest_id = serializers.IntegerField(source="customer_id")
    why = serializers.SerializerMethodField(help_text="Why, in words; or empty.")
    sends_at = serializers.DateTimeField(
        allow_null=True, help_text="When a message would leave: later than `at` where it waits for quiet hours to end."
    )
    stay_id = serializers.IntegerField(allow_null=True)

    class Meta:
        model = DryRunStep
        fields = ("id", "journey", "guest_id", "stay_id", "step", "outcome", "reason", "why", "at", "sends_at")
        read_only_fields = fields

    def get_why(self, step: DryRunStep) -> str:
        return _why(step.reason)


class DryRunStepPage(serializers.Serializer):
    """One page of steps, journey by journey."""

    items = DryRunStepOut(many=True)
    next = serializers.URLField(allow_null=True)


class DryRunStepQuery(PageQuery):
    """Which steps."""

    guest_id = Id(required=False)
    step = Text(12, required=False)
    outcome = Text(8, required=False)
    reason = Text(24, required=False)


@extend_schema_serializer(examples=[OpenApiExample("guest", {"guest_id": 4711}, request_only=True)])
class TryIn(Strict):
    """On whom to try it."""

    guest_id = Id()


class TriedOut(serializers.Serializer):
    """What one step would do. Of a message its words as the guest would get them."""

    step = serializers.CharField()
    outcome = serializers.CharField()
    reason = serializers.CharField()
    why = serializers.CharField(help_text="Why, in words; or empty.")
    at = serializers.DateTimeField()
    sends_at = serializers.DateTimeField(allow_null=True)
    subject = serializers.CharField()
    text = serializers.CharField()


class TrialOut(serializers.Serializer):
    """What would become of one guest. `keeps_out` says why the guest would not begin at all; the steps are told all the
    same. `note` says what there is not of this guest, so that it is tried from now on."""

    guest_id = serializers.IntegerField()
    stay_id = serializers.IntegerField(allow_null=True)
    begins_at = serializers.DateTimeField()
    keeps_out = serializers.CharField(help_text="A code; or empty.")
    note = serializers.CharField()
    state = serializers.CharField(help_text="How the journey would end, as a state of journeys.")
    reason = serializers.CharField()
    why = serializers.CharField(help_text="Why it would end so, in words; or empty.")
    steps = TriedOut(many=True)


def trial_shown(trial: Trial) -> dict[str, Any]:
    """A trial as the API gives it."""
    way = trial.way
    shown = {
        "guest_id": trial.guest.pk,
        "stay_id": way.stay_id,
        "begins_at": trial.occasion.at,
        "keeps_out": trial.keeps_out,
        "note": str(NOTES[trial.occasion.note]) if trial.occasion.note else "",
        "state": way.state,
        "reason": way.reason,
        "why": _why(way.reason),
        "steps": [_tried(each) for each in trial.steps],
    }
    return dict(TrialOut(shown).data)


def _tried(tried: Tried) -> dict[str, Any]:
    line, message = tried.line, tried.shown.rendered if tried.shown else None
    return {
        "step": line.step,
        "outcome": line.outcome,
        "reason": line.reason,
        "why": _why(line.reason),
        "at": line.at,
        "sends_at": line.sends_at,
        "subject": message.subject if message else "",
        "text": message.text if message else "",
    }


def _why(reason: str) -> str:
    return str(reason_words(reason)) if reason else ""


def asked_of(query: dict[str, Any]) -> dict[str, Any]:
    """The query as filters of rows."""
    asked = {name: query[name] for name in ("step", "outcome", "reason") if query.get(name)}
    return {**asked, **({"customer_id": query["guest_id"]} if query.get("guest_id") else {})}
