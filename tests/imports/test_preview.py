"""What becomes of each row: found out before anything is written, decided by a member, honoured by the import."""

from pathlib import Path
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, ExternalId
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.history.models import Stay
from imports.models import ImportMapping, ImportRow, ImportRun
from imports.selectors import row_groups, row_totals, rows_before, rows_of, rows_problems
from imports.services import (
    DecisionRefused,
    RunRefused,
    checking,
    rows_decide,
    run_check,
    run_discard,
    run_layout_set,
    run_policy_set,
    run_start,
    sources,
)
from imports.stops import Unread
from tests.cast import House
from tests.imports.files import booking
from tests.imports.previews import ROWS, again, checked, imported, row, told


@pytest.mark.parametrize("rows_a_batch", [1, 3, 5_000])
def test_every_row_has_its_outcome_and_cause(
    house: House,
    cards: dict[str, Customer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows_a_batch: int,
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    run = checked(house, tmp_path, ROWS)
    assert run.state == ImportRun.State.READY
    assert told(house, run) == {
        2: ("update", "email", cards["ase"].pk),
        3: ("review", "same_email", cards["bo"].pk),
        4: ("review", "same_phone", cards["bo"].pk),
        5: ("review", "same_name", cards["kari"].pk),
        6: ("review", "several", cards["jan"].pk),
        7: ("create", "", None),
        8: ("update", "file", None),
        9: ("invalid", "no_guest", None),
    }
    with business_scope(house.pk):
        groups = {(group.outcome, group.cause): group for group in row_groups(run=run)}
        assert next(iter(groups))[0] == "review"
        assert groups["create", ""].examples[0].label == "New One"
        assert row_totals(run=run) == {"review": 0, "create": 4, "update": 3, "unchanged": 0, "invalid": 1, "skip": 0}
        assert rows_problems(run=run, lines=[9])[9].reason == "no_guest"
        assert Customer.objects.count() == 5
    done = imported(house, run)
    assert done.counts["guests"] == run.counts["guests"]
    assert told(house, run)[7][0] == "create", "the preview stays while the file is kept"
    run = checked(house, tmp_path, ROWS)
    assert {line: row[:2] for line, row in told(house, run).items()} == {
        2: ("unchanged", "email"),
        3: ("unchanged", "row"),
        4: ("unchanged", "row"),
        5: ("unchanged", "row"),
        6: ("review", "several"),
        7: ("unchanged", "row"),
        8: ("unchanged", "email"),
        9: ("invalid", "no_guest"),
    }


def test_bookings_are_told_by_their_stay(house: House, tmp_path: Path) -> None:
    imported(house, checked(house, tmp_path, [booking(1), booking(2)]))
    known = {"name": "Guest Number1", "email": "guest1@berg.no"}
    run = checked(house, tmp_path, [booking(1), booking(2, adr="99"), booking(3, **known)])
    found = {line: row[:2] for line, row in told(house, run).items()}
    assert found == {2: ("unchanged", "stay"), 3: ("update", "stay"), 4: ("update", "email")}


def test_what_was_decided_is_what_is_done(house: House, cards: dict[str, Customer], tmp_path: Path) -> None:
    run = checked(house, tmp_path, ROWS)
    with business_scope(house.pk):
        assert rows_decide(run_id=run.pk, outcome="review", cause="same_email", decision="same") == 1
        assert rows_decide(run_id=run.pk, lines=[4], decision="skip") == 1
        assert rows_decide(run_id=run.pk, lines=[5], decision="same", customer_id=cards["kari"].pk) == 1
        assert rows_decide(run_id=run.pk, lines=[6], decision="create") == 1
        assert rows_decide(run_id=run.pk, lines=[2, 9], decision="create") == 1, "what is invalid stays so"
        assert row_totals(run=run) == {"review": 0, "create": 3, "update": 3, "unchanged": 0, "invalid": 1, "skip": 1}
        decided = {group.cause: group.decided for group in row_groups(run=run) if group.outcome == "review"}
        assert decided == {"same_email": 1, "same_phone": 1, "same_name": 1, "several": 1}
    done = imported(house, run)
    assert done.counts["guests"] == {"created": 3, "updated": 2, "unchanged": 0, "invalid": 1}
    with business_scope(house.pk):
        assert not Customer.objects.filter(given_name="Per").exists()
        assert Customer.objects.filter(given_name="Jan").count() == 3
        assert Customer.objects.filter(given_name="Åse").count() == 2
        cards["bo"].refresh_from_db()
        assert cards["bo"].given_name == "Berit", "the row is about this guest, and the list decides"
        assert ContactPoint.objects.filter(customer=cards["kari"], value="kari@new.no").exists()
        assert ExternalId.objects.filter(customer=cards["bo"]).count() == 1
    second = checked(house, tmp_path, ROWS)
    found = told(house, second)
    assert found[3] == ("unchanged", "row", cards["bo"].pk), "what was decided once is known"
    assert found[5] == ("unchanged", "row", cards["kari"].pk)


def test_further_rows_of_a_guest_follow_what_was_decided(
    house: House, cards: dict[str, Customer], tmp_path: Path
) -> None:
    twice = [ROWS[1], ROWS[1] | {"city": "Molde", "note": ""}]
    run = checked(house, tmp_path, twice)
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[2], decision="same")
    assert imported(house, run).counts["guests"]["created"] == 0


def test_decisions_that_cannot_be_are_refused(house: House, cards: dict[str, Customer], tmp_path: Path) -> None:
    run = checked(house, tmp_path, ROWS)
    with business_scope(house.pk):
        with pytest.raises(DecisionRefused):
            rows_decide(run_id=run.pk, lines=[7], decision="same")
        with pytest.raises(DecisionRefused):
            rows_decide(run_id=run.pk, lines=[7], decision="same", customer_id=1 << 40)
        for wrong in ({"lines": [7], "decision": "maybe"}, {"decision": "skip"}):
            with pytest.raises(ValueError, match=r"\S"):
                rows_decide(run_id=run.pk, **wrong)
        run_start(run_id=run.pk, member=house.admin)
        with pytest.raises(RunRefused):
            rows_decide(run_id=run.pk, lines=[7], decision="skip")


def test_a_card_that_has_gone_since_is_no_card(house: House, cards: dict[str, Customer], tmp_path: Path) -> None:
    run = checked(house, tmp_path, [ROWS[3]])
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[2], decision="same")
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=cards["kari"].pk).delete()
    assert imported(house, run).counts["guests"]["created"] == 1


