"""Forms of the business's own fields: their settings, and their values within another form."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import NameField
from customers.fields.models import CustomField
from customers.fields.selectors import FieldLine
from customers.fields.values import value_plain, value_read, value_shown

PREFIX = "own_"
"""Before the key of a field, in the names of a form's inputs."""
SPARE_OPTIONS = 3


class FieldForm(forms.Form):
    """A field's name, hint and choices; what it belongs to and its kind while it is new.

    Choices are rows ``option_0 …`` with the key of those that have one in ``option_key_0 …``.
    """

    target = forms.ChoiceField(label=_("Belongs to"), choices=CustomField.Target.choices, widget=forms.RadioSelect)
    kind = forms.ChoiceField(label=_("Kind"), choices=CustomField.Kind.choices, widget=forms.RadioSelect)
    label = NameField(label=_("Name"), max_length=80)
    hint = forms.CharField(
        label=_("Hint"), max_length=200, required=False, help_text=_("Stands below the field, as this line does.")
    )

    def __init__(self, *args: Any, field: CustomField | None = None, **kwargs: Any) -> None:
        if field is not None:
            kwargs.setdefault("initial", {"label": field.label, "hint": field.hint})
        super().__init__(*args, **kwargs)
        self.field = field
        self.has_options = field is None or field.kind == CustomField.Kind.CHOICE
        if field is not None:
            del self.fields["target"], self.fields["kind"]
        known = field.options if field is not None else []
        self.options: list[dict[str, str]] = self._posted() if self.is_bound else [dict(option) for option in known]

    def _posted(self) -> list[dict[str, str]]:
        places = sorted(
            int(name.removeprefix("option_"))
            for name in self.data
            if name.startswith("option_") and name.removeprefix("option_").isdecimal() and len(name) < 12
        )
        return [
            {"key": self.data.get(f"option_key_{place}", ""), "label": self.data.get(f"option_{place}", "")}
            for place in places[:200]
        ]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The choices, and empty rows for more."""
        empty = sum(not option["label"].strip() for option in self.options)
        return self.options + [{"key": "", "label": ""}] * max(0, SPARE_OPTIONS - empty)

    def rearranged(self, *, up: str = "", more: bool = False) -> "FieldForm":
        """The form as it was filled, unchecked, with the row at place ``up`` one higher or ``more`` empty ones."""
        form = FieldForm(field=self.field, initial={name: self.data.get(name, "") for name in self.fields})
        form.options = self.options
        if more:
            form.options = [*self.rows, *[{"key": "", "label": ""}] * SPARE_OPTIONS]
        if up.isascii() and up.isdecimal() and len(up) < 4 and 0 < int(up) < len(form.options):
            place = int(up)
            form.options[place - 1], form.options[place] = form.options[place], form.options[place - 1]
        return form


class OwnFields:
    """The inputs of the business's own fields within another form, which calls its parts in its own ones.

    Inputs are named ``own_<key>`` and hold values as the reader writes them; :attr:`seen` is what the form's own
    ``seen`` carries, so that two editors never overwrite each other unawares.
    """

    def __init__(self, lines: Sequence[FieldLine]) -> None:
        self.lines = lines
        self.names = [PREFIX + line.field.key for line in lines]
        self.seen = {line.field.key: line.plain for line in lines}

    def add_to(self, form: forms.BaseForm) -> None:
        """Add an input for each field, with its value."""
        for line, name in zip(self.lines, self.names, strict=True):
            form.fields[name] = _input(line)
            form.initial[name] = _initial(line)

    def check(self, form: forms.BaseForm) -> None:
        """Tell beside its input what cannot be read; a value that stands already may stay as it is."""
        for line, name in zip(self.lines, self.names, strict=True):
            text = str(form.cleaned_data.get(name) or "")
            read = value_read(line.field.kind, text, options=line.field.options)
            if read.error and text.strip() not in (line.plain, line.shown):
                form.add_error(name, read.error)

    def values(self, form: forms.BaseForm) -> dict[str, str]:
        """The values by field key, in the form that files and services read the same in every language."""
        found = {}
        for line, name in zip(self.lines, self.names, strict=True):
            text = str(form.cleaned_data.get(name) or "").strip()
            read = value_read(line.field.kind, text, options=line.field.options)
            found[line.field.key] = line.plain if read.error else value_plain(line.field, read)
        return found

    def bound(self, form: forms.BaseForm) -> list[Any]:
        """The bound fields, for the page."""
        return [form[name] for name in self.names]


def seen_read(seen: Any) -> dict[str, str]:
    """Values of own fields out of what a form carried; nothing when that was tampered with."""
    return {str(key): str(value) for key, value in seen.items()} if isinstance(seen, Mapping) else {}


def _initial(line: FieldLine) -> str:
    if line.field.kind in (CustomField.Kind.TEXT, CustomField.Kind.NUMBER):
        return value_shown(line.field, line.row)
    return line.plain


def _input(line: FieldLine) -> forms.Field:
    field = line.field
    made: forms.CharField
    match field.kind:
        case CustomField.Kind.CHOICE:
            choices = [("", "—"), *((option["key"], option["label"]) for option in field.options)]
            if line.plain and line.plain not in dict(choices):
                choices.append((line.plain, line.plain))
            made = _Choice(choices)
        case CustomField.Kind.YES_NO:
            made = _Choice([("", "—"), ("yes", _("Yes")), ("no", _("No"))])
        case CustomField.Kind.DATE:
            made = forms.CharField(widget=forms.DateInput(attrs={"type": "date"}))
        case CustomField.Kind.NUMBER:
            made = forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        case _:
            made = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}))
    made.label, made.help_text, made.required = field.label, field.hint, False
    return made


class _Choice(forms.CharField):
    """A select whose value is checked with the others, so that labels and words in files' spelling are understood."""

    def __init__(self, choices: Sequence[tuple[str, Any]]) -> None:
        super().__init__(widget=forms.Select(choices=choices))
        self.choices = choices
