"""The queue of pairs: what stands in it, what stands beside it, what is decided."""

import pytest

from accounts.tenancy import business_scope
from customers.history.models import Todo
from dedup.register.models import Decision, Match, MatchRun, MatchSettings
from dedup.register.runs import register_run
from tests.cast import Cast
from tests.dedup.review.pairs import card, match_of, pair, state_of
from tests.factories import EmailFactory
from tests.pages import address, client_of, told, way_back

pytestmark = pytest.mark.django_db


class TestList:
    def test_the_surest_come_first_with_what_agrees_and_differs(self, cast: Cast) -> None:
        house = cast.fjordstuen
        pair(house, "Ola Likely", 0.72)
        sure = pair(house, "Kari Sure", 0.995, agree=("emails", "given_name", "family_name"), differ=("birth_date",))
        page = client_of(house.admin).get(address(house, "match_list"))
        pairs = page.context["pairs"]
        assert [each.left.name for each in pairs] == ["Kari Sure", "Ola Likely"]
        assert (pairs[0].percent, pairs[0].band.label) == ("99.5%", "Nearly certain")
        assert (pairs[0].agreeing, pairs[0].differing) == (["Name", "E-mail"], ["Date of birth"])
        assert [each.is_current for each in pairs] == [True, False]
        assert page.context["match"].id == sure.pk

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", ["A A", "B B", "C C"]),
            ("?band=0.9", ["B B"]),
            ("?agree=phones", ["A A", "C C"]),
            ("?agree=phones&agree=emails", ["C C"]),
            ("?state=later", ["D D"]),
            ("?state=different", ["E E"]),
            ("?state=merged&band=x&agree=height", ["A A", "B B", "C C"]),
        ],
    )
    def test_its_address_says_what_it_shows(self, cast: Cast, query: str, names: list[str]) -> None:
        house = cast.fjordstuen
        pair(house, "A A", 0.995, agree=("phones",))
        pair(house, "B B", 0.95)
        pair(house, "C C", 0.75, agree=("emails", "phones"))
        pair(house, "D D", 0.9, state=Match.State.LATER)
        pair(house, "E E", 0.9, state=Match.State.DIFFERENT)
        pair(house, "F F", 0.9, state=Match.State.MERGED)
        page = client_of(house.reception).get(address(house, "match_list") + query)
        assert [each.left.name for each in page.context["pairs"]] == names
        assert [tab["count"] for tab in page.context["tabs"]] == [3, 1, 1]

    def test_goes_on_where_a_page_ended(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dedup.review.queue_views.PAGE", 2)
        house = cast.fjordstuen
        for probability in (0.99, 0.98, 0.97):
            pair(house, probability=probability)
        client = client_of(house.admin)
        first = client.get(address(house, "match_list"))
        second = client.get(address(house, "match_list") + first.context["next"])
        assert [each.percent for each in first.context["pairs"]] == ["99%", "98%"]
        assert [each.percent for each in second.context["pairs"]] == ["97%"]
        assert (second.context["next"], second.context["previous"]) == ("", "?")

    def test_the_pair_beside_it_comes_alone_when_it_is_asked_for_alone(self, cast: Cast) -> None:
        house = cast.fjordstuen
        pair(house, "Kari Sure", 0.99)
        other = pair(house, "Ola Likely", 0.8)
        part = client_of(house.admin).get(
            address(house, "match_list") + f"?match={other.pk}", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="section#match"
        )
        words = part.content.decode()
        assert words.lstrip().startswith('<section class="panel match" id="match"')
        assert "Ola Likely" in words
        assert "Kari Sure" not in words

    def test_why_waits_for_the_engine_that_found_it(self, cast: Cast) -> None:
        house = cast.fjordstuen
        with business_scope(house.pk):
            for _ in range(2):
                EmailFactory(customer=card(house), value="ingrid@example.com")
            run = MatchRun.objects.create()
        register_run(business_id=house.pk, run_id=run.pk)
        client = client_of(house.admin)
        shown = client.get(address(house, "match_list")).context["match"]
        assert shown.evidence.percent == shown.percent
        with business_scope(house.pk):
            MatchSettings.objects.update(engine=1)
        page = client.get(address(house, "match_list"))
        assert page.context["match"].evidence is None
        assert "once the register has been looked through again" in page.content.decode()

    def test_a_pair_that_is_gone_is_said_to_be(self, cast: Cast) -> None:
        house = cast.fjordstuen
        pair(house)
        page = client_of(house.admin).get(address(house, "match_list") + "?match=9999999")
        assert "This pair is no longer here" in page.content.decode()

    def test_more_cards_of_the_same_guest_are_merged_with_it(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two, three, stranger = (card(house) for _ in range(4))
        shown = match_of(house, one, two, 0.99)
        match_of(house, one, three, 0.9)
        match_of(house, two, three, 0.9)
        match_of(house, one, stranger, 0.9)
        page = client_of(house.admin).get(address(house, "match_list"))
        assert page.context["match"].id == shown.pk
        assert page.context["match"].others == [three.pk]
        assert f"guests={one.pk},{two.pk},{three.pk}&" in page.context["match"].merge_all_url

    def test_an_empty_register_says_what_can_be_done(self, cast: Cast) -> None:
        house = cast.fjordstuen
        words = client_of(house.admin).get(address(house, "match_list")).content.decode()
        assert "The register has not been looked through yet" in words
        assert address(house, "match_run_start") in words
        words = client_of(house.reception).get(address(house, "match_list")).content.decode()
        assert address(house, "match_run_start") not in words

    def test_marketing_has_no_part_in_it(self, cast: Cast) -> None:
        house = cast.fjordstuen
        client = client_of(house.marketing)
        assert client.get(address(house, "match_list")).status_code == 403
        assert address(house, "match_list") not in client.get(address(house, "guest_list")).content.decode()


class TestDecide:
    def test_not_the_same_goes_on_to_the_next_and_can_be_taken_back(self, cast: Cast) -> None:
        house = cast.fjordstuen
        first, second = pair(house, "Kari Sure", 0.99), pair(house, "Ola Likely", 0.95)
        client = client_of(house.admin)
        query = f"?agree=emails&match={first.pk}"
        answer = client.post(address(house, "match_decide", match_id=first.pk) + query, {"decision": "different"})
        assert answer.headers["Location"] == address(house, "match_list") + f"?agree=emails&match={second.pk}"
        assert state_of(house, first) == Match.State.DIFFERENT
        assert told(answer) == ["Kari Sure and Kari Sure are two guests. It will not be asked again."]
        again = client.post(way_back(answer))
        assert again.headers["Location"] == address(house, "match_list") + f"?agree=emails&match={first.pk}"
        assert state_of(house, first) == Match.State.OPEN
        with business_scope(house.pk):
            assert not Decision.objects.filter(is_withdrawn=False).exists()

    def test_the_last_one_leaves_an_empty_list(self, cast: Cast) -> None:
        house = cast.fjordstuen
        match = pair(house)
        answer = client_of(house.admin).post(address(house, "match_decide", match_id=match.pk), {"decision": "later"})
        assert answer.headers["Location"] == address(house, "match_list") + "?"
        assert state_of(house, match) == Match.State.LATER

    def test_what_was_put_aside_comes_back(self, cast: Cast) -> None:
        house = cast.fjordstuen
        match = pair(house, state=Match.State.LATER)
        client = client_of(house.reception)
        client.post(address(house, "match_decide", match_id=match.pk) + "?state=later", {"decision": "open"})
        assert state_of(house, match) == Match.State.OPEN

    def test_reception_proposes_and_puts_aside_but_does_not_decide(self, cast: Cast) -> None:
        house = cast.fjordstuen
        match = pair(house)
        client = client_of(house.reception)
        url = address(house, "match_decide", match_id=match.pk)
        assert client.post(url, {"decision": "different"}).status_code == 403
        assert state_of(house, match) == Match.State.OPEN
        page = client.get(address(house, "match_list")).content.decode()
        assert "Propose to merge" in page
        assert "Not the same guest" not in page
        assert told(client.post(url, {"decision": "propose"}))[-1].startswith("There is a task now")
        assert told(client.post(url, {"decision": "propose"}))[-1] == "This has been proposed already."
        page = client.get(address(house, "match_list")).content.decode()
        assert "merge proposed" in page
        assert "Propose to merge" not in page
        in_dutch = client.get(address(house, "match_list"), headers={"accept-language": "nl"})
        assert "Propose to merge" not in in_dutch.content.decode()
        with business_scope(house.pk):
            todo = Todo.objects.get()
        assert (todo.customer_id, todo.title) == (match.left_id, "Merge Ingrid Sørensen with Ingrid Sørensen?")

    @pytest.mark.parametrize("decision", ["", "same", "merged", "gone"])
    def test_nothing_else_can_be_said(self, cast: Cast, decision: str) -> None:
        house = cast.fjordstuen
        match = pair(house)
        answer = client_of(house.admin).post(address(house, "match_decide", match_id=match.pk), {"decision": decision})
        assert answer.headers["Location"].endswith(f"?match={match.pk}")
        assert state_of(house, match) == Match.State.OPEN