def test_another_policy_looks_again_and_decisions_stand(
    house: House, cards: dict[str, Customer], tmp_path: Path
) -> None:
    run = checked(house, tmp_path, ROWS)
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[4], decision="skip")
        rows_decide(run_id=run.pk, lines=[5], decision="same")
        changed = run_policy_set(run_id=run.pk, policy={"update": "fill", "tag": "Old system"})
        assert changed.state == ImportRun.State.CHECKING
        with pytest.raises(RunRefused):
            run_start(run_id=run.pk, member=house.admin)
        with pytest.raises(ValueError, match=r"\S"):
            run_policy_set(run_id=run.pk, policy={"update": "whatever"})
    run_check(business_id=house.pk, run_id=run.pk)
    run = again(house, run)
    with business_scope(house.pk):
        decided = {row.line: (row.decision, row.outcome, row.cause) for row in rows_of(run=run) if row.decision}
        assert decided == {4: ("skip", "review", "same_phone"), 5: ("same", "review", "same_name")}
    assert run.counts["guests"] == {"created": 2, "updated": 3, "unchanged": 0, "invalid": 1}
    done = imported(house, run)
    assert done.counts["guests"] == run.counts["guests"]
    with business_scope(house.pk):
        cards["ase"].refresh_from_db()
        assert (cards["ase"].city, cards["ase"].street) == ("Bergen", "Storgata 1"), "only what was empty is filled"
        tagged = Customer.objects.filter(customer_tags__tag__name="Old system")
        assert tagged.count() == done.counts["guests"]["created"] + done.counts["guests"]["updated"]


def test_another_layout_forgets_decisions_and_can_be_kept(
    house: House, cards: dict[str, Customer], tmp_path: Path
) -> None:
    run = checked(house, tmp_path, ROWS)
    layout = {
        "version": 1,
        "kind": "guests",
        "readings": [
            {"meaning": "guest.given_name", "from": ["given_name"]},
            {"meaning": "guest.email", "from": ["email"]},
        ],
    }
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[7], decision="skip")
        run_layout_set(run_id=run.pk, layout=layout, save_as="Old list")
        assert not ImportRow.objects.filter(run_id=run.pk).exists()
        assert ImportMapping.objects.get().name == "Old list"
    run_check(business_id=house.pk, run_id=run.pk)
    run = again(house, run)
    assert run.state == ImportRun.State.READY
    assert "family_name" in run.unread
    assert not any(decision for decision in _decisions(house, run))
    with business_scope(house.pk):
        run_layout_set(run_id=run.pk, layout=layout | {"readings": [{"meaning": "guest.email", "from": ["gone"]}]})
    run_check(business_id=house.pk, run_id=run.pk)
    run = again(house, run)
    assert run.state == ImportRun.State.MAPPING and run.error, "it asks again"


