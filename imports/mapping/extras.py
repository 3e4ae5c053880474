"""What any file may bring beside its format's own: fields of the business, consents, sensitive details."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from imports.mapping import values
from imports.mapping.columns import Columns, said
from imports.mapping.meanings import CONSENTS
from imports.mapping.own import OwnField, OwnValue
from imports.mapping.rows import LIMITS, ConsentRow, Context, DetailRow, FieldRow, Interpreted

_YES: Final = "yes"
_NO: Final = "no"
KINDS: Final = ("allergies", "food", "wishes", "spouse", "children")


def read_extras(columns: Columns, context: Context, result: Interpreted) -> None:
    """Add what the batch says of own fields, consents and sensitive details; call it last, rows may be left out."""
    for field in columns.plan.own:
        rows = result.stay_fields if field.target == "stay" else result.guest_fields
        rows += _field(columns, field)
    for meaning, (purpose, channel) in CONSENTS.items():
        if columns.has(meaning):
            purposes = [(purpose, channel)] * len(columns)
            result.consents += _consents(columns, context, meaning, purposes)
    if columns.has("consent.answer"):
        result.consents += _consents(columns, context, "consent.answer", _about(columns))
    for kind in KINDS:
        meaning = f"sensitive.{kind}"
        if columns.has(meaning):
            texts = columns.texts(meaning, limit=LIMITS["sensitive"], lines=True)
            column = columns.plan.names(meaning)
            result.details += [
                DetailRow(columns.lines[at], column, kind, text)
                for at, text in enumerate(texts)
                if text and at not in columns.left_out
            ]


def _field(columns: Columns, field: OwnField) -> list[FieldRow]:
    known: dict[str, OwnValue | None] = {}
    words = columns.plan.values.get(field.meaning, {})
    rows = []
    for at, text in enumerate(columns.texts(field.meaning)):
        word = said(text, words) if words else None
        meant = text if word is None else word
        if not meant or at in columns.left_out:
            continue
        if meant not in known:
            known[meant] = field.read(meant)
        value = known[meant]
        if value is None:
            columns.report(at, field.meaning, text, "own_value")
        else:
            rows.append(FieldRow(columns.lines[at], field.id, *value))
    return rows


def _about(columns: Columns) -> list[tuple[str, str]]:
    """What each row's answer is about: purpose and channel, both empty where they are no pair that is known.

    A list that names no purpose is of the newsletter by e-mail.
    """
    size = len(columns)
    purposes = columns.chosen("consent.purpose") if columns.has("consent.purpose") else ["newsletter"] * size
    channels = columns.chosen("consent.channel") if columns.has("consent.channel") else [""] * size
    known = set(CONSENTS.values())
    pairs = []
    for at, (purpose, channel) in enumerate(zip(purposes, channels, strict=True)):
        pair = (purpose, channel or "email" if purpose == "newsletter" else "")
        pairs.append(pair if pair in known and at not in columns.left_out else ("", ""))
    return pairs


def _consents(columns: Columns, context: Context, meaning: str, about: Sequence[tuple[str, str]]) -> list[ConsentRow]:
    words = columns.plan.values.get(meaning, {})
    decided = columns.parsed(meaning, lambda text: _answer(text, words), "yes_no")
    texts = columns.texts(f"{meaning}.date")
    moments = columns.moments(f"{meaning}.date", "value_date")
    sources = columns.texts(f"{meaning}.source", limit=LIMITS["proof"])
    wordings = columns.texts(f"{meaning}.wording", limit=LIMITS["wording"], lines=True)
    column = columns.plan.names(meaning) or columns.plan.names(f"{meaning}.date")
    rows = []
    for at, said_so in enumerate(decided):
        purpose, channel = about[at]
        if not said_so or not purpose or at in columns.left_out:
            continue
        granted = said_so == _YES
        moment = moment_of(moments[at], zone=context.zone, ends=not granted)
        if moment is not None and moment.astimezone(context.zone).date() > context.today:
            columns.report(at, f"{meaning}.date", texts[at], "consent_future")
            continue
        rows.append(ConsentRow(columns.lines[at], column, purpose, channel, granted, moment, sources[at], wordings[at]))
    return rows


def _answer(text: str, words: Mapping[str, str]) -> str | None:
    """Yes or no by the file's words or by those of any language; empty for one that says nothing, None for others."""
    word = said(text, words)
    answer = values.yes_no(text if word is None else word)
    if answer is None:
        return "" if word == "" else None
    return _YES if answer else _NO


def moment_of(found: dt.date | dt.datetime | None, *, zone: dt.tzinfo, ends: bool) -> dt.datetime | None:
    """A moment in the business's zone; a day without a time is its end where `ends`, else its beginning."""
    if found is None:
        return None
    if isinstance(found, dt.datetime):
        return found if found.tzinfo is not None else found.replace(tzinfo=zone)
    return dt.datetime.combine(found, dt.time.max if ends else dt.time.min, zone)
