"""Merging: what the card becomes, what moves, who may not be merged; and what comes back where."""

import datetime as dt
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag, Tag
from customers.changes.models import Change, ChangeSet
from customers.changes.selectors import act_view
from customers.changes.services import change_set, change_set_undo
from customers.consent.models import ConsentEvent
from customers.consent.selectors import consent_events
from customers.consent.services import consent_record
from customers.facts.models import CustomerFacts
from customers.fields.models import GuestFieldValue
from customers.history.models import Activity, Purchase, StayParticipant
from customers.relations.models import Relation
from customers.search.models import RecentGuest
from customers.segments.models import SegmentMember
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.selectors import sensitive_panel
from customers.sensitive.services import sensitive_set
from dedup.merging.services import MergeRefused, merge, merge_preview
from tests.cast import Cast, House
from tests.dedup.merging.guests import at, newsletter, said, two
from tests.factories import (
    ActivityFactory,
    CompanyFactory,
    ConsentEventFactory,
    CustomerFactory,
    CustomerTagFactory,
    CustomFieldFactory,
    EmailFactory,
    ExternalIdFactory,
    GuestFieldValueFactory,
    InvoiceFactory,
    PhoneFactory,
    PurchaseFactory,
    RelationFactory,
    SegmentMemberFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("fjordstuen")
class TestWhatTheCardBecomes:
    def test_the_card_with_history_stays_with_the_better_values(self) -> None:
        one, other = two(language="en", birth_date=dt.date(1984, 5, 17))
        act = merge(customer_ids=[other.pk, one.pk])
        card = Customer.objects.get()
        assert (card.pk, card.name, card.street, card.birth_date) == (
            one.pk, "Ingrid Sørensen", "Parkveien 12", dt.date(1984, 5, 17)
        )  # fmt: skip
        assert (act.kind, act.is_event) == (ChangeSet.Kind.MERGE, False)
        assert act_view(change_set_id=act.pk).sentence == "Merged 2 cards into Ingrid Sørensen"

    def test_choices_hold(self) -> None:
        one, other = two(city="Bergen", street="Bryggen 1")
        merge(customer_ids=[one.pk, other.pk], choices={"name": 1, "address": 1})
        card = Customer.objects.get()
        assert (card.name, card.city, card.street) == ("Ingrid Sorensen", "Bergen", "Bryggen 1")
        assert "sorensen" in card.search_tokens

    def test_another_card_may_stay(self) -> None:
        one, other = two()
        merge(customer_ids=[one.pk, other.pk], survivor_id=other.pk)
        assert Customer.objects.get().pk == other.pk
        assert CustomerFacts.objects.get().stays == 1

    def test_notes_stand_together_unless_one_is_chosen(self) -> None:
        one, other = two(note="Allergic to lilies")
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=one.pk).update(note="Quiet room")
        act = merge(customer_ids=[one.pk, other.pk])
        assert Customer.objects.get().note == "Quiet room\n\nAllergic to lilies"
        change_set_undo(change_set_id=act.pk)
        merge(customer_ids=[one.pk, other.pk], choices={"note": 1})
        assert Customer.objects.get().note == "Allergic to lilies"

    def test_the_strictest_flags_and_the_earliest_contact_hold(self) -> None:
        one, other = two(do_not_contact=True, first_contact=dt.date(2019, 1, 1))
        merge(customer_ids=[one.pk, other.pk])
        card = Customer.objects.get()
        assert (card.do_not_contact, card.is_deceased, card.first_contact) == (True, False, dt.date(2019, 1, 1))

    def test_every_address_is_kept_once_and_one_is_primary(self) -> None:
        one, other = two()
        EmailFactory(customer=one, value="ingrid@example.no", is_primary=True)
        PhoneFactory(customer=one, value="+47 412 34 567", is_primary=True)
        EmailFactory(customer=other, value="ingrids@example.com", is_primary=True)
        EmailFactory(customer=other, value="Ingrid@example.no", state="opted_out")
        PhoneFactory(customer=other, value="41234567", is_primary=True)
        preview = merge_preview(customer_ids=[one.pk, other.pk])
        merge(customer_ids=[one.pk, other.pk], choices={"email": 1})
        points = ContactPoint.objects.order_by("kind", "value").values_list("value", "state", "is_primary")
        assert list(points) == [
            ("ingrid@example.no", "opted_out", False),
            ("ingrids@example.com", "ok", True),
            ("+47 412 34 567", "ok", True),
        ]
        assert [(point.value, point.cards) for point in preview.points if point.kind == "phone"] == [
            ("+47 41 23 45 67", (True, True))
        ]

    def test_an_address_that_moves_and_is_primary_no_more_is_written_once_and_goes_back_as_it_was(self) -> None:
        one, other = two()
        EmailFactory(customer=one, value="ingrid@example.no", is_primary=True)
        moving = EmailFactory(customer=other, value="ingrids@example.com", is_primary=True)
        act = merge(customer_ids=[one.pk, other.pk], survivor_id=one.pk)
        changes = Change.objects.filter(change_set_id=act.pk, record="contactpoint")
        assert [(change.row_id, change.data) for change in changes] == [
            (moving.pk, {"customer_id": [other.pk, one.pk], "is_primary": [True, False]})
        ]
        change_set_undo(change_set_id=act.pk)
        points = ContactPoint.objects.order_by("pk").values_list("customer_id", "is_primary")
        assert list(points) == [(one.pk, True), (other.pk, True)]

    def test_the_preview_writes_as_the_card_does(self) -> None:
        one, other = two(birth_date=dt.date(1984, 5, 17))
        PhoneFactory(customer=one, value="41234567", is_primary=True)
        PhoneFactory(customer=other, value="0041 44 668 18 00", is_primary=True)
        preview = merge_preview(customer_ids=[one.pk, other.pk])
        shown = {choice.key: choice.values for choice in preview.fields}
        assert shown["birth_date"] == ("", "17 May 1984")
        assert shown["phone"] == ("+47 41 23 45 67", "+41 44 668 18 00")
        assert {point.value for point in preview.points} == set(shown["phone"])

    def test_tags_are_joined_and_asked_for_over_nine(self) -> None:
        one, other = two()
        tags = [*Tag.objects.order_by("id")[:8], TagFactory(), TagFactory()]
        for slot, tag in enumerate(tags[:6], 1):
            CustomerTagFactory(customer=one, tag=tag, slot=slot)
        for slot, tag in enumerate(tags[4:], 1):
            CustomerTagFactory(customer=other, tag=tag, slot=slot)
        preview = merge_preview(customer_ids=[one.pk, other.pk])
        assert (preview.tags.over_nine, len(preview.tags.tags), len(preview.tags.chosen)) == (True, 10, 9)
        with pytest.raises(MergeRefused) as refused:
            merge(customer_ids=[one.pk, other.pk])
        assert refused.value.code == "tags"
        wanted = [tag.pk for tag in tags[1:]]
        merge(customer_ids=[one.pk, other.pk], tags=wanted)
        found = CustomerTag.objects.filter(customer=one)
        assert sorted(found.values_list("tag_id", flat=True)) == sorted(wanted)
        assert sorted(found.values_list("slot", flat=True)) == list(range(1, 10))

    def test_of_more_than_nine_tags_those_that_warn_are_proposed(self) -> None:
        one, other = two()
        warning = Tag.objects.get(code=Tag.Code.PROBLEM)
        for slot in range(1, 10):
            CustomerTagFactory(customer=one, tag=TagFactory(), slot=slot)
        CustomerTagFactory(customer=other, tag=warning, slot=1)
        chosen = merge_preview(customer_ids=[one.pk, other.pk]).tags.chosen
        assert len(chosen) == 9
        assert warning.pk in chosen

    def test_of_two_spellings_the_guest_with_more_stays_has_the_right_one(self) -> None:
        """A longer name is no better one: it may be a slip of the keys."""
        one = CustomerFactory(given_name="Ola", family_name="Kolstad")
        for _each in range(3):
            StayParticipantFactory(customer=one)
        other = CustomerFactory(given_name="Ola", family_name="Kolsttad")
        merge(customer_ids=[other.pk, one.pk])
        assert Customer.objects.get(pk__in=[one.pk, other.pk]).family_name == "Kolstad"

    def test_own_fields_are_chosen(self) -> None:
        one, other = two()
        field = CustomFieldFactory(label="Pillow", key="pillow")
        GuestFieldValueFactory(customer=one, field=field, text="Soft")
        GuestFieldValueFactory(customer=other, field=field, text="Hard")
        (choice,) = merge_preview(customer_ids=[one.pk, other.pk]).own
        assert (choice.key, choice.values, choice.chosen, choice.differs) == ("own_pillow", ("Soft", "Hard"), 0, True)
        merge(customer_ids=[one.pk, other.pk], choices={"own_pillow": 1})
        assert GuestFieldValue.objects.get().text == "Hard"

    def test_everything_moves_and_what_is_counted_is_right(self, fjordstuen: House) -> None:
        one, other = two()
        stay = StayFactory()
        StayParticipantFactory(stay=stay, customer=one, is_guest=True)
        StayParticipantFactory(stay=stay, customer=other, is_guest=False, is_payer=True)
        ActivityFactory(customer=other)
        PurchaseFactory(customer=other)
        InvoiceFactory(customer=other)
        ExternalIdFactory(customer=other)
        company = CompanyFactory()
        RelationFactory(customer=other, other=company)
        RelationFactory(customer=one, other=company)
        RelationFactory(customer=company, other=other, kind="agent_for")
        RelationFactory(customer=one, other=other, kind="household")
        RecentGuest.objects.create(member=fjordstuen.reception, customer=other, opened_at=at(2))
        RecentGuest.objects.create(member=fjordstuen.reception, customer=one, opened_at=at(1))
        SegmentMemberFactory(customer=other)
        moves = {row.label: row.counts for row in merge_preview(customer_ids=[one.pk, other.pk]).moves}
        assert moves["Stays"] == (2, 1)
        assert moves["Purchases"] == moves["Invoices"] == (0, 1)
        merge(customer_ids=[one.pk, other.pk])
        (part,) = StayParticipant.objects.filter(stay=stay)
        assert (part.customer_id, part.is_guest, part.is_payer) == (one.pk, True, True)
        for model in (Activity, Purchase):
            assert model.objects.get().customer_id == one.pk
        assert set(Relation.objects.values_list("customer_id", "other_id", "kind")) == {
            (one.pk, company.pk, "works_at"), (company.pk, one.pk, "agent_for")
        }  # fmt: skip
        assert RecentGuest.objects.get().opened_at == at(2)
        assert SegmentMember.objects.get().customer_id == one.pk
        assert CustomerFacts.objects.get(customer=one).stays == 2

    def test_sensitive_details_of_both_are_kept(self, fjordstuen: House) -> None:
        one, other = two()
        for guest, text in ((one, "Nuts"), (other, "Shellfish")):
            ConsentEventFactory(customer=guest, purpose="sensitive", channel="")
            sensitive_set(customer_id=guest.pk, kind="allergies", text=text)
        act = merge(customer_ids=[one.pk, other.pk])
        panel = sensitive_panel(business=fjordstuen.business, customer_id=one.pk, member=fjordstuen.owner)
        assert panel is not None and panel.allergies == "Nuts\nShellfish"
        change_set_undo(change_set_id=act.pk)
        panel = sensitive_panel(business=fjordstuen.business, customer_id=other.pk, member=fjordstuen.owner)
        assert panel is not None and panel.allergies == "Shellfish"
        merge(customer_ids=[one.pk, other.pk])
        sensitive_set(customer_id=one.pk, kind="allergies", text="Nuts, shellfish")
        assert SensitiveDetail.objects.get().customer_id == one.pk


