"""Who may be contacted: the one query against the rule written out in Python, and the rules' services."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.card.services import CardRestricted, ContactValues, customer_update, tag_add, tag_remove
from customers.changes.models import Change, ChangeSet
from customers.changes.services import CannotUndo, change_set, change_set_undo
from customers.history.services import activity_add, stay_add
from customers.permission.marks import contact_marks
from customers.permission.reasons import Reason
from customers.permission.selectors import Verdict, contact_alerts, may_contact, restriction_of
from customers.permission.services import contact_rules_set, restriction_set
from customers.relations.models import Relation
from tests.cast import Cast, House
from tests.factories import (
    ConsentEventFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    ExternalIdFactory,
    GuestFieldValueFactory,
    PhoneFactory,
    PropertyFactory,
    RelationFactory,
    TagFactory,
)

pytestmark = pytest.mark.django_db
STATES = ("ok", "invalid", "placeholder", "relay", "bounced", "opted_out")
FLAGS = ("is_restricted", "is_deceased", "do_not_contact")


def rule(*, purpose: str, flags: dict[str, bool], consent: bool | None, addresses: Sequence[str]) -> tuple[Reason, ...]:
    """The reasons against writing to a guest; ``addresses`` are the states of the channel's, the primary one first."""
    reasons = []
    if flags["is_restricted"]:
        reasons.append(Reason.RESTRICTED)
    if flags["is_deceased"]:
        reasons.append(Reason.DECEASED)
    if purpose == "newsletter":
        if flags["do_not_contact"]:
            reasons.append(Reason.DO_NOT_CONTACT)
        if consent is None:
            reasons.append(Reason.NO_CONSENT)
        elif not consent:
            reasons.append(Reason.WITHDRAWN)
    usable = {"ok"} if purpose == "newsletter" else {"ok", "relay"}
    real = [state for state in addresses if state != "placeholder"]
    if purpose == "newsletter" and "opted_out" in real:
        reasons.append(Reason.OPTED_OUT)
    elif not usable & set(real):
        reasons.append(Reason(real[0]) if real else Reason.NO_ADDRESS)
    return tuple(reasons)


def guest_with(
    *, flags: dict[str, bool], consent: bool | None, addresses: Sequence[str], channel: str = "email"
) -> Customer:
    guest = CustomerFactory(**flags)
    make = EmailFactory if channel == "email" else PhoneFactory
    # The primary one is made last: its flag counts, not its id.
    for place, state in reversed(list(enumerate(addresses))):
        make(customer=guest, state=state, is_primary=place == 0, created_at=guest.created_at)
    if consent is not None:
        ConsentEventFactory(customer=guest, channel=channel, act="granted" if consent else "withdrawn")
    return guest


def flagged(*names: str) -> dict[str, bool]:
    return {flag: flag in names for flag in FLAGS}