def _decisions(house: House, run: ImportRun) -> list[str]:
    with business_scope(house.pk):
        return [each.decision for each in rows_of(run=run)]


def test_a_check_that_was_overtaken_leaves_no_trace(
    house: House, cards: dict[str, Customer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_batch = checking.write_batch

    def overtaken(**options: Any) -> Any:
        done = write_batch(**options)
        ImportRun.objects.update(policy={"tag": "Later"})
        return done

    monkeypatch.setattr(checking, "write_batch", overtaken)
    run = checked(house, tmp_path, ROWS)
    assert run.state == ImportRun.State.CHECKING
    assert told(house, run) == {}
    monkeypatch.setattr(checking, "write_batch", write_batch)
    run_check(business_id=house.pk, run_id=run.pk)
    assert again(house, run).state == ImportRun.State.READY
    run_check(business_id=house.pk, run_id=run.pk)
    assert len(told(house, run)) == len(ROWS)


def test_a_fault_is_said_on_the_run_and_not_tried_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**options: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(checking, "write_batch", broken)
    with pytest.raises(ZeroDivisionError):
        checked(house, tmp_path, ROWS)
    with business_scope(house.pk):
        run = ImportRun.objects.get()
    assert (run.state, run.error["template"]) == (ImportRun.State.FAILED, Unread.template)
    run_check(business_id=house.pk, run_id=run.pk)
    assert told(house, run) == {}


def test_groups_are_paged(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, [row(given_name=f"No{n}", email=f"no{n}@b.no", phone="") for n in range(5)])
    with business_scope(house.pk):
        group = {"outcome": "create", "cause": ""}
        assert [row.line for row in rows_of(run=run, size=2, **group)] == [2, 3]
        assert [row.line for row in rows_of(run=run, size=2, after_line=5, **group)] == [6]
        assert rows_before(run=run, line=5, size=2, **group) == 3
        assert rows_before(run=run, line=3, size=2, **group) == 0
        run_discard(run_id=run.pk)
        assert rows_of(run=run) == []


@pytest.mark.parametrize("rows_a_batch", [1, 5_000])
def test_whom_somebody_chose_for_a_booking_is_known_in_the_next_file(
    house: House,
    cards: dict[str, Customer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows_a_batch: int,
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    by_mail = {"name": "Berit Berg", "email": "shared@fjord.no", "phone-number": ""}
    first = [booking(1, **by_mail), booking(2, **by_mail, arrival_date_day_of_month="9")]
    run = checked(house, tmp_path, first)
    assert [found[:2] for found in told(house, run).values()] == [("review", "same_email")] * 2
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[2], decision="same")
    run = imported(house, run)
    with business_scope(house.pk):
        assert Customer.objects.count() == len(cards)
        assert Stay.objects.filter(participants__customer=cards["bo"]).count() == 2
    others = {"name": "Berit Hansen", "email": "shared@fjord.no", "phone-number": ""}
    after = [booking(3, **by_mail), booking(4, **others), booking(5, name="Berit Berg", email="new@fjord.no")]
    found = told(house, checked(house, tmp_path, after))
    assert found[2] == ("update", "earlier", cards["bo"].pk), "nobody is asked again"
    assert found[3][:2] == ("review", "same_email"), "another name at the address"
    assert found[4] == ("create", "", None), "another address of the name"
    run = imported(house, run_of(house))
    with business_scope(house.pk):
        assert Stay.objects.filter(participants__customer=cards["bo"]).count() == 3
        change_set_undo(change_set_id=run.change_set_id or 0)


def run_of(house: House) -> ImportRun:
    with business_scope(house.pk):
        return ImportRun.objects.latest("pk")


@pytest.mark.parametrize("rows_a_batch", [1, 3, 5_000])
def test_rows_of_one_guest_tell_the_first_of_them(
    house: House, cards: dict[str, Customer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_a_batch: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    rows = [*ROWS, row(city="Voss"), row(given_name="New", family_name="One", email="new@one.no", phone="", city="X")]
    run = checked(house, tmp_path, rows)
    with business_scope(house.pk):
        found = {each.line: each.same_as for each in rows_of(run=run, size=100)}
    assert {line: first for line, first in found.items() if first} == {8: 7, 10: 2, 11: 7}