@pytest.mark.usefixtures("fjordstuen")
class TestConsents:
    @pytest.mark.parametrize(
        ("first", "second", "proof", "expected"),
        [
            ("granted", None, {}, True),
            (None, "withdrawn", {}, False),
            ("granted", "withdrawn", {}, False),
            ("withdrawn", "granted", {}, False),
            ("withdrawn", "granted", {"proof": "Paper 12"}, True),
            ("withdrawn", "granted", {"by_guest": True, "source": "portal"}, True),
            ("withdrawn", "granted", {"proof": "guests.csv, line 3", "source": "import"}, False),
        ],
    )
    def test_the_strictest_holds_unless_a_later_proven_grant(
        self, first: str | None, second: str | None, proof: dict[str, Any], expected: bool
    ) -> None:
        one, other = two()
        if first:
            said(one, first, 1)
        if second:
            said(other, second, 2, **proof)
        told = next(each for each in merge_preview(customer_ids=[one.pk, other.pk]).consents if each.channel == "email")
        merge(customer_ids=[one.pk, other.pk])
        assert newsletter(one) is told.result is expected
        assert bool(told.why) == (first is not None and second is not None)

    def test_a_proven_grant_that_was_withdrawn_later_does_not_hold(self) -> None:
        one, other = two()
        said(one, "withdrawn", 5)
        said(other, "granted", 2, proof="Paper 12")
        merge(customer_ids=[one.pk, other.pk])
        assert newsletter(one) is False

    def test_what_the_guest_says_afterwards_holds(self) -> None:
        one, other = two()
        said(one, "granted", 1)
        said(other, "withdrawn", 2)
        merge(customer_ids=[one.pk, other.pk])
        consent_record(
            customer_id=other.pk, purpose="newsletter", channel="email", granted=True, source=ConsentEvent.Source.DESK
        )
        assert newsletter(one) is True
        assert [event.customer_id for event in consent_events(customer_id=one.pk)] == [one.pk, other.pk, one.pk]

    def test_an_event_learned_late_under_the_old_id_counts_for_the_survivor(self) -> None:
        one, other = two()
        said(one, "granted", 1)
        merge(customer_ids=[one.pk, other.pk])
        said(other, "withdrawn", 9)
        assert newsletter(one) is False

    def test_after_the_undo_each_has_their_own_again(self) -> None:
        one, other = two()
        said(one, "granted", 1)
        said(other, "withdrawn", 2)
        act = merge(customer_ids=[one.pk, other.pk])
        change_set_undo(change_set_id=act.pk)
        assert (newsletter(one), newsletter(other)) == (True, False)

    def test_what_was_withdrawn_since_holds_for_both(self) -> None:
        one, other = two()
        said(one, "granted", 1)
        said(other, "granted", 2)
        act = merge(customer_ids=[one.pk, other.pk])
        consent_record(
            customer_id=one.pk, purpose="newsletter", channel="email", granted=False, source=ConsentEvent.Source.PHONE
        )
        change_set_undo(change_set_id=act.pk)
        assert (newsletter(one), newsletter(other)) == (False, False)