@pytest.mark.usefixtures("fjordstuen")
class TestOneQuery:
    def test_every_flag_consent_and_single_address(self) -> None:
        """All that can come together, asked for at once."""
        cases = {}
        for restricted, deceased, silent, consent, state in product(
            (False, True), (False, True), (False, True), (None, True, False), (None, *STATES)
        ):
            flags = dict(zip(FLAGS, (restricted, deceased, silent), strict=True))
            case: dict[str, Any] = {"flags": flags, "consent": consent, "addresses": [state] if state else []}
            cases[guest_with(**case).pk] = case
        assert len(cases) == 168
        for purpose in ("newsletter", "stay"):
            with CaptureQueriesContext(
                connection,
            ) as sent:
                verdicts = may_contact(ids=cases, purpose=purpose, channel="email")
            assert len(sent) == 1
            for pk, case in cases.items():
                expected = rule(purpose=purpose, **case)
                assert verdicts[pk] == Verdict(not expected, expected), (purpose, case)
        assert sum(may_contact(ids=[pk], purpose="newsletter", channel="email")[pk].allowed for pk in cases) == 1

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        purpose=st.sampled_from(["newsletter", "stay"]),
        channel=st.sampled_from(["email", "sms"]),
        flags=st.fixed_dictionaries({flag: st.booleans() for flag in FLAGS}),
        consent=st.sampled_from([None, True, False]),
        addresses=st.lists(st.sampled_from(STATES), max_size=4),
    )
    def test_several_addresses(
        self, purpose: str, channel: str, flags: dict[str, bool], consent: bool | None, addresses: list[str]
    ) -> None:
        # Of those that are not primary the oldest comes first; they are made last to first.
        shown = addresses[:1] + addresses[:0:-1]
        guest = guest_with(flags=flags, consent=consent, addresses=addresses, channel=channel)
        expected = rule(purpose=purpose, flags=flags, consent=consent, addresses=shown)
        assert may_contact(ids=[guest.pk], purpose=purpose, channel=channel) == {
            guest.pk: Verdict(not expected, expected)
        }

    @pytest.mark.parametrize(
        ("addresses", "reason"),
        [
            (["bounced", "invalid"], Reason.BOUNCED),
            (["invalid", "relay", "bounced"], Reason.INVALID),
            (["placeholder", "bounced"], Reason.BOUNCED),
            (["placeholder"], Reason.NO_ADDRESS),
        ],
    )
    def test_without_a_usable_address_the_primary_ones_state_is_told(
        self, addresses: list[str], reason: Reason
    ) -> None:
        guest = guest_with(flags=flagged(), consent=True, addresses=addresses)
        assert may_contact(ids=[guest.pk], purpose="newsletter", channel="email")[guest.pk].reasons == (reason,)

    def test_a_consent_is_for_its_own_channel(self) -> None:
        guest = guest_with(flags=flagged(), consent=True, addresses=["ok"])
        PhoneFactory(customer=guest)
        assert may_contact(ids=[guest.pk], purpose="newsletter", channel="email")[guest.pk].allowed
        assert may_contact(ids=[guest.pk], purpose="newsletter", channel="sms")[guest.pk].reasons == (
            Reason.NO_CONSENT,
        )

    def test_an_agents_relay_takes_word_of_the_stay_and_no_newsletter(self) -> None:
        guest = guest_with(flags=flagged("do_not_contact"), consent=True, addresses=["relay"])
        assert may_contact(ids=[guest.pk], purpose="stay", channel="email")[guest.pk] == Verdict(allowed=True)
        assert may_contact(ids=[guest.pk], purpose="newsletter", channel="email")[guest.pk].reasons == (
            Reason.DO_NOT_CONTACT,
            Reason.RELAY,
        )

    @pytest.mark.parametrize(
        ("purpose", "channel"), [("profiling", "email"), ("newsletter", ""), ("stay", "post"), ("", "sms")]
    )
    def test_what_nobody_sends_is_a_mistake(self, purpose: str, channel: str) -> None:
        with pytest.raises(ValueError, match=f"^{purpose} {channel}$"):
            may_contact(ids=[1], purpose=purpose, channel=channel)


