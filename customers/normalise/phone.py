"""Phone numbers: E.164 where the number can exist, else kept as typed with the reason.

Validity is that of Google's libphonenumber metadata (the `phonenumbers` package); E.164 is ITU-T E.164.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException

from customers.normalise.phone_plain import plain_number, valid_number

PhoneState = Literal["ok", "placeholder", "invalid"]
PhoneReason = Literal[
    "",
    "empty",
    "no_digits",
    "several",
    "too_short",
    "too_long",
    "no_such_number",
    "placeholder",
]

# E.164 allows 15 digits; an international prefix, a trunk zero and an extension may stand around them.
DIGITS_MAX: Final = 32
_READ_MAX: Final = 250
_NOT_DIGIT = re.compile(r"\D+")
# Two numbers in one field: "22 33 44 55 / 99 88 77 66".
_SEVERAL = re.compile(r"\d{4,}\s*(?:[/;,|]|\n|\s(?:and|or|og|eller|en|of)\s).*\d\D*\d\D*\d\D*\d")
_ASCENDING = "01234567890123456789"
_DESCENDING = _ASCENDING[::-1]


class PhoneResult(NamedTuple):
    """What became of a typed number.

    `e164` is None unless the state is ok. `digits` are all digits typed. `national` is the national
    significant number (no country code, no trunk zero), or the typed digits where there is none: its
    tail finds a guest by number without country code.
    """

    e164: str | None
    digits: str
    national: str
    state: PhoneState
    reason: PhoneReason


def normalise_phone(raw: str, country: str) -> PhoneResult:
    """Normalise one typed number; `country` (ISO 3166 alpha-2) is assumed where no country code is typed."""
    text = raw.strip()[:_READ_MAX]
    digits = _digits(text)
    if not text:
        return PhoneResult(None, "", "", "invalid", "empty")
    if not digits:
        return PhoneResult(None, "", "", "invalid", "no_digits")
    if is_placeholder(digits):
        return PhoneResult(None, digits, digits, "placeholder", "placeholder")
    plain = plain_number(text, country)
    if plain is not None:
        code, national = plain
        if is_placeholder(national):
            return PhoneResult(None, digits, national, "placeholder", "placeholder")
        return PhoneResult(f"+{code}{national}", digits, national, "ok", "")
    return _looked_up(text, digits, country)


def _looked_up(text: str, digits: str, country: str) -> PhoneResult:
    """What the library says of a number."""
    parsed, reason = _parsed(text, country)
    if parsed is None or not _is_valid(parsed):
        if _SEVERAL.search(text):
            reason = "several"
        return PhoneResult(None, digits, digits, "invalid", reason or "no_such_number")
    national = phonenumbers.national_significant_number(parsed)
    if is_placeholder(national):
        return PhoneResult(None, digits, national, "placeholder", "placeholder")
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return PhoneResult(e164, digits, national, "ok", "")


def normalise_phones(raws: Iterable[str], country: str) -> list[PhoneResult]:
    """Normalise many numbers, each distinct text once; the result stands in the order given."""
    known: dict[str, PhoneResult] = {}
    results = []
    for raw in raws:
        result = known.get(raw)
        if result is None:
            result = known[raw] = normalise_phone(raw, country)
        results.append(result)
    return results


def is_placeholder(digits: str) -> bool:
    """Whether digits are what is typed when there is no number: 00000000, 99999999, 12345678, 87654321.

    A country code or trunk zero before eight such digits does not make them a number.
    """
    if len(digits) < 5:
        return False
    if len(set(digits)) == 1 or len(digits.strip("0")) <= 1:
        return True
    tail = digits[-8:]
    if len(tail) == 8 and (len(set(tail)) == 1 or tail in ("12345678", "23456789", "87654321")):
        return True
    return len(digits) >= 6 and (digits in _ASCENDING or digits in _DESCENDING)


def _is_valid(parsed: phonenumbers.PhoneNumber) -> bool:
    national = phonenumbers.national_significant_number(parsed)
    known = valid_number(parsed.country_code or 0, national)
    return known if known is not None else bool(phonenumbers.is_valid_number(parsed))


def _digits(text: str) -> str:
    """The digits typed, those of other scripts as ASCII."""
    digits = _NOT_DIGIT.sub("", text)
    if not digits.isascii():
        digits = "".join(str(int(digit)) for digit in digits)
    return digits[:DIGITS_MAX]


def _parsed(text: str, country: str) -> tuple[phonenumbers.PhoneNumber | None, PhoneReason]:
    region = country.upper() or None
    try:
        parsed = phonenumbers.parse(text, region)
        # "00" is the international prefix of most of the world, and typed everywhere.
        if text.startswith("00") and not _is_valid(parsed):
            parsed = phonenumbers.parse("+" + text[2:], region)
    except NumberParseException as error:
        if text.startswith("00") and region is None:
            return _parsed("+" + text[2:], country)
        if error.error_type == NumberParseException.TOO_LONG:
            return None, "too_long"
        if error.error_type in (
            NumberParseException.TOO_SHORT_NSN,
            NumberParseException.TOO_SHORT_AFTER_IDD,
        ):
            return None, "too_short"
        return None, "no_such_number"
    return parsed, ""
