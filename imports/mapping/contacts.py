"""E-mail addresses and phone numbers of a batch: several in a cell or in several columns, each normalised once."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from customers.normalise import PhoneResult, normalise_email, normalise_phone
from customers.normalise.phone_plain import plain_number
from imports.mapping.columns import Columns
from imports.mapping.rows import LIMITS, ContactRow, Context, Interpreted

SEVERAL_EXPORTED: Final = re.compile(r"\s*:::\s*")
"""Between several values of a cell that was exported; people write what they like."""
_SEVERAL_EMAILS = re.compile(r"\s*[;,|/\n]\s*|\s+")
_SEVERAL_PHONES = re.compile(r"\s*[;|\n/,]\s*|\s+(?:og|eller|or|and|en|of|und|oder|och)\s+")
_LABEL = re.compile(r"^[^\W\d_]+\.?(?: \([^()]*\))?[:.]?\s*(?=[+\d(])|\s*\([^\W\d][^()]*\)$")
_EMAIL_REASONS = {"several": "email_several"}
_PHONE_REASONS = {"several": "phone_several"}


def read_contacts(
    columns: Columns,
    context: Context,
    result: Interpreted,
    emails: Sequence[Sequence[str]],
    phones: Sequence[Sequence[str]],
    numbers: Sequence[str],
    countries: Sequence[str],
) -> None:
    """Add the contact points of all rows that are not left out; those of a row in the order of its columns.

    A phone number without a country code is of the row's own country, or else of the business's.
    """
    states = columns.chosen("guest.email_state") if columns.has("guest.email_state") else [""] * len(columns)
    _emails(columns, result, emails, numbers, states)
    _phones(columns, context, result, phones, numbers, countries)


def distinct(parts: list[str]) -> list[str]:
    """Each filled text once, in the order they stand."""
    return list(dict.fromkeys(part for part in parts if part))


def _emails(
    columns: Columns,
    result: Interpreted,
    emails: Sequence[Sequence[str]],
    numbers: Sequence[str],
    states: Sequence[str],
) -> None:
    limit, lines = LIMITS["contact"], columns.lines
    for at, position, value in _each(columns, emails, numbers, emails_in):
        email = normalise_email(value)
        state = email.state
        if state in ("invalid", "placeholder"):
            columns.report(at, "guest.email", value, _EMAIL_REASONS.get(email.reason, f"email_{state}"))
        # A relay or a placeholder stands for many guests: it proves nothing.
        same = email.normalised or value.lower()
        result.contacts.append(
            ContactRow(
                lines[at], position, "email", value[:limit], email.normalised or "", "",
                states[at] if states[at] and state == "ok" else state,
                same[:limit] if state in ("ok", "invalid") else "",
            )
        )  # fmt: skip


def _phones(
    columns: Columns,
    context: Context,
    result: Interpreted,
    phones: Sequence[Sequence[str]],
    numbers: Sequence[str],
    countries: Sequence[str],
) -> None:
    limit, lines = LIMITS["contact"], columns.lines
    for at, position, value in _each(columns, phones, numbers, phones_in):
        phone = _phone(value, countries[at], context.country)
        if phone.state != "ok":
            columns.report(at, "guest.phone", value, _PHONE_REASONS.get(phone.reason, f"phone_{phone.state}"))
        result.contacts.append(
            ContactRow(
                lines[at], position, "phone", value[:limit], phone.e164 or "", phone.national, phone.state,
                "" if phone.state == "placeholder" else phone.e164 or phone.national,
            )
        )  # fmt: skip


def _each(
    columns: Columns, rows: Sequence[Sequence[str]], numbers: Sequence[str], part: Callable[[str], list[str]]
) -> Iterator[tuple[int, int, str]]:
    """Every value of the rows that are not left out: its row, its place among those of the row, its text."""
    own, left_out = columns.plan.is_exported, columns.left_out
    for at, cells in enumerate(rows):
        if at in left_out:
            continue
        is_exported = own and bool(numbers[at])
        values = [value for cell in cells if cell for value in several_of(cell, part, exported=is_exported)]
        for position, value in enumerate(values if len(values) < 2 else distinct(values)):
            yield at, position, value


@lru_cache(maxsize=1 << 14)
def _phone(value: str, country: str, home: str) -> PhoneResult:
    """Of the row's country where the number is plainly one of its numbers, else of the business's."""
    is_theirs = country and country != home and plain_number(value, country) is not None
    return normalise_phone(value, country if is_theirs else home)


def several_of(text: str, part: Callable[[str], list[str]], *, exported: bool) -> list[str]:
    """The values in a cell, as `part` takes it apart. An exported row parts them by ` ::: ` alone."""
    if exported or ":::" in text:
        return distinct(SEVERAL_EXPORTED.split(text)) if ":::" in text else [text]
    return part(text)


def emails_in(text: str) -> list[str]:
    """The addresses in a cell; what is no list of them is one value."""
    if text.count("@") < 2:
        return [text]
    parts = _SEVERAL_EMAILS.split(text)
    return distinct(parts) if all("@" in part for part in parts if part) else [text]


def phones_in(text: str) -> list[str]:
    """The numbers in a cell, without words such as `Mob.` before or `(work)` behind them."""
    if text.isdecimal() or (text[0] == "+" and text[1:].isdecimal()):
        return [text]
    parts = [_LABEL.sub("", part) for part in _SEVERAL_PHONES.split(text)]
    return distinct(parts) if all(sum(map(str.isdigit, part)) >= 5 for part in parts) else [text]