@pytest.mark.usefixtures("fjordstuen")
class TestWhoIsRefused:
    def refused(self, *ids: int, **values: Any) -> MergeRefused:
        before = ChangeSet.objects.count()
        with pytest.raises(MergeRefused) as raised:
            merge(customer_ids=ids, **values)
        assert ChangeSet.objects.count() == before
        return raised.value

    def test_a_card_with_itself(self) -> None:
        one, _other = two()
        assert self.refused(one.pk, one.pk).code == "same"
        assert self.refused(one.pk).code == "few"
        assert self.refused(*range(1, 22)).code == "many"

    def test_one_that_is_not_there_or_merged_already(self) -> None:
        one, other = two()
        third = CustomerFactory()
        assert self.refused(one.pk, 2**40).code == "gone"
        merge(customer_ids=[one.pk, other.pk])
        refused = self.refused(third.pk, other.pk)
        assert refused.code == "merged"
        assert "Ingrid Sørensen" in str(refused)

    def test_a_restricted_card(self) -> None:
        one, other = two(is_restricted=True)
        assert self.refused(one.pk, other.pk).code == "restricted"
        with pytest.raises(MergeRefused):
            merge_preview(customer_ids=[one.pk, other.pk])

    def test_choices_that_are_none(self) -> None:
        one, other = two()
        assert self.refused(one.pk, other.pk, choices={"shoe_size": 0}).code == "choice"
        assert self.refused(one.pk, other.pk, choices={"name": 2}).code == "choice"
        assert self.refused(one.pk, other.pk, survivor_id=2**40).code == "choice"
        assert self.refused(one.pk, other.pk, tags=[2**40]).code == "choice"

    def test_what_was_changed_since_the_page_was_read(self) -> None:
        one, other = two()
        versions = merge_preview(customer_ids=[one.pk, other.pk]).versions
        EmailFactory(customer=other)
        assert self.refused(one.pk, other.pk, versions=versions).code == "changed"
        merge(customer_ids=[one.pk, other.pk], versions=merge_preview(customer_ids=[one.pk, other.pk]).versions)


def test_across_businesses(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        stranger = CustomerFactory().pk
    with business_scope(cast.fjordstuen.pk):
        one = CustomerFactory()
        with pytest.raises(MergeRefused) as refused:
            merge(customer_ids=[one.pk, stranger])
        assert refused.value.code == "gone"
    with business_scope(cast.duinzicht.pk):
        assert Customer.objects.filter(pk=stranger).exists()
