"""Guests from a batch: names, contact points, tags, and the keys that follow from them."""

import datetime as dt
import hashlib
import re
from itertools import repeat
from typing import Final

from customers.card.derive import name_keys
from customers.normalise import normalise_email, normalise_phone, split_full_name
from imports.mapping import values
from imports.mapping.columns import Columns
from imports.mapping.rows import LIMITS, ContactRow, Context, GuestRow, Interpreted, TagRow

TAGS_MAX: Final = 9
# Between several values of a cell that was exported; people write what they like.
_EXPORTED = re.compile(r"\s*:::\s*")
_SEVERAL_EMAILS = re.compile(r"\s*[;,\n]\s*|\s+")
_SEVERAL_PHONES = re.compile(r"\s*[;|\n/]\s*")
_EXPORTED_TAGS = re.compile(r"\s*;\s*")
_SEVERAL_TAGS = re.compile(r"\s*[;|,]\s*")
_EMAIL_REASONS = {"several": "email_several"}
_PHONE_REASONS = {"several": "phone_several"}


def read_guests(
    columns: Columns, context: Context, result: Interpreted, *, first_contacts: list[dt.date | None] | None
) -> None:
    """Add the batch's guests, contact points and tags to `result`; a row without any name or contact is left out.

    `first_contacts` are dates known from stays, where the file has none of its own.
    """
    given, family = _names(columns)
    company = columns.texts("guest.company_name", limit=LIMITS["company_name"])
    kinds = columns.chosen("guest.kind") if columns.has("guest.kind") else repeat("")
    emails = columns.texts("guest.email")
    phones = columns.texts("guest.phone")
    numbers = columns.texts("guest.id", limit=LIMITS["external_id"])
    for at in range(len(columns)):
        if not (given[at] or family[at] or company[at] or emails[at] or phones[at]):
            columns.report(
                at, "guest.full_name" if columns.has("guest.full_name") else "guest.family_name", "", "no_guest"
            )
            result.invalid_guests += 1
    _contacts(columns, context, result, emails, phones, numbers)
    _tags(columns, result, numbers)
    dates = columns.parsed("guest.first_contact", values.date, "value_date")
    fields = zip(
        columns.lines,
        numbers,
        kinds,
        given,
        family,
        company,
        columns.texts("guest.organisation_number", limit=LIMITS["organisation_number"]),
        columns.parsed("guest.language", values.language, "language"),
        columns.parsed("guest.nationality", values.country, "country"),
        columns.parsed("guest.birth_date", values.date, "value_date"),
        columns.texts("guest.street", limit=LIMITS["street"]),
        columns.texts("guest.postal_code", limit=LIMITS["postal_code"]),
        columns.texts("guest.city", limit=LIMITS["city"]),
        columns.parsed("guest.country", values.country, "country"),
        columns.chosen("guest.source"),
        columns.texts("guest.note", limit=LIMITS["note"], lines=True),
        columns.texts("guest.why_us", limit=LIMITS["why_us"], lines=True),
        columns.texts("guest.thanked", limit=LIMITS["thanked"], lines=True),
        columns.texts("guest.deal_breakers", limit=LIMITS["deal_breakers"], lines=True),
        [own or known for own, known in zip(dates, first_contacts or repeat(None), strict=False)],
        strict=False,
    )
    for at, (line, number, kind, first, last, firm, organisation, language, nation, *rest) in enumerate(fields):
        if at in columns.left_out:
            continue
        keys = name_keys(given_name=first, family_name=last, company_name=firm, language=context.language)
        # A row of a stay is told apart by the stay's own id.
        digest = _digest(columns.open_cells(at)) if first_contacts is None else ""
        kind = kind or ("company" if firm and not first and not last else "person")
        birth_date, street, postal_code, city, country, source, note, why_us, thanked, breakers, first_contact = rest
        result.guests.append(
            GuestRow(
                line, number, digest, kind, first, last, firm, organisation, language or "", nation or "", birth_date,
                street, postal_code, city, country or "", source, note, why_us, thanked, breakers, first_contact, *keys,
            )
        )  # fmt: skip


