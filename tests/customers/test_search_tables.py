"""The look-up's tables are what the cards and stays say, whoever writes them, and an index answers below the policy."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.history.models import Stay, StayParticipant
from customers.normalise import deletions
from customers.search.models import Misspelling, Posting, Presence, PresenceWord, Vocabulary
from customers.search.postings import posting_values, postings
from customers.search.rank import Term
from tests.cast import Cast, House
from tests.factories import CustomerFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


def words_of(guest: Customer) -> set[str]:
    return set(Posting.objects.filter(customer_id=guest.pk).values_list("token", flat=True))


@pytest.fixture
def today(fjordstuen: House) -> dt.date:
    return timezone.localdate(timezone=fjordstuen.business.zone)


def changing() -> Any:
    return change_set(kind=ChangeSet.Kind.EDIT, title="test")


def test_words_follow_the_card(fjordstuen: House) -> None:
    guest = CustomerFactory(search_tokens="kari nordmann")
    assert words_of(guest) == {"kari", "nordmann"}
    with changing() as act:
        Customer.objects.filter(pk=guest.pk).update(search_tokens="kari berg")
    assert words_of(guest) == {"kari", "berg"}
    change_set_undo(change_set_id=act.pk)
    assert words_of(guest) == {"kari", "nordmann"}
    with changing() as act:
        Customer.objects.filter(pk=guest.pk).delete()
    assert not words_of(guest)
    change_set_undo(change_set_id=act.pk)
    assert words_of(guest) == {"kari", "nordmann"}


def test_many_cards_in_one_statement(fjordstuen: House) -> None:
    with changing():
        guests = Customer.objects.bulk_create(Customer(search_tokens=f"word{number} kari") for number in range(50))
    assert Posting.objects.filter(token="kari").count() == 50
    assert Vocabulary.objects.filter(token="kari").count() == 1
    assert words_of(guests[7]) == {"word7", "kari"}
    with changing():
        Customer.objects.update(search_tokens="ola")
    assert set(Posting.objects.values_list("token", flat=True)) == {"ola"}


def test_a_card_without_words(fjordstuen: House) -> None:
    guest = CustomerFactory(search_tokens="")
    assert words_of(guest) == set()
    assert not Vocabulary.objects.filter(token="").exists()


def test_misspellings_are_the_deletions_of_each_word(fjordstuen: House) -> None:
    words = ["ab", "abc", "aabb", "sørensen", "x" * 32, "x" * 33, "ελενη", "안녕하세요"]
    CustomerFactory(search_tokens=" ".join(words))
    for word in words:
        forms = set(Misspelling.objects.filter(token=word).values_list("form", flat=True))
        assert forms == (deletions(word) if len(word) <= 32 else frozenset()), word


def test_a_word_is_learnt_once(fjordstuen: House) -> None:
    CustomerFactory(search_tokens="kari")
    CustomerFactory(search_tokens="kari")
    assert Vocabulary.objects.filter(token="kari").count() == 1
    assert Misspelling.objects.filter(token="kari").count() == 4


def present() -> dict[int, tuple[bool, bool, str]]:
    """Who is present; and their words must say the same."""
    rows = list(Presence.objects.all())
    words = {
        (row.stay_id, row.customer_id, word, row.in_house, row.arrival if row.is_booked else row.departure)
        for row in rows
        for word in row.tokens.split()
    }
    fields = ("stay_id", "customer_id", "token", "in_house", "day")
    assert set(PresenceWord.objects.values_list(*fields)) == words
    return {row.customer_id: (row.in_house, row.is_booked, row.unit) for row in rows}


def test_presence_follows_the_stay(fjordstuen: House, today: dt.date) -> None:
    guest = CustomerFactory(search_tokens="kari nordmann")
    stay = StayFactory(status=Stay.Status.BOOKED, arrival=today, departure=today + dt.timedelta(days=2), unit="b12 ")
    assert present() == {}
    part = StayParticipantFactory(stay=stay, customer=guest)
    assert present() == {guest.pk: (False, True, "")}
    with changing() as arriving:
        Stay.objects.filter(pk=stay.pk).update(status=Stay.Status.CHECKED_IN)
    assert present() == {guest.pk: (True, False, "B12")}
    assert Presence.objects.get().tokens == " kari nordmann "
    with changing():
        Customer.objects.filter(pk=guest.pk).update(search_tokens="kari berg")
    assert Presence.objects.get().tokens == " kari berg "
    assert present() == {guest.pk: (True, False, "B12")}
    with changing():
        Stay.objects.filter(pk=stay.pk).update(status=Stay.Status.CHECKED_OUT, departure=today)
    assert present() == {guest.pk: (False, False, "")}
    with changing():
        Stay.objects.filter(pk=stay.pk).update(status=Stay.Status.CANCELLED)
    assert present() == {}
    with changing():
        Stay.objects.filter(pk=stay.pk).update(status=Stay.Status.CHECKED_IN)
    other = CustomerFactory(search_tokens="per")
    with changing():
        StayParticipant.objects.filter(pk=part.pk).update(customer=other)
    assert present() == {other.pk: (True, False, "B12")}
    with changing():
        StayParticipant.objects.filter(pk=part.pk).update(is_guest=False, is_booker=True)
    assert present() == {}
    with changing():
        StayParticipant.objects.filter(pk=part.pk).update(is_guest=True)
    with changing():
        StayParticipant.objects.filter(pk=part.pk).delete()
    assert present() == {}
    assert arriving.pk


def test_only_stays_of_these_days_are_kept(fjordstuen: House, today: dt.date) -> None:
    def stay(status: str, arrival: int, departure: int) -> int:
        made = StayFactory(
            status=status, arrival=today + dt.timedelta(days=arrival), departure=today + dt.timedelta(days=departure)
        )
        return StayParticipantFactory(stay=made, customer=CustomerFactory(search_tokens="kari")).customer_id

    stay(Stay.Status.CHECKED_OUT, -9, -3)
    left = stay(Stay.Status.CHECKED_OUT, -9, -2)
    forgotten = stay(Stay.Status.CHECKED_IN, -90, -30)
    booked = stay(Stay.Status.BOOKED, 300, 302)
    stay(Stay.Status.NO_SHOW, 0, 1)
    assert set(present()) == {left, forgotten, booked}


def test_what_has_passed_goes_when_somebody_comes_by(fjordstuen: House, today: dt.date) -> None:
    guest = CustomerFactory(search_tokens="kari")
    Presence.objects.create(
        stay_id=10**9, customer_id=guest.pk, in_house=False, is_booked=True,
        arrival=today - dt.timedelta(days=9), departure=today - dt.timedelta(days=3), unit="", tokens=" kari ",
    )  # fmt: skip
    StayParticipantFactory(
        stay=StayFactory(status=Stay.Status.CHECKED_IN, arrival=today, departure=today), customer=CustomerFactory()
    )
    assert not Presence.objects.filter(stay_id=10**9).exists()
    present()


def test_businesses_share_no_word(cast: Cast) -> None:
    for house in (cast.fjordstuen, cast.duinzicht):
        with business_scope(house.pk):
            CustomerFactory(search_tokens="kari")
    with business_scope(cast.duinzicht.pk):
        assert Vocabulary.objects.count() == Posting.objects.count() == 1


def as_of_many(cursor: Any) -> None:
    """Let PostgreSQL plan as where the register is too large to scan."""
    for way in ("seqscan", "bitmapscan", "sort"):
        cursor.execute(f"SET LOCAL enable_{way} = off")


def plan(sql: str, values: list[Any]) -> str:
    """How PostgreSQL would answer where the register is too large to scan."""
    with connection.cursor() as cursor:
        as_of_many(cursor)
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.fixture
def some_cards(fjordstuen: House) -> None:
    """Enough rows that a whole index costs more than a part of one."""
    with changing():
        Customer.objects.bulk_create(
            Customer(search_tokens=f"kari{number} nordmann{number}", sort_key=f"n {number}", identity_key=f"k {number}")
            for number in range(600)
        )


@pytest.mark.usefixtures("some_cards")
@pytest.mark.parametrize(
    ("description", "sql", "values", "condition"),
    [
        ("a beginning", postings(Term("kar", ("kar",))), posting_values(Term("kar", ("kar",))), "token >= 'kar'"),
        ("words", postings(Term("x", (), {"kari": 1.0})), [["kari"]], "token = ANY"),
        (
            "forms",
            "SELECT token FROM customers_misspelling WHERE form >= %s ORDER BY form, token",
            ["kri"],
            "form >= 'kri'",
        ),
        (
            "a whole name",
            "SELECT id FROM customers_customer WHERE identity_key >= %s ORDER BY identity_key",
            ["a b"],
            "identity_key",
        ),
        (
            "words in house",
            "SELECT customer_id FROM customers_presenceword WHERE in_house AND token >= %s ORDER BY token",
            ["kar"],
            "token >= 'kar'",
        ),
        (
            "words near",
            "SELECT customer_id FROM customers_presenceword WHERE NOT in_house AND token >= %s ORDER BY token, day",
            ["kar"],
            "token >= 'kar'",
        ),
        (
            "a room",
            "SELECT customer_id FROM customers_presence WHERE in_house AND unit >= %s ORDER BY unit",
            ["204"],
            "unit",
        ),
        (
            "the list by name",
            "SELECT customer_id FROM customers_customerfacts WHERE (sort_key, customer_id) > (%s::text, %s::bigint)"
            " ORDER BY sort_key, customer_id LIMIT 51",
            ["berg", 7],
            "ROW(",
        ),
        (
            "the list by value",
            "SELECT customer_id FROM customers_customerfacts"
            " WHERE (value_minor, customer_id) < (%s::bigint, %s::bigint)"
            " ORDER BY value_minor DESC, customer_id DESC LIMIT 51",
            [1000, 7],
            "ROW(value_minor",
        ),
        (
            "the list by last stay",
            "SELECT customer_id FROM customers_customerfacts WHERE last_stay IS NOT NULL"
            " AND (last_stay, customer_id) < (%s::date, %s::bigint) ORDER BY last_stay DESC, customer_id DESC LIMIT 51",
            ["2026-01-01", 7],
            "ROW(last_stay",
        ),
        (
            "a tag",
            "SELECT customer_id FROM customers_customertag WHERE tag_id >= %s ORDER BY tag_id, customer_id",
            [1],
            "tag_id >= 1",
        ),
    ],
)
def test_an_index_answers_below_the_policy(description: str, sql: str, values: list[Any], condition: str) -> None:
    """An operator that is not leakproof would stand in a Filter, and the look-up would read the whole register."""
    lines = plan(sql, values).splitlines()
    conditions = [line for line in lines if "Index Cond" in line]
    assert any("business_id = " in line and condition in line for line in conditions), (description, lines)
    assert not any("Sort" in line for line in lines), (description, lines)


@pytest.mark.parametrize(
    ("call", "index"),
    [
        ("customers_lookup('kari', '{}', '{}', '', 9)", "contact_point_email"),
        ("customers_lookup('', '{912}', '{\"\"}', '', 9)", "contact_point_digits"),
        ("customers_lookup('', '{}', '{}', 'BK', 9)", "stay_reference_any_case"),
    ],
)
def test_definer_functions_use_their_indexes(call: str, index: str, fjordstuen: House) -> None:
    """Their plans are the owner's: the scan counters tell which index answered."""

    def scans() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT pg_stat_get_xact_numscans(%s::regclass)", [index])
            return int(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        as_of_many(cursor)
        before = scans()
        cursor.execute(f"SELECT * FROM {call}")
    assert scans() > before


def test_definer_functions_are_blind_without_a_business(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(search_tokens="kari")
        with changing():
            ContactPoint.objects.create(customer=guest, kind="email", value="kari@x.no", normalised="kari@x.no")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('innkeeper.business', '', true)")
        cursor.execute("SELECT * FROM customers_lookup('kari', '{912}', '{\"\"}', 'BK', 9)")
        assert cursor.fetchall() == []
        cursor.execute("SELECT * FROM customers_words_holding('ari', 9)")
        assert cursor.fetchall() == []
