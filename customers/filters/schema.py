"""The JSON schema of a filter (draft 2020-12): its shape. What a field takes is the catalogue's to say. Pure."""

from typing import Any, Final

from customers.filters.catalogue import OPERATORS
from customers.filters.period import NUMBER_MAX, UNITS
from customers.filters.tree import VERSION

RULES_MAX: Final = 30
VALUES_MAX: Final = 100
TEXT_MAX: Final = 120
ID_MAX: Final = 2**63 - 1
AMOUNT_MAX: Final = 10**12

_TEXT: Final = {"type": "string", "maxLength": TEXT_MAX, "pattern": "^[^\\u0000]*$"}
_UNIT: Final = {"enum": list(UNITS)}
_NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX}
_DAY: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def _only(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required or properties),
        "additionalProperties": False,
    }


PERIOD: Final = {
    "oneOf": [
        *(_only({way: _NUMBER, "unit": _UNIT}) for way in ("last", "next", "before")),
        *(_only({way: _UNIT}) for way in ("this", "previous")),
        {**_only({"from": _DAY, "until": _DAY}), "required": [], "minProperties": 1},
    ]
}
_AMOUNT: Final = {"type": "number", "minimum": -AMOUNT_MAX, "maximum": AMOUNT_MAX}
_ONE: Final = {"anyOf": [_TEXT, {"type": "integer", "minimum": 0, "maximum": ID_MAX}, _AMOUNT]}
_SEVERAL: Final = {"type": "array", "items": _ONE, "minItems": 1, "maxItems": VALUES_MAX}

TREE_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Filter",
    "type": "object",
    "properties": {
        "version": {"const": VERSION},
        "match": {"enum": ["all", "any"]},
        "not": {"type": "boolean"},
        "rules": {
            "type": "array",
            "maxItems": RULES_MAX,
            "items": {
                "if": {"type": "object", "required": ["rules"]},
                "then": {"$ref": "#/$defs/group"},
                "else": {"$ref": "#/$defs/condition"},
            },
        },
    },
    "required": ["version", "rules"],
    "additionalProperties": False,
    "$defs": {
        "group": _only(
            {
                "match": {"enum": ["all", "any"]},
                "not": {"type": "boolean"},
                "rules": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": RULES_MAX,
                    "items": {"$ref": "#/$defs/condition"},
                },
            },
            "rules",
        ),
        "condition": _only(
            {
                "field": {"type": "string", "minLength": 1, "maxLength": 80},
                "operator": {"enum": sorted({operator for kind in OPERATORS.values() for operator in kind})},
                "value": {"anyOf": [_ONE, _SEVERAL, {"$ref": "#/$defs/period"}]},
                "not": {"type": "boolean"},
                "period": {"$ref": "#/$defs/period"},
                "where": {
                    "type": "object",
                    "maxProperties": 6,
                    "additionalProperties": _SEVERAL,
                },
            },
            "field",
            "operator",
        ),
        "period": PERIOD,
    },
}
