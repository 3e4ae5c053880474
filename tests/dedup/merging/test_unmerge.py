"""Merges taken back, and where the ids of merged cards lead."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import Change, ChangeSet
from customers.changes.selectors import acts_of_guest
from customers.changes.services import CannotUndo, change_set, change_set_undo
from customers.history.models import Activity, Purchase, StayParticipant
from customers.lineage.models import CardLineage, MergedCard
from customers.lineage.selectors import ids_now, lineage_of, survivor_of
from customers.relations.services import relation_add
from customers.search.models import RecentGuest
from dedup.merging.services import Order, merge, merge_many
from tests.cast import Cast, House
from tests.dedup.merging.guests import at, two
from tests.factories import (
    ActivityFactory,
    CustomerFactory,
    PurchaseFactory,
    RelationFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("fjordstuen")
class TestUndo:
    def test_what_came_since_stays_where_it_belongs(self) -> None:
        one, other = two()
        theirs = StayParticipantFactory(customer=other).stay
        note = ActivityFactory(customer=other, text="Called")
        act = merge(customer_ids=[one.pk, other.pk])
        with change_set(kind=ChangeSet.Kind.EDIT):
            Activity.objects.filter(pk=note.pk).update(text="Called twice")
            Customer.objects.filter(pk=one.pk).update(city="Voss")
        new_stay = StayParticipantFactory(customer=one).stay
        spa = PurchaseFactory(customer=one, stay=theirs)
        wine = PurchaseFactory(customer=one)
        change_set_undo(change_set_id=act.pk)
        note.refresh_from_db()
        assert (note.customer_id, note.text) == (other.pk, "Called twice")
        assert Customer.objects.get(pk=one.pk).city == "Voss"
        assert StayParticipant.objects.get(stay=new_stay).customer_id == one.pk
        assert Purchase.objects.get(pk=spa.pk).customer_id == other.pk, "for a stay that is theirs"
        assert Purchase.objects.get(pk=wine.pk).customer_id == one.pk

    @pytest.mark.parametrize("place", ["dedup.merging.services._write", "customers.changes.services._audit"])
    def test_a_deadlock_inside_a_request_is_tried_again(self, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
        """What the request did before stands, and nothing of the first attempt."""
        one, other = two()
        real = import_string(place)
        calls = []

        def deadlocked(*args: Any, **values: Any) -> None:
            real(*args, **values)
            calls.append(place)
            if len(calls) == 1:
                with connection.cursor() as cursor:
                    cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END $$")

        monkeypatch.setattr(place, deadlocked)
        note = ActivityFactory(customer=other)
        act = merge(customer_ids=[one.pk, other.pk])
        assert Activity.objects.get().customer_id == one.pk
        assert MergedCard.objects.count() == ChangeSet.objects.filter(kind="merge").count() == 1
        change_set_undo(change_set_id=act.pk)
        note.refresh_from_db()
        assert note.customer_id == other.pk
        assert ChangeSet.objects.filter(kind="undo").count() == 1
        assert AuditEntry.objects.filter(action="change.undone").count() == 1
        assert len(calls) == 2

    def test_not_to_be_contacted_since_holds_for_both(self) -> None:
        one, other = two()
        act = merge(customer_ids=[one.pk, other.pk])
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=one.pk).update(do_not_contact=True)
        change_set_undo(change_set_id=act.pk)
        assert list(Customer.objects.values_list("do_not_contact", flat=True)) == [True, True]

    def test_a_restricted_guest_is_not_taken_apart(self) -> None:
        one, other = two()
        act = merge(customer_ids=[one.pk, other.pk])
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=one.pk).update(is_restricted=True)
        with pytest.raises(CannotUndo, match="restricted"):
            change_set_undo(change_set_id=act.pk)
        assert survivor_of(customer_id=other.pk) == one.pk

    def test_an_undo_is_not_undone_over_what_came_since(self) -> None:
        one, other = two()
        act = merge(customer_ids=[one.pk, other.pk])
        undo = change_set_undo(change_set_id=act.pk)[0]
        ActivityFactory(customer=other)
        with pytest.raises(CannotUndo, match="changed since"):
            change_set_undo(change_set_id=undo.pk)
        third = CustomerFactory()
        merge(customer_ids=[third.pk, other.pk], survivor_id=third.pk)
        with pytest.raises(CannotUndo, match="merged again"):
            change_set_undo(change_set_id=undo.pk)

    def test_one_of_many_and_then_the_rest(self) -> None:
        pairs = [two() for _each in range(3)]
        done = merge_many(orders=[Order([one.pk, other.pk]) for one, other in pairs])
        assert done.act is not None and len(done.merges) == 3
        assert Customer.objects.count() == 3
        assert Change.objects.filter(change_set_id=done.act.pk).count() == 0
        change_set_undo(change_set_id=done.merges[1])
        assert Customer.objects.count() == 4
        change_set_undo(change_set_id=done.act.pk)
        assert Customer.objects.count() == 6
        with pytest.raises(CannotUndo, match="already been undone"):
            change_set_undo(change_set_id=done.merges[0])

    @pytest.mark.parametrize("again", [False, True])
    @pytest.mark.parametrize("first", [0, 1])
    def test_a_row_between_cards_of_two_merges(self, first: int, again: bool) -> None:
        """Each of two merges made at once, and each undo of them, takes back its own end of a household."""
        (ola, ola_too), (kari, kari_too) = two(), two()
        household = RelationFactory(customer=ola_too, other=kari_too)
        many = merge_many(orders=[Order((ola.pk, ola_too.pk)), Order((kari.pk, kari_too.pk))])
        assert many.act is not None
        if again:
            undone = change_set_undo(change_set_id=many.act.pk)[0]
            change_set_undo(change_set_id=undone.pk)
        household.refresh_from_db()
        assert (household.customer_id, household.other_id) == (ola.pk, kari.pk)
        change_set_undo(change_set_id=many.merges[first])
        household.refresh_from_db()
        assert (household.customer_id, household.other_id) == ((ola_too.pk, kari.pk), (ola.pk, kari_too.pk))[first]
        change_set_undo(change_set_id=many.merges[1 - first])
        household.refresh_from_db()
        assert (household.customer_id, household.other_id) == (ola_too.pk, kari_too.pk)

    @pytest.mark.parametrize("others", [0, 1])
    def test_a_flag_that_a_later_merge_holds_comes_back_with_its_undo(self, others: int) -> None:
        """Who pays for a stay goes from card to card, and back to whom it was, whichever merge is undone first."""
        stay = StayFactory()
        payer, second, third, fourth = CustomerFactory.create_batch(4)
        for guest in (payer, second, third, fourth):
            StayParticipantFactory(stay=stay, customer=guest, is_payer=guest == payer)
        acts = [merge(customer_ids=[second.pk, payer.pk], survivor_id=second.pk)]
        acts.append(merge(customer_ids=[third.pk, second.pk], survivor_id=third.pk))
        if others:
            acts.append(merge(customer_ids=[fourth.pk, third.pk], survivor_id=fourth.pk))
        for act in acts:
            assert StayParticipant.objects.filter(is_payer=True).count() == 1
            change_set_undo(change_set_id=act.pk)
        assert StayParticipant.objects.get(is_payer=True).customer_id == payer.pk

    def test_the_other_end_of_a_relation_comes_home(self) -> None:
        """Brought back while its other end was merged, a relation leads to that card again once it is there."""
        (ola, ola_too), (kari, kari_too) = two(), two()
        RelationFactory(customer=ola, other=CustomerFactory(), kind="referred_by")
        relation = RelationFactory(customer=ola_too, other=kari_too, kind="referred_by")
        first = merge(customer_ids=[ola.pk, ola_too.pk], survivor_id=ola.pk)
        second = merge(customer_ids=[kari.pk, kari_too.pk], survivor_id=kari.pk)
        change_set_undo(change_set_id=first.pk)
        relation.refresh_from_db()
        assert (relation.customer_id, relation.other_id) == (ola_too.pk, kari.pk)
        change_set_undo(change_set_id=second.pk)
        relation.refresh_from_db()
        assert (relation.customer_id, relation.other_id) == (ola_too.pk, kari_too.pk)

    @pytest.mark.parametrize("own", [None, 10])
    def test_when_a_card_was_opened_comes_back_from_under_a_later_merge(
        self, fjordstuen: House, own: int | None
    ) -> None:
        one, second, third = CustomerFactory.create_batch(3)
        opened = {one: own, second: 13, third: 19}
        for guest, day in opened.items():
            if day:
                RecentGuest.objects.create(customer=guest, member=fjordstuen.owner, opened_at=at(day))
        first = merge(customer_ids=[one.pk, second.pk], survivor_id=one.pk)
        then = merge(customer_ids=[one.pk, third.pk], survivor_id=one.pk)
        assert list(RecentGuest.objects.values_list("customer_id", "opened_at")) == [(one.pk, at(19))]
        change_set_undo(change_set_id=first.pk)
        found = dict(RecentGuest.objects.values_list("customer_id", "opened_at"))
        assert found == {one.pk: at(19), second.pk: at(13)}
        change_set_undo(change_set_id=then.pk)
        found = dict(RecentGuest.objects.values_list("customer_id", "opened_at"))
        assert found == {guest.pk: at(day) for guest, day in opened.items() if day}

    def test_refusals_stop_nobody_else(self) -> None:
        one, other = two()
        third, closed = two(is_restricted=True)
        orders = [Order([third.pk, closed.pk]), Order([one.pk]), Order([one.pk, other.pk]), Order([other.pk, third.pk])]
        done = merge_many(orders=orders)
        assert {place: refused.code for place, refused in done.refused.items()} == {
            0: "restricted", 1: "few", 3: "merged"
        }  # fmt: skip
        assert list(done.merges) == [2]
        again = merge_many(orders=[Order([one.pk, third.pk])], part_of=done.act)
        assert again.act is not None and again.act.pk == done.act.pk
        again.act.refresh_from_db()
        assert (again.act.params["merges"], again.act.state) == (2, "done")
        assert merge_many(orders=[Order([one.pk])]).act is None


@pytest.mark.usefixtures("fjordstuen")
class TestLineage:
    def test_ids_lead_to_the_last_survivor_and_back(self) -> None:
        one, other = two()
        third = CustomerFactory()
        first = merge(customer_ids=[one.pk, other.pk], survivor_id=one.pk)
        second = merge(customer_ids=[third.pk, one.pk], survivor_id=third.pk)
        assert ids_now(customer_ids=[other.pk, one.pk, third.pk]) == [third.pk]
        assert lineage_of(customer_id=third.pk) == [third.pk, *sorted([one.pk, other.pk])]
        change_set_undo(change_set_id=first.pk)
        assert survivor_of(customer_id=other.pk) is None
        change_set_undo(change_set_id=second.pk)
        assert not CardLineage.objects.exists()

    def test_the_history_tells_of_merge_and_undo(self) -> None:
        one, other = two(city="Voss")
        act = merge(customer_ids=[one.pk, other.pk], survivor_id=one.pk)
        acts = [view.act.pk for view in acts_of_guest(customer_id=one.pk, with_sensitive=True)]
        assert acts[0] == act.pk
        made = Change.objects.get(record="customer", row_id=other.pk, act="I").change_set_id
        assert made in acts, "what was done to the card that is merged stands on the one that carries on"
        undo = change_set_undo(change_set_id=act.pk)[0]
        for guest in (one, other):
            assert acts_of_guest(customer_id=guest.pk, with_sensitive=True)[0].act.pk == undo.pk

    def test_a_household_is_known_from_either_side_after_a_merge(self) -> None:
        _one, other = two()
        partner = CustomerFactory()
        RelationFactory(customer=other, other=partner, kind="household")
        late = CustomerFactory()
        merge(customer_ids=[late.pk, other.pk], survivor_id=late.pk)
        assert relation_add(customer_id=partner.pk, other_id=late.pk, kind="household")[1] is None


class TestAddresses:
    def test_pages_lead_to_the_survivor(self, fjordstuen: House, client: Client) -> None:
        one, other = two()
        merge(customer_ids=[one.pk, other.pk])
        client.force_login(fjordstuen.owner.user)
        address = reverse("guest_timeline", kwargs={"slug": fjordstuen.slug, "customer_id": other.pk})
        answer = client.get(f"{address}?kind=stay")
        assert answer.status_code == 302
        assert answer["Location"] == f"{address.replace(str(other.pk), str(one.pk))}?kind=stay"
        note = reverse("guest_note", kwargs={"slug": fjordstuen.slug, "customer_id": other.pk})
        assert client.post(note, {"text": "Rang", "kind": "note"}).status_code == 302
        assert Activity.objects.get().customer_id == one.pk

    def test_members_of_other_houses_learn_nothing(self, cast: Cast, client: Client) -> None:
        with business_scope(cast.fjordstuen.pk):
            one, other = two()
            merge(customer_ids=[one.pk, other.pk])
        client.force_login(cast.duinzicht.owner.user)
        for slug in (cast.fjordstuen.slug, cast.duinzicht.slug):
            address = reverse("guest_card", kwargs={"slug": slug, "customer_id": other.pk})
            assert client.get(address).status_code == 404
