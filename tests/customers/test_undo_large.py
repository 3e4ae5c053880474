"""Undoing a large act in steps: out of sight at once, removed by and by, and in the end as if done in one go."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import given

from accounts.tenancy import business_scope
from customers.bulk import undoing
from customers.bulk.models import BulkRun
from customers.bulk.services import bulk_work
from customers.bulk.undoing import bulk_undo
from customers.card.models import ContactPoint, Customer
from customers.card.services import tag_add
from customers.changes.leaving import is_leaving, seeing
from customers.changes.models import ChangeSet
from customers.changes.services import CannotUndo, change_set, change_set_undo
from customers.facts.models import CustomerFacts
from customers.facts.selectors import facts_today
from customers.history.models import Activity, Stay
from customers.history.services import activity_add
from customers.permission.services import restriction_set
from customers.search.selectors import guests_lookup
from tests.cast import House
from tests.customers.acts import RANDOM_ACTS, Step, example, perform, register, steps
from tests.factories import ActivityFactory, CustomerFactory, EmailFactory, StayParticipantFactory, TagFactory

GUESTS = 7


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every act is large, and its rows go two at a time."""
    monkeypatch.setattr(undoing, "BIG_UNDO", 0)
    monkeypatch.setattr(undoing, "ROWS", 2)


def imported(guests: int = GUESTS) -> tuple[ChangeSet, list[Customer]]:
    """An act that made guests with an address and a stay each."""
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Imported") as act:
        made = [CustomerFactory(given_name=f"Gone{n}", family_name="Away") for n in range(guests)]
        for n, guest in enumerate(made):
            EmailFactory(customer=guest, value=f"gone{n}@berg.no", normalised=f"gone{n}@berg.no")
            StayParticipantFactory(customer=guest)
    return act, made


def begin(act: ChangeSet, house: House) -> BulkRun:
    """Its undo, one step on."""
    run = bulk_undo(change_set_id=act.pk, member=house.owner)
    assert undoing._step(house.pk, run.pk)
    run.refresh_from_db()
    return run


def finish(run: BulkRun, house: House) -> BulkRun:
    bulk_work(business_id=house.pk, run_id=run.pk)
    run.refresh_from_db()
    return run


@pytest.mark.django_db
class TestOutOfSight:
    def test_they_are_gone_from_everywhere_at_once(self, fjordstuen: House, client: Client) -> None:
        stays = CustomerFactory(given_name="Stays", family_name="Away")
        act, made = imported()
        begin(act, fjordstuen)
        assert is_leaving()
        with seeing():
            assert Customer.objects.count() == GUESTS + 1, "they are still there"
        assert list(Customer.objects.all()) == [stays]
        assert list(CustomerFacts.objects.values_list("customer_id", flat=True)) == [stays.pk]
        assert not Stay.objects.exists()
        assert not ContactPoint.objects.exists()
        today = facts_today()
        assert [hit.customer_id for hit in guests_lookup(text="Away", today=today)] == [stays.pk]
        assert guests_lookup(text="gone3@berg.no", today=today) == []
        client.force_login(fjordstuen.owner.user)
        home = f"/b/{fjordstuen.business.slug}"
        assert client.get(f"{home}/guests/{made[0].pk}/").status_code == 404
        page = client.get(f"{home}/guests/")
        assert b"Gone" not in page.content
        assert b"Stays" in page.content

    def test_nobody_can_write_to_them(self, fjordstuen: House) -> None:
        act, made = imported()
        begin(act, fjordstuen)
        with pytest.raises(Customer.DoesNotExist):
            activity_add(customer_id=made[0].pk, text="Rang")
        with change_set(kind=ChangeSet.Kind.EDIT):
            assert Customer.objects.filter(pk=made[0].pk).update(city="Voss") == 0

    def test_another_business_sees_all_it_has(self, fjordstuen: House, cast: Any) -> None:
        act, _made = imported()
        begin(act, fjordstuen)
        with business_scope(cast.duinzicht.pk):
            assert not is_leaving()
            guest = CustomerFactory()
            assert Customer.objects.get() == guest

    def test_a_stay_with_somebody_who_stays_is_seen_until_it_goes(self, fjordstuen: House) -> None:
        host = CustomerFactory()
        with change_set(kind=ChangeSet.Kind.IMPORT) as act:
            part = StayParticipantFactory(customer=CustomerFactory())
            StayParticipantFactory(stay=part.stay, customer=host, is_payer=False)
        run = begin(act, fjordstuen)
        assert Stay.objects.get() == part.stay
        assert list(Customer.objects.all()) == [host]
        finish(run, fjordstuen)
        assert not Stay.objects.exists()
        assert CustomerFacts.objects.get().stays == 0


