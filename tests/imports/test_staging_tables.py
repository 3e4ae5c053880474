"""Rows into temporary tables: every value arrives as it was, whatever it holds."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.staging.tables import copy_rows

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=20)
ROWS = st.lists(
    st.tuples(
        TEXT,
        st.none() | TEXT,
        st.none() | st.integers(-(1 << 62), 1 << 62),
        st.none() | st.booleans(),
        st.none() | st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)),
        st.none() | st.decimals(-999_999, 999_999, places=2),
        st.none() | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2199, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    ),
    max_size=8,
)


def copied(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS copied;
            CREATE TEMP TABLE copied (
                line integer, a text, b text, c bigint, d boolean, e date, f numeric(12, 2), g timestamptz
            ) ON COMMIT DROP
            """
        )
        numbered = [(line, *row) for line, row in enumerate(rows)]
        copy_rows(cursor, "copied", ("line", "a", "b", "c", "d", "e", "f", "g"), numbered)
        cursor.execute("SELECT a, b, c, d, e, f, g FROM copied ORDER BY line")
        return cursor.fetchall()


@pytest.mark.django_db
@settings(max_examples=100, deadline=None)
@given(rows=ROWS)
def test_what_goes_in_comes_out(rows: list[tuple[Any, ...]]) -> None:
    assert copied(rows) == rows


@pytest.mark.django_db
def test_what_copy_reads_otherwise() -> None:
    rows = [(text, text, None, True, None, Decimal("1.50"), None) for text in ("\\N", "\\.", "", "\\", "a\tb\r\nc\\d")]
    assert copied(rows) == rows
