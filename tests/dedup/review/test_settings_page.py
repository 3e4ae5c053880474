"""The settings of duplicates, and what decisions tell of them."""

import re

import pytest

from accounts.tenancy import business_scope
from dedup.register.learning import Estimates
from dedup.register.models import MatchSettings
from tests.cast import Cast
from tests.dedup.review.pairs import card, match_of, pair
from tests.pages import address, client_of, told

pytestmark = pytest.mark.django_db


def test_the_thresholds_are_percent(cast: Cast) -> None:
    house = cast.fjordstuen
    client = client_of(house.admin)
    url = address(house, "match_settings")
    answer = client.post(url, {"propose": "62.5", "certain": "99.5", "automatic": "on"})
    assert told(answer) == ["The settings are saved."]
    with business_scope(house.pk):
        saved = MatchSettings.objects.get()
    assert (saved.propose, saved.certain, saved.automatic) == (0.625, 0.995, True)
    page = client.get(url).content.decode()
    assert 'value="62.5"' in page
    assert 'value="99.5"' in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"propose": "", "certain": "99"}, "This field is required."),
        ({"propose": "abc", "certain": "99"}, "Enter a number."),
        ({"propose": "2", "certain": "99"}, "Choose a probability between 5 and 99.99 %."),
        ({"propose": "80", "certain": "70"}, "What is certain cannot be less probable than what is proposed."),
    ],
)
def test_what_cannot_be_comes_back_with_its_reason(cast: Cast, sent: dict[str, str], words: str) -> None:
    house = cast.fjordstuen
    page = client_of(house.admin).post(address(house, "match_settings"), sent)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert f'value="{sent["certain"]}"' in page.content.decode()
    with business_scope(house.pk):
        assert not MatchSettings.objects.exists()


def test_how_well_it_does_is_told_once_there_are_decisions(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    house = cast.fjordstuen
    client = client_of(house.owner)
    url = address(house, "match_settings")
    assert "After 50 more decisions" in client.get(url).content.decode()
    told_of = Estimates(
        decisions=80, same=60, different=20, learned_from=80, precision=0.91, precision_low=0.85, precision_high=0.95
    )
    monkeypatch.setattr("dedup.review.settings_views.estimates", lambda: told_of)
    words = client.get(url).content.decode()
    assert "91%" in words
    assert "between 85% and 95%" in words
    assert "Reckoned from 80 decisions of yours." in words


class TestCard:
    def test_it_says_who_may_be_the_same(self, cast: Cast) -> None:
        house = cast.fjordstuen
        guest, other = card(house, "Ingrid Sørensen"), card(house, "Ingrid Sorensen")
        match = match_of(house, guest, other, 0.93, agree=("phones",))
        page = client_of(house.reception).get(address(house, "guest_card", customer_id=guest.pk)).content.decode()
        assert "1 possible duplicate" in page
        assert "Ingrid Sorensen" in page
        assert address(house, "match_list") + f"?match={match.pk}" in page

    def test_nothing_is_said_where_there_is_nothing_or_one_may_not(self, cast: Cast) -> None:
        house = cast.fjordstuen
        match = pair(house)
        alone = card(house, "Ola Berg")
        for member, guest in ((house.admin, alone.pk), (house.marketing, match.left_id)):
            page = client_of(member).get(address(house, "guest_card", customer_id=guest)).content.decode()
            assert "possible duplicate" not in page
            assert 'id="duplicates"' not in page

    def test_all_that_are_alike_become_one(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two, three = (card(house) for _ in range(3))
        for left, right in ((one, two), (one, three), (two, three)):
            match_of(house, left, right, 0.95)
        page = client_of(house.admin).get(address(house, "guest_card", customer_id=two.pk)).content.decode()
        assert "See and merge them all" in page
        led = re.search(r"duplicates/merge/\?guests=([\d,]+)", page)
        assert led is not None
        assert set(led[1].split(",")) == {str(each.pk) for each in (one, two, three)}
