"""Sensitive details: written only with consent, read only by those who may, erased when the consent ends."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import AuditEntry, Role
from accounts.tenancy import business_scope, current_business_id
from customers.card.models import Customer
from customers.card.services import CardRestricted, EditConflict
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.selectors import may_see_sensitive, sensitive_due_businesses, sensitive_panel, sensitive_view
from customers.sensitive.services import (
    TEXT_MAX,
    ConsentMissing,
    sensitive_erase_due,
    sensitive_set,
    sensitive_update,
)
from customers.sensitive.tasks import sensitive_erase, sensitive_sweep
from tests.cast import Cast, House
from tests.factories import ConsentEventFactory, CustomerFactory, SensitiveDetailFactory

CANARY = "zebrafinch-allergy"


def consenting(**values: Any) -> Customer:
    """A guest who agrees to sensitive details."""
    guest = CustomerFactory(**values)
    consent(guest)
    return guest


def consent(guest: Customer, act: str = "granted", **values: Any) -> None:
    ConsentEventFactory(customer=guest, purpose="sensitive", channel="", act=act, **values)


def viewed(house: House, guest: Customer, member: Any = None) -> dict[str, str] | None:
    return sensitive_view(business=house.business, customer_id=guest.pk, member=member or house.reception)


def test_what_is_written_is_read_and_stored_sealed(fjordstuen: House) -> None:
    guest = consenting()
    act = sensitive_set(
        customer_id=guest.pk, kind="allergies", text=f"  {CANARY}\r\nnuts ", member=fjordstuen.reception
    )
    assert act is not None
    assert viewed(fjordstuen, guest) == {"allergies": f"{CANARY}\nnuts"}
    row = SensitiveDetail.objects.get()
    assert CANARY.encode() not in bytes(row.ciphertext)
    assert row.key_name == "tests"
    changes = list(Change.objects.filter(change_set_id=act.pk).values_list("record", "act", "data"))
    assert changes == [("sensitivedetail", "I", {"version": 1})]


def test_a_change_and_a_removal_tell_the_log_which_kinds_and_never_what(fjordstuen: House) -> None:
    guest = consenting()
    sensitive_set(customer_id=guest.pk, kind="food", text="Fish", member=fjordstuen.reception)
    changed = sensitive_set(customer_id=guest.pk, kind="food", text=CANARY, member=fjordstuen.reception)
    removed = sensitive_set(customer_id=guest.pk, kind="food", text="", member=fjordstuen.reception)
    assert changed is not None and removed is not None
    data = Change.objects.get(change_set_id=changed.pk).data
    assert data["ciphertext"] == ["", "changed"]
    gone = Change.objects.get(change_set_id=removed.pk)
    assert gone.act == "D" and not {"ciphertext", "key_name"} & set(gone.data)
    entries = AuditEntry.objects.filter(action="sensitive.changed", object_type="customer", object_id=guest.pk)
    assert [entry.data for entry in entries] == [{"kinds": ["food"]}] * 3
    assert not SensitiveDetail.objects.exists()


def test_the_same_text_again_changes_nothing(fjordstuen: House) -> None:
    guest = consenting()
    sensitive_set(customer_id=guest.pk, kind="food", text="Fish")
    assert sensitive_set(customer_id=guest.pk, kind="food", text=" Fish ") is None
    assert sensitive_set(customer_id=guest.pk, kind="wishes", text="") is None
    assert AuditEntry.objects.filter(action="sensitive.changed").count() == 1


@pytest.mark.parametrize("decided", [[], ["withdrawn"], ["granted", "withdrawn"]])
def test_without_consent_nothing_is_written(fjordstuen: House, decided: list[str]) -> None:
    guest = CustomerFactory()
    for act in decided:
        consent(guest, act)
    with pytest.raises(ConsentMissing, match="Record the consent first"):
        sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    assert not SensitiveDetail.objects.exists()
    assert not AuditEntry.objects.filter(action="sensitive.changed").exists()


def test_another_consent_does_not_count(fjordstuen: House) -> None:
    guest = CustomerFactory()
    ConsentEventFactory(customer=guest, purpose="profiling", channel="")
    with pytest.raises(ConsentMissing):
        sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)


def test_the_database_refuses_what_a_service_let_through(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A consent that ends between the look and the write, and a write that never looks."""
    guest = CustomerFactory()
    monkeypatch.setattr("customers.sensitive.services.has_consent", lambda **_: True)
    with pytest.raises(ConsentMissing):
        sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    with pytest.raises(IntegrityError, match="without the consent"), change_set(kind=ChangeSet.Kind.EDIT):
        SensitiveDetail.objects.create(customer=guest, kind="food", ciphertext=b"x", key_name="tests")
    assert not SensitiveDetail.objects.exists()


