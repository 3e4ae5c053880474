"""Guests from a batch: names, contact points, tags, and the keys that follow from them."""

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from itertools import repeat
from typing import Final

from customers.card.derive import name_keys
from customers.normalise import split_full_name
from imports.mapping import values
from imports.mapping.columns import Columns, said
from imports.mapping.contacts import SEVERAL_EXPORTED, distinct, read_contacts
from imports.mapping.extras import moment_of
from imports.mapping.rows import LIMITS, Context, GuestRow, Interpreted, TagRow

TAGS_MAX: Final = 9
_EXPORTED_TAGS = re.compile(r"\s*;\s*")
_SEVERAL_TAGS = re.compile(r"\s*[;|,]\s*")


def read_guests(
    columns: Columns, context: Context, result: Interpreted, *, first_contacts: list[dt.date | None] | None
) -> None:
    """Add the batch's guests, contact points and tags to `result`; a row without any name or contact is left out.

    `first_contacts` are dates known from stays, where the file has none of its own.
    """
    given, family = _names(columns)
    company = columns.texts("guest.company_name", limit=LIMITS["company_name"])
    kinds = columns.chosen("guest.kind") if columns.has("guest.kind") else [""] * len(columns)
    emails = columns.each("guest.email")
    phones = columns.each("guest.phone")
    numbers = columns.texts("guest.id", limit=LIMITS["external_id"])
    rows = zip(given, family, company, map(any, emails), map(any, phones), numbers, strict=True)
    by_number = columns.plan.kind in ("invoices", "purchases", "consents")
    for at, (first, last, firm, email, phone, number) in enumerate(rows):
        if not (first or last or firm or email or phone or (by_number and number)):
            columns.report(at, _who(columns), "", "no_guest")
            result.invalid_guests += 1
    countries = _known(columns.worded("guest.country", values.country, "country", ""))
    read_contacts(columns, context, result, emails, phones, numbers, countries)
    _tags(columns, result, numbers)
    dates = columns.dates("guest.first_contact", "value_date")
    changed = columns.moments("guest.changed_at", "value_date")
    # A row of a stay, an invoice or a purchase is told apart by the record's own id.
    digests = [_digest(row) for row in columns.open_rows()] if first_contacts is None else [""] * len(columns)
    fields = zip(
        columns.lines,
        numbers,
        digests,
        kinds,
        given,
        family,
        company,
        columns.texts("guest.organisation_number", limit=LIMITS["organisation_number"]),
        _known(columns.worded("guest.language", values.language, "language", "")),
        _known(columns.worded("guest.nationality", values.country, "country", "")),
        columns.birthdays("guest.birth_date", "value_date"),
        _streets(columns),
        columns.texts("guest.postal_code", limit=LIMITS["postal_code"]),
        columns.texts("guest.city", limit=LIMITS["city"]),
        countries,
        columns.chosen("guest.source"),
        columns.texts("guest.note", limit=LIMITS["note"], lines=True),
        columns.texts("guest.why_us", limit=LIMITS["why_us"], lines=True),
        columns.texts("guest.thanked", limit=LIMITS["thanked"], lines=True),
        columns.texts("guest.deal_breakers", limit=LIMITS["deal_breakers"], lines=True),
        [own or known for own, known in zip(dates, first_contacts or repeat(None), strict=False)],
        [moment_of(moment, zone=context.zone, ends=False) for moment in changed],
        strict=True,
    )
    for at, (line, number, digest, kind, first, last, firm, *rest, moment) in enumerate(fields):
        if at not in columns.left_out:
            keys = name_keys(given_name=first, family_name=last, company_name=firm, language=context.language)
            kind = kind or ("company" if firm and not first and not last else "person")
            row = (line, number, digest, kind, first, last, firm, *rest, *keys, moment)
            result.guests.append(GuestRow._make(row))


def _streets(columns: Columns) -> list[str]:
    """The street with the number of the house where that has a column of its own."""
    streets = columns.texts("guest.street", limit=LIMITS["street"])
    if not columns.has("guest.house_number"):
        return streets
    numbers = columns.texts("guest.house_number", limit=LIMITS["postal_code"])
    parts = [(street.partition(", "), number) for street, number in zip(streets, numbers, strict=True)]
    return [
        f"{street} {number}".strip()[: LIMITS["street"]] + comma + rest if street else ""
        for (street, comma, rest), number in parts
    ]


def _who(columns: Columns) -> str:
    """The meaning whose column is named where a row speaks of nobody."""
    for meaning in ("guest.full_name", "guest.family_name", "guest.email", "guest.phone", "guest.company_name"):
        if columns.has(meaning):
            return meaning
    return "guest.id"


def _known(codes: list[str | None]) -> list[str]:
    return [code or "" for code in codes]


def _names(columns: Columns) -> tuple[list[str], list[str]]:
    given = columns.texts("guest.given_name", limit=LIMITS["given_name"])
    family = columns.texts("guest.family_name", limit=LIMITS["family_name"])
    if columns.has("guest.family_prefix"):
        prefixes = columns.texts("guest.family_prefix", limit=LIMITS["prefix"])
        family = [f"{prefix} {name}".strip() for prefix, name in zip(prefixes, family, strict=True)]
    if columns.has("guest.full_name"):
        limit = LIMITS["given_name"] + LIMITS["family_name"]
        split = [split_full_name(text) for text in columns.texts("guest.full_name", limit=limit)]
        # Where the file has the names apart too, those go before.
        given = [own or part for own, (part, _) in zip(given, split, strict=True)]
        family = [own or part for own, (_, part) in zip(family, split, strict=True)]
    return [text[: LIMITS["given_name"]] for text in given], [text[: LIMITS["family_name"]] for text in family]


def _tags(columns: Columns, result: Interpreted, numbers: list[str]) -> None:
    if not columns.has("guest.tags"):
        return
    words = columns.plan.values.get("guest.tags", {})
    for at, cells in enumerate(columns.each("guest.tags")):
        if not any(cells) or at in columns.left_out:
            continue
        tags = distinct(
            [
                tag
                for cell in cells
                for tag in _tags_of(cell, words, exported=columns.plan.is_exported and bool(numbers[at]))
            ]
        )
        if len(tags) > TAGS_MAX:
            columns.report(at, "guest.tags", ", ".join(filter(None, cells)), "tags")
        result.tags += [TagRow(columns.lines[at], position, tag) for position, tag in enumerate(tags[:TAGS_MAX])]


def _tags_of(cell: str, words: Mapping[str, str], *, exported: bool) -> list[str]:
    """The tags in a cell, by the file's own words where it has some; `* myContacts` is a group of the system."""
    if cell.startswith('"') and cell.endswith('"'):
        parts = _quoted(cell)
    elif ":::" in cell:
        parts = SEVERAL_EXPORTED.split(cell)
    else:
        parts = (_EXPORTED_TAGS if exported else _SEVERAL_TAGS).split(cell)
    found = []
    for part in parts:
        word = said(part, words)
        text = part.removeprefix("* ") if word is None else word
        found.append(text.strip()[: LIMITS["tag"]].strip())
    return found


def _quoted(cell: str) -> list[str]:
    """A quoted list inside a cell, as `"VIP","Wine, red"`."""
    return [part for row in csv.reader([cell], skipinitialspace=True) for part in row]


def _digest(row: list[str]) -> str:
    """Stands for the whole row but its sensitive cells, so that the same row twice is one guest."""
    return hashlib.sha256("\x1f".join(map(str.strip, row)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