def test_the_neighbours_guests_are_unknown(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = guest_with(flags=flagged(), consent=True, addresses=["ok"])
        assert may_contact(ids=[theirs.pk], purpose="stay", channel="email")[theirs.pk].allowed
    with business_scope(cast.fjordstuen.pk):
        verdicts = may_contact(ids=[theirs.pk, 2**40], purpose="stay", channel="email")
        assert verdicts == dict.fromkeys([theirs.pk, 2**40], Verdict(allowed=False, reasons=(Reason.UNKNOWN,)))
        assert may_contact(ids=[], purpose="stay", channel="email") == {}


class TestContactRules:
    def test_each_is_set_by_itself_and_can_be_undone(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        act = contact_rules_set(customer_id=guest.pk, do_not_contact=True, member=fjordstuen.marketing)
        assert act is not None
        guest.refresh_from_db()
        assert (guest.do_not_contact, guest.is_deceased) == (True, False)
        assert contact_rules_set(customer_id=guest.pk, do_not_contact=True) is None
        assert contact_rules_set(customer_id=guest.pk) is None
        contact_rules_set(customer_id=guest.pk, is_deceased=True)
        change_set_undo(change_set_id=act.pk, member=fjordstuen.marketing)
        guest.refresh_from_db()
        assert (guest.do_not_contact, guest.is_deceased) == (False, True)

    def test_they_protect_a_restricted_guest_too(self, fjordstuen: House) -> None:
        guest = CustomerFactory(is_restricted=True)
        assert contact_rules_set(customer_id=guest.pk, do_not_contact=True) is not None

    def test_nobody_elses_guest(self, cast: Cast) -> None:
        with business_scope(cast.duinzicht.pk):
            theirs = CustomerFactory()
        with business_scope(cast.fjordstuen.pk):
            with pytest.raises(Customer.DoesNotExist):
                contact_rules_set(customer_id=theirs.pk, is_deceased=True)
            with pytest.raises(Customer.DoesNotExist):
                restriction_set(customer_id=theirs.pk, restricted=True, reason="Asked for it")


class TestRestriction:
    def test_it_is_logged_with_its_reason_and_lifted_again(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        asked = {"customer_id": guest.pk, "member": fjordstuen.admin, "address": "192.0.2.7"}
        assert restriction_set(restricted=True, reason=" Disputes an invoice ", **asked) is not None
        assert restriction_set(restricted=True, reason="Again", **asked) is None
        guest.refresh_from_db()
        assert guest.is_restricted
        restriction = restriction_of(customer=guest)
        assert restriction is not None
        assert (restriction.reason, restriction.actor) == ("Disputes an invoice", "Admin of Fjordstuen")
        restriction_set(restricted=False, reason="Settled", **asked)
        guest.refresh_from_db()
        assert not guest.is_restricted
        assert restriction_of(customer=guest) is None
        entries = AuditEntry.objects.filter(object_type="customer", object_id=guest.pk).order_by("id")
        assert [(entry.action, entry.data, entry.address) for entry in entries] == [
            ("guest.restricted", {"reason": "Disputes an invoice"}, "192.0.2.7"),
            ("guest.unrestricted", {"reason": "Settled"}, "192.0.2.7"),
        ]

    @pytest.mark.parametrize("reason", ["", "  \n"])
    def test_nothing_happens_without_a_reason(self, fjordstuen: House, reason: str) -> None:
        guest = CustomerFactory()
        with pytest.raises(ValueError, match="Write why"):
            restriction_set(customer_id=guest.pk, restricted=True, reason=reason)
        guest.refresh_from_db()
        assert not guest.is_restricted
        assert not AuditEntry.objects.filter(action="guest.restricted").exists()

    def test_the_card_cannot_be_changed(self, fjordstuen: House) -> None:
        guest = CustomerFactory(is_restricted=True)
        tagged = CustomerTagFactory(customer=guest)
        tag, before = TagFactory(), Change.objects.count()
        for refused in (
            lambda: customer_update(business=fjordstuen.business, customer_id=guest.pk, values={"note": "New"}),
            lambda: customer_update(
                business=fjordstuen.business, customer_id=guest.pk, values={}, contacts=ContactValues(["a@b.no"])
            ),
            lambda: tag_add(customer_id=guest.pk, tag_id=tag.pk),
            lambda: tag_remove(customer_id=guest.pk, tag_id=tagged.tag_id),
        ):
            with pytest.raises(CardRestricted, match="can be read, but not changed"):
                refused()
        assert Change.objects.count() == before
        assert not ContactPoint.objects.exists()

    @pytest.mark.parametrize("kind", ChangeSet.Kind.values)
    @pytest.mark.parametrize("make", [CustomerTagFactory, EmailFactory, ExternalIdFactory, GuestFieldValueFactory])
    def test_no_undo_changes_the_card(self, fjordstuen: House, kind: str, make: Any) -> None:
        guest, other = CustomerFactory(), CustomerFactory(city="Bergen")
        with change_set(kind=ChangeSet.Kind(kind)) as act:
            row = make(customer=guest)
            Customer.objects.filter(pk=other.pk).update(city="Voss")
        restriction_set(customer_id=guest.pk, restricted=True, reason="Disputes it")
        undo, outcome = change_set_undo(change_set_id=act.pk)
        assert type(row)._default_manager.filter(pk=row.pk).exists()
        other.refresh_from_db()
        assert other.city == "Bergen", "of everybody else it is undone"
        assert (outcome.reverted, outcome.removed, outcome.kept, outcome.restricted) == (1, 0, 1, 1)
        assert outcome.kept_rows == [(row._meta.model_name, row.pk)]
        restriction_set(customer_id=guest.pk, restricted=False, reason="Settled")
        change_set_undo(change_set_id=undo.pk)
        change_set_undo(change_set_id=act.pk)
        assert not type(row)._default_manager.filter(pk=row.pk).exists()

    def test_nothing_is_left_to_undo_without_the_card(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        with change_set(kind=ChangeSet.Kind.IMPORT) as act:
            EmailFactory(customer=guest)
        restriction_set(customer_id=guest.pk, restricted=True, reason="Disputes it")
        before = Change.objects.count()
        with pytest.raises(CannotUndo, match="data is restricted"):
            change_set_undo(change_set_id=act.pk)
        assert Change.objects.count() == before

    @pytest.mark.parametrize("side", ["customer", "other"])
    def test_no_undo_changes_a_relation_of_the_card(self, fjordstuen: House, side: str) -> None:
        cards = {"customer": CustomerFactory(), "other": CustomerFactory()}
        with change_set(kind=ChangeSet.Kind.EDIT) as made:
            relation = RelationFactory(**cards)
        card = getattr(relation, side)
        restriction_set(customer_id=card.pk, restricted=True, reason="Disputes it")
        with pytest.raises(CannotUndo, match="data is restricted"):
            change_set_undo(change_set_id=made.pk)
        assert Relation.objects.exists()
        with change_set(kind=ChangeSet.Kind.EDIT) as removed:
            Relation.objects.all().delete()
        with pytest.raises(CannotUndo, match="data is restricted"):
            change_set_undo(change_set_id=removed.pk)

    def test_its_stays_and_notes_are_undone(self, fjordstuen: House) -> None:
        guest = CustomerFactory(is_restricted=True)
        _activity, act = activity_add(customer_id=guest.pk, text="Lost a key")
        assert change_set_undo(change_set_id=act.pk)[1].removed == 1

    def test_it_is_set_and_lifted_only_with_a_reason(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        for restricted in (True, False):
            act = restriction_set(customer_id=guest.pk, restricted=restricted, reason="Asked for it")
            assert act is not None
            with pytest.raises(CannotUndo, match="page of contact rules"):
                change_set_undo(change_set_id=act.pk)
            guest.refresh_from_db()
            assert guest.is_restricted == restricted

    def test_the_stay_and_its_notes_go_on(self, fjordstuen: House) -> None:
        guest = CustomerFactory(is_restricted=True)
        activity_add(customer_id=guest.pk, text="Lost a key")
        values = {"property_id": PropertyFactory().pk, "arrival": "2026-01-01", "departure": "2026-01-02"}
        stay_add(business=fjordstuen.business, customer_id=guest.pk, values=values)
        assert ChangeSet.objects.filter(title__startswith="Note on").exists()


@pytest.mark.usefixtures("fjordstuen")
class TestShown:
    def test_alerts_and_marks_weightiest_first(self) -> None:
        guest = CustomerFactory(**flagged(*FLAGS))
        assert [alert.code for alert in contact_alerts(customer=guest)] == ["deceased", "restricted", "do_not_contact"]
        assert [label for _tone, label in contact_marks(guest)] == [
            "Deceased",
            "Restricted",
            "Do not contact",
        ]
        silent = contact_alerts(customer=CustomerFactory(do_not_contact=True))
        assert [alert.text for alert in silent] == [
            "No newsletter and no offer. Messages about their own stay still go out."
        ]
        assert contact_alerts(customer=guest)[-1].text == "No newsletter and no offer."
        plain = CustomerFactory()
        assert contact_alerts(customer=plain) == []
        assert contact_marks(plain) == []
