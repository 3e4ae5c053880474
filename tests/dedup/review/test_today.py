"""The line of Today that says how many pairs wait."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dedup.register.models import Match
from tests.cast import Cast, House
from tests.dedup.review.pairs import pair
from tests.pages import address, client_of

pytestmark = pytest.mark.django_db


def words(house: House, role: str) -> str:
    page = client_of(getattr(house, role)).get(address(house, "business_home"))
    return str(page.content.decode())


@pytest.mark.parametrize(
    ("pairs", "said"), [(1, "1 possible duplicate to look at"), (3, "3 possible duplicates to look at")]
)
def test_it_says_how_many_wait_and_leads_there(cast: Cast, pairs: int, said: str) -> None:
    house = cast.fjordstuen
    for _ in range(pairs):
        pair(house)
    pair(house, probability=0.3)
    pair(house, state=Match.State.LATER)
    pair(cast.duinzicht)
    for role in ("reception", "admin", "owner"):
        assert f'<a href="{address(house, "match_list")}">{said}</a>' in words(house, role)


def test_it_is_silent_for_those_who_have_no_part_in_it(cast: Cast) -> None:
    house = cast.fjordstuen
    pair(house)
    assert "to look at" not in words(house, "marketing")


def test_it_is_silent_where_nothing_waits(cast: Cast) -> None:
    house = cast.fjordstuen
    pair(house, state=Match.State.DIFFERENT)
    assert "to look at" not in words(house, "admin")


def test_it_counts_no_further_than_one_wants_to_know(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.review.today.COUNTED", 2)
    house = cast.fjordstuen
    for _ in range(4):
        pair(house)
    with CaptureQueriesContext(connection) as asked:
        assert "More than 2 possible duplicates to look at" in words(house, "admin")
    assert any("dedup_match" in query["sql"] and "LIMIT 3" in query["sql"] for query in asked)
