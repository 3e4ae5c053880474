"""The shape of a definition as JSON Schema; what stands in it is checked against the business's own rows elsewhere.

:data:`DEFINITION_SCHEMA` is what the API tells others. A filter has its own schema (:mod:`customers.filters`).
"""

from typing import Any, Final

from automations.definition.model import Aim, Do, Leave, Rule, Trigger, Until, Who

STEPS_MAX: Final = 60
DEPTH_MAX: Final = 3
"""Branches inside branches."""
DAYS_MAX: Final = 1500
EXITS_MAX: Final = 8
STEP_ID: Final = "^[a-z0-9]{1,12}$"

_CLOCK: Final = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_DATE: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_ID: Final = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_IDS: Final = {"type": "array", "items": _ID, "maxItems": 50, "uniqueItems": True}
_DAYS: Final = {"type": "integer", "minimum": 0, "maximum": DAYS_MAX}
_OFFSET: Final = {"type": "integer", "minimum": -DAYS_MAX, "maximum": DAYS_MAX}
_TREE: Final = {"type": "object"}


def _words(*names: Any) -> dict[str, Any]:
    return {"enum": [str(name) for name in names]}


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_TRIGGER: Final = _object(
    ("kind",),
    kind=_words(*Trigger),
    days=_OFFSET,
    months={"type": "integer", "minimum": 0, "maximum": 60},
    at=_CLOCK,
    who=_words(*Who),
    properties=_IDS,
    tag=_ID,
    segment=_ID,
    product=_ID,
    template=_ID,
    purpose=_text(16),
    channel=_text(8),
    field=_text(60),
    yearly={"type": "boolean"},
    name=_text(60),
)
_WAIT: Final = _object(
    ("until",),
    until=_words(*Until),
    days=_OFFSET,
    hours={"type": "integer", "minimum": 0, "maximum": 1000},
    minutes={"type": "integer", "minimum": 0, "maximum": 1000},
    date=_DATE,
    at=_CLOCK,
    weekdays={"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 6}, "uniqueItems": True},
)
_STEP: Final = _object(
    ("id", "do"),
    id={"type": "string", "pattern": STEP_ID},
    do=_words(*Do),
    wait=_WAIT,
    tree=_TREE,
    yes={"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": STEPS_MAX},
    no={"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": STEPS_MAX},
    template=_ID,
    expires={"type": "integer", "minimum": 1, "maximum": 24 * 30},
    tag=_ID,
    field=_text(60),
    value={"type": ["string", "number", "boolean", "null"]},
    title=_text(200),
    note=_text(2000),
    days=_DAYS,
    assignee=_ID,
    webhook=_ID,
)
DEFINITION_SCHEMA: Final[dict[str, Any]] = {
    **_object(
        ("trigger",),
        trigger=_TRIGGER,
        only=_TREE,
        entry=_object(("rule",), rule=_words(*Rule), days=_DAYS),
        exits={
            "type": "array",
            "items": _object(("kind",), kind=_words(*Leave), tag=_ID, tree=_TREE),
            "maxItems": EXITS_MAX,
        },
        goal=_object(("kind",), kind=_words(*Aim), product=_ID, tag=_ID),
        steps={"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": STEPS_MAX},
    ),
    "$defs": {"step": _STEP},
}
