"""Runs that stop half way, rows that were left out, and what a file does to the register's quality."""

import csv
import io
from pathlib import Path

import pytest
from django.utils.translation import override

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_undo
from imports.models import ImportRun
from imports.rejected import rejected_file
from imports.services import (
    RunRefused,
    rows_decide,
    run_check,
    run_create,
    run_start,
    run_stop,
    run_work,
    source_open,
    sources,
)
from tests.cast import House
from tests.factories import CustomerFactory, EmailFactory, PhoneFactory
from tests.imports.files import booking
from tests.imports.loading import keep
from tests.imports.previews import ROWS, again, checked, imported, row


def test_a_run_stops_where_it_is_and_goes_on(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 1)
    run = checked(house, tmp_path, [booking(n) for n in range(1, 6)])

    def stopping(rows: int) -> None:
        if rows == 2:
            with business_scope(house.pk):
                run_stop(run_id=run.pk)

    with business_scope(house.pk):
        with pytest.raises(RunRefused):
            run_stop(run_id=run.pk)
        run_start(run_id=run.pk, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk, tell=stopping)
    stopped = again(house, run)
    assert (stopped.state, stopped.rows_done, stopped.stop_asked) == (ImportRun.State.STOPPED, 2, False)
    with business_scope(house.pk):
        assert Customer.objects.count() == 2
        assert stopped.change_set is not None and stopped.change_set.state == ChangeSet.State.DONE
        run_start(run_id=run.pk, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk)
    done = again(house, run)
    assert (done.state, done.rows_done, done.change_set_id) == (ImportRun.State.DONE, 5, stopped.change_set_id)
    assert done.counts["stays"]["created"] == 5
    with business_scope(house.pk):
        assert Customer.objects.count() == 5
        change_set_undo(change_set_id=done.change_set_id or 0)
        assert not Customer.objects.exists()


def test_a_stopped_run_that_was_undone_does_not_go_on(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = checked(house, tmp_path, [booking(1)])
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)
        run_stop(run_id=run.pk)
    run_work(business_id=house.pk, run_id=run.pk)
    stopped = again(house, run)
    assert (stopped.state, stopped.rows_done) == (ImportRun.State.STOPPED, 0)
    with business_scope(house.pk):
        change_set_undo(change_set_id=stopped.change_set_id or 0)
        with pytest.raises(RunRefused):
            run_start(run_id=run.pk, member=house.admin)


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("nb", ";")])
def test_rows_that_were_left_out_come_back_as_a_file(
    house: House, cards: dict[str, Customer], tmp_path: Path, language: str, delimiter: str
) -> None:
    rows = [
        *ROWS,
        row(given_name="=1+1", family_name="Formula", email="f@fjord.no", birth_date="", phone="+4799999999"),
        row(given_name="", family_name="", email="", phone="", note="=cmd"),
    ]
    run = checked(house, tmp_path, rows)
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[10], decision="skip")
    run = imported(house, run)
    with business_scope(house.pk), override(language):
        content = "".join(rejected_file(run=run))
    assert content.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(content[1:]), delimiter=delimiter))
    assert read[0][:3] == ["innkeeper_line", "innkeeper_reason", "id"]
    assert [row[0] for row in read[1:]] == ["9", "10", "11"]
    assert all(row[1] for row in read[1:])
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in read for cell in row)
    path = tmp_path / "corrected.csv"
    lines = [[*row] for row in read]
    lines[1][lines[0].index("given_name")] = "Corrected"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(lines)
    with business_scope(house.pk):
        second = run_create(source=source_open(path=path), file_name="corrected.csv", upload=keep(house, path))
    run_check(business_id=house.pk, run_id=second.pk)
    second = imported(house, second)
    assert second.counts["guests"] == {"created": 2, "updated": 0, "unchanged": 0, "invalid": 1}
    with business_scope(house.pk):
        formula = Customer.objects.get(family_name="Formula")
        assert formula.given_name == "=1+1", "as it stood in the file"
        assert ContactPoint.objects.get(customer=formula, kind="phone").value == "+4799999999"


def test_quality_is_told_before_and_after(house: House, tmp_path: Path) -> None:
    full = {"language": "nb", "country": "NO", "postal_code": "0155"}
    with business_scope(house.pk):
        whole = CustomerFactory(given_name="Åse", family_name="Sørensen", **full)
        EmailFactory(customer=whole, value="ase@fjord.no")
        bare = CustomerFactory(given_name="Bo", family_name="Berg", language="", country="", postal_code="")
        PhoneFactory(customer=bare, value="12", normalised="", state="invalid")
    proof = {"newsletter_email_date": "2024-05-17", "newsletter_email_source": "Form"}
    rows = [
        row(newsletter_email="yes", **proof),
        row(given_name="Bo", family_name="Berg", email="", phone="12", newsletter_email="", **proof),
        row(given_name="Cy", email="cy@b.no", phone="", postal_code="", newsletter_email="yes", **proof),
        row(given_name="Di", email="nobody", phone="", newsletter_email="yes", **proof),
    ]
    run = checked(house, tmp_path, rows, policy={"wording": "Yes."})
    assert run.quality == {"valid": [50.0, 50.0], "complete": [50.0, 75.0], "reachable": [0.0, 50.0]}
    imported(house, run)
    second = checked(house, tmp_path, rows, policy={"wording": "Yes."})
    for measure, (_before, after) in run.quality.items():
        assert second.quality[measure] == [after, after], "as it was said"
