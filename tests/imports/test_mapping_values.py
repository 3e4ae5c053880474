"""Single values as files write them, and payment cards, which are never stored."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.mapping import values
from imports.mapping.cards import card_columns, is_card_number, without_card_numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-07-01", dt.date(2015, 7, 1)),
        ("2015-07-01T14:00:00Z", dt.date(2015, 7, 1)),
        ("20150701", dt.date(2015, 7, 1)),
        ("01-07-15", dt.date(2015, 7, 1)),
        ("1.7.2015", dt.date(2015, 7, 1)),
        ("17/05/1962", dt.date(1962, 5, 17)),
        ("17.05.62", dt.date(1962, 5, 17)),
        ("31.02.2015", None),
        ("05/17/2015", None),
        ("1815-01-01", None),
        ("yesterday", None),
    ],
)
def test_date(text: str, expected: dt.date | None) -> None:
    assert values.date(text) == expected


@given(st.dates(dt.date(1940, 1, 1), dt.date(2039, 12, 31)))
def test_every_way_of_writing_a_date_gives_that_date(day: dt.date) -> None:
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%y", "%Y%m%d"):
        assert values.date(day.strftime(pattern)) == day


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("July", 7),
        ("juli", 7),
        ("Maart", 3),
        ("okt.", 10),
        ("desember", 12),
        ("07", 7),
        ("13", None),
        ("Julember", None),
    ],
)
def test_month(text: str, expected: int | None) -> None:
    assert values.month(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("12", 12), ("2.0", 2), ("32767", 32_767), ("32768", None), ("-1", None), ("1.5", None), ("two", None)],
)
def test_whole(text: str, expected: int | None) -> None:
    assert values.whole(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("75", "75"),
        ("98.5", "98.5"),
        ("98,5", "98.5"),
        ("1.234,50 kr", "1234.50"),
        ("€ 1,234.50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("1,234", "1234"),
        ("0,234", "0.234"),
        ("1.234.567", "1234567"),
        ("-6.38", "-6.38"),
        ("99999999999", None),
        ("free", None),
        ("", None),
    ],
)
def test_amount(text: str, expected: str | None) -> None:
    assert values.amount(text) == (Decimal(expected) if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PRT", "PT"), ("no", "NO"), ("Norge", "NO"), ("Netherlands", "NL"), ("UK", "GB"), ("CN", "CN"), ("ZZZ", None)],
)
def test_country(text: str, expected: str | None) -> None:
    assert values.country(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nb", "nb"),
        ("nb-NO", "nb"),
        ("no", "nb"),
        ("EN_gb", "en"),
        ("Dutch", "nl"),
        ("norsk bokmål", "nb"),
        ("qq", None),
    ],
)
def test_language(text: str, expected: str | None) -> None:
    assert values.language(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("nok", "NOK"), ("€", "EUR"), ("euros", None)])
def test_currency(text: str, expected: str | None) -> None:
    assert values.currency(text) == expected


@given(st.text(max_size=60))
def test_no_value_raises(text: str) -> None:
    for parse in (
        values.date,
        values.month,
        values.whole,
        values.amount,
        values.country,
        values.language,
        values.currency,
        is_card_number,
        without_card_numbers,
    ):
        parse(text)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("4111111111111111", True),
        ("4111 1111 1111 1111", True),
        ("5500-0000-0000-0004", True),
        ("340000000000009", True),
        ("************4322", True),
        ("4111 11** **** 1111", True),
        ("XXXX-XXXX-XXXX-4322", True),
        ("4111111111111112", False),
        ("+4722334455", False),
        ("0000000000000000", False),
        ("1234567890123456", False),
        ("****", False),
        ("Jan Berg", False),
        ("", False),
    ],
)
def test_is_card_number(cell: str, expected: bool) -> None:
    assert is_card_number(cell) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Visa 4111 1111 1111 1111 exp 12/27", "Visa ****1111 exp 12/27"),
        ("5500000000000004", "****0004"),
        ("Room 12, ring +47 22 33 44 55", "Room 12, ring +47 22 33 44 55"),
        ("Booking 4111111111111112", "Booking 4111111111111112"),
    ],
)
def test_without_card_numbers(text: str, expected: str) -> None:
    assert without_card_numbers(text) == expected


def test_card_columns_by_name_and_by_content() -> None:
    header = ["name", "Card Number", "payment", "phone", "id"]
    rows = [
        ["Jan", "", "************4322", "+4722334455", "4111111111111111"],
        ["Ola", "", "4111 1111 1111 1111", "+4722334456", "4111111111111112"],
        ["Kari", "", "", "+4722334457", "4111111111111113"],
    ]
    assert card_columns(header, rows) == [1, 2]
