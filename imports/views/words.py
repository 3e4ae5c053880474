"""Words of a file that are not known, and what one can say of each on the page of the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Business
from customers.card.choices import country_choices, language_choices
from customers.card.models import ContactPoint, Customer
from customers.consent.models import Channel, Purpose
from customers.history.models import Stay
from imports.answers import Answers
from imports.mapping import YES_NO, OwnField, Word, values_of
from imports.views.asked import UNTOLD
from imports.wording import meaning_label

_LABELS: Final[Mapping[str, Any]] = {
    "guest.kind": Customer.Kind,
    "guest.source": Customer.Source,
    "guest.email_state": ContactPoint.State,
    "stay.status": Stay.Status,
    "consent.purpose": Purpose,
    "consent.channel": Channel,
}


@dataclass(frozen=True, slots=True)
class WordRow:
    """One word, at its place among all of the page; `current` is what it means now."""

    place: int
    word: str
    current: str


@dataclass(frozen=True, slots=True)
class WordGroup:
    """The words of one meaning, and what each can mean: (value, label)."""

    meaning: str
    label: str
    column: str
    options: Sequence[tuple[str, str]]
    rows: Sequence[WordRow]


def words_shown(
    unknown: Sequence[Word],
    answers: Answers,
    *,
    fields: Sequence[OwnField],
    columns: Mapping[str, str],
    business: Business,
) -> list[WordGroup]:
    """Words by meaning: those that are told, of meanings that have `columns` (their names), then those that are not."""
    told = [Word(meaning, columns[meaning], word, 0) for meaning, word, _value in answers.words if meaning in columns]
    current = {(meaning, word): value for meaning, word, value in answers.words}
    grouped: dict[str, list[Word]] = {}
    for word in chain(told, unknown):
        grouped.setdefault(word.meaning, []).append(word)
    groups = []
    place = 0
    for meaning, words in grouped.items():
        options = word_choices(meaning, fields=fields, business=business)
        if not options:
            continue
        rows = [
            WordRow(place + at, each.word, current.get((meaning, each.word), UNTOLD)) for at, each in enumerate(words)
        ]
        place += len(rows)
        untold = _("Not known: the row is left out") if meaning == "stay.status" else _("Not known: left empty")
        options = [(UNTOLD, untold), *options, ("", _("Nothing: as if the cell were empty"))]
        groups.append(WordGroup(meaning, _label(meaning, fields), words[0].column, options, rows))
    return groups


def words_told(
    layout: Mapping[str, Any], *, fields: Sequence[OwnField], business: Business
) -> list[tuple[str, str, str]]:
    """(what the column becomes, word of the file, what it means) of all words that a layout tells."""
    told = []
    for meaning, words in layout.get("values", {}).items():
        labels = {**dict(word_choices(meaning, fields=fields, business=business)), "": _("Nothing")}
        label = _label(meaning, fields)
        told += [(label, word, labels.get(value, value)) for word, value in words.items()]
    return told


def word_choices(meaning: str, *, fields: Sequence[OwnField], business: Business) -> list[tuple[str, str]]:
    """What a word can mean here: (value, label); nothing for a meaning without words."""
    answers = {"yes": _("Yes"), "no": _("No")}
    own = next((field for field in fields if field.meaning == meaning), None)
    if own is not None:
        return [(key, label or answers.get(key, key)) for key, label in own.options]
    if meaning in ("guest.country", "guest.nationality"):
        return country_choices(business.country)
    if meaning == "guest.language":
        return language_choices()
    values = values_of(meaning)
    if values == YES_NO:
        return [(value, answers[value]) for value in values]
    if meaning == "invoice.state":
        labels = {"paid": pgettext("invoice", "Paid"), "unpaid": pgettext("invoice", "Not paid")}
    else:
        labels = dict(_LABELS[meaning].choices) if values else {}
    return [(value, str(labels.get(value, value))) for value in values]


def _label(meaning: str, fields: Sequence[OwnField]) -> str:
    return next((field.label for field in fields if field.meaning == meaning), "") or meaning_label(meaning)