def test_a_restricted_card_stays_as_it_is(fjordstuen: House) -> None:
    guest = consenting(is_restricted=True)
    with pytest.raises(CardRestricted):
        sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    assert not SensitiveDetail.objects.exists()


def test_unknown_kinds_and_long_texts_are_refused(fjordstuen: House) -> None:
    guest = consenting()
    with pytest.raises(ValueError, match="ciphertext"):
        sensitive_set(customer_id=guest.pk, kind="ciphertext", text="x")
    with pytest.raises(ValueError, match="1000"):
        sensitive_set(customer_id=guest.pk, kind="food", text="x" * (TEXT_MAX + 1))
    with pytest.raises(Customer.DoesNotExist):
        sensitive_set(customer_id=2**40, kind="food", text="x")


def test_two_editors_never_overwrite_each_other(fjordstuen: House) -> None:
    guest = consenting()
    sensitive_update(customer_id=guest.pk, values={"food": "Fish", "wishes": "Quiet"})
    seen = {"food": "Fish", "wishes": "Quiet", "allergies": ""}
    sensitive_set(customer_id=guest.pk, kind="food", text="No fish")
    with pytest.raises(EditConflict) as clash:
        sensitive_update(customer_id=guest.pk, values={"food": "Fish and meat"}, seen=seen)
    assert clash.value.current == {"food": "No fish"}
    mine = {"food": "Fish", "wishes": "Sea view", "allergies": "Nuts"}
    sensitive_update(customer_id=guest.pk, values=mine, seen=seen)
    assert viewed(fjordstuen, guest) == {"allergies": "Nuts", "food": "No fish", "wishes": "Sea view"}


def test_roles_that_the_business_allows(fjordstuen: House) -> None:
    guest = consenting()
    sensitive_set(customer_id=guest.pk, kind="food", text="Fish")
    business = fjordstuen.business
    business.sensitive_roles = [Role.ADMIN, Role.MARKETING]
    seeing = {
        role for role, member in fjordstuen.members.items() if may_see_sensitive(business=business, member=member)
    }
    assert seeing == {Role.ADMIN}
    for role, member in fjordstuen.members.items():
        found = sensitive_view(business=business, customer_id=guest.pk, member=member)
        assert found == ({"food": "Fish"} if role == Role.ADMIN else None)
    assert sensitive_view(business=business, customer_id=guest.pk, member=None) is None
    fjordstuen.admin.is_active = False
    assert not may_see_sensitive(business=business, member=fjordstuen.admin)
    assert AuditEntry.objects.filter(action="sensitive.viewed").count() == 1


def test_each_viewing_is_logged_with_kinds_alone(fjordstuen: House) -> None:
    guest = consenting()
    assert viewed(fjordstuen, guest) == {}
    assert not AuditEntry.objects.filter(action="sensitive.viewed").exists(), "there was nothing to see"
    sensitive_update(customer_id=guest.pk, values={"spouse": CANARY, "allergies": CANARY})
    viewed(fjordstuen, guest)
    viewed(fjordstuen, guest, fjordstuen.owner)
    entries = list(AuditEntry.objects.filter(action="sensitive.viewed").order_by("id"))
    assert [(entry.member_id, entry.object_type, entry.object_id) for entry in entries] == [
        (fjordstuen.reception.pk, "customer", guest.pk),
        (fjordstuen.owner.pk, "customer", guest.pk),
    ]
    assert entries[0].data == {"kinds": ["allergies", "spouse"]}


