"""Values as they are compared: one normal form for each kind of field.

A value that says nothing (a placeholder, a travel agent's relay address) becomes empty: neither agreement nor
disagreement follows from it.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache

from customers.normalise import (
    collapse,
    company_key,
    fold,
    normalise_email,
    normalise_phone,
    split_full_name,
)
from customers.normalise.phone import is_placeholder
from dedup.engine.kinds import Kind
from dedup.engine.words import EMPTY_WORDS, STREET_WORDS, street_tail

VALUE_LENGTH = 200
PHONE_TAIL = 8
_DIGITS = re.compile(r"\D+")
_ALPHANUMERIC = re.compile(r"[^0-9a-z]+")
_DOTLESS = frozenset(("gmail.com", "googlemail.com"))
_TAG = re.compile(r"[+].*")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar januari january",
            "feb februar februari february",
            "mar mars maart marts march marz",
            "apr april",
            "mai maj mei may",
            "jun juni june",
            "jul juli july",
            "aug august augustus augusti",
            "sep sept september",
            "okt oct oktober october",
            "nov november",
            "des dec dez desember december dezember",
        ),
        start=1,
    )
    for name in names.split()
}


def name_words(text: str) -> str:
    """A name folded, its two Nordic or German spellings made one: ``Åse Kjær`` is ``ase kjar``."""
    return _spoken(collapse(fold(text)))


def _spoken(words: str) -> str:
    return "" if words in EMPTY_WORDS else words


def plain(text: str) -> str:
    """A text folded and collapsed."""
    return _spoken(collapse(fold(text)))


def email(text: str) -> str:
    """An address in the form that its owner's other spellings share; empty for relays and placeholders."""
    result = normalise_email(text)
    if result.state in ("relay", "placeholder"):
        return ""
    address = result.normalised or text.strip().lower()
    local, at, domain = address.rpartition("@")
    if not at:
        return "" if fold(address) in EMPTY_WORDS else address
    local = _TAG.sub("", local) or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def phone(text: str, country: str) -> str:
    """The last digits of the national number: the same with and without country code, trunk zero, or spaces."""
    result = normalise_phone(text, country)
    if result.state == "placeholder":
        return ""
    digits = result.national or result.digits
    if result.state == "invalid":
        digits = result.digits.removeprefix("00").lstrip("0")
        if len(digits) < 5 or is_placeholder(digits):
            return ""
    return digits[-PHONE_TAIL:]


def street(text: str) -> tuple[str, str]:
    """(street, house number) of an address line: ``Rosenv. 86 B`` is ``rosenvei``, ``86b``."""
    words = collapse(fold(text)).split()
    if not words or " ".join(words) in EMPTY_WORDS:
        return "", ""
    at = next((n for n, word in enumerate(words) if word[0].isdigit()), -1)
    if at < 0:
        return _street_name(words), ""
    if at == 0 and len(words) > 1:
        rest = words[1:]
        number = words[0]
        if rest and len(rest[0]) == 1 and len(rest) > 1:
            number, rest = number + rest[0], rest[1:]
        return _street_name(rest), number
    number = words[at]
    if at + 1 < len(words) and len(words[at + 1]) == 1 and words[at + 1].isalpha() and number.isdigit():
        number += words[at + 1]
    return _street_name(words[:at]), number


def _street_name(words: list[str]) -> str:
    if len(words) == 1:
        return street_tail(words[0])
    return " ".join(STREET_WORDS.get(word) or street_tail(word) for word in words)


def house_number(text: str) -> str:
    """A house number without spaces: ``86 B`` is ``86b``."""
    return _ALPHANUMERIC.sub("", fold(text))


def postal_code(text: str) -> str:
    """A postal code's letters and digits; the country's letters before it are left out."""
    code = _ALPHANUMERIC.sub("", fold(text))
    return re.sub(r"^(?:no?|dk|se?|nl|de?|fi)(?=\d{4,5}$)", "", code)


def identifier(text: str) -> str:
    """A number or identifier: its letters and digits, without zeros before them."""
    code = _ALPHANUMERIC.sub("", fold(text))
    return "" if code in EMPTY_WORDS or (len(code) > 3 and len(set(code)) == 1) else code.lstrip("0")


@lru_cache(maxsize=1 << 14)
def birth_date(text: str) -> str:
    """A date as YYYYMMDD where it can be read; else its digits. Two-figure years are of the last hundred years."""
    text = text.strip()
    if not text:
        return ""
    parts = [part for part in re.split(r"[^0-9a-z]+", fold(text)) if part]
    if len(parts) >= 3:
        read = _date_of(parts[:3])
        if read:
            return read
    digits = _DIGITS.sub("", text)
    if len(digits) == 8 and digits[:2] not in ("18", "19", "20") and digits[4:6] in ("18", "19", "20"):
        return digits[4:] + digits[2:4] + digits[:2]
    return "" if len(digits) > 3 and len(set(digits)) == 1 else digits


def _date_of(parts: list[str]) -> str:
    named = next((n for n, part in enumerate(parts) if part in _MONTHS), -1)
    if named >= 0:
        rest = [part for n, part in enumerate(parts) if n != named]
        if not all(part.isdigit() for part in rest):
            return ""
        typed, written = (rest[1], rest[0]) if len(rest[0]) == 4 else (rest[0], rest[1])
        return f"{_year(written)}{_MONTHS[parts[named]]:02d}{int(typed):02d}"
    if not all(part.isdigit() for part in parts):
        return ""
    if len(parts[0]) == 4:
        year, month, day = parts[0], int(parts[1]), int(parts[2])
    else:
        day, month, year = int(parts[0]), int(parts[1]), _year(parts[2])
    if month > 12 >= day:
        day, month = month, day
    return f"{year}{month:02d}{day:02d}" if day < 100 and month < 100 else ""


def _year(text: str) -> str:
    if len(text) != 2:
        return text
    return f"20{text}" if int(text) <= 26 else f"19{text}"


@cache
def normaliser(kind: Kind) -> Callable[[str], str]:
    """What brings a value of ``kind`` into its normal form; phones and streets have functions of their own."""
    known: dict[Kind, Callable[[str], str]] = {
        Kind.GIVEN: name_words,
        Kind.FAMILY: name_words,
        Kind.COMPANY: company_key,
        Kind.ORGANISATION: identifier,
        Kind.EMAIL: email,
        Kind.HOUSE_NUMBER: house_number,
        Kind.POSTAL_CODE: postal_code,
        Kind.BIRTH_DATE: birth_date,
        Kind.NUMBER: identifier,
    }
    return known.get(kind, plain)


def full_name(text: str) -> tuple[str, str]:
    """(given, family) of a name in one field."""
    given, family = split_full_name(text)
    return name_words(given), name_words(family)
