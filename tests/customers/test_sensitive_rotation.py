"""``manage.py rotate_sensitive_keys``: everything under the newest key, nothing while an old one is missing."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.tenancy import business_scope
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.sensitive import rotation
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.sealing import CannotOpen
from customers.sensitive.selectors import sensitive_view
from customers.sensitive.services import sensitive_set
from tests.cast import Cast, House
from tests.customers.test_sensitive import CANARY, consent, consenting
from tests.factories import CustomerFactory

OLD, NEW, OTHER = ("old", b"o" * 32), ("new", b"n" * 32), ("other", b"x" * 32)


@pytest.fixture
def keys(settings: Any) -> Callable[..., None]:
    """Set the installation's keys."""

    def use(*keys: tuple[str, bytes]) -> None:
        settings.INNKEEPER_SENSITIVE_KEYS = keys

    use(OLD)
    return use


def details(house: House, count: int) -> list[int]:
    """Guests with a detail each."""
    with business_scope(house.pk):
        guests = [consenting() for _ in range(count)]
        for guest in guests:
            sensitive_set(customer_id=guest.pk, kind="allergies", text=f"{CANARY} {guest.pk}")
    return [guest.pk for guest in guests]


def read(house: House, guest: int) -> dict[str, str] | None:
    with business_scope(house.pk):
        return sensitive_view(business=house.business, customer_id=guest, member=house.reception)


def names(house: House) -> list[str]:
    with business_scope(house.pk):
        return list(SensitiveDetail.objects.order_by("id").values_list("key_name", flat=True))


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("rotate_sensitive_keys", stdout=out, **options)
    return out.getvalue()


def test_everything_is_sealed_under_the_new_key_as_one_act(
    transactional_cast: Cast, keys: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = transactional_cast.fjordstuen, transactional_cast.duinzicht
    guests, others = details(here, 5), details(there, 1)
    with business_scope(here.pk):
        before = dict(SensitiveDetail.objects.values_list("pk", "changed_at"))
    monkeypatch.setattr(rotation.rotate, "__kwdefaults__", {"batch": 2})
    keys(NEW, OLD)
    assert run() == "fjordstuen: 5 sealed under new\nduinzicht: 1 sealed under new\n"
    assert names(here) == ["new"] * 5 and names(there) == ["new"]
    keys(NEW)
    assert [read(here, guest) for guest in guests] == [{"allergies": f"{CANARY} {guest}"} for guest in guests]
    assert read(there, others[0]) == {"allergies": f"{CANARY} {others[0]}"}
    with business_scope(here.pk):
        act = ChangeSet.objects.get(title=rotation.TITLE)
        assert (act.kind, act.state, act.is_event, act.result) == ("bulk", "done", False, {"sealed": 5})
        assert Change.objects.filter(change_set_id=act.pk).count() == 5
        assert dict(SensitiveDetail.objects.values_list("pk", "changed_at")) == before


def test_a_second_run_finds_nothing_to_do(transactional_cast: Cast, keys: Callable[..., None]) -> None:
    details(transactional_cast.fjordstuen, 1)
    keys(NEW, OLD)
    run()
    assert run(business="fjordstuen") == "fjordstuen: 0 sealed under new\n"
    with business_scope(transactional_cast.fjordstuen.pk):
        assert ChangeSet.objects.filter(title=rotation.TITLE).count() == 1


def test_an_interrupted_run_goes_on_under_the_same_act(
    transactional_cast: Cast, keys: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    guests = details(house, 4)
    keys(NEW, OLD)
    once, met = rotation._reseal_once, []

    def killed(*args: Any) -> Any:
        if met:
            raise KeyboardInterrupt
        met.append(1)
        return once(*args)

    monkeypatch.setattr(rotation, "_reseal_once", killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(business_id=house.pk, batch=2)
    assert names(house) == ["new", "new", "old", "old"]
    assert all(read(house, guest) for guest in guests), "both keys are there, so everything opens meanwhile"
    monkeypatch.setattr(rotation, "_reseal_once", once)
    assert rotation.rotate(business_id=house.pk, batch=2).sealed == 2
    with business_scope(house.pk):
        assert ChangeSet.objects.get(title=rotation.TITLE).state == "done"


def test_what_waits_for_being_erased_is_left_alone(transactional_cast: Cast, keys: Callable[..., None]) -> None:
    house = transactional_cast.fjordstuen
    details(house, 1)
    with business_scope(house.pk):
        guest = consenting()
        sensitive_set(customer_id=guest.pk, kind="food", text="Fish")
        consent(guest, "withdrawn")
    keys(NEW, OLD)
    assert run() == "fjordstuen: 1 sealed under new, 1 left to be erased\nduinzicht: 0 sealed under new\n"
    assert names(house) == ["new", "old"]


def test_a_missing_key_refuses_before_anything_is_sealed(transactional_cast: Cast, keys: Callable[..., None]) -> None:
    house = transactional_cast.fjordstuen
    details(house, 1)
    keys(OTHER, OLD)
    details(house, 1)
    keys(NEW, OLD)
    with pytest.raises(CommandError, match=r"fjordstuen: other\b") as error:
        run()
    assert "Nothing was sealed" in str(error.value)
    assert names(house) == ["old", "other"]


def test_another_key_of_the_same_name_stops_it(transactional_cast: Cast, keys: Callable[..., None]) -> None:
    house = transactional_cast.fjordstuen
    details(house, 1)
    keys(NEW, ("old", b"?" * 32))
    with pytest.raises(CommandError, match="does not open"):
        run()
    assert names(house) == ["old"]
    with pytest.raises(CannotOpen):
        rotation.rotate(business_id=house.pk)


def test_an_unknown_business_is_refused(transactional_cast: Cast, keys: Callable[..., None]) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        run(business="nowhere")


def test_undoing_a_rotation_brings_no_old_ciphertext_back(transactional_cast: Cast, keys: Callable[..., None]) -> None:
    house = transactional_cast.fjordstuen
    (guest,) = details(house, 1)
    keys(NEW, OLD)
    run()
    with business_scope(house.pk):
        act = ChangeSet.objects.get(title=rotation.TITLE)
        change_set_undo(change_set_id=act.pk)
    assert names(house) == ["new"]
    assert read(house, guest) == {"allergies": f"{CANARY} {guest}"}


def test_a_consent_that_ends_during_a_batch_costs_nobody_else(
    transactional_cast: Cast, keys: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    guests = details(house, 2)
    keys(NEW, OLD)
    once, met = rotation._reseal_once, []

    def overtaken(*args: Any) -> Any:
        if not met:
            met.append(1)
            with change_set(kind=ChangeSet.Kind.EDIT):
                # The database refuses it, as it would refuse one whose consent has just ended.
                SensitiveDetail.objects.create(customer=CustomerFactory(), kind="food", ciphertext=b"x", key_name="old")
        return once(*args)

    monkeypatch.setattr(rotation, "_reseal_once", overtaken)
    assert rotation.rotate(business_id=house.pk).sealed == 2
    assert met and names(house) == ["new", "new"]
    assert all(read(house, guest) for guest in guests)
