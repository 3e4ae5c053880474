"""Consents: what is recorded, what holds of it, and that nobody can rewrite it."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.consent.models import CONSENTS, ConsentEvent, ConsentState
from customers.consent.selectors import consent_events, consents_of
from customers.consent.services import PROOF_MAX, consent_record
from tests.cast import Cast, House
from tests.factories import ConsentEventFactory, ConsentWordingFactory, CustomerFactory

NEWSLETTER = {"purpose": "newsletter", "channel": "email"}
LONG_AGO = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)


def record(customer: Customer, *, granted: bool = True, **more: Any) -> ConsentEvent:
    """The newsletter by e-mail, at the desk."""
    return consent_record(customer_id=customer.pk, **{**NEWSLETTER, "granted": granted, "source": "desk", **more})


def holds(customer: Customer, purpose: str = "newsletter", channel: str = "email") -> bool | None:
    """Whether the consent is granted now; ``None``: never asked."""
    lines = {(line.purpose, line.channel): line for line in consents_of(customer_id=customer.pk)}
    return lines[purpose, channel].granted


@pytest.mark.django_db
class TestRecording:
    @pytest.mark.parametrize(("purpose", "channel"), CONSENTS)
    def test_each_is_granted_and_withdrawn_by_itself(self, fjordstuen: House, purpose: str, channel: str) -> None:
        guest = CustomerFactory()
        first = record(guest, purpose=purpose, channel=channel, member=fjordstuen.reception, proof="Folder 3")
        granted = {(line.purpose, line.channel): line for line in consents_of(customer_id=guest.pk)}
        assert list(granted) == list(CONSENTS)
        assert {key for key, line in granted.items() if line.granted} == {(purpose, channel)}
        assert granted[purpose, channel].event == first
        assert granted[purpose, channel].since == first.at
        assert (first.member_id, first.actor) == (fjordstuen.reception.pk, "Reception of Fjordstuen")
        assert (first.proof, first.source, first.by_guest) == ("Folder 3", "desk", False)
        record(guest, purpose=purpose, channel=channel, granted=False)
        assert holds(guest, purpose, channel) is False
        assert [event.act for event in consent_events(customer_id=guest.pk)] == ["withdrawn", "granted"]

    def test_who_was_never_asked_has_five_open_lines(self, fjordstuen: House) -> None:
        lines = consents_of(customer_id=CustomerFactory().pk)
        assert [(line.granted, line.since, line.event) for line in lines] == [(None, None, None)] * 5
        assert [line.label for line in lines] == [
            "Newsletter by e-mail",
            "Newsletter by SMS",
            "Profiling",
            "Sensitive details",
            "Page tracking",
        ]

    def test_two_queries_tell_all_of_a_guest(self, fjordstuen: House, django_assert_num_queries: Any) -> None:
        guest = CustomerFactory()
        with django_assert_num_queries(1):
            consents_of(customer_id=guest.pk)
        for purpose, channel in CONSENTS * 3:
            record(guest, purpose=purpose, channel=channel)
        with django_assert_num_queries(2):
            assert all(line.event for line in consents_of(customer_id=guest.pk))
        with django_assert_num_queries(2):
            assert len(consent_events(customer_id=guest.pk)) == 15

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"purpose": "spam"}, "no consent for “spam email”"),
            ({"purpose": "profiling"}, "no consent for “profiling email”"),
            ({"channel": ""}, "no consent for “newsletter”"),
            ({"source": "carrier pigeon"}, "not a way to consent"),
            ({"at": timezone.now() + dt.timedelta(hours=1)}, "in the future"),
            ({"proof": "x" * (PROOF_MAX + 1)}, "at most 500"),
            ({"wording_id": 2**40}, "does not belong"),
        ],
    )
    def test_what_cannot_be_is_refused_and_not_written(
        self, fjordstuen: House, wrong: dict[str, Any], words: str
    ) -> None:
        guest = CustomerFactory()
        with pytest.raises(ValueError, match=words):
            record(guest, **wrong)
        assert not ConsentEvent.objects.exists()

    def test_nobody_consents_who_is_not_in_the_register(self, cast: Cast) -> None:
        with business_scope(cast.duinzicht.pk):
            neighbour = CustomerFactory()
        with business_scope(cast.fjordstuen.pk):
            for stranger in (neighbour, Customer(pk=2**40)):
                with pytest.raises(Customer.DoesNotExist):
                    record(stranger)
            assert not ConsentEvent.objects.exists()

    def test_a_clock_that_is_a_little_ahead_is_set_right(self, fjordstuen: House) -> None:
        event = record(CustomerFactory(), at=timezone.now() + dt.timedelta(seconds=30))
        assert event.at <= timezone.now()

    def test_within_an_act_the_event_names_it_and_otherwise_none(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        assert record(guest).change_set_id is None
        with change_set(kind=ChangeSet.Kind.IMPORT) as act:
            assert record(guest, granted=False, source="import").change_set_id == act.pk

    def test_by_a_connected_system_its_name_is_kept(self, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk, actor="Booking system"):
            event = record(CustomerFactory(), source="api", address="2001:db8::7")
        assert (event.member_id, event.actor, event.address) == (None, "Booking system", "2001:db8::7")


@pytest.mark.django_db
class TestWordsShown:
    def test_a_grant_keeps_the_version_in_force_in_the_guests_language(self, fjordstuen: House) -> None:
        guest = CustomerFactory(language="nb")
        ConsentWordingFactory(version=1)
        current = ConsentWordingFactory(version=2)
        ConsentWordingFactory(version=9, channel="sms")
        event = record(guest)
        assert (event.wording, event.language) == (current, "nb")

    @pytest.mark.parametrize(
        ("spoken", "texts", "language"),
        [
            ("da", {"da": "Ja", "en": "Yes", "nl": "Ja"}, "da"),
            ("de", {"da": "Ja", "nb": "Ja"}, "nb"),
            ("de", {"nl": "Ja"}, "nl"),
        ],
    )
    def test_the_language_is_theirs_the_houses_or_the_one_there_is(
        self, fjordstuen: House, spoken: str, texts: dict[str, str], language: str
    ) -> None:
        wording = ConsentWordingFactory(texts=texts)
        event = record(CustomerFactory(language=spoken))
        assert (event.wording, event.language) == (wording, language)

    def test_a_paper_from_before_the_first_version_keeps_none(self, fjordstuen: House) -> None:
        ConsentWordingFactory(version=1)
        event = record(CustomerFactory(), at=LONG_AGO, source="paper")
        assert event.wording is None

    def test_an_older_paper_keeps_the_version_of_its_day(self, fjordstuen: House) -> None:
        old = ConsentWordingFactory(version=1, created_at=LONG_AGO)
        ConsentWordingFactory(version=2)
        assert record(CustomerFactory(), at=LONG_AGO + dt.timedelta(days=1), source="paper").wording == old

    @pytest.mark.parametrize("source", ["import", "api", "system"])
    def test_words_of_another_system_are_not_taken_for_ours(self, fjordstuen: House, source: str) -> None:
        wording = ConsentWordingFactory()
        assert record(CustomerFactory(), source=source).wording is None
        told = record(CustomerFactory(), source=source, wording_id=wording.pk, language="nb")
        assert (told.wording, told.language) == (wording, "nb")

    def test_a_withdrawal_needs_no_words(self, fjordstuen: House) -> None:
        ConsentWordingFactory()
        assert record(CustomerFactory(), granted=False).wording is None

    def test_words_of_another_consent_or_language_are_refused(self, cast: Cast) -> None:
        with business_scope(cast.duinzicht.pk):
            theirs = ConsentWordingFactory()
        with business_scope(cast.fjordstuen.pk):
            guest, sms, own = CustomerFactory(), ConsentWordingFactory(channel="sms"), ConsentWordingFactory()
            for wording in (sms, theirs):
                with pytest.raises(ValueError, match="does not belong"):
                    record(guest, wording_id=wording.pk)
            with pytest.raises(ValueError, match="no text in that language"):
                record(guest, wording_id=own.pk, language="nl")


@pytest.mark.django_db
class TestWhatHolds:
    def test_an_event_learned_of_late_does_not_undo_a_newer_decision(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        newest = record(guest, granted=False, at=LONG_AGO + dt.timedelta(days=10))
        record(guest, at=LONG_AGO)
        record(guest, at=LONG_AGO + dt.timedelta(days=9))
        assert holds(guest) is False
        assert ConsentState.objects.get().event_id == newest.pk
        record(guest, at=LONG_AGO + dt.timedelta(days=11))
        assert holds(guest) is True

    def test_of_two_at_one_moment_the_one_recorded_last_holds(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        record(guest, at=LONG_AGO)
        record(guest, at=LONG_AGO, granted=False)
        assert holds(guest) is False

    def test_many_events_in_one_statement_leave_the_newest(self, fjordstuen: House) -> None:
        guests = [CustomerFactory() for _ in range(3)]
        ConsentEvent.objects.bulk_create(
            ConsentEvent(
                customer_id=guest.pk,
                **NEWSLETTER,
                act="granted" if (day + place) % 2 else "withdrawn",
                at=LONG_AGO + dt.timedelta(days=(day * 7) % 10),
                source="import",
            )
            for place, guest in enumerate(guests)
            for day in range(10)
        )
        for place, guest in enumerate(guests):
            newest = ConsentEvent.objects.filter(customer_id=guest.pk).order_by("-at", "-id")[0]
            assert ConsentState.objects.get(customer=guest).event_id == newest.pk
            assert holds(guest) is bool((7 + place) % 2), "day 7 lies latest"

    def test_the_neighbours_consents_are_not_seen(self, cast: Cast) -> None:
        with business_scope(cast.duinzicht.pk):
            theirs = CustomerFactory()
            record(theirs)
        with business_scope(cast.fjordstuen.pk):
            assert consent_events(customer_id=theirs.pk) == []
            assert holds(theirs) is None
            assert not ConsentState.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_decisions_at_once_are_all_kept_and_the_latest_holds(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        guest = CustomerFactory()
        record(guest, at=LONG_AGO)
    together = threading.Barrier(6)
    failures: list[BaseException] = []

    def decide(place: int) -> None:
        try:
            together.wait(timeout=60)
            with business_scope(house.pk):
                # The latest is a withdrawal; the others lie before it, whoever comes first.
                record(guest, granted=place != 5, at=LONG_AGO + dt.timedelta(minutes=place + 1))
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=[place]) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    with business_scope(house.pk):
        assert ConsentEvent.objects.count() == 7
        assert holds(guest) is False
        assert ConsentState.objects.get().since == LONG_AGO + dt.timedelta(minutes=6)


@pytest.mark.django_db(transaction=True)
def test_two_withdrawals_at_once_are_two_proofs_of_one_state(transactional_cast: Cast) -> None:
    """The second waits for nobody but the first one's commit, and is not lost."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        guest = CustomerFactory()
    outcome: list[bool | None] = []

    def withdraw() -> None:
        try:
            with business_scope(house.pk):
                record(guest, granted=False, source="portal", by_guest=True)
                outcome.append(holds(guest))
        finally:
            connections.close_all()

    with business_scope(house.pk):
        record(guest, granted=False, source="phone")
        other = threading.Thread(target=withdraw)
        other.start()
    other.join(timeout=60)
    assert outcome == [False]
    with business_scope(house.pk):
        assert [event.act for event in consent_events(customer_id=guest.pk)] == ["withdrawn"] * 2
        assert ConsentState.objects.count() == 1


