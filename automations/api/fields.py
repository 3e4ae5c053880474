"""JSON that is kept as it comes, if it can be kept."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from automations.definition.schema import DEFINITION_SCHEMA
from automations.events.storable import is_storable, size_of

DEFINITION_BYTES: Final = 200_000
WELCOME: Final[dict[str, Any]] = {
    "trigger": {"kind": "before_arrival", "days": 3, "at": "10:00"},
    "entry": {"rule": "each"},
    "exits": [{"kind": "cancelled"}],
    "steps": [
        {"id": "look", "do": "only_if", "tree": {"version": 1, "match": "all", "rules": [
            {"field": "language", "operator": "any_of", "value": ["nl"]},
        ]}},
        {"id": "call", "do": "task", "title": "Call before the stay", "days": 1},
    ],
}  # fmt: skip
"""The definition that examples show."""


@extend_schema_field({"type": "object", "additionalProperties": True})
class JsonObject(serializers.JSONField):
    """An object of which nothing is known but that it can be kept."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping) or not is_storable(data):
            raise serializers.ValidationError(_("Send an object of names and values that can be kept."))
        return dict(data)


class DefinitionField(JsonObject):
    """What an automation says. What is wrong with it, the service tells."""

    _spectacular_annotation: Mapping[str, Any] = {}
    """It has a schema of its own: :class:`DefinitionDescription`."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = super().to_internal_value(data)
        if size_of(found) > DEFINITION_BYTES:
            raise serializers.ValidationError(_("This is more than 200 KB."))
        return found


class DefinitionDescription(OpenApiSerializerFieldExtension):
    """The schema of a definition in the description: one component, and one for its steps.

    Of the steps of a branch it says that they are objects: programs that draw examples from a schema come to no end in
    one that holds itself.
    """

    target_class = "automations.api.fields.DefinitionField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        step = _component(
            "AutomationStep", _STEP_TOLD, DEFINITION_SCHEMA["$defs"]["step"], dict.fromkeys(("yes", "no"), _INNER)
        )
        whole = {name: part for name, part in DEFINITION_SCHEMA.items() if name != "$defs"}
        definition = _component("AutomationDefinition", _DEFINITION_TOLD, whole, {"steps": step.ref})
        for each in (step, definition):
            auto_schema.registry.register_on_missing(each)
        return definition.ref


_INNER: Final = {"type": "object", "additionalProperties": True}
_DEFINITION_TOLD: Final = (
    "What begins a journey, who may enter, when a journey ends early, what it is for, and its steps in their order. "
    "`only` and every `tree` are filters, as those of segments."
)
_STEP_TOLD: Final = (
    "One step. `id` is its own for as long as it stands in the automation. `yes` and `no` are the steps of a branch, "
    "each an `AutomationStep`; behind the branch the journey goes on."
)


def _component(name: str, told: str, schema: Mapping[str, Any], items: Mapping[str, Any]) -> ResolvedComponent:
    """A component of the description; ``items`` are what its lists hold."""
    lists = {field: {**schema["properties"][field], "items": held} for field, held in items.items()}
    whole = {**schema, "description": told, "properties": {**schema["properties"], **lists}}
    return ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=whole, object=name)
