"""Suppressed addresses: whoever has one, by whichever way it came, is held to it; and letting one go."""

import datetime as dt
import hashlib
import hmac
import uuid
from itertools import product

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.digests import address_digest
from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.card.services import ContactValues, customer_update
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.consent.services import consent_record
from customers.facts.models import CustomerFacts
from customers.permission.models import Suppression, Wish
from customers.permission.reasons import REACH, Reason
from customers.permission.selectors import may_contact, suppressed_of
from customers.permission.services import wish_set
from customers.permission.suppressing import (
    CannotLift,
    Listed,
    address_normal,
    suppress,
    suppress_all,
    suppression_lift,
)
from tests.cast import Cast, House
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory, PhoneFactory

pytestmark = pytest.mark.django_db
MAIL = "kari@example.com"
ALL = Suppression.Reason.values
MARKETING_ONLY = {"unsubscribed", "objection"}


def guest_at(address: str = MAIL, *, consents: bool = True, **fields: object) -> Customer:
    guest = CustomerFactory(**fields)
    EmailFactory(customer=guest, value=address, is_primary=True)
    if consents:
        # As a file tells it: such a consent lifts nothing.
        ConsentEventFactory(customer=guest, source="import")
    return guest


def reasons(guest: Customer, purpose: str = "newsletter", channel: str = "email") -> tuple[Reason, ...]:
    return may_contact(ids=[guest.pk], purpose=purpose, channel=channel)[guest.pk].reasons


def reach(guest: Customer) -> int:
    return CustomerFacts.objects.get(customer=guest).email_reach


def assert_facts_agree(*guests: Customer) -> None:
    for guest in guests:
        told = reasons(guest)
        assert reach(guest) == (REACH.index(told[0]) + 1 if told else 0), told


