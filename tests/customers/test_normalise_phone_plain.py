"""Plainly written phone numbers are told as the library tells them, whatever the country."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.normalise.phone import _looked_up, normalise_phone
from customers.normalise.phone_plain import plain_number, valid_number

COUNTRIES = ("NO", "DK", "NL", "SE", "DE", "GB", "US", "FI", "IT", "FR", "RU", "SJ", "AX", "ES", "PL", "MX", "BR", "")
CODES = (
    "47",
    "45",
    "31",
    "46",
    "49",
    "44",
    "1",
    "358",
    "39",
    "33",
    "7",
    "34",
    "48",
    "32",
    "353",
    "354",
    "41",
    "52",
    "55",
)


def _same(text: str, country: str) -> None:
    result = normalise_phone(text, country)
    digits = "".join(filter(str.isdigit, text))
    if result.state == "ok":
        assert result == _looked_up(text, digits, country), (text, country)
    elif plain_number(text, country) is None:
        return
    else:
        assert result.state == "placeholder"


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_library_s_own_examples(region: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        for style in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                      phonenumbers.PhoneNumberFormat.NATIONAL):  # fmt: skip
            _same(phonenumbers.format_number(number, style), region)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(CODES), st.text("0123456789", min_size=4, max_size=12), st.sampled_from(COUNTRIES))
def test_numbers_with_a_country_code(code: str, rest: str, country: str) -> None:
    _same(f"+{code}{rest}", country)


@settings(max_examples=400, deadline=None)
@given(st.from_regex(r"\A[0-9]{1,4}([ -]?[0-9]{2,4}){1,4}\Z"), st.sampled_from(COUNTRIES))
def test_numbers_as_within_a_country(text: str, country: str) -> None:
    _same(text, country)


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("22 33 44 55", "NO", ("47", "22334455")),
        ("+47 22 33 44 55", "", ("47", "22334455")),
        ("06-12873465", "NL", ("31", "612873465")),
        ("+31 0612873465", "NL", ("31", "612873465")),
        ("4722334455", "NO", None),
        ("0047 22334455", "NO", None),
        ("22334455 ext 2", "NO", None),
        ("22334455", "", None),
    ],
)
def test_what_is_plain(text: str, country: str, expected: tuple[str, str] | None) -> None:
    assert plain_number(text, country) == expected


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(CODES), st.text("0123456789", min_size=4, max_size=12))
def test_what_is_valid(code: str, rest: str) -> None:
    number = phonenumbers.PhoneNumber(int(code), int(rest), italian_leading_zero=rest.startswith("0") or None)
    national = phonenumbers.national_significant_number(number)
    assert valid_number(int(code), national) is phonenumbers.is_valid_number(number)
    assert valid_number(800, national) is None
