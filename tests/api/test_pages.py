"""Pages of lists: whole, without repeats, whatever is added meanwhile; cursors that nobody makes by hand."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.api.pagination import cursor_make, cursor_read
from accounts.api.problems import Problem
from accounts.tenancy import business_scope
from customers.history.models import Stay
from tests.api.calling import Caller
from tests.cast import Cast
from tests.factories import CustomerFactory, StayFactory

numbers = st.integers(0, 2**63 - 1)


@given(numbers, st.dates())
def test_a_cursor_comes_back_as_it_went(number: int, day: dt.date) -> None:
    assert cursor_read(cursor_make([number]), columns=1) == [number]
    assert cursor_read(cursor_make([day, number]), columns=2) == [day, number]


@given(st.text(max_size=60))
def test_any_other_text_is_a_problem_and_nothing_else(text: str) -> None:
    try:
        cursor_read(text, columns=1)
    except Problem as problem:
        assert problem.status_code == 422


@pytest.mark.parametrize(
    "value",
    [None, 1, [], ["1"], [True], [-1], [2**63], [1.0], [1, 2], {"a": 1}, [["2026-01-01"], 1], "[1]"],
)
def test_a_cursor_of_another_shape(value: Any) -> None:
    text = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    for columns in (1, 2):
        with pytest.raises(Problem):
            cursor_read(text, columns=columns)


def walk(caller: Caller, path: str, between: Any = None) -> list[int]:
    """Every id on every page, in order; ``between`` is called after each page."""
    seen: list[int] = []
    address: str | None = path
    while address:
        answer = caller.get(address.removeprefix("http://testserver"))
        assert answer.status == 200, answer.text
        seen += [each["id"] for each in answer.body["items"]]
        address = answer.body["next"]
        if between and address:
            between()
    return seen


@pytest.mark.django_db
def test_every_guest_once_while_others_are_added(caller: Caller, cast: Cast) -> None:
    def add() -> None:
        with business_scope(cast.fjordstuen.pk):
            CustomerFactory()

    with business_scope(cast.fjordstuen.pk):
        before = [CustomerFactory().pk for _each in range(23)]
    added = []

    def between() -> None:
        if len(added) < 6:
            added.append(add())

    seen = walk(caller, "guests/?limit=5", between)
    assert len(seen) == len(set(seen))
    assert seen[:23] == before
    assert len(seen) == 23 + len(added)


@pytest.mark.django_db
def test_every_stay_once_though_many_arrive_on_one_day_and_others_are_added(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        before = [StayFactory(arrival=dt.date(2026, 1, 1 + number // 5)).pk for number in range(20)]

    def between() -> None:
        with business_scope(cast.fjordstuen.pk):
            StayFactory(arrival=dt.date(2025, 1, 1))
            StayFactory(arrival=dt.date(2026, 1, 1))

    seen = walk(caller, "stays/?limit=3&arrival_from=2026-01-01", between)
    assert len(seen) == len(set(seen))
    assert [pk for pk in seen if pk in before] == before
    with business_scope(cast.fjordstuen.pk):
        assert Stay.objects.filter(pk__in=seen, arrival__lt=dt.date(2026, 1, 1)).count() == 0


@pytest.mark.django_db
def test_the_last_page_has_no_next(caller: Caller, cast: Cast) -> None:
    assert caller.get("guests/").body == {"items": [], "next": None}
    with business_scope(cast.fjordstuen.pk):
        for _each in range(4):
            CustomerFactory()
    assert caller.get("guests/?limit=4").body["next"] is None
    page = caller.get("guests/?limit=3")
    assert page.body["next"].startswith("http://testserver/api/v1/b/fjordstuen/guests/?limit=3&cursor=")
    other = caller.get("stays/?cursor=" + page.body["next"].rpartition("=")[2])
    assert (other.status, list(other.errors)) == (422, ["cursor"])