class TestDigest:
    def test_it_is_an_hmac_under_a_key_of_the_business(self, fjordstuen: House) -> None:
        key = hmac.new(
            settings.INNKEEPER_ADDRESS_KEY, f"innkeeper.addresses.{fjordstuen.pk}".encode(), hashlib.sha256
        ).digest()
        wanted = uuid.UUID(bytes=hmac.new(key, f"email:{MAIL}".encode(), hashlib.sha256).digest()[:16])
        assert address_digest(business_id=fjordstuen.pk, kind="email", normalised=MAIL) == wanted
        assert address_digest(business_id=fjordstuen.pk + 1, kind="email", normalised=MAIL) != wanted
        assert address_digest(business_id=fjordstuen.pk, kind="phone", normalised=MAIL) != wanted

    @pytest.mark.parametrize("address", [MAIL, "øystein@blåbær.no", "+4791234567", "x" * 254])
    def test_the_database_makes_the_same(self, fjordstuen: House, address: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT customers_address_digest(customers_address_pads(), 'email', %s)", [address])
            assert cursor.fetchone()[0] == address_digest(business_id=fjordstuen.pk, kind="email", normalised=address)

    def test_without_a_scope_there_is_no_answer(self, cast: Cast) -> None:
        refused = pytest.raises(DatabaseError, match="No key of addresses")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT customers_address_pads()")

    def test_no_address_stands_in_clear(self, fjordstuen: House) -> None:
        guest_at()
        row = suppress(kind="email", normalised=MAIL, reason="bounce", source="Postmark")
        assert row is not None
        with connection.cursor() as cursor:
            cursor.execute("SELECT s::text FROM customers_suppression s")
            (text,) = cursor.fetchone()
        assert "kari" not in text
        assert "example" not in text


@pytest.mark.usefixtures("fjordstuen")
class TestHeld:
    @pytest.mark.parametrize("reason", ALL)
    def test_whoever_has_the_address_is_held_to_it(self, reason: str) -> None:
        guest, partner, other = guest_at(), guest_at(), guest_at("ola@example.com")
        suppress(kind="email", normalised=MAIL, reason=reason)
        late = guest_at()
        expected = Reason.BOUNCED if reason == "bounce" else Reason.OPTED_OUT
        for one in (guest, partner, late):
            assert reasons(one) == (expected,)
            assert reasons(one, "offer") == (expected,)
            assert reasons(one, "stay") == (() if reason in MARKETING_ONLY else (expected,))
            assert reasons(one, "invoice") == (() if reason in MARKETING_ONLY else (expected,))
        assert reasons(other) == ()
        assert_facts_agree(guest, partner, late, other)

    def test_an_address_that_bounces_leaves_the_others(self) -> None:
        guest = guest_at()
        EmailFactory(customer=guest, value="kari@work.example.com")
        suppress(kind="email", normalised=MAIL, reason="bounce")
        verdict = may_contact(ids=[guest.pk], purpose="newsletter", channel="email")[guest.pk]
        assert (verdict.allowed, verdict.address) == (True, "kari@work.example.com")
        suppress(kind="email", normalised="kari@work.example.com", reason="complaint")
        assert reasons(guest) == (Reason.OPTED_OUT,)
        assert_facts_agree(guest)

    @pytest.mark.parametrize(
        ("typed", "kind"), [("KARI@Example.com ", "email"), ("912 34 567", "phone"), ("0047 91234567", "phone")]
    )
    def test_however_it_is_written(self, typed: str, kind: str) -> None:
        suppress(kind=kind, normalised=address_normal(kind=kind, value=typed), reason="manual")
        guest = guest_at(consents=False)
        PhoneFactory(customer=guest, value="+47 91 23 45 67", is_primary=True)
        told = reasons(guest, "stay", "email" if kind == "email" else "sms")
        assert told == (Reason.OPTED_OUT,)

    def test_what_is_no_address_cannot_be_put_on_the_list(self) -> None:
        with pytest.raises(ValueError, match="no e-mail address"):
            address_normal(kind="email", value="kari at example")
        for values in ({"normalised": ""}, {"reason": "because"}, {"kind": "post"}):
            with pytest.raises(ValueError):
                suppress(**({"kind": "email", "normalised": MAIL, "reason": "bounce"} | values))

    def test_twice_is_once(self) -> None:
        first = suppress(kind="email", normalised=MAIL, reason="bounce", at=timezone.now() - dt.timedelta(days=3))
        assert first is not None
        assert suppress(kind="email", normalised=MAIL, reason="bounce") is None
        assert suppress(kind="email", normalised=MAIL, reason="complaint") is not None
        assert Suppression.objects.count() == 2

    def test_an_edit_an_undo_and_a_card_that_returns_do_not_bring_it_back(self, fjordstuen: House) -> None:
        guest = guest_at("ola@example.com")
        suppress(kind="email", normalised=MAIL, reason="unsubscribed")
        customer_update(
            business=fjordstuen.business, customer_id=guest.pk, values={}, contacts=ContactValues(emails=[MAIL])
        )
        assert reasons(guest) == (Reason.OPTED_OUT,)
        with change_set(kind=ChangeSet.Kind.EDIT) as act:
            ContactPoint.objects.filter(customer=guest).delete()
        assert_facts_agree(guest)
        change_set_undo(change_set_id=act.pk)
        assert reasons(guest) == (Reason.OPTED_OUT,)
        assert_facts_agree(guest)

    @pytest.mark.parametrize(("reason", "state"), list(product(ALL, ContactPoint.State.values)))
    def test_facts_and_the_rule_agree_whatever_stands_on_the_card(self, reason: str, state: str) -> None:
        guest = guest_at()
        with change_set(kind=ChangeSet.Kind.EDIT):
            ContactPoint.objects.filter(customer=guest).update(state=state)
        suppress(kind="email", normalised=MAIL, reason=reason)
        late = guest_at()
        with change_set(kind=ChangeSet.Kind.EDIT):
            ContactPoint.objects.filter(customer=late).update(state=state)
        assert_facts_agree(guest, late)

    def test_the_cards_say_so(self) -> None:
        guest, restricted = guest_at(), guest_at(is_restricted=True)
        suppress(kind="email", normalised=MAIL, reason="bounce")
        assert ContactPoint.objects.get(customer=guest).state == "bounced"
        suppress(kind="email", normalised=MAIL, reason="complaint")
        assert ContactPoint.objects.get(customer=guest).state == "opted_out"
        suppress(kind="email", normalised=MAIL, reason="bounce")
        assert ContactPoint.objects.get(customer=guest).state == "opted_out", "the graver one stays"
        assert ContactPoint.objects.get(customer=restricted).state == "ok", "a restricted card stays as it is"
        assert Reason.OPTED_OUT in reasons(restricted)

    def test_one_query_however_many(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        guests = [guest_at(f"guest{number}@example.com") for number in range(20)]
        for number in range(0, 20, 2):
            suppress(kind="email", normalised=f"guest{number}@example.com", reason="stop")
        with django_assert_num_queries(1):
            verdicts = may_contact(ids=[guest.pk for guest in guests], purpose="newsletter", channel="email")
        assert [verdicts[guest.pk].allowed for guest in guests] == [False, True] * 10


def test_the_neighbours_list_holds_nobody_here(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        suppress(kind="email", normalised=MAIL, reason="complaint")
    with business_scope(cast.fjordstuen.pk):
        assert reasons(guest_at()) == ()
        assert not Suppression.objects.exists()


@pytest.mark.usefixtures("fjordstuen")
class TestLifted:
    def test_by_a_member_with_a_reason_that_is_logged(self, fjordstuen: House) -> None:
        guest = guest_at()
        suppress(kind="email", normalised=MAIL, reason="bounce")
        asked = {"kind": "email", "normalised": MAIL, "reason": "bounce", "member": fjordstuen.marketing}
        with pytest.raises(ValueError, match="Write why"):
            suppression_lift(why="  ", **asked)
        assert suppression_lift(why=" The mailbox works again ", **asked)
        assert not suppression_lift(why="Again", **asked)
        assert reasons(guest) == ()
        assert ContactPoint.objects.get(customer=guest).state == "ok"
        assert_facts_agree(guest)
        entry = AuditEntry.objects.get(action="suppression.lifted")
        assert entry.data["reason"] == "The mailbox works again"
        assert entry.actor == "Marketing of Fjordstuen"
        assert MAIL not in str(entry.data)

    def test_what_stands_there_for_another_reason_stays(self) -> None:
        guest = guest_at()
        for reason in ("stop", "complaint"):
            suppress(kind="email", normalised=MAIL, reason=reason)
        suppression_lift(kind="email", normalised=MAIL, reason="stop", why="Asked for it")
        assert reasons(guest) == (Reason.OPTED_OUT,)
        assert ContactPoint.objects.get(customer=guest).state == "opted_out"

    def test_an_unsubscribing_only_by_a_consent_given_anew(self) -> None:
        guest, partner = guest_at(), guest_at()
        suppress(kind="email", normalised=MAIL, reason="unsubscribed", at=timezone.now() - dt.timedelta(days=2))
        with pytest.raises(CannotLift, match="give anew"):
            suppression_lift(kind="email", normalised=MAIL, reason="unsubscribed", why="We want to")
        said = {"customer_id": guest.pk, "purpose": "newsletter", "channel": "email", "granted": True}
        for source in ("import", "api", "system"):
            consent_record(source=source, **said)
            assert Reason.OPTED_OUT in reasons(guest), source
        consent_record(source="portal", by_guest=True, at=timezone.now() - dt.timedelta(days=3), **said)
        assert Reason.OPTED_OUT in reasons(guest), "an older consent"
        consent_record(source="desk", **(said | {"channel": "sms"}))
        assert Reason.OPTED_OUT in reasons(guest), "of another channel"
        consent_record(source="portal", by_guest=True, **said)
        assert reasons(guest) == ()
        assert_facts_agree(guest, partner)
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("reason", [reason for reason in ALL if reason != "unsubscribed"])
    def test_no_consent_lifts_anything_else(self, reason: str) -> None:
        guest = guest_at()
        suppress(kind="email", normalised=MAIL, reason=reason)
        consent_record(
            customer_id=guest.pk, purpose="newsletter", channel="email", granted=True, source="desk", by_guest=True
        )
        assert reasons(guest) != ()
        assert Suppression.objects.count() == 1

    def test_the_card_tells_of_its_own_addresses(self) -> None:
        guest = guest_at()
        EmailFactory(customer=guest, value="kari@work.example.com")
        suppress(kind="email", normalised=MAIL, reason="unsubscribed")
        suppress(kind="email", normalised="somebody@else.example.com", reason="bounce")
        suppressed, usable = suppressed_of(customer_id=guest.pk)
        assert [(one.point.normalised, one.can_be_lifted, one.is_marketing_only) for one in suppressed] == [
            (MAIL, False, True)
        ]
        assert [point.normalised for point in usable] == ["kari@work.example.com"]


@pytest.mark.usefixtures("fjordstuen")
class TestWishes:
    def test_a_pause_holds_until_its_day_and_only_for_marketing(self) -> None:
        guest = guest_at()
        until = dt.date(2026, 9, 1)
        assert wish_set(customer_id=guest.pk, kind="pause", wished=True, until=until)
        assert not wish_set(customer_id=guest.pk, kind="pause", wished=True, until=until)

        def told(day: dt.date | None, purpose: str = "newsletter") -> tuple[Reason, ...]:
            return may_contact(ids=[guest.pk], purpose=purpose, channel="email", on=day)[guest.pk].reasons

        assert told(dt.date(2026, 8, 31)) == (Reason.PAUSED,)
        assert told(until) == ()
        assert told(None) == (), "they come back: what is counted leaves pauses out"
        assert told(dt.date(2026, 8, 31), "stay") == ()
        assert_facts_agree(guest)
        assert wish_set(customer_id=guest.pk, kind="pause", wished=False)
        assert not wish_set(customer_id=guest.pk, kind="pause", wished=False)
        assert told(dt.date(2026, 8, 31)) == ()

    def test_a_pause_has_an_end(self) -> None:
        with pytest.raises(ValueError, match="when the pause ends"):
            wish_set(customer_id=guest_at().pk, kind="pause", wished=True)
        assert not Wish.objects.exists()

    def test_who_wants_no_offers_still_gets_the_newsletter(self) -> None:
        guest = guest_at()
        wish_set(customer_id=guest.pk, kind="no_offers", wished=True)
        assert reasons(guest, "offer") == (Reason.NO_OFFERS,)
        assert reasons(guest) == ()


@pytest.mark.usefixtures("fjordstuen")
class TestMany:
    def test_many_at_once_take_no_more_queries(self, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
        guests = [guest_at(f"guest{number}@example.com") for number in range(40)]
        listed = [Listed("email", f"guest{number}@example.com", "bounce", source="Postmark") for number in range(40)]
        assert len(suppress_all(listed=listed[:1])) == 1
        acts = ChangeSet.objects.count()
        with django_assert_max_num_queries(20):
            made = suppress_all(listed=listed)
        assert len(made) == 39
        assert Suppression.objects.count() == 40
        assert ChangeSet.objects.count() == acts + 1, "one act for all of them"
        assert {reasons(guest) for guest in guests} == {(Reason.BOUNCED,)}
        assert_facts_agree(*guests)
        assert suppress_all(listed=listed) == []

    def test_several_reasons_and_one_twice(self) -> None:
        guest = guest_at()
        PhoneFactory(customer=guest, value="+4791234567", is_primary=True)
        when = timezone.now() - dt.timedelta(days=2)
        made = suppress_all(
            listed=[
                Listed("email", MAIL, "bounce", when, "first"),
                Listed("email", MAIL, "bounce", source="second"),
                Listed("email", MAIL, "complaint"),
                Listed("phone", "+4791234567", "unsubscribed"),
            ]
        )
        kept = {(row.kind, row.reason): row.source for row in Suppression.objects.all()}
        assert kept == {("email", "bounce"): "second", ("email", "complaint"): "", ("phone", "unsubscribed"): ""}
        assert {(row.pk, row.at) for row in made} == {(row.pk, row.at) for row in Suppression.objects.all()}
        assert set(ContactPoint.objects.values_list("kind", "state")) == {("email", "opted_out"), ("phone", "ok")}

    def test_one_that_is_wrong_and_none_is_listed(self) -> None:
        with pytest.raises(ValueError):
            suppress_all(listed=[Listed("email", MAIL, "bounce"), Listed("email", "", "bounce")])
        assert not Suppression.objects.exists()
        assert suppress_all(listed=[]) == []


@pytest.mark.usefixtures("fjordstuen")
class TestAgain:
    """Somebody who leaves again has left then, and not when they first did."""

    JANUARY, MARCH, MAY = (dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (1, 3, 5))

    def test_the_later_moment_stands_so_that_no_consent_in_between_lifts_it(self) -> None:
        guest = guest_at()
        suppress(kind="email", normalised=MAIL, reason="unsubscribed", at=self.JANUARY, source="January")
        assert suppress(kind="email", normalised=MAIL, reason="unsubscribed", at=self.MAY, source="May") is None
        row = Suppression.objects.get()
        assert (row.at, row.source) == (self.MAY, "May")
        # Written down late, as a paper from the desk is.
        consent_record(
            customer_id=guest.pk, purpose="newsletter", channel="email", granted=True, source="paper", at=self.MARCH
        )
        assert Reason.OPTED_OUT in reasons(guest)
        assert_facts_agree(guest)

    def test_one_that_is_told_late_moves_nothing_back(self) -> None:
        suppress(kind="email", normalised=MAIL, reason="unsubscribed", at=self.MAY, source="May")
        assert suppress(kind="email", normalised=MAIL, reason="unsubscribed", at=self.JANUARY, source="Late") is None
        row = Suppression.objects.get()
        assert (row.at, row.source) == (self.MAY, "May")

    def test_of_two_at_once_the_later_one_counts(self) -> None:
        told = [Listed("email", MAIL, "unsubscribed", at) for at in (self.JANUARY, self.MAY, self.MARCH)]
        (row,) = suppress_all(listed=told)
        assert row.at == self.MAY
        assert suppress_all(listed=told) == []

    def test_each_reason_stands_by_itself_and_the_one_that_lifts_least_decides(self) -> None:
        guest = guest_at()
        for reason in ("unsubscribed", "objection"):
            suppress(kind="email", normalised=MAIL, reason=reason, at=self.JANUARY)
        consent_record(
            customer_id=guest.pk, purpose="newsletter", channel="email", granted=True, source="desk", at=self.MAY
        )
        assert [row.reason for row in Suppression.objects.all()] == ["objection"]
        assert Reason.OPTED_OUT in reasons(guest)
