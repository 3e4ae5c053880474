"""The page where cards become one, as an admin uses it."""

import datetime as dt
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer, CustomerTag
from customers.changes.models import ChangeSet
from dedup.register.models import Decision, Match
from tests.cast import Cast, House
from tests.dedup.review.pairs import card, match_of, pair, state_of
from tests.factories import CustomerTagFactory, EmailFactory, StayFactory, StayParticipantFactory, TagFactory
from tests.forms import Form, forms_of
from tests.pages import address, client_of, told, way_back

pytestmark = pytest.mark.django_db


def form_of(page: Any) -> Form:
    """The form that merges."""
    return next(form for form in forms_of(page.content.decode()) if "guests" in form.values)


def cards_of(house: House) -> list[int]:
    with business_scope(house.pk):
        return sorted(Customer.objects.values_list("pk", flat=True))


def merge_url(house: House, *cards: Customer) -> str:
    return address(house, "merge_cards") + "?guests=" + ",".join(str(each.pk) for each in cards)


class TestPage:
    def test_only_what_differs_is_a_choice(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one = card(house, "Ingrid Sørensen", nationality="NO", language="nb")
        two = card(house, "Ingrid Sorensen", nationality="NO", language="en")
        client = client_of(house.admin)
        page = client.get(merge_url(house, one, two))
        shown = {line.key: line for line in page.context["merge"].lines}
        assert all(line.differs for line in shown.values())
        assert "language" in shown
        assert "nationality" not in shown
        everything = {line.key: line for line in client.get(page.context["all_url"]).context["merge"].lines}
        assert set(everything) > set(shown)
        assert not everything["nationality"].differs

    def test_it_says_what_comes_along_and_what_holds(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house)
        with business_scope(house.pk):
            for guest, days in ((one, 10), (two, 20), (two, 30)):
                arrival = dt.date(2026, 1, 1) + dt.timedelta(days=days)
                stay = StayFactory(arrival=arrival, departure=arrival + dt.timedelta(days=2))
                StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
            EmailFactory(customer=one, value="ingrid@example.com")
            EmailFactory(customer=two, value="sorensen@example.com")
        page = client_of(house.admin).get(merge_url(house, one, two))
        moves = {str(move.label).casefold(): move.counts for move in page.context["preview"].moves}
        assert moves["stays"] == (1, 2)
        words = page.content.decode()
        assert "ingrid@<wbr>example" in words
        assert "sorensen@<wbr>example" in words
        assert "It can be undone" in words

    @pytest.mark.parametrize("cards", [0, 1])
    def test_fewer_than_two_cards_are_none_to_merge(self, cast: Cast, cards: int) -> None:
        house = cast.fjordstuen
        guests = [card(house) for _ in range(cards)] * 2
        answer = client_of(house.admin).get(merge_url(house, *guests))
        assert answer.headers["Location"] == address(house, "match_list")
        assert told(answer)

    def test_a_card_of_another_business_is_none(self, cast: Cast) -> None:
        house = cast.fjordstuen
        mine, theirs = card(house), card(cast.duinzicht, "Zilverkanarie X")
        there, nowhere = (
            client_of(house.admin).get(f"{address(house, 'merge_cards')}?guests={mine.pk},{other}")
            for other in (theirs.pk, 2**60)
        )
        assert told(there) == told(nowhere) != []
        assert there.headers["Location"] == nowhere.headers["Location"]

    def test_more_cards_than_fit_are_refused(self, cast: Cast) -> None:
        house = cast.fjordstuen
        answer = client_of(house.admin).get(merge_url(house, *(card(house) for _ in range(11))))
        assert told(answer) == ["At most 10 cards are merged at once."]

    @pytest.mark.parametrize("role", ["reception", "marketing"])
    def test_others_may_not(self, cast: Cast, role: str) -> None:
        house = cast.fjordstuen
        match = pair(house)
        client = client_of(getattr(house, role))
        for url in (
            address(house, "merge_cards"),
            address(house, "match_merge", match_id=match.pk),
            address(house, "match_bulk"),
            address(house, "match_settings"),
        ):
            assert client.get(url).status_code == 403
            assert client.post(url).status_code == 403
        assert len(cards_of(house)) == 2


class TestMerge:
    def test_what_was_chosen_stands_on_the_card_and_can_be_undone(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one = card(house, "Ingrid Sørensen", language="nb")
        two = card(house, "Ingrid Sorensen", language="en")
        client = client_of(house.admin)
        form = form_of(client.get(merge_url(house, one, two)))
        sent = form.values | {"pick_language": "1", "survivor": str(one.pk)}
        answer = client.post(form.action, sent)
        assert answer.headers["Location"] == address(house, "guest_card", customer_id=one.pk)
        assert told(answer) == ["Ingrid Sørensen, Ingrid Sorensen are one card now."]
        with business_scope(house.pk):
            assert [(guest.pk, guest.language) for guest in Customer.objects.all()] == [(one.pk, "en")]
        undo = way_back(answer)
        history = client.get(address(house, "guest_card", customer_id=one.pk)).content.decode()
        with business_scope(house.pk):
            act = ChangeSet.objects.get(kind=ChangeSet.Kind.MERGE)
        assert address(house, "change_detail", change_set_id=act.pk) in history
        client.post(undo)
        assert cards_of(house) == [one.pk, two.pk]
        with business_scope(house.pk):
            assert Customer.objects.get(pk=one.pk).language == "nb"

    def test_from_the_queue_it_goes_on_with_the_next_pair(self, cast: Cast) -> None:
        house = cast.fjordstuen
        match, following = pair(house, probability=0.99), pair(house, "Ola Berg", 0.9)
        client = client_of(house.admin)
        page = client.get(address(house, "match_merge", match_id=match.pk) + "?agree=emails")
        answer = client.post(form_of(page).action, form_of(page).values)
        assert answer.headers["Location"] == address(house, "match_list") + f"?agree=emails&match={following.pk}"
        assert len(cards_of(house)) == 3
        listed = client.get(answer.headers["Location"])
        assert [each.id for each in listed.context["pairs"]] == [following.pk]

    def test_the_next_pair_is_the_next_of_those_that_are_left(self, cast: Cast) -> None:
        """Three cards of one guest, as likely each: with one of them goes a second pair."""
        house = cast.fjordstuen
        one, two, three = (card(house) for _ in range(3))
        last = match_of(house, two, three, 0.99)
        gone = match_of(house, one, three, 0.99)
        first = match_of(house, one, two, 0.99)
        client = client_of(house.admin)
        listed = client.get(address(house, "match_list"))
        assert [each.id for each in listed.context["pairs"]] == [first.pk, gone.pk, last.pk]
        form = form_of(client.get(address(house, "match_merge", match_id=first.pk)))
        answer = client.post(form.action, form.values | {"survivor": str(two.pk)})
        assert answer.headers["Location"] == address(house, "match_list") + f"?match={last.pk}"
        assert [each.id for each in client.get(answer.headers["Location"]).context["pairs"]] == [last.pk]

    @pytest.mark.parametrize("state", [Match.State.OPEN, Match.State.LATER])
    def test_from_the_queue_its_undo_leads_back_to_the_pair(self, cast: Cast, state: str) -> None:
        house = cast.fjordstuen
        match = pair(house, probability=0.99, state=state)
        pair(house, "Ola Berg", 0.9, state=state)
        client = client_of(house.admin)
        query = "" if state == Match.State.OPEN else f"state={state}&"
        form = form_of(client.get(address(house, "match_merge", match_id=match.pk) + f"?{query}agree=emails"))
        merged = client.post(form.action, form.values)
        assert len(cards_of(house)) == 3
        undone = client.post(way_back(merged))
        assert undone.headers["Location"] == address(house, "match_list") + f"?{query}agree=emails&match={match.pk}"
        assert cards_of(house) == [match.left_id, match.right_id, *cards_of(house)[2:]]
        page = client.get(undone.headers["Location"])
        assert page.context["pairs"][0].id == match.pk
        assert page.context["match"].id == match.pk

    def test_an_undo_that_is_refused_leaves_the_pair_merged(self, cast: Cast) -> None:
        house = cast.fjordstuen
        match = pair(house, probability=0.99)
        client = client_of(house.admin)
        form = form_of(client.get(address(house, "match_merge", match_id=match.pk)))
        back = way_back(client.post(form.action, form.values))
        stranger = client_of(house.reception)
        assert stranger.post(back).status_code == 403
        assert len(cards_of(house)) == 1
        assert state_of(house, match) == Match.State.GONE

    def test_what_a_colleague_changed_meanwhile_is_looked_at_first(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house, language="nb"), card(house, language="en")
        client = client_of(house.admin)
        form = form_of(client.get(merge_url(house, one, two)))
        with business_scope(house.pk):
            EmailFactory(customer=two, value="new@example.com")
        sent = form.values | {"pick_language": "1"}
        again = client.post(form.action, sent)
        assert again.status_code == 422
        assert "changed meanwhile" in again.content.decode()
        chosen = next(line for line in again.context["merge"].lines if line.key == "language")
        assert chosen.values[1] == (chosen.values[1][0], True), "what was chosen is kept"
        assert cards_of(house) == [one.pk, two.pk]
        answer = client.post(form.action, form_of(again).values)
        assert answer.status_code == 302
        assert len(cards_of(house)) == 1

    def test_over_nine_tags_are_chosen_from(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house)
        with business_scope(house.pk):
            tags = [TagFactory(name=f"Tag {number}") for number in range(12)]
            for place, tag in enumerate(tags):
                CustomerTagFactory(customer=(one, two)[place % 2], tag=tag, slot=place // 2 + 1)
        client = client_of(house.admin)
        page = client.get(merge_url(house, one, two))
        assert "more than nine tags" in page.content.decode()
        form = form_of(page)
        refused = client.post(form.action, form.values | {"tag": [tag.pk for tag in tags]})
        assert refused.status_code == 422
        assert len(cards_of(house)) == 2
        client.post(form.action, form.values | {"tag": [tag.pk for tag in tags[3:]]})
        with business_scope(house.pk):
            assert set(CustomerTag.objects.values_list("tag_id", flat=True)) == {tag.pk for tag in tags[3:]}

    def test_a_restricted_card_is_left_with_the_reason(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house, is_restricted=True)
        client = client_of(house.admin)
        answer = client.get(merge_url(house, one, two))
        assert answer.status_code == 302
        assert "restricted" in told(answer)[0]

    def test_a_form_sent_twice_merges_once(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house)
        client = client_of(house.admin)
        form = form_of(client.get(merge_url(house, one, two)))
        answers = [client.post(form.action, form.values) for _ in range(2)]
        assert answers[1].headers["Location"] == address(house, "match_list")
        with business_scope(house.pk):
            assert ChangeSet.objects.filter(kind=ChangeSet.Kind.MERGE).count() == 1


class TestApart:
    def test_no_two_of_them_are_the_same(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two, three = (card(house) for _ in range(3))
        first, second = match_of(house, one, two, 0.99), match_of(house, one, three, 0.9)
        client = client_of(house.admin)
        page = client.get(merge_url(house, one, two, three))
        form = form_of(page)
        answer = client.post(page.context["apart_url"], form.values)
        assert answer.headers["Location"] == address(house, "guest_card", customer_id=one.pk)
        assert {state_of(house, match) for match in (first, second)} == {Match.State.DIFFERENT}
        with business_scope(house.pk):
            assert Decision.objects.filter(verdict=Decision.Verdict.DIFFERENT).count() == 3
        assert len(cards_of(house)) == 3

    def test_from_the_queue_it_goes_on_with_the_next_pair(self, cast: Cast) -> None:
        house = cast.fjordstuen
        match, following = pair(house, probability=0.99), pair(house, "Ola Berg", 0.9)
        client = client_of(house.admin)
        page = client.get(address(house, "match_merge", match_id=match.pk))
        answer = client.post(page.context["apart_url"], form_of(page).values)
        assert answer.headers["Location"] == address(house, "match_list") + f"?match={following.pk}"


class TestSelection:
    def test_the_guest_list_leads_here(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house)
        client = client_of(house.admin)
        assert 'value="merge"' in client.get(address(house, "guest_list")).content.decode()
        answer = client.post(address(house, "bulk_do"), {"action": "merge", "guest": [one.pk, two.pk]})
        assert answer.headers["Location"] == merge_url(house, one, two)

    @pytest.mark.parametrize(
        ("whom", "words"),
        [
            ({"everyone": "1"}, "Choose the guests one by one for this."),
            ({"guest": "1"}, "Choose at least 2 guests."),
        ],
    )
    def test_with_two_guests_or_more_chosen_one_by_one(self, cast: Cast, whom: dict[str, str], words: str) -> None:
        house = cast.fjordstuen
        answer = client_of(house.admin).post(address(house, "bulk_do"), {"action": "merge", **whom})
        assert told(answer) == [words]

    def test_only_for_those_who_may(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house)
        client = client_of(house.reception)
        assert 'value="merge"' not in client.get(address(house, "guest_list")).content.decode()
        answer = client.post(address(house, "bulk_do"), {"action": "merge", "guest": [one.pk, two.pk]})
        assert answer.status_code == 403


class TestOther:
    def test_another_card_is_looked_for_from_the_card(self, cast: Cast) -> None:
        house = cast.fjordstuen
        one, two = card(house, "Ingrid Sørensen"), card(house, "Ingeborg Tveiten")
        client = client_of(house.admin)
        led = address(house, "merge_other") + f"?guests={one.pk}"
        assert led in client.get(address(house, "guest_card", customer_id=one.pk)).content.decode()
        page = client.get(led + "&q=tveiten")
        assert [(hit.customer_id, url) for hit, url in page.context["hits"]] == [(two.pk, merge_url(house, one, two))]
        assert "No guest found" in client.get(led + "&q=nobody").content.decode()

    @pytest.mark.parametrize("guests", ["", "9999999", "x"])
    def test_nobody_is_not_looked_for(self, cast: Cast, guests: str) -> None:
        house = cast.fjordstuen
        answer = client_of(house.admin).get(address(house, "merge_other") + f"?guests={guests}")
        assert answer.headers["Location"] == address(house, "match_list")

    def test_reception_is_not_led_there(self, cast: Cast) -> None:
        house = cast.fjordstuen
        guest = card(house)
        client = client_of(house.reception)
        page = client.get(address(house, "guest_card", customer_id=guest.pk)).content.decode()
        assert address(house, "merge_other") not in page
        assert client.get(address(house, "merge_other") + f"?guests={guest.pk}").status_code == 403