def _names(columns: Columns) -> tuple[list[str], list[str]]:
    if not columns.has("guest.full_name"):
        return (
            columns.texts("guest.given_name", limit=LIMITS["given_name"]),
            columns.texts("guest.family_name", limit=LIMITS["family_name"]),
        )
    limit = LIMITS["given_name"] + LIMITS["family_name"]
    split = [split_full_name(text) for text in columns.texts("guest.full_name", limit=limit)]
    return (
        [given[: LIMITS["given_name"]] for given, _ in split],
        [family[: LIMITS["family_name"]] for _, family in split],
    )


def _contacts(
    columns: Columns, context: Context, result: Interpreted, emails: list[str], phones: list[str], numbers: list[str]
) -> None:
    limit = LIMITS["contact"]
    for at, text in enumerate(emails):
        if text and at not in columns.left_out:
            for position, value in enumerate(_emails(text, exported=bool(numbers[at]))):
                email = normalise_email(value)
                if email.state in ("invalid", "placeholder"):
                    columns.report(at, "guest.email", value, _EMAIL_REASONS.get(email.reason, f"email_{email.state}"))
                # A relay or a placeholder stands for many guests: it proves nothing.
                same = email.normalised or value.lower()
                result.contacts.append(
                    ContactRow(
                        columns.lines[at],
                        position,
                        "email",
                        value[:limit],
                        email.normalised or "",
                        "",
                        email.state,
                        same[:limit] if email.state in ("ok", "invalid") else "",
                    )
                )
    for at, text in enumerate(phones):
        if text and at not in columns.left_out:
            for position, value in enumerate(_phones(text, exported=bool(numbers[at]))):
                phone = normalise_phone(value, context.country)
                if phone.state != "ok":
                    columns.report(at, "guest.phone", value, _PHONE_REASONS.get(phone.reason, f"phone_{phone.state}"))
                result.contacts.append(
                    ContactRow(
                        columns.lines[at],
                        position,
                        "phone",
                        value[:limit],
                        phone.e164 or "",
                        phone.national,
                        phone.state,
                        "" if phone.state == "placeholder" else phone.e164 or phone.national,
                    )
                )


def _emails(text: str, *, exported: bool) -> list[str]:
    """The addresses in a cell; what is no list of them is one value. An exported row parts them by ` ::: ` alone."""
    if exported or ":::" in text:
        return _distinct(_EXPORTED.split(text))
    parts = _SEVERAL_EMAILS.split(text) if text.count("@") > 1 else [text]
    return _distinct(parts) if all("@" in part for part in parts) else [text]


def _phones(text: str, *, exported: bool) -> list[str]:
    if exported or ":::" in text:
        return _distinct(_EXPORTED.split(text))
    parts = _SEVERAL_PHONES.split(text)
    return _distinct(parts) if all(sum(map(str.isdigit, part)) >= 5 for part in parts) else [text]


def _distinct(parts: list[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))


def _tags(columns: Columns, result: Interpreted, numbers: list[str]) -> None:
    if not columns.has("guest.tags"):
        return
    for at, text in enumerate(columns.texts("guest.tags")):
        parting = _EXPORTED_TAGS if numbers[at] else _SEVERAL_TAGS
        tags = _distinct([part.strip()[: LIMITS["tag"]].strip() for part in parting.split(text)])
        if len(tags) > TAGS_MAX:
            columns.report(at, "guest.tags", text, "tags")
        if at not in columns.left_out:
            result.tags += [TagRow(columns.lines[at], position, tag) for position, tag in enumerate(tags[:TAGS_MAX])]


def _digest(row: list[str]) -> str:
    """Stands for the whole row but its sensitive cells, so that the same row twice is one guest."""
    return hashlib.sha256("\x1f".join(cell.strip() for cell in row).encode("utf-8", "surrogatepass")).hexdigest()[:32]