@pytest.mark.django_db
class TestKept:
    def test_what_was_edited_used_or_restricted_since(self, fjordstuen: House) -> None:
        act, made = imported()
        edited, noted, tagged, restricted = made[:4]
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=edited.pk).update(city="Voss")
        ActivityFactory(customer=noted)
        tag_add(customer_id=tagged.pk, tag_id=TagFactory().pk)
        restriction_set(customer_id=restricted.pk, restricted=True, reason="Disputes it")
        run = begin(act, fjordstuen)
        assert set(Customer.objects.all()) == {edited, noted, tagged, restricted}
        run = finish(run, fjordstuen)
        assert set(Customer.objects.all()) == {edited, noted, tagged, restricted}
        whose = list(ContactPoint.objects.order_by("customer_id").values_list("customer_id", flat=True))
        assert whose == [guest.pk for guest in made[:4]], "who stays can still be reached"
        assert not Stay.objects.exists()
        # Each a card and an address.
        assert run.skipped == {"kept": 6, "restricted": 2}
        undo = ChangeSet.objects.get(pk=run.change_set_id)
        assert (undo.state, undo.result["kept"], undo.result["restricted"]) == ("done", 8, 2)
        assert run.changed == undo.result["removed"] == 4 * GUESTS - 8
        assert sorted(CustomerFacts.objects.values_list("customer_id", flat=True)) == [guest.pk for guest in made[:4]]

    def test_what_is_used_while_it_leaves_comes_back(self, fjordstuen: House) -> None:
        act, made = imported()
        before = register()
        run = begin(act, fjordstuen)
        # A request that had read the card before the undo began.
        with seeing(), change_set(kind=ChangeSet.Kind.EDIT):
            Activity.objects.create(customer=made[2], kind="note", at=made[2].created_at, text="Rang")
        run = finish(run, fjordstuen)
        assert list(Customer.objects.all()) == [made[2]]
        assert (run.skipped, is_leaving()) == ({"kept": 1}, False)
        facts = CustomerFacts.objects.get()
        assert (facts.customer_id, facts.stays, facts.email_state, facts.last_activity is None) == (
            made[2].pk, 0, "", False,
        )  # fmt: skip
        words = {key for key, row in before["posting"].items() if f'"customer_id": {made[2].pk}' in row}
        assert set(register()["posting"]) == words

    @RANDOM_ACTS
    @given(earlier=steps, act=steps, later=steps)
    def test_it_ends_as_if_done_in_one_go(
        self, fjordstuen: House, earlier: list[Step], act: list[Step], later: list[Step]
    ) -> None:
        with example():
            with change_set(kind=ChangeSet.Kind.EDIT):
                perform(earlier)
            with change_set(kind=ChangeSet.Kind.IMPORT) as done:
                perform(act)
            with change_set(kind=ChangeSet.Kind.EDIT):
                perform(later)
            with example():
                outcome = _at_once(done)
                end = register()
            assert _in_steps(done, fjordstuen) == outcome
            assert register() == end
            assert not is_leaving()


def _at_once(act: ChangeSet) -> dict[str, Any]:
    return change_set_undo(change_set_id=act.pk)[1].as_result()


def _in_steps(act: ChangeSet, house: House) -> dict[str, Any]:
    run = finish(bulk_undo(change_set_id=act.pk, member=house.owner), house)
    if run.change_set is None:
        raise AssertionError(run.error)
    result: dict[str, Any] = run.change_set.result
    return {**result, **{name: [tuple(row) for row in result[name]] for name in ("kept_rows", "blocked_rows")}}