@pytest.mark.django_db
class TestNobodyRewritesIt:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE customers_consentevent SET act = 'granted'",
            "DELETE FROM customers_consentevent",
            "TRUNCATE customers_consentevent",
            "UPDATE customers_consentwording SET texts = '{}'",
            "DELETE FROM customers_consentwording",
            "UPDATE customers_consentstate SET granted = true",
            "DELETE FROM customers_consentstate",
            "INSERT INTO customers_consentstate (business_id, customer_id, purpose, channel, granted, since, event_id)"
            " SELECT business_id, customer_id, 'profiling', '', true, now(), id FROM customers_consentevent",
        ],
    )
    def test_the_database_refuses(self, fjordstuen: House, statement: str) -> None:
        ConsentEventFactory(customer=CustomerFactory(), wording=ConsentWordingFactory(), act="withdrawn")
        refused = pytest.raises(ProgrammingError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert ConsentEvent.objects.get().act == "withdrawn"
        assert not ConsentState.objects.get().granted

    def test_an_event_cannot_be_put_next_door(self, cast: Cast) -> None:
        with business_scope(cast.duinzicht.pk):
            theirs = CustomerFactory()
        with business_scope(cast.fjordstuen.pk), pytest.raises(DatabaseError), transaction.atomic():
            ConsentEvent.objects.create(
                business_id=cast.duinzicht.pk, customer_id=theirs.pk, **NEWSLETTER, act="granted", source="desk"
            )
        with business_scope(cast.duinzicht.pk):
            assert holds(theirs) is None

    def test_the_proof_outlives_the_card(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        record(guest)
        with change_set(kind=ChangeSet.Kind.EDIT):
            guest.delete()
        assert not ConsentState.objects.exists()
        assert ConsentEvent.objects.get().act == "granted"
