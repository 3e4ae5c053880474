"""Bulk actions: what each does to whom, whom it leaves as they are and why, and the way back."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.bulk.models import BulkGuests, BulkRun
from customers.bulk.registry import ValuesRefused, action_get
from customers.bulk.selection import Selection, guests_preview
from customers.bulk.services import bulk_start, bulk_work
from customers.bulk.undoing import bulk_undo
from customers.bulk.wording import run_sentence
from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import Change, ChangeSet
from customers.changes.services import CannotUndo, change_set, change_set_undo
from customers.facts.models import CustomerFacts
from customers.fields.models import CustomField, GuestFieldValue
from customers.filters import Condition, Group
from customers.filters.catalogue import code
from tests.cast import Cast, House
from tests.factories import CustomerFactory, CustomerTagFactory, CustomFieldFactory, GuestFieldValueFactory, TagFactory

pytestmark = pytest.mark.django_db
Kind = CustomField.Kind
DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))


def start(house: House, action: str, ids: list[int] | None, tree: Group | None = None, **values: str) -> BulkRun:
    return bulk_start(business=house.business, action=action, values=values, ids=ids, tree=tree, member=house.marketing)


def tagged(tag: Tag) -> list[int]:
    return sorted(CustomerTag.objects.filter(tag=tag).values_list("customer_id", flat=True))


class TestTags:
    def test_whoever_can_take_the_tag_gets_it_and_each_other_has_one_reason(self, fjordstuen: House) -> None:
        tag = TagFactory(name="Winter")
        plain, gaps = CustomerFactory(), CustomerFactory()
        for slot in (1, 3):
            CustomerTagFactory(customer=gaps, slot=slot)
        has, full = CustomerTagFactory(tag=tag).customer, CustomerFactory()
        for slot in range(1, 10):
            CustomerTagFactory(customer=full, slot=slot)
        restricted = CustomerFactory(is_restricted=True)
        gone = 2**40
        ids = [gone, restricted.pk, full.pk, has.pk, gaps.pk, plain.pk, plain.pk]
        run = start(fjordstuen, "tag_add", ids, tag=str(tag.pk))
        assert (run.state, run.total, run.done, run.changed) == (BulkRun.State.DONE, 6, 6, 2)
        assert run.skipped == {"gone": 1, "restricted": 1, "full": 1, "same": 1}
        assert run.examples == {"gone": [gone], "restricted": [restricted.pk], "full": [full.pk], "same": [has.pk]}
        assert tagged(tag) == sorted([plain.pk, gaps.pk, has.pk])
        assert CustomerTag.objects.get(customer=gaps, tag=tag).slot == 2, "the first free place"
        assert CustomerTag.objects.get(customer=plain, tag=tag).slot == 1
        assert not BulkGuests.objects.exists(), "whom it was meant for is forgotten"
        assert run_sentence(run) == "Tagged in bulk: Winter"

    def test_nine_places_are_filled_and_no_tenth(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        for _ in range(10):
            start(fjordstuen, "tag_add", [guest.pk], tag=str(TagFactory().pk))
        slots = CustomerTag.objects.filter(customer=guest).values_list("slot", flat=True)
        assert sorted(slots) == list(range(1, 10))

    def test_taking_a_tag_off(self, fjordstuen: House) -> None:
        tag, other = TagFactory(), TagFactory()
        has, lacks = CustomerTagFactory(tag=tag).customer, CustomerTagFactory(tag=other).customer
        restricted = CustomerTagFactory(tag=tag, customer__is_restricted=True).customer
        run = start(fjordstuen, "tag_remove", [has.pk, lacks.pk, restricted.pk], tag=str(tag.pk))
        assert (run.changed, run.skipped) == (1, {"same": 1, "restricted": 1})
        assert tagged(tag) == [restricted.pk]
        assert tagged(other) == [lacks.pk]

    @pytest.mark.parametrize("typed", ["", "x", "99999999", "9" * 30, "²"])
    def test_a_tag_that_is_none_is_refused(self, fjordstuen: House, typed: str) -> None:
        with pytest.raises(ValuesRefused) as refused:
            start(fjordstuen, "tag_add", [CustomerFactory().pk], tag=typed)
        assert refused.value.errors == {"tag": "Choose a tag."}
        assert not BulkRun.objects.exists()

    def test_a_neighbours_tag_and_guests_are_nobodys(self, cast: Cast) -> None:
        with business_scope(cast.duinzicht.pk):
            foreign, guest = TagFactory(), CustomerFactory()
        with business_scope(cast.fjordstuen.pk):
            with pytest.raises(ValuesRefused):
                start(cast.fjordstuen, "tag_add", [guest.pk], tag=str(foreign.pk))
            run = start(cast.fjordstuen, "tag_add", [guest.pk], tag=str(TagFactory().pk))
            assert (run.changed, run.skipped) == (0, {"gone": 1})
        with business_scope(cast.duinzicht.pk):
            assert not CustomerTag.objects.exists()


class TestFields:
    @pytest.mark.parametrize(
        ("field", "value", "before"),
        [("language", "nl", "nb"), ("country", "NL", "NO"), ("nationality", "NL", ""), ("source", "group", "phone")],
    )
    def test_a_field_of_the_card(self, fjordstuen: House, field: str, value: str, before: str) -> None:
        other, same = CustomerFactory(**{field: before}), CustomerFactory(**{field: value})
        run = start(fjordstuen, "field_set", [other.pk, same.pk], field=field, value=value)
        assert (run.changed, run.skipped) == (1, {"same": 1})
        assert getattr(Customer.objects.get(pk=other.pk), field) == value
        assert Customer.objects.get(pk=other.pk).version == 2
        assert Customer.objects.get(pk=same.pk).version == 1
        (change,) = Change.objects.filter(change_set_id=run.change_set_id)
        assert change.data == {field: [before, value]}

    def test_a_field_is_emptied(self, fjordstuen: House) -> None:
        guest = CustomerFactory(language="nl")
        run = start(fjordstuen, "field_set", [guest.pk], field="language", value="")
        assert Customer.objects.get(pk=guest.pk).language == ""
        assert run_sentence(run) == "Emptied in bulk: Language"

    @pytest.mark.parametrize(
        ("kind", "typed", "column", "held"),
        [
            (Kind.TEXT, "Rorbu", "text", "Rorbu"),
            (Kind.NUMBER, "12.5", "number", 12.5),
            (Kind.DATE, "17.5.2026", "date", None),
            (Kind.YES_NO, "no", "flag", False),
            (Kind.CHOICE, "sea", "text", "sea"),
        ],
    )
    def test_a_field_of_one_s_own(self, fjordstuen: House, kind: str, typed: str, column: str, held: Any) -> None:
        field = CustomFieldFactory(key="view", kind=kind, options=[{"key": "sea", "label": "Sea view"}])
        lacks, twice = CustomerFactory(), CustomerFactory()
        start(fjordstuen, "field_set", [twice.pk], field="own.view", value=typed)
        run = start(fjordstuen, "field_set", [lacks.pk, twice.pk], field="own.view", value=typed)
        assert (run.changed, run.skipped) == (1, {"same": 1})
        rows = list(GuestFieldValue.objects.filter(field=field))
        assert [row.customer_id for row in rows] == [twice.pk, lacks.pk]
        values = {getattr(row, column) for row in rows}
        assert len(values) == 1
        if held is not None:
            assert values == {held}
        emptied = start(fjordstuen, "field_set", [lacks.pk, twice.pk], field="own.view", value="")
        assert emptied.changed == 2
        assert not GuestFieldValue.objects.exists()

    def test_another_value_of_one_s_own_is_replaced_and_comes_back(self, fjordstuen: House) -> None:
        field = CustomFieldFactory(key="view")
        row = GuestFieldValueFactory(field=field, text="Court")
        run = start(fjordstuen, "field_set", [row.customer_id], field="own.view", value="Sea")
        assert GuestFieldValue.objects.get().text == "Sea"
        change_set_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        assert GuestFieldValue.objects.get().text == "Court"

    @pytest.mark.parametrize(
        ("field", "value", "wrong"),
        [
            ("language", "klingon", "value"),
            ("country", "XX", "value"),
            ("source", "heaven", "value"),
            ("note", "x", "field"),
            ("is_restricted", "true", "field"),
            ("own.nothing", "x", "field"),
            ("own.nights", "many", "value"),
            ("", "x", "field"),
        ],
    )
    def test_what_cannot_be_written_is_refused(self, fjordstuen: House, field: str, value: str, wrong: str) -> None:
        CustomFieldFactory(key="nights", kind=Kind.NUMBER)
        with pytest.raises(ValuesRefused) as refused:
            start(fjordstuen, "field_set", [CustomerFactory().pk], field=field, value=value)
        assert list(refused.value.errors) == [wrong]
        assert not ChangeSet.objects.filter(kind=ChangeSet.Kind.BULK).exists()


class TestAct:
    def test_it_is_one_act_of_the_member_and_stands_in_the_log(self, fjordstuen: House) -> None:
        tag = Tag.objects.get(code="vip")
        guests = [CustomerFactory().pk for _ in range(3)]
        run = start(fjordstuen, "tag_add", guests, tag=str(tag.pk))
        act = ChangeSet.objects.get(pk=run.change_set_id)
        assert (act.kind, act.state, act.member_id) == (
            ChangeSet.Kind.BULK,
            ChangeSet.State.DONE,
            fjordstuen.marketing.pk,
        )
        assert act.is_event
        assert act.result == {"changed": 3, "skipped": {}}
        changed = Change.objects.filter(change_set_id=act.pk)
        assert sorted(changed.values_list("guest_id", flat=True)) == sorted(guests)
        entries = AuditEntry.objects.filter(object_type="bulkrun", object_id=run.pk).order_by("id")
        assert [entry.action for entry in entries] == ["bulk.started", "bulk.finished"]
        assert entries[1].data["changed"] == 3

    def test_what_changes_nothing_is_no_act(self, fjordstuen: House) -> None:
        row = CustomerTagFactory()
        run = start(fjordstuen, "tag_add", [row.customer_id], tag=str(row.tag_id))
        assert (run.state, run.changed, run.change_set) == (BulkRun.State.DONE, 0, None)
        assert not ChangeSet.objects.filter(kind=ChangeSet.Kind.BULK).exists()

    def test_undo_takes_back_what_it_did_and_nothing_else(self, fjordstuen: House) -> None:
        tag = TagFactory()
        before = CustomerTagFactory(tag=tag).customer
        guests = [CustomerFactory() for _ in range(3)]
        run = start(fjordstuen, "tag_add", [before.pk, *(guest.pk for guest in guests)], tag=str(tag.pk))
        with change_set(kind=ChangeSet.Kind.EDIT):
            CustomerTag.objects.filter(customer=guests[0], tag=tag).delete()
        _act, outcome = change_set_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        assert tagged(tag) == [before.pk]
        assert outcome.removed == 2

    def test_the_same_form_twice_is_one_run(self, fjordstuen: House) -> None:
        tag, other = TagFactory(), TagFactory()
        guest = CustomerFactory()

        def send(tag: Tag) -> BulkRun:
            return bulk_start(
                business=fjordstuen.business,
                action="tag_add",
                values={"tag": str(tag.pk)},
                ids=[guest.pk],
                member=fjordstuen.marketing,
                token="form",
            )

        first = send(tag)
        with change_set(kind=ChangeSet.Kind.EDIT):
            CustomerTag.objects.all().delete()
        assert send(tag).pk == first.pk
        assert tagged(tag) == [], "it was not done again"
        assert send(other).pk != first.pk, "a page one went back to may ask for something else"
        assert tagged(other) == [guest.pk]


class TestEveryone:
    def test_all_that_match_at_its_start_and_nobody_after(
        self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("customers.bulk.services.SMALL", 1)
        monkeypatch.setattr("customers.bulk.services.BATCH", 2)
        dutch = [CustomerFactory(language="nl").pk for _ in range(5)]
        CustomerFactory(language="nb")
        tag = TagFactory()
        run = start(fjordstuen, "tag_add", None, DUTCH, tag=str(tag.pk))
        assert (run.state, run.total) == (BulkRun.State.WAITING, 5)
        assert [len(batch.customer_ids) for batch in BulkGuests.objects.order_by("number")] == [2, 2, 1]
        CustomerFactory(language="nl")
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=dutch[0]).update(language="nb")
        bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        assert tagged(tag) == dutch, "whom the page had counted"
        run.refresh_from_db()
        assert (run.state, run.changed, run.batches_done) == (BulkRun.State.DONE, 5, 3)

    def test_a_search_text_finds_as_the_list_does(self, fjordstuen: House) -> None:
        kari, _ola = CustomerFactory(given_name="Kari", family_name="Berg"), CustomerFactory(given_name="Ola")
        tag = TagFactory()
        bulk_start(business=fjordstuen.business, action="tag_add", values={"tag": str(tag.pk)}, text="kari berg")
        assert tagged(tag) == [kari.pk]

    def test_facts_follow(self, fjordstuen: House) -> None:
        tag = TagFactory()
        guest = CustomerFactory(language="nb")
        start(fjordstuen, "tag_add", None, tag=str(tag.pk))
        run = start(fjordstuen, "field_set", None, field="language", value="nl")
        facts = CustomerFacts.objects.get(customer=guest)
        assert (facts.tags, facts.language) == ([tag.pk], code("nl"))
        change_set_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        assert CustomerFacts.objects.get(customer=guest).language == code("nb")


class TestPreview:
    @pytest.mark.parametrize(
        ("action", "values"),
        [
            ("tag_add", {"tag": "{tag}"}),
            ("tag_remove", {"tag": "{tag}"}),
            ("field_set", {"field": "language", "value": "nl"}),
            ("field_set", {"field": "own.view", "value": "Sea"}),
            ("field_set", {"field": "own.view", "value": ""}),
        ],
    )
    def test_it_tells_what_then_happens(self, fjordstuen: House, action: str, values: dict[str, str]) -> None:
        tag, field = TagFactory(), CustomFieldFactory(key="view")
        for number, view in enumerate(("Sea", "Court", "")):
            guest = CustomerFactory(language=("nl", "nb", "")[number])
            if view:
                GuestFieldValueFactory(customer=guest, field=field, text=view)
        CustomerTagFactory(tag=tag)
        full = CustomerFactory()
        for slot in range(1, 10):
            CustomerTagFactory(customer=full, slot=slot)
        CustomerTagFactory(tag=tag, customer__is_restricted=True)
        given = {name: value.format(tag=tag.pk) for name, value in values.items()}
        chosen = action_get(action)
        assert chosen is not None
        asked = chosen.read(given)
        ids = tuple(Customer.objects.values_list("pk", flat=True))
        told = [
            guests_preview(action=chosen, values=asked.values, selection=selection, business=fjordstuen.business)
            for selection in (Selection(), Selection(ids))
        ]
        assert told[0] == told[1]
        run = start(fjordstuen, action, None, **given)
        assert (told[0].total, told[0].wanted, told[0].left) == (run.total, run.changed, run.skipped)
        assert told[0].wanted and told[0].unchanged


class TestUndo:
    def test_a_small_act_at_once(self, fjordstuen: House) -> None:
        run = start(fjordstuen, "tag_add", [CustomerFactory().pk], tag=str(TagFactory().pk))
        undo = bulk_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        assert (undo.state, undo.changed, undo.skipped) == (BulkRun.State.DONE, 1, {})
        assert not CustomerTag.objects.exists()
        again = bulk_undo(change_set_id=undo.change_set_id, member=fjordstuen.owner)
        assert (again.state, again.changed) == (BulkRun.State.DONE, 1)
        assert CustomerTag.objects.count() == 1

    def test_a_large_act_in_the_background_once(self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("customers.bulk.undoing.BIG_UNDO", 2)
        guests = [CustomerFactory() for _ in range(4)]
        run = start(fjordstuen, "tag_add", [guest.pk for guest in guests], tag=str(TagFactory().pk))
        undo = bulk_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        assert undo.state == BulkRun.State.WAITING
        assert bulk_undo(change_set_id=run.change_set_id, member=fjordstuen.owner).pk == undo.pk
        assert CustomerTag.objects.count() == 4
        bulk_work(business_id=fjordstuen.pk, run_id=undo.pk)
        bulk_work(business_id=fjordstuen.pk, run_id=undo.pk)
        undo.refresh_from_db()
        assert (undo.state, undo.done, undo.changed) == (BulkRun.State.DONE, 4, 4)
        assert not CustomerTag.objects.exists()
        with pytest.raises(CannotUndo):
            bulk_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        again = bulk_undo(change_set_id=undo.change_set_id, member=fjordstuen.owner)
        bulk_work(business_id=fjordstuen.pk, run_id=again.pk)
        assert CustomerTag.objects.count() == 4

    def test_one_that_cannot_be_says_why_and_changes_nothing(
        self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("customers.bulk.undoing.BIG_UNDO", 1)
        guests = [CustomerFactory() for _ in range(3)]
        run = start(fjordstuen, "tag_add", [guest.pk for guest in guests], tag=str(TagFactory().pk))
        undo = bulk_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        change_set_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        bulk_work(business_id=fjordstuen.pk, run_id=undo.pk)
        undo.refresh_from_db()
        assert (undo.state, undo.error) == (BulkRun.State.FAILED, "This change has already been undone.")
        assert undo.change_set is None