def test_reading_stops_with_the_consent_before_anything_is_erased(fjordstuen: House) -> None:
    guest = consenting()
    sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    consent(guest, "withdrawn")
    assert viewed(fjordstuen, guest) == {}
    panel = sensitive_panel(business=fjordstuen.business, customer_id=guest.pk, member=fjordstuen.reception)
    assert panel is not None and not panel.consented and panel.allergies == ""
    assert SensitiveDetail.objects.exists()


def test_a_new_consent_does_not_bring_back_what_the_old_one_covered(fjordstuen: House) -> None:
    guest = consenting()
    sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    sensitive_set(customer_id=guest.pk, kind="food", text="Fish")
    consent(guest, "withdrawn")
    consent(guest)
    assert viewed(fjordstuen, guest) == {}
    sensitive_set(customer_id=guest.pk, kind="food", text="Fish")
    assert viewed(fjordstuen, guest) == {"food": "Fish"}
    assert sensitive_erase_due() == 1
    assert viewed(fjordstuen, guest) == {"food": "Fish"}


def test_an_old_withdrawal_learned_late_takes_nothing(fjordstuen: House) -> None:
    guest = consenting()
    sensitive_set(customer_id=guest.pk, kind="allergies", text="Nuts")
    consent(guest, "withdrawn", at=timezone.now() - dt.timedelta(days=30))
    assert sensitive_erase_due() == 0
    assert viewed(fjordstuen, guest) == {"allergies": "Nuts"}


def test_erasing_is_one_act_that_is_no_event_and_tells_the_log(fjordstuen: House) -> None:
    staying, leaving = consenting(), consenting()
    for guest in (staying, leaving):
        sensitive_update(customer_id=guest.pk, values={"allergies": "Nuts", "food": "Fish"})
    consent(leaving, "withdrawn")
    assert sensitive_erase_due() == 2
    assert sensitive_erase_due() == 0
    assert set(SensitiveDetail.objects.values_list("customer_id", flat=True)) == {staying.pk}
    act = ChangeSet.objects.latest("id")
    assert not act.is_event
    assert act.params == {"guests": [leaving.pk]}
    entry = AuditEntry.objects.get(action="sensitive.erased")
    assert (entry.object_id, entry.data) == (leaving.pk, {"kinds": ["allergies", "food"]})


def test_no_undo_brings_a_detail_back(fjordstuen: House) -> None:
    guest = consenting()
    made = sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    changed = sensitive_set(customer_id=guest.pk, kind="allergies", text="Nuts")
    assert made is not None and changed is not None
    change_set_undo(change_set_id=changed.pk)
    assert viewed(fjordstuen, guest) == {"allergies": "Nuts"}, "an old text is nowhere kept"
    consent(guest, "withdrawn")
    sensitive_erase_due()
    erased = ChangeSet.objects.filter(params={"guests": [guest.pk]}, is_event=False).latest("id")
    _undo, outcome = change_set_undo(change_set_id=erased.pk)
    assert (outcome.restored, outcome.blocked) == (0, 1)
    consent(guest)
    for act in (_undo, made):
        change_set_undo(change_set_id=act.pk)
        assert not SensitiveDetail.objects.exists()


def test_undoing_what_wrote_a_detail_takes_it_away_for_good(fjordstuen: House) -> None:
    guest = consenting()
    made = sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    assert made is not None
    undo, outcome = change_set_undo(change_set_id=made.pk)
    assert outcome.removed == 1
    change_set_undo(change_set_id=undo.pk)
    assert not SensitiveDetail.objects.exists()


def test_the_sweep_erases_what_no_worker_was_told_of(transactional_cast: Cast) -> None:
    """A consent ends, and the message is lost: nobody calls the task of the business."""
    here, there = transactional_cast.fjordstuen, transactional_cast.duinzicht
    for house in (here, there):
        with business_scope(house.pk):
            sensitive_set(customer_id=consenting().pk, kind="allergies", text="Nuts")
    with business_scope(here.pk):
        consent(Customer.objects.get(), "withdrawn")
    assert sensitive_due_businesses() == [here.pk]
    sensitive_sweep()
    assert sensitive_due_businesses() == []
    with business_scope(here.pk):
        assert not SensitiveDetail.objects.exists()
    with business_scope(there.pk):
        assert SensitiveDetail.objects.count() == 1


