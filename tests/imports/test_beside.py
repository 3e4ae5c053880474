"""What a connection beside the preview has asked makes it no other preview, in real transactions."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.tenancy import business_scope
from customers.card.models import Customer
from imports.models import ImportRow, ImportRun
from imports.services import beside, run_check
from imports.spool import spool_path
from tests.cast import House, cast_assemble
from tests.factories import CustomerFactory, EmailFactory, ExternalIdFactory, PhoneFactory
from tests.imports.plans import planned_lines
from tests.imports.previews import ROWS, again, checked, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("small_batches")]

LISTED = [
    *ROWS,
    row(id="K1", given_name="Known", family_name="By-Number", email="", phone=""),
    row(id="K2", given_name="Somebody", family_name="Else", email="", phone="", postal_code="0155"),
    row(id="K3", given_name="Kari", family_name="Nordmann", email="", phone="", postal_code="0155"),
    row(id="K3", given_name="Kari", family_name="Nordmann", email="kari@again.no", phone="", postal_code="0155"),
]


def _house() -> House:
    house = cast_assemble().fjordstuen
    with business_scope(house.pk):
        EmailFactory(customer=CustomerFactory(given_name="Åse", family_name="Sørensen"), value="ase@fjord.no")
        bo = CustomerFactory(given_name="Bo", family_name="Berg")
        EmailFactory(customer=bo, value="shared@fjord.no")
        PhoneFactory(customer=bo, value="22 33 44 55")
        CustomerFactory(given_name="Kari", family_name="Nordmann", postal_code="0155")
        for _twin in range(2):
            EmailFactory(customer=CustomerFactory(given_name="Jan", family_name="Dahl"), value="jan@dahl.no")
        for name, number in (("Known", "K1"), ("Another", "K2")):
            card = CustomerFactory(given_name=name, family_name="By-Number")
            ExternalIdFactory(customer=card, system="guest_list", value=number)
    return house


def _told(house: House, run: ImportRun) -> list[Any]:
    columns = ("line", "outcome", "cause", "customer_id", "label", "same_as")
    with business_scope(house.pk):
        rows = list(ImportRow.objects.filter(run_id=run.pk).order_by("line").values_list(*columns))
    run = again(house, run)
    return [rows, run.counts, run.quality, run.problem_groups, planned_lines(house, run)]


def test_a_preview_tells_the_same_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = _house()
    asked = []
    usual = beside.foretell
    monkeypatch.setattr(beside, "foretell", lambda *of: asked.append(threading.current_thread().name) or usual(*of))
    run = checked(house, tmp_path, LISTED)
    ours = _told(house, run)
    assert len(asked) == len(set(range(0, len(LISTED), 4)))
    assert threading.current_thread().name not in asked
    assert not [each for each in threading.enumerate() if each.name in asked]
    with business_scope(house.pk):
        spool_path(run, run.business).unlink()
        ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.CHECKING)
    asked.clear()
    with transaction.atomic():
        run_check(business_id=house.pk, run_id=run.pk)
    assert not asked
    assert _told(house, run) == ours
    outcomes = {line: (outcome, cause) for line, outcome, cause, *_rest in ours[0]}
    assert {outcomes[line] for line in (2, 3, 5, 10)} == {
        ("update", "email"), ("review", "same_email"), ("review", "same_name"), ("update", "number"),
    }  # fmt: skip


def test_a_question_that_fails_fails_the_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = _house()

    def foretell(*_of: Any) -> None:
        raise RuntimeError("no answer")

    monkeypatch.setattr(beside, "foretell", foretell)
    with pytest.raises(RuntimeError, match="no answer"):
        checked(house, tmp_path, LISTED)
    with business_scope(house.pk):
        assert ImportRun.objects.get().state == ImportRun.State.FAILED
        assert not ImportRow.objects.exists()
        assert Customer.objects.count() == 7
