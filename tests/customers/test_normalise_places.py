"""Postal codes, address lines and organisation numbers by country."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.normalise import address_lines, normalise_organisation_number, normalise_postal_code
from customers.normalise.lists import table
from customers.normalise.organisation import organisation_number_shown


@pytest.mark.parametrize(
    ("typed", "country", "code"),
    [
        ("0155", "NO", "0155"),
        (" N-0155 ", "NO", "0155"),
        ("155", "NO", None),
        ("DK-2100", "DK", "2100"),
        ("21000", "DK", None),
        ("11122", "SE", "111 22"),
        ("SE-111 22", "SE", "111 22"),
        ("1012ab", "NL", "1012 AB"),
        ("NL-1012 AB", "NL", "1012 AB"),
        ("1012", "NL", None),
        ("D-10115", "DE", "10115"),
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("M1 1AE", "gb", "M1 1AE"),
        ("W1A 0AX", "GB", "W1A 0AX"),
        ("12345", "GB", None),
        ("10001-1234", "US", "10001-1234"),
        ("1100148", "PT", "1100-148"),
        ("00001", "PL", "00-001"),
        ("d02x285", "IE", "D02 X285"),
        ("LV1050", "LV", "LV-1050"),
        ("٠١٥٥", "NO", None),
        ("anything", "ZW", "anything"),
        ("", "NO", ""),
    ],
)
def test_postal_codes(typed: str, country: str, code: str | None) -> None:
    found = normalise_postal_code(typed, country)
    assert found.code == code
    assert bool(found.example) == (code is None)


@pytest.mark.parametrize("country", sorted(table("postal", "codes")))
def test_every_example_is_a_code_of_its_country(country: str) -> None:
    example = table("postal", "codes")[country]["example"]
    assert normalise_postal_code(example, country).code == example
    assert normalise_postal_code(example.replace(" ", "").lower(), country).code == example


@given(st.text(max_size=30), st.sampled_from(sorted(table("postal", "codes"))))
def test_a_code_once_normalised_stays(typed: str, country: str) -> None:
    code = normalise_postal_code(typed, country).code
    if code is not None:
        assert normalise_postal_code(code, country).code == code


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("NO", ["Storgata 1", "0155 Oslo"]),
        ("GB", ["Storgata 1", "Oslo", "0155"]),
        ("US", ["Storgata 1", "Oslo 0155"]),
        ("", ["Storgata 1", "0155 Oslo"]),
    ],
)
def test_address_lines(country: str, lines: list[str]) -> None:
    assert address_lines(street="Storgata 1", postal_code="0155", city="Oslo", country=country) == lines
    assert address_lines(street="", postal_code="", city="", country=country) == []


@pytest.mark.parametrize(
    ("typed", "country", "number", "reason"),
    [
        ("923 609 016", "NO", "923609016", ""),
        ("NO923609016MVA", "NO", "923609016", ""),
        ("NO 923 609 016 MVA", "DK", "923609016", ""),
        ("923609017", "NO", None, "check_digit"),
        ("12345", "NO", None, "length"),
        ("92360901X", "NO", None, "format"),
        ("13 58 56 28", "DK", "13585628", ""),
        ("DK13585628", "DK", "13585628", ""),
        ("13585629", "DK", None, "check_digit"),
        ("1358562", "DK", None, "length"),
        ("12345678", "NL", "12345678", ""),
        ("1234567", "NL", None, "length"),
        ("KvK 1234", "NL", None, "format"),
        ("NL4495445B01", "NL", "NL004495445B01", ""),
        ("NL123456789B90", "NL", None, "check_digit"),
        ("556036-0793", "SE", "5560360793", ""),
        ("SE556036079301", "SE", "5560360793", ""),
        ("556036-0794", "SE", None, "check_digit"),
        ("DE136695976", "NO", "DE136695976", ""),
        ("DE136695978", "NO", None, "check_digit"),
        ("HRB 12345", "DE", "HRB 12345", ""),
        ("", "NO", "", ""),
    ],
)
def test_organisation_numbers(typed: str, country: str, number: str | None, reason: str) -> None:
    found = normalise_organisation_number(typed, country)
    assert (found.number, found.reason) == (number, reason)


@pytest.mark.parametrize(
    ("number", "country", "shown"),
    [
        ("923609016", "NO", "923 609 016"),
        ("13585628", "DK", "13 58 56 28"),
        ("5560360793", "SE", "556036-0793"),
        ("12345678", "NL", "12345678"),
        ("000123", "NO", "000123"),
        ("NL004495445B01", "NO", "NL004495445B01"),
    ],
)
def test_organisation_numbers_are_shown_as_their_country_writes_them(number: str, country: str, shown: str) -> None:
    assert organisation_number_shown(number, country) == shown
    assert normalise_organisation_number(shown, country).number in (number, None)


@given(st.text(max_size=30), st.sampled_from(["NO", "DK", "NL", "SE", "DE", "GB", ""]))
def test_no_number_breaks_it(typed: str, country: str) -> None:
    found = normalise_organisation_number(typed, country)
    if found.number:
        assert normalise_organisation_number(found.number, country).number == found.number
