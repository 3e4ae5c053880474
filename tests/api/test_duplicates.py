"""Duplicates through the API: what was found, decided, merged, and looked up before it is written."""

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from dedup.register.follow import register_follow
from dedup.register.models import Match, MatchRun, MatchSettings
from dedup.register.runs import register_run
from tests.api.calling import Caller, caller_make
from tests.cast import Cast, House
from tests.dedup.review.pairs import card, pair, state_of
from tests.factories import EmailFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(cast: Cast) -> Caller:
    return caller_make(cast.fjordstuen)


def guests(house: House) -> list[int]:
    with business_scope(house.pk):
        return sorted(Customer.objects.values_list("pk", flat=True))


class TestMatches:
    def test_the_open_ones_are_listed(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        one = pair(house, probability=0.97, agree=("emails", "phones"), differ=("birth_date",))
        two = pair(house, probability=0.6)
        pair(house, probability=0.97, state=Match.State.LATER)
        answer = caller.get("matches/")
        assert [each["id"] for each in answer.body["items"]] == [one.pk, two.pk]
        first = answer.body["items"][0]
        assert first["guest_ids"] == [one.left_id, one.right_id]
        assert (first["agreeing"], first["differing"]) == (["emails", "phones"], ["birth_date"])
        assert [each["id"] for each in caller.get("matches/?minimum=0.9").body["items"]] == [one.pk]
        assert [each["id"] for each in caller.get(f"matches/?guest={two.right_id}").body["items"]] == [two.pk]
        assert len(caller.get("matches/?state=later").body["items"]) == 1

    def test_page_by_page(self, cast: Cast, caller: Caller) -> None:
        made = [pair(cast.fjordstuen).pk for _ in range(3)]
        first = caller.get("matches/?limit=2")
        rest = caller.get(first.body["next"].partition("testserver")[2])
        assert [each["id"] for page in (first, rest) for each in page.body["items"]] == made
        assert rest.body["next"] is None

    def test_a_decision_is_kept_and_taken_back(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        match = pair(house)
        assert caller.post(f"matches/{match.pk}/decide/", {"decision": "different"}).body["state"] == "different"
        assert state_of(house, match) == Match.State.DIFFERENT
        assert caller.post(f"matches/{match.pk}/decide/", {"decision": "open"}).body["state"] == "open"
        assert caller.post(f"matches/{match.pk}/decide/", {"decision": "same"}).status == 422

    def test_why_two_cards_are_one_adds_up(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        with business_scope(house.pk):
            for _ in range(2):
                EmailFactory(customer=card(house, "Ingrid Sørensen"), value="ingrid.sorensen@example.no")
            run = MatchRun.objects.create()
        register_run(business_id=house.pk, run_id=run.pk)
        with business_scope(house.pk):
            match = Match.objects.get()
        told = caller.get(f"matches/{match.pk}/").body
        assert sum(part["weight"] for part in told["parts"]) == pytest.approx(told["weight"], abs=0.1)
        assert "Same e-mail" in " ".join(part["detail"] for part in told["parts"])
        assert "ingrid.sorensen" not in str(told), "what stands on cards is read from the cards"


class TestMerges:
    def test_what_a_merge_would_do_is_what_it_does(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        one, two = card(house, "Ingrid Sørensen", language="nb"), card(house, "Ingrid Sorensen", language="en")
        shown = caller.post("merges/preview/", {"guest_ids": [one.pk, two.pk]})
        assert shown.status == 200, shown.text
        assert shown.body["guest_ids"] == [one.pk, two.pk]
        language = next(each for each in shown.body["fields"] if each["field"] == "language")
        assert len(language["values"]) == 2
        assert guests(house) == [one.pk, two.pk]
        body = {
            "guest_ids": [one.pk, two.pk],
            "survivor_id": two.pk,
            "choices": {"language": one.pk},
            "versions": shown.body["versions"],
        }
        done = caller.post("merges/", body)
        assert done.status == 201, done.text
        assert (done.body["survivor_id"], done.body["absorbed_ids"]) == (two.pk, [one.pk])
        with business_scope(house.pk):
            assert [(guest.pk, guest.language) for guest in Customer.objects.all()] == [(two.pk, "nb")]
        assert caller.get("merges/").body["items"] == [done.body]
        assert caller.get(f"merges/{done.body['id']}/").body == done.body
        undone = caller.post(f"merges/{done.body['id']}/undo/")
        assert undone.body["state"] == "undone"
        assert guests(house) == [one.pk, two.pk]
        assert caller.post(f"merges/{done.body['id']}/undo/").status == 409

    def test_a_card_changed_meanwhile_is_not_merged_unseen(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house)
        versions = caller.post("merges/preview/", {"guest_ids": [one.pk, two.pk]}).body["versions"]
        with business_scope(house.pk):
            EmailFactory(customer=one, value="new@example.com")
        answer = caller.post("merges/", {"guest_ids": [one.pk, two.pk], "versions": versions})
        assert (answer.status, answer.code) == (409, "changed_meanwhile")
        assert len(guests(house)) == 2

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"guest_ids": [1]}, "guest_ids"),
            ({"guest_ids": ["one", "one"]}, "guest_ids"),
            ({"guest_ids": ["one", 2**60]}, "guest_ids"),
            ({"guest_ids": ["one", "two"], "survivor_id": 2**60}, "survivor_id"),
            ({"guest_ids": ["one", "two"], "choices": {"language": 2**60}}, "choices.language"),
            ({"guest_ids": ["one", "two"], "choices": {"height": "two"}}, "choices"),
            ({"guest_ids": ["one", "two"], "versions": {"x": 1}}, "versions.x"),
            ({"guest_ids": ["one", "two"], "force": True}, "force"),
        ],
    )
    def test_what_cannot_be_is_refused_by_field(
        self, cast: Cast, caller: Caller, body: dict[str, object], field: str
    ) -> None:
        house = cast.fjordstuen
        ids = {"one": card(house).pk, "two": card(house).pk}

        def named(value: object) -> object:
            if isinstance(value, list):
                return [named(each) for each in value]
            if isinstance(value, dict):
                return {key: named(each) for key, each in value.items()}
            return ids.get(value, value) if isinstance(value, str) else value

        answer = caller.post("merges/", named(body))
        assert answer.status == 422, answer.text
        assert field in {name.partition(".0")[0].partition(".1")[0] for name in answer.errors}
        assert len(guests(house)) == 2

    def test_a_restricted_card_is_a_conflict(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        one, two = card(house), card(house, is_restricted=True)
        answer = caller.post("merges/", {"guest_ids": [one.pk, two.pk]})
        assert (answer.status, answer.code) == (409, "restricted")

    def test_a_repeated_request_merges_once(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        body = {"guest_ids": [card(house).pk, card(house).pk]}
        answers = [caller.post("merges/", body, idempotency_key="merge-1") for _ in range(2)]
        assert [answer.status for answer in answers] == [201, 201]
        assert answers[0].body == answers[1].body


@pytest.mark.django_db(transaction=True)
def test_found_merged_and_found_again(cast: Cast, caller: Caller) -> None:
    """The main job by machine: from two cards written by it to one, and back."""
    house = cast.fjordstuen
    ingrid = {"given_name": "Ingrid", "emails": ["ingrid.sorensen@example.no"]}
    one, two = (
        caller.post("guests/", {**ingrid, "family_name": family}).body["id"] for family in ("Sørensen", "Sorensen")
    )
    caller.post("guests/", {"given_name": "Ola", "family_name": "Berg"})
    run = caller.post("matching/run/").body
    register_run(business_id=house.pk, run_id=run["id"])
    assert caller.get("matching/run/").body["state"] == "done"
    (match,) = caller.get("matches/").body["items"]
    assert match["guest_ids"] == [one, two]
    preview = caller.post("merges/preview/", {"guest_ids": match["guest_ids"]}).body
    merged = caller.post("merges/", {"guest_ids": match["guest_ids"], "versions": preview["versions"]}).body
    gone, left = merged["absorbed_ids"][0], merged["survivor_id"]
    assert {gone, left} == {one, two}
    assert caller.get("matches/").body["items"] == []
    assert caller.get(f"guests/{gone}/").body["id"] == left
    register_follow(business_id=house.pk)
    assert caller.get(f"matches/{match['id']}/").body["state"] == "merged"
    assert caller.post(f"merges/{merged['id']}/undo/").body["state"] == "undone"
    register_follow(business_id=house.pk)
    (again,) = caller.get("matches/").body["items"]
    assert (again["id"], again["guest_ids"]) == (match["id"], [one, two])


class TestMatching:
    def test_the_settings_are_read_and_changed(self, cast: Cast, caller: Caller) -> None:
        assert caller.get("matching/").body["automatic"] is False
        changed = caller.patch("matching/", {"propose": 0.7, "automatic": True}).body
        assert (changed["propose"], changed["automatic"]) == (0.7, True)
        with business_scope(cast.fjordstuen.pk):
            assert MatchSettings.objects.get().propose == 0.7
        assert caller.patch("matching/", {"propose": 2}).errors == {
            "propose": "Choose a probability between 5 and 99.99 %."
        }

    def test_the_register_is_looked_through_once_at_a_time(self, cast: Cast, caller: Caller) -> None:
        assert caller.get("matching/run/").status == 404
        first, second = caller.post("matching/run/"), caller.post("matching/run/")
        assert first.body["id"] == second.body["id"] == caller.get("matching/run/").body["id"]
        register_run(business_id=cast.fjordstuen.pk, run_id=first.body["id"])
        assert caller.get("matching/run/").body["state"] == "done"

    def test_a_guest_is_asked_for_before_they_are_written(self, cast: Cast, caller: Caller) -> None:
        house = cast.fjordstuen
        asked = {"given_name": "Ingrid", "family_name": "Sorensen", "emails": ["Ingrid.Sorensen@example.no"]}
        assert caller.post("matching/lookup/", asked).body == {"ready": False, "items": []}
        guest = card(house, "Ingrid Sørensen")
        with business_scope(house.pk):
            EmailFactory(customer=guest, value="ingrid.sorensen@example.no")
            run = MatchRun.objects.create()
        register_run(business_id=house.pk, run_id=run.pk)
        found = caller.post("matching/lookup/", asked).body
        assert found["ready"]
        assert [hit["guest_id"] for hit in found["items"]] == [guest.pk]
        assert "emails" in found["items"][0]["agreeing"]
        assert guests(house) == [guest.pk]
