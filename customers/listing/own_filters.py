"""Fields of the business's own in the guest list: inputs of its filter, and chips of what is filtered by."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from customers.fields.models import CustomField
from customers.fields.values import FieldInput, value_plain, value_shown
from customers.filters import GuestFilter, OwnFilter
from customers.filters.own import PREFIX, End


@dataclass(frozen=True)
class OwnInput:
    """A field as the filter offers it; ``any_of`` are the chosen values, ``low`` and ``high`` the ends of a range."""

    field: CustomField
    name: str
    choices: list[tuple[str, str]]
    any_of: tuple[str, ...]
    low: str
    high: str


@dataclass(frozen=True)
class OwnChip:
    """A condition as its chip shows it, and the address of the list without it."""

    label: str
    text: str
    remove: str


def own_inputs(fields: list[CustomField], guests: GuestFilter) -> list[OwnInput]:
    """The filter's inputs, one a field."""
    chosen = {own.field.id: own for own in guests.own}
    inputs = []
    for field in fields:
        own = chosen.get(field.pk)
        low, high = (_typed(field, end) for end in ((own.low, own.high) if own else (None, None)))
        choices = [(option["key"], option["label"]) for option in field.options]
        if field.kind == CustomField.Kind.YES_NO:
            choices = [("yes", _("Yes")), ("no", _("No"))]
        inputs.append(OwnInput(field, PREFIX + field.key, choices, own.any_of if own else (), low, high))
    return inputs


def own_chips(fields: list[CustomField], guests: GuestFilter, sort: str) -> list[OwnChip]:
    """A chip for every condition; ``sort`` stays in the address."""
    by_id = {field.pk: field for field in fields}
    chips = []
    for own in guests.own:
        field = by_id[own.field.id]
        rest = [*guests.without_own(field.pk).parameters(), *([("sort", sort)] if sort else [])]
        chips.append(OwnChip(field.label, _shown(field, own), f"?{urlencode(rest)}"))
    return chips


def _shown(field: CustomField, own: OwnFilter) -> str:
    if not own.field.has_range:
        is_flag = own.field.kind == "yes_no"
        values = [FieldInput(flag=value == "yes") if is_flag else FieldInput(value) for value in own.any_of]
        return ", ".join(value_shown(field, value) for value in values)
    low, high = (value_shown(field, _input(end)) for end in (own.low, own.high))
    if low == high:
        return low
    if not high:
        return _("from %(low)s") % {"low": low}
    return f"{low} – {high}" if low else _("until %(high)s") % {"high": high}


def _typed(field: CustomField, end: End | None) -> str:
    return value_plain(field, _input(end))


def _input(end: Any) -> FieldInput:
    return FieldInput(date=end) if isinstance(end, dt.date) else FieldInput(number=end)