@pytest.mark.django_db
class TestInterrupted:
    def test_it_goes_on_after_every_step(self, fjordstuen: House) -> None:
        before = register()
        act, _made = imported()
        after = register()
        run = bulk_undo(change_set_id=act.pk, member=fjordstuen.owner)
        taken = 0
        while undoing._step(fjordstuen.pk, run.pk):
            taken += 1
            run.refresh_from_db()
            assert (run.state, run.finished_at) == (BulkRun.State.RUNNING, None)
            assert bulk_undo(change_set_id=act.pk).pk == run.pk
            with pytest.raises(CannotUndo):
                change_set_undo(change_set_id=act.pk)
        assert taken > 3 * GUESTS / 2
        run.refresh_from_db()
        assert (run.state, run.done, run.changed, run.skipped) == (BulkRun.State.DONE, 4 * GUESTS, 4 * GUESTS, {})
        assert "came_to" not in run.values
        assert register() == before
        again = finish(bulk_undo(change_set_id=run.change_set_id or 0), fjordstuen)
        assert again.state == BulkRun.State.DONE
        assert register() == after

    @pytest.mark.parametrize("steps_taken", [1, 4, 12])
    def test_a_fault_leaves_nothing_hidden_and_it_can_be_done_again(
        self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch, steps_taken: int
    ) -> None:
        before = register()
        act, _made = imported()
        run = bulk_undo(change_set_id=act.pk, member=fjordstuen.owner)
        broken = _broken_after(undoing._took_step, steps_taken)
        monkeypatch.setattr(undoing, "_took_step", broken)
        with pytest.raises(ZeroDivisionError):
            bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        run.refresh_from_db()
        assert (run.state, is_leaving()) == (BulkRun.State.FAILED, False)
        ids = set(Customer.objects.values_list("pk", flat=True))
        assert ids == set(CustomerFacts.objects.values_list("customer_id", flat=True))
        act.refresh_from_db()
        assert (act.state, act.undone_by_id) == (ChangeSet.State.DONE, None)
        monkeypatch.undo()
        monkeypatch.setattr(undoing, "BIG_UNDO", 0)
        again = finish(bulk_undo(change_set_id=act.pk, member=fjordstuen.owner), fjordstuen)
        assert again.state == BulkRun.State.DONE
        assert register() == before

    def test_one_that_cannot_be_says_why(self, fjordstuen: House) -> None:
        guest = CustomerFactory()
        with change_set(kind=ChangeSet.Kind.IMPORT) as act:
            EmailFactory(customer=guest)
        restriction_set(customer_id=guest.pk, restricted=True, reason="Disputes it")
        run = finish(bulk_undo(change_set_id=act.pk, member=fjordstuen.owner), fjordstuen)
        assert (run.state, run.change_set_id, is_leaving()) == (BulkRun.State.FAILED, None, False)
        assert "restricted" in run.error


def _broken_after(step: Callable[[BulkRun], bool], times: int) -> Callable[[BulkRun], bool]:
    left = iter(range(times))

    def broken(run: BulkRun) -> bool:
        if next(left, None) is None:
            raise ZeroDivisionError
        return step(run)

    return broken


@pytest.mark.django_db
class TestPages:
    def test_the_act_tells_how_far_it_is_and_what_was_kept(self, fjordstuen: House, client: Client) -> None:
        act, made = imported()
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=made[0].pk).update(city="Voss")
        restriction_set(customer_id=made[1].pk, restricted=True, reason="Disputes it")
        client.force_login(fjordstuen.owner.user)
        page = f"/b/{fjordstuen.business.slug}/changes/{act.pk}/"
        assert client.get(f"{page}undo/state/").headers["Location"] == page
        run = begin(act, fjordstuen)
        for address in (page, f"{page}undo/state/"):
            answer = client.get(address).content.decode()
            assert "gone from every page, count and search already" in answer
            assert 'hx-trigger="every 1s"' in answer
            assert f"0 / {4 * GUESTS}" in answer
        run = finish(run, fjordstuen)
        answer = client.get(f"{page}undo/state/").content.decode()
        assert "It was taken back." in answer
        assert "hx-trigger" not in answer
        assert "Kept: restricted" in answer
        assert f"/guests/{made[0].pk}/" in answer
        undo = client.get(f"/b/{fjordstuen.business.slug}/changes/{run.change_set_id}/").content.decode()
        assert "2 entries of guests whose data is restricted were kept." in undo
        assert "2 entries had been changed or used since and were kept." in undo
        assert f"/guests/{made[1].pk}/" in undo
        assert "It was taken back." in client.get(f"/b/{fjordstuen.business.slug}/bulk/{run.pk}/").content.decode()
