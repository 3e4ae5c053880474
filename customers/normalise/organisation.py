"""Organisation numbers: checked by country, kept compact, shown grouped.

Check digits by python-stdnum: Norway's organisasjonsnummer (mod 11), Denmark's CVR (mod 11), Sweden's
organisationsnummer (Luhn), VAT numbers of the European Union. The Netherlands' KvK number has eight digits and no check
digit; its btw number is a VAT number.
"""

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from stdnum.dk import cvr
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError
from stdnum.nl import btw
from stdnum.no import orgnr
from stdnum.se import orgnr as orgnr_se

OrganisationReason = Literal["", "length", "check_digit", "format"]
NUMBER_LENGTH: Final = 20
_SIGNS = re.compile(r"[\s.\-\u00a0\u202f/]+")
_EU = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GR", "HR", "HU"}
_EU |= {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI"}
_LETTER_FIRST = frozenset(("AT", "ES", "FR"))
"""Countries whose VAT numbers may begin with a letter after those of the country."""


class OrganisationResult(NamedTuple):
    """What became of a typed number: compact, or ``None`` and why. ``country`` is whose rules it was read by."""

    number: str | None
    country: str
    reason: OrganisationReason = ""


def normalise_organisation_number(typed: str, country: str) -> OrganisationResult:
    """Check a number by the rules of ``country`` (ISO 3166 alpha-2); a VAT number by those of the letters before it.

    A number of a country whose rules are not known stays as typed.

    >>> normalise_organisation_number("NO 923 609 016 MVA", "NO")
    OrganisationResult(number='923609016', country='NO', reason='')
    """
    text = " ".join(typed.split())
    compact = _SIGNS.sub("", text).upper()
    where = country.upper()
    if not compact:
        return OrganisationResult("", where)
    letters = compact[:2]
    if letters == "NO" and compact[2:].removesuffix("MVA").isdigit():
        where, compact = "NO", compact[2:]
    elif letters == where and where in ("DK", "SE"):
        compact = compact[2:]
    elif letters in _EU and letters != "NL" and (compact[2:3].isdigit() or letters in _LETTER_FIRST):
        return _checked(compact, letters, vat.validate)
    elif letters == "NL" and "B" in compact:
        where = "NL"
    if where == "NO":
        return _checked(compact.removesuffix("MVA").removesuffix("FORETAKSREGISTERET"), where, orgnr.validate)
    if where == "DK":
        return _checked(compact, where, cvr.validate)
    if where == "SE":
        return _checked(compact[:10] if len(compact) == 12 and compact.endswith("01") else compact, where, _swedish)
    if where == "NL":
        return _dutch(compact)
    return OrganisationResult(text[:NUMBER_LENGTH] if len(text) <= NUMBER_LENGTH else None, where, "")


def organisation_number_shown(number: str, country: str) -> str:
    """A number as its country writes it: 923 609 016 in Norway, 12 34 56 78 in Denmark; others as they stand.

    A number that is not one of the country's stays as it is.
    """
    where = country.upper()
    if not number.isdigit():
        return number
    if where in ("NO", "SJ") and len(number) == 9:
        return f"{number[:3]} {number[3:6]} {number[6:]}"
    if where == "DK" and len(number) == 8:
        return " ".join(number[at : at + 2] for at in range(0, 8, 2))
    if where == "SE" and len(number) == 10:
        return f"{number[:6]}-{number[6:]}"
    return number


def _dutch(compact: str) -> OrganisationResult:
    """A KvK number of eight digits, or a btw number, which has a B."""
    if "B" in compact:
        return _checked(compact, "NL", lambda text: f"NL{btw.validate(text)}")
    if not compact.isascii() or not compact.isdigit():
        return OrganisationResult(None, "NL", "format")
    return OrganisationResult(compact, "NL") if len(compact) == 8 else OrganisationResult(None, "NL", "length")


def _swedish(text: str) -> str:
    return str(orgnr_se.validate(text))


def _checked(compact: str, country: str, validate: Callable[[str], str]) -> OrganisationResult:
    if not compact.isascii():
        return OrganisationResult(None, country, "format")
    try:
        number = str(validate(compact))
    except InvalidLength:
        return OrganisationResult(None, country, "length")
    except (InvalidChecksum, InvalidComponent):
        return OrganisationResult(None, country, "check_digit")
    except ValidationError:
        return OrganisationResult(None, country, "format")
    return OrganisationResult(number, country)
