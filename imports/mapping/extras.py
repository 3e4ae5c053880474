"""What any file may bring beside its format's own: fields of the business, consents, sensitive details."""

import datetime as dt
from typing import Final

from imports.mapping import values
from imports.mapping.columns import Columns
from imports.mapping.plan import OwnField, OwnValue
from imports.mapping.rows import LIMITS, ConsentRow, Context, DetailRow, FieldRow, Interpreted

KINDS: Final = ("allergies", "food", "wishes", "spouse", "children")
CONSENTS: Final = {
    "consent.sensitive": ("sensitive", ""),
    "consent.newsletter.email": ("newsletter", "email"),
    "consent.newsletter.sms": ("newsletter", "sms"),
}
"""Meaning → purpose and channel."""


def read_extras(columns: Columns, context: Context, result: Interpreted) -> None:
    """Add what the batch says of own fields, consents and sensitive details; call it last, rows may be left out."""
    for field in columns.plan.own:
        rows = result.stay_fields if field.target == "stay" else result.guest_fields
        rows += _field(columns, field)
    for meaning, (purpose, channel) in CONSENTS.items():
        if columns.has(meaning):
            result.consents += _consents(columns, context, meaning, purpose, channel)
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
    rows = []
    for at, text in enumerate(columns.texts(field.meaning)):
        if not text or at in columns.left_out:
            continue
        if text not in known:
            known[text] = field.read(text)
        value = known[text]
        if value is None:
            columns.report(at, field.meaning, text, "own_value")
        else:
            rows.append(FieldRow(columns.lines[at], field.id, *value))
    return rows


def _consents(columns: Columns, context: Context, meaning: str, purpose: str, channel: str) -> list[ConsentRow]:
    decided = columns.parsed(meaning, values.yes_no, "yes_no")
    texts = columns.texts(f"{meaning}.date")
    moments = columns.parsed(f"{meaning}.date", values.moment, "value_date")
    sources = columns.texts(f"{meaning}.source", limit=LIMITS["proof"])
    column = columns.plan.names(meaning)
    rows = []
    for at, granted in enumerate(decided):
        if granted is None or at in columns.left_out:
            continue
        moment = _moment(moments[at], granted=granted, zone=context.zone)
        if moment is not None and moment.astimezone(context.zone).date() > context.today:
            columns.report(at, f"{meaning}.date", texts[at], "consent_future")
            continue
        rows.append(ConsentRow(columns.lines[at], column, purpose, channel, granted, moment, sources[at]))
    return rows


def _moment(found: dt.date | dt.datetime | None, *, granted: bool, zone: dt.tzinfo) -> dt.datetime | None:
    if found is None:
        return None
    if isinstance(found, dt.datetime):
        return found if found.tzinfo is not None else found.replace(tzinfo=zone)
    return dt.datetime.combine(found, dt.time.min if granted else dt.time.max, zone)
