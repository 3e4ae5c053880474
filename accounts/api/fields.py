"""What goes into the API and comes out of it, strictly: a name that is not known is refused, never passed over.

Lengths and choices speak with the words of Django's forms, so that a program and a member read the same.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.pagination import MAX_LIMIT

BIGGEST = 2**63 - 1


class Strict(serializers.Serializer):
    """An object of which every name must be known."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            strange = sorted(printable(str(name)) for name in data if name not in known)
            errors = {name: [_("There is no field of this name here.")] for name in strange}
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            errors = {**error.detail, **errors}
        if errors:
            raise serializers.ValidationError(errors)
        return values


def printable(text: str) -> str:
    """``text`` without halves of surrogate pairs, which JSON may hold and UTF-8 may not; 60 characters of it."""
    return text.encode("utf-8", "replace").decode("utf-8")[:60]


class Text(serializers.CharField):
    """A text, empty unless told otherwise; numbers are not texts."""

    def __init__(self, longest: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("allow_blank", not kwargs.get("required", True))
        super().__init__(**kwargs)
        if longest is not None:
            self.validators = [*self.validators, MaxLengthValidator(longest)]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of a model's choices, told as on the pages."""

    def __init__(self, choices: type[models.TextChoices], **kwargs: Any) -> None:
        self.enumeration = choices
        super().__init__(choices=choices.choices, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if data == "" and self.allow_blank and "" not in self.enumeration.values:
            return ""
        if not isinstance(data, str) or data not in self.enumeration.values:
            told = forms.ChoiceField.default_error_messages["invalid_choice"] % {"value": printable(str(data))}
            raise serializers.ValidationError(told, code="invalid_choice")
        return self.enumeration(data)


class Day(serializers.DateField):
    """A day, ``2026-12-24``; never a moment."""

    default_error_messages = {"invalid": forms.DateField.default_error_messages["invalid"]}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> dt.date:
        if not isinstance(value, str) or len(value) != 10:
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class Moment(serializers.DateTimeField):
    """A moment with its offset, ``2026-12-24T17:30:00+01:00``; without one it is the business's local time."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            return super().to_internal_value(value)
        except (OverflowError, ValueError):
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss][+HH:MM]")


class Money(serializers.DecimalField):
    """An amount as a text, ``"1450.00"``, so that no program rounds it; a number is read as well."""

    default_error_messages = {"invalid": forms.DecimalField.default_error_messages["invalid"]}

    def __init__(self, max_digits: int = 12, decimal_places: int = 2, **kwargs: Any) -> None:
        super().__init__(max_digits=max_digits, decimal_places=decimal_places, **kwargs)


class Id(serializers.IntegerField):
    """The number of a row."""

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.get("read_only"):
            kwargs |= {"min_value": 1, "max_value": BIGGEST}
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """True or false, and nothing that only looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=printable(str(data)))
        return data


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
class Clock(serializers.TimeField):
    """A local time of day, ``09:30``."""

    default_error_messages = {"invalid": forms.TimeField.default_error_messages["invalid"]}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)

    def to_internal_value(self, value: Any) -> dt.time:
        if not isinstance(value, str) or len(value) != 5:
            self.fail("invalid")
        return super().to_internal_value(value)


class Count(serializers.IntegerField):
    """A whole number that is small."""

    def __init__(self, most: int = 32767, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=most, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class PageQuery(Strict):
    """The parameters of every list."""

    cursor = Text(longest=200, required=False, help_text="Where the last page ended; comes in `next`.")
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_LIMIT, help_text="How many a page, 50 unless told."
    )


def form_errors(
    form: forms.BaseForm,
    sent: Collection[str],
    names: Mapping[str, str],
    *,
    unchanged: Callable[[], forms.BaseForm],
    pairs: Mapping[str, str],
) -> dict[str, list[str]]:
    """What a form has against what was ``sent``. ``names`` are the API's names of the form's fields.

    A field that was not sent may fit no more. That is told of the field it goes with in ``pairs`` when that one was
    sent, and else of the body; what ``unchanged``, the form of the row as it stands, has against it too is no news.
    """
    found: dict[str, list[str]] = {}
    before: Mapping[str, Sequence[Any]] | None = None
    for name, errors in form.errors.items():
        own = names.get(name, name)
        told = [str(error) for error in errors]
        if name == "__all__":
            own = ""
        elif own.split(".")[0] not in sent:
            own = pairs[own] if pairs.get(own) in sent else ""
            if not own:
                before = unchanged().errors if before is None else before
                told = [each for each in told if each not in map(str, before.get(name, ()))]
        if told:
            found.setdefault(own, []).extend(told)
    return found


def refuse(errors: Mapping[str, Sequence[str]]) -> None:
    """Raise what is wrong with which field, if anything is."""
    if errors:
        raise serializers.ValidationError({name: list(told) for name, told in errors.items()})
