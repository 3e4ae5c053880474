"""The business's own fields as JSON: ``{key: value}``. Numbers are texts, so that no program rounds them."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import printable
from accounts.api.problems import Problem, invalid
from customers.fields.models import MAX_TEXT, CustomField, FieldValue, StayFieldValue
from customers.fields.selectors import FieldLine, field_list, values_of_guests
from customers.fields.services import FieldsRefused

MOST = 200
FIELDS_SCHEMA = {
    "type": "object",
    "description": 'The business\'s own fields by their key: texts, dates as 2026-12-24, numbers as "12.5", yes and no '
    "as true and false, a choice as its key.",
    "additionalProperties": {"type": ["string", "boolean"]},
}
_IN_SCHEMA = {
    "type": "object",
    "description": "The business's own fields by their key; null takes a value away, what is left out stays.",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}


@extend_schema_field(_IN_SCHEMA)
class OwnFields(serializers.Field):
    """Values of own fields by key, made into the texts that services read."""

    def __init__(self, *, target: str, **kwargs: Any) -> None:
        self.target = target
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, Mapping) or len(data) > MOST:
            raise serializers.ValidationError(_("Send an object of at most 200 names and values."))
        kinds = {field.key: field.kind for field in field_list(target=self.target)}
        errors: dict[str, list[str]] = {}
        texts: dict[str, str] = {}
        for key, value in data.items():
            text = _text(value, is_number=kinds.get(key) == CustomField.Kind.NUMBER)
            if text is None or len(str(key)) > 80 or "\x00" in key or "\x00" in text or printable(key) != key[:60]:
                errors[printable(key)] = [_("Send a text, a number, true, false or null.")]
            elif text != text.encode("utf-8", "replace").decode("utf-8"):
                errors[printable(key)] = [_("This text holds half a character.")]
            else:
                texts[key] = text
        if errors:
            raise serializers.ValidationError(errors)
        return texts

    def to_representation(self, value: Any) -> Any:
        return value


def _text(value: Any, *, is_number: bool) -> str | None:
    """What one would type; ``None`` for what cannot be typed.

    A number with three decimals gets a fourth: in some languages a point parts thousands, in JSON it never does.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            text = f"{Decimal(repr(value)):f}"
        case str():
            text = value
        case _:
            return None
    if len(text) > 10 * MAX_TEXT:
        return text[: 10 * MAX_TEXT]
    whole, point, decimals = text.strip().partition(".")
    if is_number and point and len(decimals) == 3 and decimals.isascii() and decimals.isdigit() and whole:
        return f"{text.strip()}0"
    return text


def field_json(line: FieldLine) -> Any:
    """A value in the type that JSON has for it."""
    if line.field.kind == CustomField.Kind.YES_NO and line.row is not None:
        return line.row.flag
    return line.plain


def guests_fields(customer_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The filled own fields of several guests. Two queries."""
    found = values_of_guests(customer_ids=customer_ids)
    return {pk: {line.field.key: field_json(line) for line in lines} for pk, lines in found.items()}


def stays_fields(stay_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The filled own fields of several stays. Two queries."""
    fields = {field.pk: field for field in field_list(target=CustomField.Target.STAY)}
    found: dict[int, dict[str, Any]] = {pk: {} for pk in stay_ids}
    rows: dict[tuple[int, int], FieldValue] = {
        (row.stay_id, row.field_id): row
        for row in StayFieldValue.objects.filter(stay_id__in=stay_ids, field_id__in=fields)
    }
    for pk in stay_ids:
        for field_id, field in fields.items():
            if (row := rows.get((pk, field_id))) is not None:
                found[pk][field.key] = field_json(FieldLine(field, row))
    return found


def fields_problem(refused: FieldsRefused) -> Problem:
    """422 with each key's own sentence."""
    return invalid({f"fields.{printable(key)}": told for key, told in refused.errors.items()})
