"""Automations as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Flag, Id, PageQuery, Strict, Text
from automations.api.fields import WELCOME, DefinitionField
from automations.building.services import NAME_MAX
from automations.models import Automation, AutomationVersion

GUESTS_MAX = 10_000
"""Guests that one request may name by id."""


class AutomationOut(serializers.ModelSerializer):
    """Something that is done for guests by itself. `definition` is what is worked on; what runs is version
    `current_number`, and `has_changes` says whether the two differ."""

    definition = DefinitionField(source="draft", read_only=True)
    current_number = serializers.SerializerMethodField(help_text="`null`: it has never been on.")
    has_changes = serializers.SerializerMethodField(help_text="Whether something waits to be published.")
    trouble = serializers.CharField(
        read_only=True,
        help_text="`gone`: something it names is, and nothing begins; `circle`: guests go round in a circle, and stay"
        " outside after ten times within a day; or empty.",
    )

    class Meta:
        model = Automation
        fields = (
            *("id", "version", "name", "state", "trouble", "recipe", "definition", "current_number", "has_changes"),
            *("created_at", "changed_at", "turned_on_at"),
        )
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_current_number(self, automation: Automation) -> int | None:
        return automation.current.number if automation.current else None

    def get_has_changes(self, automation: Automation) -> bool:
        return automation.current is not None and automation.current.definition != automation.draft


def automation_shown(automation: Automation) -> dict[str, Any]:
    """An automation as the API gives it."""
    return dict(AutomationOut(automation).data)


class AutomationPage(serializers.Serializer):
    """One page of automations, in the order they were made."""

    items = AutomationOut(many=True)
    next = serializers.URLField(allow_null=True)


class AutomationQuery(PageQuery):
    """Which automations."""

    state = Choice(Automation.State, required=False)


@extend_schema_serializer(
    examples=[OpenApiExample("call", {"name": "Call before the stay", "definition": WELCOME}, request_only=True)]
)
class AutomationIn(Strict):
    """A new automation. It is a draft, and may lack what has not been chosen yet."""

    name = Text(NAME_MAX, allow_blank=False)
    definition = DefinitionField()


@extend_schema_serializer(
    examples=[OpenApiExample("name", {"name": "Call before each stay", "version": 1}, request_only=True)]
)
class AutomationChange(Strict):
    """What to change. Of one that is on, a changed definition runs once it is published."""

    name = Text(NAME_MAX, required=False, allow_blank=False)
    definition = DefinitionField(required=False)
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you have before you."
    )


@extend_schema_serializer(examples=[OpenApiExample("winter", {"name": "Call in winter"}, request_only=True)])
class CopyIn(Strict):
    """What the copy is called."""

    name = Text(NAME_MAX, required=False, help_text="The name of the first, marked as a copy, unless told.")


@extend_schema_serializer(examples=[OpenApiExample("on", {"take_present": False}, request_only=True)])
class TurnOnIn(Strict):
    """How it begins."""

    take_present = Flag(
        required=False,
        help_text="Whether guests enter, too, whom the trigger met before; else only what happens from now on counts.",
    )


@extend_schema_serializer(examples=[OpenApiExample("check", {"definition": WELCOME}, request_only=True)])
class CheckIn(Strict):
    """A definition to be looked through."""

    definition = DefinitionField()


class FaultOut(serializers.Serializer):
    """What is wrong, and with which part of the definition."""

    place = serializers.CharField(
        help_text="`trigger`, `entry`, `only`, `goal`, `exits.0`, the id of a step; empty for the whole."
    )
    field = serializers.CharField(help_text="The part's field; or empty.")
    detail = serializers.CharField()


class DoubtOut(serializers.Serializer):
    """What is likely not meant."""

    place = serializers.CharField(help_text="As of a problem.")
    code = serializers.CharField()
    detail = serializers.CharField()


class CheckOut(serializers.Serializer):
    """What is wrong with a definition: with `problems` it cannot be turned on, with `warnings` it can."""

    problems = FaultOut(many=True)
    warnings = DoubtOut(many=True)


class RecipeOut(serializers.Serializer):
    """An automation to begin with. `definition` names the business's own tags and templates where it has them; what
    is missing is chosen afterwards."""

    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()


class RecipePage(serializers.Serializer):
    """All recipes."""

    items = RecipeOut(many=True)


@extend_schema_serializer(examples=[OpenApiExample("birthday", {"recipe": "birthday"}, request_only=True)])
class FromRecipeIn(Strict):
    """Which recipe to make a draft of."""

    recipe = Text(24, allow_blank=False)
    name = Text(NAME_MAX, required=False, help_text="As the recipe says unless told.")


class VersionOut(serializers.ModelSerializer):
    """A definition that was let out. Journeys finish on the version they began on."""

    definition = DefinitionField(read_only=True)
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = AutomationVersion
        fields = ("id", "number", "is_current", "definition", "created_at")
        read_only_fields = fields

    def get_is_current(self, version: AutomationVersion) -> bool:
        return version.automation.current_id == version.pk


class VersionPage(serializers.Serializer):
    """One page of versions, the first one first."""

    items = VersionOut(many=True)
    next = serializers.URLField(allow_null=True)


@extend_schema_serializer(examples=[OpenApiExample("two", {"guest_ids": [4711, 4712]}, request_only=True)])
class EnterIn(Strict):
    """Who enters."""

    guest_ids = serializers.ListField(child=Id(), min_length=1, max_length=GUESTS_MAX)


class RefusedOut(serializers.Serializer):
    """Guests who do not enter, for one reason."""

    reason = serializers.CharField(help_text="A code.")
    words = serializers.CharField()
    number = serializers.IntegerField()


class EnteredOut(serializers.Serializer):
    """Who entered."""

    entered = serializers.IntegerField()
    already = serializers.IntegerField(help_text="Are on their way, or have been and may not enter again.")
    refused = RefusedOut(many=True)
