"""The numbers that nearly everybody writes, told as libphonenumber would tell them and twenty times as fast.

Digits with spaces or hyphens between them, after a plus sign and a country code, or as within one country. The rules
are the library's own metadata, compiled once for each country code. Every other number, and every one that does not fit
these, is left to the library (None).
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_PLAIN = re.compile(r"\+?\d+(?:[ -]\d+)*")
_TYPES: Final = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line",
    "mobile",
)  # fmt: skip
_NOWHERE: Final = "001"


class _Region(NamedTuple):
    """`leading`: what its numbers begin with, where that tells; `by_length`: what valid numbers of a length match."""

    leading: re.Pattern[str] | None
    by_length: dict[int, str]


class _Code(NamedTuple):
    """A country code. `trunk`: what may stand before a number within the country; None: nothing."""

    digits: str
    regions: tuple[_Region, ...]
    trunk: re.Pattern[str] | None
    is_zero: bool


def plain_number(text: str, country: str) -> tuple[str, str] | None:
    """(country code, national number) of a valid number that is written plainly; None: the library has to look."""
    if _PLAIN.fullmatch(text) is None:
        return None
    digits = text.replace(" ", "").replace("-", "")
    if digits[0] == "+":
        digits = digits[1:]
        code = _code(int(digits[:1])) or _code(int(digits[:2])) or _code(int(digits[:3]))
        if code is None or digits[0] == "0":
            return None
        national = digits[len(code.digits) :]
    else:
        home = _home(country)
        if home is None or (home[1] is not None and home[1].match(digits)):
            return None
        code, national = home[0], digits
    if code.trunk is not None and code.trunk.match(national):
        # A plain zero is taken off; where more may stand before a number the library knows what to do.
        if not code.is_zero:
            return None
        national = national[1:]
    return (code.digits, national) if _is_valid(code, national) else None


def valid_number(code: int, national: str) -> bool | None:
    """Whether a national number is valid under a country code; None for codes of no country."""
    known = _code(code)
    return _is_valid(known, national) if known is not None else None


def _is_valid(code: _Code, national: str) -> bool:
    for region in code.regions:
        valid = region.by_length.get(len(national))
        matches = valid is not None and _compiled(valid).fullmatch(national) is not None
        if region.leading is not None:
            if region.leading.match(national):
                return matches
        elif matches:
            return True
    return False


# Few lengths of few countries are ever asked for, and compiling takes its time.
@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=1024)
def _code(number: int) -> _Code | None:
    names = COUNTRY_CODE_TO_REGION_CODE.get(number)
    if names is None or _NOWHERE in names:
        return None
    main = _metadata(names[0])
    if main is None:
        return None
    regions = tuple(_region(meta) for name in names if (meta := _metadata(name)) is not None)
    trunk = main.national_prefix_for_parsing
    is_zero = trunk == "0" and main.national_prefix_transform_rule is None
    return _Code(str(number), regions, re.compile(trunk) if trunk else None, is_zero)


@lru_cache(maxsize=512)
def _home(country: str) -> tuple[_Code, re.Pattern[str] | None] | None:
    """The code of a country, and what international numbers begin with there; None where another country leads."""
    meta = _metadata(country.upper()) if country else None
    if meta is None or meta.country_code is None:
        return None
    names = COUNTRY_CODE_TO_REGION_CODE.get(meta.country_code, ())
    code = _code(meta.country_code)
    if code is None or not names or names[0] != country.upper():
        return None
    abroad = meta.international_prefix
    return code, re.compile(abroad) if abroad else None


def _metadata(region: str) -> Any:
    return PhoneMetadata.metadata_for_region(region.upper(), None)


def _region(meta: Any) -> _Region:
    patterns: dict[int, list[str]] = {}
    for name in _TYPES:
        described = getattr(meta, name)
        if described is None or described.national_number_pattern is None:
            continue
        for length in described.possible_length or meta.general_desc.possible_length:
            if length in meta.general_desc.possible_length or not meta.general_desc.possible_length:
                patterns.setdefault(length, []).append(described.national_number_pattern)
    general = meta.general_desc.national_number_pattern
    by_length = {
        length: rf"(?=(?:{general})\Z)(?:{'|'.join(f'(?:{each})' for each in found)})"
        for length, found in patterns.items()
    }
    return _Region(re.compile(meta.leading_digits) if meta.leading_digits else None, by_length)
