"""Values of own fields: read in many spellings, shown in the reader's language, and read again as they were."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from customers.fields.models import MAX_TEXT
from customers.fields.values import FieldInput, value_plain, value_read, value_shown

LANGUAGES = ("en", "nb", "da", "nl")
OPTIONS = [{"key": "gold", "label": "Gull"}, {"key": "silver", "label": "Sølv"}, {"key": "2", "label": "gold"}]


def field(kind: str) -> SimpleNamespace:
    return SimpleNamespace(kind=kind, options=OPTIONS)


@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [
        ("text", "  Suite 12 ", FieldInput(text="Suite 12")),
        ("text", "two\nlines\x00", FieldInput(text="two lines")),
        ("text", "🏨 فاطمة", FieldInput(text="🏨 فاطمة")),
        ("text", "   ", FieldInput()),
        ("number", "12.5", FieldInput(number=Decimal("12.5"))),
        ("number", "12,5", FieldInput(number=Decimal("12.5"))),
        ("number", "-3", FieldInput(number=Decimal(-3))),
        ("number", "\u22123", FieldInput(number=Decimal(-3))),
        ("number", "1 234,50", FieldInput(number=Decimal("1234.5"))),
        ("number", "1\u00a0234,5", FieldInput(number=Decimal("1234.5"))),
        ("number", "1.234,5", FieldInput(number=Decimal("1234.5"))),
        ("number", "1,234.5", FieldInput(number=Decimal("1234.5"))),
        ("number", "1.234.567", FieldInput(number=Decimal(1234567))),
        ("number", "0.125", FieldInput(number=Decimal("0.125"))),
        ("number", "0,125", FieldInput(number=Decimal("0.125"))),
        ("number", "99999999999999", FieldInput(number=Decimal(10**14 - 1))),
        ("date", "2026-05-17", FieldInput(date=dt.date(2026, 5, 17))),
        ("date", "17.5.2026", FieldInput(date=dt.date(2026, 5, 17))),
        ("date", "17/05/26", FieldInput(date=dt.date(2026, 5, 17))),
        ("date", "17. mai 2026", FieldInput(date=dt.date(2026, 5, 17))),
        ("date", "May 17, 2026", FieldInput(date=dt.date(2026, 5, 17))),
        ("date", "17 mei 2026", FieldInput(date=dt.date(2026, 5, 17))),
        ("date", "29.2.2024", FieldInput(date=dt.date(2024, 2, 29))),
        ("choice", "gold", FieldInput(text="gold")),
        ("choice", "GULL", FieldInput(text="gold")),
        ("choice", "sølv", FieldInput(text="silver")),
        ("yes_no", "Ja", FieldInput(flag=True)),
        ("yes_no", "nee", FieldInput(flag=False)),
        ("yes_no", "0", FieldInput(flag=False)),
        ("yes_no", "", FieldInput()),
    ],
)
def test_read(kind: str, typed: str, expected: FieldInput) -> None:
    assert value_read(kind, typed, options=OPTIONS) == expected


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("text", "x" * (MAX_TEXT + 1), "501 characters"),
        ("number", "twelve", "for example 12.5"),
        ("number", "1,23,4", "for example 12.5"),
        ("number", "1.2.3,4", "for example 12.5"),
        ("number", "1,2.3,4", "for example 12.5"),
        ("number", "١٢", "for example 12.5"),
        ("number", "1e9", "for example 12.5"),
        ("number", "NaN", "for example 12.5"),
        ("number", "1" * 15, "too large"),
        ("number", "1.23456", "at most 4 decimals"),
        ("date", "31.02.2026", "no such day: 31.02.2026"),
        ("date", "2026-13-01", "no such day"),
        ("date", "0001-01-01", "Check the year"),
        ("date", "next week", "for example 17.5.2026"),
        ("choice", "bronze", "Gull, Sølv, gold"),
        ("yes_no", "perhaps", "yes or no"),
    ],
)
def test_what_is_wrong_is_told_with_what_would_be_right(kind: str, typed: str, words: str) -> None:
    found = value_read(kind, typed, options=OPTIONS)
    assert words in found.error
    assert found.is_empty


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        ("en", "1,234", 1234),
        ("en", "1.234", "1.234"),
        ("da", "1.234", 1234),
        ("da", "1,234", "1.234"),
        ("nl", "1.234", 1234),
        ("nb", "1.234", "1.234"),
        ("nb", "1,234", "1.234"),
    ],
)
def test_one_sign_and_three_digits_are_read_in_the_readers_language(
    language: str, typed: str, expected: int | str
) -> None:
    with translation.override(language):
        assert value_read("number", typed).number == Decimal(expected)


VALUES = st.one_of(
    st.tuples(
        st.just("number"),
        st.decimals(-(10**14) + 1, 10**14 - 1, places=4).map(lambda number: FieldInput(number=number)),
    ),
    st.tuples(
        st.just("date"), st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)).map(lambda day: FieldInput(date=day))
    ),
    st.tuples(st.just("yes_no"), st.booleans().map(lambda flag: FieldInput(flag=flag))),
    st.tuples(st.just("choice"), st.sampled_from(["gold", "silver"]).map(lambda key: FieldInput(text=key))),
    st.tuples(st.just("text"), st.text(max_size=60).map(lambda text: value_read("text", text))),
)


@given(VALUES, st.sampled_from(LANGUAGES))
def test_what_is_shown_is_read_again_as_it_was(value: tuple[str, FieldInput], language: str) -> None:
    kind, row = value
    with translation.override(language):
        assert value_read(kind, value_shown(field(kind), row), options=OPTIONS) == row


@given(VALUES, st.sampled_from(LANGUAGES))
def test_what_a_file_holds_is_read_again_in_any_language(value: tuple[str, FieldInput], language: str) -> None:
    kind, row = value
    plain = value_plain(field(kind), row)
    with translation.override(language):
        assert value_read(kind, plain, options=OPTIONS) == row


@given(st.sampled_from(["text", "number", "date", "choice", "yes_no"]), st.text(max_size=40))
def test_nothing_that_is_typed_breaks_it(kind: str, typed: str) -> None:
    found = value_read(kind, typed, options=OPTIONS)
    assert bool(found.error) + (not found.is_empty) <= 1


def test_a_choice_that_is_gone_shows_its_key() -> None:
    assert value_shown(field("choice"), FieldInput(text="bronze")) == "bronze"
    assert value_shown(field("number"), None) == value_plain(field("date"), None) == ""