def test_one_business_that_fails_does_not_stop_the_sweep(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    houses = (transactional_cast.fjordstuen, transactional_cast.duinzicht)
    for house in houses:
        with business_scope(house.pk):
            guest = consenting()
            sensitive_set(customer_id=guest.pk, kind="allergies", text="Nuts")
            consent(guest, "withdrawn")
    first = sensitive_due_businesses()[0]

    def fails() -> bool:
        if current_business_id() == first:
            raise OSError("No connection")
        return sensitive_erase_due()

    monkeypatch.setattr("customers.sensitive.tasks.sensitive_erase_due", fails)
    sensitive_sweep()
    assert sensitive_due_businesses() == [first]
    assert f"business {first} were not erased" in caplog.text


def test_the_sweep_and_the_reads_agree_on_what_is_due(transactional_cast: Cast) -> None:
    """Withdrawn and given again before anything was erased."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        guest = consenting()
        sensitive_set(customer_id=guest.pk, kind="allergies", text="Nuts")
        consent(guest, "withdrawn")
        consent(guest)
    assert sensitive_due_businesses() == [house.pk]
    sensitive_erase(house.pk)
    with business_scope(house.pk):
        assert not SensitiveDetail.objects.exists()


def test_many_are_erased_in_several_transactions(transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    house = transactional_cast.fjordstuen
    once = sensitive_erase_due
    monkeypatch.setattr("customers.sensitive.tasks.sensitive_erase_due", lambda: once(limit=3))
    with business_scope(house.pk):
        for _ in range(7):
            guest = consenting()
            sensitive_set(customer_id=guest.pk, kind="allergies", text="Nuts")
            consent(guest, "withdrawn")
    sensitive_erase(house.pk)
    with business_scope(house.pk):
        assert not SensitiveDetail.objects.exists()
        assert ChangeSet.objects.filter(title__startswith="Erased sensitive").count() == 3


def test_a_ciphertext_moved_to_another_business_does_not_open(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = consenting()
        sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
        row = SensitiveDetail.objects.get()
    with business_scope(cast.duinzicht.pk):
        other = consenting()
        SensitiveDetailFactory(
            customer=other, kind="allergies", uid=row.uid, ciphertext=row.ciphertext, key_name=row.key_name
        )
        panel = sensitive_panel(business=cast.duinzicht.business, customer_id=other.pk, member=cast.duinzicht.reception)
    assert panel is not None
    assert [(line.kind, line.text, line.is_open) for line in panel.lines] == [("allergies", "", False)]
    assert panel.closed == {"allergies"}


def test_a_detail_moves_to_another_card_and_still_opens(fjordstuen: House) -> None:
    guest, survivor = consenting(), consenting()
    sensitive_set(customer_id=guest.pk, kind="allergies", text="Nuts")
    with change_set(kind=ChangeSet.Kind.EDIT):
        SensitiveDetail.objects.update(customer=survivor)
    assert viewed(fjordstuen, survivor) == {"allergies": "Nuts"}


def test_a_tampered_row_does_not_open_and_the_rest_does(fjordstuen: House, caplog: pytest.LogCaptureFixture) -> None:
    guest = consenting()
    sensitive_update(customer_id=guest.pk, values={"allergies": CANARY, "food": "Fish"})
    row = SensitiveDetail.objects.get(kind="allergies")
    with change_set(kind=ChangeSet.Kind.EDIT):
        SensitiveDetail.objects.filter(pk=row.pk).update(uid=uuid.uuid4())
    assert viewed(fjordstuen, guest) == {"food": "Fish"}
    assert "does not open" in caplog.text
    assert CANARY not in caplog.text


def test_nothing_is_seen_from_another_business(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = consenting()
        sensitive_set(customer_id=guest.pk, kind="allergies", text=CANARY)
    with business_scope(cast.duinzicht.pk):
        assert viewed(cast.duinzicht, guest) == {}
        assert not SensitiveDetail.objects.exists()
