"""Cells of an export: no formula, and the same text back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.export.rows import FORMULA_SIGNS, plain, safe


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("Kari", "Kari"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+4791234567", "'+4791234567"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("'=1", "''=1"),
        (None, ""),
        (12, "12"),
    ],
)
def test_safe(value: object, cell: str) -> None:
    assert safe(value) == cell
    assert plain(cell) == ("" if value is None else str(value))


@given(st.text(alphabet="=+-@\t\r'ab1 ") | st.text())
def test_round_trip_and_never_a_formula(text: str) -> None:
    assert plain(safe(text)) == text
    assert not safe(text).startswith(FORMULA_SIGNS)
