"""What changes is followed, whoever changed it."""

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from dedup.register.models import CardKey, CardProfile, Match, MatchRun, MatchSettings
from dedup.register.services import decide
from tests.api.calling import caller_make
from tests.cast import Cast, House
from tests.customers.test_card import guest_form
from tests.dedup.register.cards import card, crowd, followed, found, pair, twins, walked
from tests.factories import EmailFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(fjordstuen: House) -> House:
    """A register that was walked over once."""
    crowd()
    walked(fjordstuen.pk)
    assert found() == set()
    return fjordstuen


def test_a_new_register_asks_for_a_walk(fjordstuen: House) -> None:
    assert followed(fjordstuen.pk) == 0
    assert not MatchRun.objects.exists()
    twins()
    followed(fjordstuen.pk)
    assert MatchRun.objects.get().kind == MatchRun.Kind.FIND


def test_new_cards_are_matched(house: House) -> None:
    one, other = twins()
    assert followed(house.pk) >= 2
    assert found() == {pair(one, other)}
    match = Match.objects.get(state="open")
    assert {"given_name", "emails", "phones"} <= set(match.agreeing)
    assert match.probability > 0.9


def test_a_change_opens_and_closes_a_match(house: House) -> None:
    one, other = twins()
    stranger = card("Torbjørn", "Kvam", emails=["t.kvam@example.com"], phones=["+4798765432"])
    followed(house.pk)
    with change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.filter(pk=stranger.pk).update(given_name="Sigrid", family_name="Åsen")
        ContactPoint.objects.filter(customer=stranger, kind="email").update(
            value="sigrid.aasen@example.no", normalised="sigrid.aasen@example.no"
        )
    followed(house.pk)
    assert pair(one, stranger) in found()
    with change_set(kind=ChangeSet.Kind.EDIT) as act:
        Customer.objects.filter(pk=other.pk).update(
            given_name="Torbjørn", family_name="Kvam", organisation_number="", birth_date="1950-01-01"
        )
        ContactPoint.objects.filter(customer=other).delete()
    followed(house.pk)
    assert pair(one, other) not in found()
    assert (one.pk, other.pk) in found("gone") or not Match.objects.filter(left_id=one.pk, right_id=other.pk).exists()
    change_set_undo(change_set_id=act.pk)
    followed(house.pk)
    assert pair(one, other) in found()


def test_what_tells_nothing_of_who_somebody_is_changes_nothing(house: House) -> None:
    one, _other = twins()
    followed(house.pk)
    before = list(Match.objects.order_by("pk").values_list("pk", "seen_at"))
    with change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.filter(pk=one.pk).update(note="Likes the corner table")
    assert followed(house.pk) >= 1
    assert list(Match.objects.order_by("pk").values_list("pk", "seen_at")) == before


def test_a_card_that_goes_takes_profile_keys_and_matches_along(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    with change_set(kind=ChangeSet.Kind.EDIT) as act:
        ContactPoint.objects.filter(customer=other).delete()
        Customer.objects.filter(pk=other.pk).delete()
    assert found() == set()
    assert not CardProfile.objects.filter(customer_id=other.pk).exists()
    assert not CardKey.objects.filter(customer_id=other.pk).exists()
    change_set_undo(change_set_id=act.pk)
    followed(house.pk)
    assert found() == {pair(one, other)}


def test_not_the_same_is_never_asked_again(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    decide(left_id=other.pk, right_id=one.pk, decision="different")
    assert found() == set()
    EmailFactory(customer=one, value="sigrid@work.example.no")
    EmailFactory(customer=other, value="sigrid@work.example.no")
    followed(house.pk)
    walked(house.pk)
    assert found() == set()
    assert found("different") == {pair(one, other)}
    decide(left_id=one.pk, right_id=other.pk, decision="open")
    walked(house.pk)
    assert found() == {pair(one, other)}


def test_put_aside_stays_aside(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    decide(left_id=one.pk, right_id=other.pk, decision="later")
    EmailFactory(customer=one, value="sigrid@work.example.no")
    followed(house.pk)
    walked(house.pk)
    assert (found(), found("later")) == (set(), {pair(one, other)})


def test_by_the_form(house: House, client: Client) -> None:
    one, other = twins()
    client.force_login(house.reception.user)
    sent = guest_form(
        given_name="Sigrid", family_name="Åsen", email_0="sigrid.aasen@example.no", known=[one.pk, other.pk]
    )
    assert client.post("/b/fjordstuen/guests/new/", sent).status_code == 302
    assert_newest_is_a_match(house, one)


def test_by_another_system(house: House) -> None:
    one, _other = twins()
    sent = {"kind": "person", "given_name": "Sigrid", "family_name": "Åsen", "emails": ["sigrid.aasen@example.no"]}
    answer = caller_make(house).call("POST", "guests/", sent)
    assert answer.status == 201, answer.text
    assert_newest_is_a_match(house, one)


def test_by_the_undo_of_an_act(house: House) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT) as act:
        one, other = twins()
    change_set_undo(change_set_id=act.pk)
    followed(house.pk)
    assert found() == set()
    undone = ChangeSet.objects.get(undoes_id=act.pk)
    change_set_undo(change_set_id=undone.pk)
    followed(house.pk)
    assert found() == {pair(one, other)}


def assert_newest_is_a_match(house: House, one: Customer) -> None:
    newest = Customer.objects.latest("pk")
    followed(house.pk)
    assert pair(one, newest) in found()


def test_of_another_business_nothing_is_seen(house: House, cast: Cast) -> None:
    twins()
    with business_scope(cast.duinzicht.pk):
        crowd(20)
        lone = card("Sigrid", "Åsen", emails=["sigrid.aasen@example.no"], phones=["+4791234567"])
        walked(cast.duinzicht.pk)
        assert found() == set()
        assert CardProfile.objects.filter(customer_id=lone.pk).exists()
        assert MatchSettings.objects.count() == 1
