"""What is asked of an export: which guests, which columns, what the file looks like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import Http404, QueryDict
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts.access import BusinessRequest
from customers.conditions.names import Names
from customers.conditions.selectors import filter_catalogue
from customers.conditions.words import tree_words
from customers.export.catalogue import CONSENT, CONTACT, GROUPS, OWN, WHO, Column, columns_of
from customers.export.look import DECIMALS, DELIMITERS, ENCODINGS, PRESETS, Look, look_given, preset_look
from customers.export.models import Kind, SavedColumns
from customers.export.selection import Chosen, of_segment
from customers.listing.state import list_asked
from customers.segments.models import Segment

LIST: Final = ("filter", "q", "view")
"""The parts of a guest list's address that say which guests."""
IDS_MAX: Final = 10_000
USUAL, ALL, REACHED = "usual", "all", "contact"
CHOICES: Final[dict[str, Any]] = {
    USUAL: gettext_lazy("The usual columns"),
    REACHED: gettext_lazy("Name and contact"),
    ALL: gettext_lazy("All columns"),
}
"""Choices of columns that come ready."""


class NotRead(Exception):
    """The filter of a list cannot be read."""


@dataclass(frozen=True)
class Whom:
    """Which guests were asked for, in words, and as an address or a form carries them on."""

    chosen: Chosen
    words: str
    hidden: Sequence[tuple[str, str]] = ()

    @property
    def query(self) -> str:
        """As a query string."""
        return urlencode(self.hidden)


def whom_asked(request: BusinessRequest, sent: QueryDict) -> Whom:
    """Read ``guests`` (ids with commas), ``segment``, or the address of a list. Nothing: every guest.

    A filter that cannot be read finds nobody, rather than everybody: raises :class:`NotRead`.
    """
    typed = sent.get("guests", "").replace("\x00", "")
    if typed:
        parts = [each for each in typed.split(",") if each.isascii() and each.isdecimal() and len(each) < 19]
        ids = tuple(sorted({int(each) for each in parts}))[:IDS_MAX]
        words = ngettext("%(number)d guest that was chosen", "%(number)d guests that were chosen", len(ids))
        return Whom(Chosen(ids), words % {"number": len(ids)}, [("guests", ",".join(map(str, ids)))])
    given = sent.get("segment", "")
    if given:
        number = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
        segment = Segment.objects.filter(pk=number).first()
        if segment is None:
            raise Http404
        words = _("The segment “%(name)s”") % {"name": segment.title}
        return Whom(of_segment(segment.pk), words, [("segment", str(segment.pk))])
    wanted = QueryDict(urlencode([(name, sent[name]) for name in LIST if name in sent]))
    state = list_asked(wanted, business=request.business, member=request.member).state
    if state.problems:
        raise NotRead
    words = tree_words(state.tree, Names(business=request.business, catalogue=filter_catalogue()))
    if state.text:
        found = _("found by “%(text)s”") % {"text": state.text}
        words = f"{words}, {found}" if words else found
    return Whom(Chosen(tree=state.tree, text=state.text), words, state.whom())


class ExportForm(forms.Form):
    """The columns and the look of a file; ``kind`` says which columns there are."""

    column = forms.MultipleChoiceField(error_messages={"required": gettext_lazy("Choose at least one column.")})
    preset = forms.ChoiceField(choices=[(key, name) for key, (name, _for) in PRESETS.items()])
    delimiter = forms.ChoiceField(required=False)
    encoding = forms.ChoiceField(required=False)
    decimal = forms.ChoiceField(required=False)
    header = forms.ChoiceField(required=False)
    save_as = forms.CharField(required=False, max_length=60)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.columns = columns_of(kind)
        self.fields["column"].choices = [(column.key, column.label) for column in self.columns]  # type: ignore[attr-defined]
        for name, choices in self.selects().items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def selects() -> dict[str, list[tuple[str, Any]]]:
        """What the finer choices offer; empty: as the kind of file usually has it."""
        as_usual = ("", _("As usual for this kind of file"))
        return {
            "delimiter": [as_usual, *DELIMITERS.items()],
            "encoding": [as_usual, *ENCODINGS.items()],
            "decimal": [as_usual, *DECIMALS.items()],
            "header": [
                as_usual,
                ("keys", _("As other programs name them: given_name")),
                ("en", _("English")),
                ("nb", _("Norwegian")),
                ("da", _("Danish")),
                ("nl", _("Dutch")),
            ],
        }

    def look(self) -> Look:
        """What the file shall look like; to be asked of a valid form."""
        base = preset_look(self.cleaned_data["preset"], language=get_language() or "en")
        return look_given(base, self.cleaned_data)

    def groups(self, ticked: Sequence[str]) -> list[dict[str, Any]]:
        """The columns as the page offers them, by group."""
        found: dict[str, list[dict[str, Any]]] = {}
        for column in self.columns:
            if column.follows:
                continue
            found.setdefault(column.group, []).append(
                {"key": column.key, "label": column.label, "ticked": column.key in ticked}
            )
        hints = {CONSENT: _("Each with its date, its source and the words that were agreed to.")}
        return [
            {"key": key, "label": label, "hint": hints.get(key, ""), "columns": found[key]}
            for key, label in GROUPS.items()
            if key in found
        ]


def ready_choice(choice: str, columns: Sequence[Column]) -> list[str]:
    """The keys of a choice that comes ready; one that is not known is the usual."""
    if choice == ALL:
        return [column.key for column in columns]
    if choice == REACHED:
        return [column.key for column in columns if column.group in (WHO, CONTACT) and column.usual]
    return [column.key for column in columns if column.usual or column.group == OWN]


def saved_initial(saved: SavedColumns) -> dict[str, Any]:
    """What a form begins with where a kept choice was taken."""
    is_xlsx = saved.format == SavedColumns.Format.XLSX
    plain = preset_look("plain", language="en")
    is_plain = not is_xlsx and (saved.delimiter, saved.encoding) == (plain.delimiter, plain.encoding)
    return {
        "preset": "xlsx" if is_xlsx else "plain" if is_plain else "excel",
        "delimiter": saved.delimiter,
        "encoding": saved.encoding,
        "decimal": saved.decimal,
        "header": saved.header or "keys",
        "save_as": saved.name,
    }


def kind_asked(sent: QueryDict) -> str:
    """The kind of an address or a form; guests where it says nothing that is known."""
    given = sent.get("kind", "")
    return given if given in Kind.values else Kind.GUESTS.value
