"""An import is taken back from the command line: all of it, what is used since excepted, and again after a kill."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.tenancy import business_scope
from customers.bulk import undoing
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.history.models import Stay
from customers.history.services import activity_add
from customers.permission.services import restriction_set
from tests.cast import House
from tests.customers.acts import register
from tests.imports.files import booking, guest
from tests.imports.loading import load


def rollback(house: House, *numbers: int) -> dict[str, Any]:
    out = StringIO()
    call_command("rollback_import", *map(str, numbers), business=house.business.slug, as_json=True, stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def people(count: int, **values: str) -> list[dict[str, str]]:
    names = ("Bo", "Eva", "Ole", "Ida", "Per", "Liv")[:count]
    return [guest(**{"given_name": name, "email": f"{name}@fjord.no", "external_id": "", **values}) for name in names]


@pytest.mark.parametrize("big", [0, 5_000])
def test_updates_go_back_too_and_what_was_used_stays(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, big: int
) -> None:
    monkeypatch.setattr(undoing, "BIG_UNDO", big)
    load(house, tmp_path / "a.csv", people(2))
    with business_scope(house.pk):
        before = register()
    second = load(house, tmp_path / "b.csv", people(6, city="Voss"))
    with business_scope(house.pk):
        used, restricted = Customer.objects.filter(given_name__in=("Ole", "Ida")).order_by("id")
        activity_add(customer_id=used.pk, text="Rang")
        restriction_set(customer_id=restricted.pk, restricted=True, reason="Disputes it")
    result = rollback(house, second.pk)
    assert result["import"] == second.pk
    assert (result["reverted"], result["restored"], result["blocked"]) == (2, 0, 0)
    # The card that was used and the restricted one, each with what makes it up.
    assert result["kept"] == 2 * result["restricted"] == len(result["kept_rows"]) > 4
    with business_scope(house.pk):
        after = register()
        left = set(after["customer"]) - set(before["customer"])
        assert left == {used.pk, restricted.pk}
        assert {row: after["customer"][row] for row in before["customer"]} == before["customer"]
        assert ChangeSet.objects.get(pk=second.change_set_id).state == ChangeSet.State.UNDONE
        assert ChangeSet.objects.get(pk=result["undo"]).state == ChangeSet.State.DONE
    with pytest.raises(CommandError, match="already been undone"):
        rollback(house, second.pk)


def test_it_goes_on_with_one_that_was_cut_off(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "BIG_UNDO", 0)
    monkeypatch.setattr(undoing, "ROWS", 2)
    load(house, tmp_path / "a.csv", [booking(n, name=f"Guest {n}", email=f"g{n}@berg.no") for n in range(5)])

    def killed() -> None:
        raise KeyboardInterrupt

    with business_scope(house.pk):
        assert Stay.objects.count() == 5
        act = ChangeSet.objects.get(kind="import")
        run = undoing.bulk_undo(change_set_id=act.pk)
    with pytest.raises(KeyboardInterrupt):
        undoing.undo_work(business_id=house.pk, run_id=run.pk, tell=killed)
    with business_scope(house.pk):
        assert not Customer.objects.exists()
        assert not Stay.objects.exists()
    result = rollback(house)
    assert (result["removed"], result["kept"], result["entries"]) == (run.total, 0, run.total)
    with business_scope(house.pk):
        assert not any(register().values())


def test_what_cannot_be_is_said(house: House) -> None:
    with pytest.raises(CommandError, match="no such import"):
        rollback(house)
    with pytest.raises(CommandError, match="no business"):
        call_command("rollback_import", business="nowhere")
