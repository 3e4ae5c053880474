"""An import into the register: who is whom, what is written, the same file twice, interruptions, undo."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import AuditEntry, Property
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.card.services import customer_update
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.facts.models import CustomerFacts
from customers.history.models import Stay, StayParticipant
from imports import findings
from imports.mapping import choices, formats
from imports.mapping.rows import LIMITS
from imports.models import ImportProblem, ImportRun, ImportSeen
from imports.services import (
    RunRefused,
    run_begin,
    run_create,
    run_discard,
    run_start,
    run_work,
    source_open,
    sources,
    tryout,
    working,
)
from tests.cast import Cast, House
from tests.factories import CustomerFactory, EmailFactory
from tests.imports.files import booking, guest, write

Counts = dict[str, dict[str, int]]


@pytest.fixture
def load(cast: Cast, tmp_path: Path) -> Callable[..., ImportRun]:
    """Import rows into Fjordstuen."""
    house = cast.fjordstuen

    def load_rows(rows: Iterable[dict[str, str]], **options: Any) -> ImportRun:
        path = write(tmp_path / "list.csv", rows)
        with business_scope(house.pk):
            run = run_create(source=source_open(path=path), file_name=path.name, member=house.admin, **options)
            run_begin(run=run, member=house.admin)
        run_work(business_id=house.pk, run_id=run.pk, path=path)
        with business_scope(house.pk):
            run = ImportRun.objects.get(pk=run.pk)
        assert run.state == ImportRun.State.DONE, run.error
        return run

    return load_rows


@pytest.fixture
def inside(cast: Cast) -> Any:
    """Fjordstuen's scope."""
    with business_scope(cast.fjordstuen.pk):
        yield cast.fjordstuen


def _outcomes(run: ImportRun, name: str) -> tuple[int, int, int, int]:
    counts = run.counts[name]
    return counts["created"], counts["updated"], counts["unchanged"], counts["invalid"]


def test_bookings_become_guests_stays_and_properties(load: Any, inside: House) -> None:
    run = load([booking(1, name="Åse Berg", email="ase@berg.no"), booking(2, hotel="City Hotel")])
    assert _outcomes(run, "guests") == _outcomes(run, "stays") == (2, 0, 0, 0)
    ase = Customer.objects.get(given_name="Åse")
    assert (ase.family_name, ase.sort_key, ase.identity_key, ase.search_tokens) == (
        "Berg",
        "berg  }se",
        "ase berg",
        "ase berg",
    )
    assert (ase.country, ase.nationality, ase.source, ase.first_contact) == (
        "GB",
        "GB",
        "online_agent",
        date(2015, 6, 21),
    )
    point = ContactPoint.objects.get(customer=ase)
    assert (point.value, point.normalised, point.is_primary) == ("ase@berg.no", "ase@berg.no", True)
    stay = Stay.objects.get(external_id="Resort Hotel/1")
    assert (stay.external_system, stay.property.name, stay.status) == ("hotel_bookings", "Resort Hotel", "checked_out")
    assert (stay.arrival, stay.departure, stay.adults, stay.children) == (date(2015, 7, 1), date(2015, 7, 6), 2, 2)
    assert (stay.amount, stay.currency, stay.booked_on) == (Decimal("377.50"), "EUR", date(2015, 6, 21))
    part = StayParticipant.objects.get(stay=stay)
    assert part.customer_id == ase.pk
    assert (part.is_guest, part.is_booker, part.is_payer, part.is_agent) == (True, True, True, False)
    assert set(Property.objects.values_list("name", flat=True)) >= {"Resort Hotel", "City Hotel"}
    facts = CustomerFacts.objects.get(customer_id=ase.pk)
    assert (facts.stays, facts.nights, facts.value, facts.currency) == (1, 5, Decimal("377.50"), "EUR")


def test_no_card_number_is_anywhere(load: Any, inside: House) -> None:
    run = load([booking(1)])
    assert run.refused == ["credit_card"]
    assert not Stay.objects.filter(note__contains="4322").exists()
    assert not Change.objects.filter(data__icontains="4322").exists()
    assert not ImportProblem.objects.filter(value__contains="4322").exists()


@pytest.mark.parametrize(
    ("description", "first", "second", "guests"),
    [
        (
            "same address and name",
            {"email": "a@berg.no", "name": "Jan Berg"},
            {"email": "A@Berg.no", "name": "Berg, Jan"},
            1,
        ),
        (
            "same address, name spelled otherwise",
            {"email": "a@b.no", "name": "Åse Kjær"},
            {"email": "a@b.no", "name": "AASE KJAER"},
            1,
        ),
        (
            "same address, another name",
            {"email": "m@r.no", "name": "Maria Rogers"},
            {"email": "m@r.no", "name": "Michael Rogers"},
            2,
        ),
        (
            "same name, another address",
            {"email": "a@b.no", "name": "Jan Berg"},
            {"email": "c@b.no", "name": "Jan Berg"},
            2,
        ),
        (
            "same name and phone, other addresses",
            {"email": "a@b.no", "name": "Jan Berg", "phone-number": "22334455"},
            {"email": "c@b.no", "name": "Jan Berg", "phone-number": "22334455"},
            2,
        ),
        (
            "no address, same phone and name",
            {"email": "", "name": "Jan Berg", "phone-number": "22334455"},
            {"email": "", "name": "Jan Berg", "phone-number": "+47 22 33 44 55"},
            1,
        ),
        (
            "no address, same invalid phone and name",
            {"email": "", "name": "Jan Berg", "phone-number": "669-792-1661"},
            {"email": "", "name": "Jan Berg", "phone-number": "(669) 792 1661"},
            1,
        ),
        (
            "no address, same phone, another name",
            {"email": "", "name": "Jan Berg", "phone-number": "22334455"},
            {"email": "", "name": "Ola Berg", "phone-number": "22334455"},
            2,
        ),
        ("no address, no phone", {"email": "", "name": "Jan Berg"}, {"email": "", "name": "Jan Berg"}, 2),
        (
            "an invalid address",
            {"email": "dr..m@v.com", "name": "Jan Berg"},
            {"email": "Dr..M@v.com", "name": "Jan Berg"},
            1,
        ),
        (
            "a relay address proves nothing",
            {"email": "x@guest.booking.com", "name": "Jan Berg"},
            {"email": "x@guest.booking.com", "name": "Jan Berg"},
            2,
        ),
        (
            "nor a placeholder",
            {"email": "none@b.no", "name": "Jan Berg"},
            {"email": "none@b.no", "name": "Jan Berg"},
            2,
        ),
        (
            "nor a junk phone",
            {"email": "", "name": "Jan Berg", "phone-number": "00000000"},
            {"email": "", "name": "Jan Berg", "phone-number": "00000000"},
            2,
        ),
    ],
)
@pytest.mark.parametrize("rows_a_batch", [1, 5_000])
def test_who_is_whom(
    load: Any,
    inside: House,
    monkeypatch: pytest.MonkeyPatch,
    description: str,
    first: dict[str, str],
    second: dict[str, str],
    guests: int,
    rows_a_batch: int,
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    rows = [booking(1, **first), booking(2, **second)]
    run = load(rows)
    assert _outcomes(run, "guests") == (guests, 0, 0, 0), description
    assert Customer.objects.count() == guests
    again = load(rows)
    assert _outcomes(again, "guests") == (0, 0, guests, 0)
    assert _outcomes(again, "stays") == (0, 0, 2, 0)
    assert Customer.objects.count() == guests


def test_a_guest_of_the_register_is_found(load: Any, inside: House) -> None:
    card = CustomerFactory(given_name="Jan", family_name="Berg")
    EmailFactory(customer=card, value="jan@berg.no")
    run = load([booking(1, name="Jan Berg", email="JAN@berg.no", **{"phone-number": "22334455"})])
    assert _outcomes(run, "guests") == (0, 1, 0, 0)
    assert StayParticipant.objects.get().customer_id == card.pk
    assert ContactPoint.objects.get(customer=card, kind="phone").is_primary
    card.refresh_from_db()
    assert (card.country, card.first_contact) == ("GB", date(2015, 6, 21))


def test_the_oldest_of_several_cards_is_taken(load: Any, inside: House) -> None:
    cards = [CustomerFactory(given_name="Jan", family_name="Berg") for _ in range(2)]
    for card in cards:
        EmailFactory(customer=card, value="jan@berg.no")
    load([booking(1, name="Jan Berg", email="jan@berg.no")])
    assert StayParticipant.objects.get().customer_id == cards[0].pk


def test_an_address_that_many_share_is_searched_by_name(load: Any, inside: House) -> None:
    for n in range(30):
        EmailFactory(customer=CustomerFactory(given_name=f"Guest{n}", family_name="Berg"), value="res@agency.no")
    run = load(
        [booking(1, name="Guest7 Berg", email="res@agency.no"), booking(2, name="New Berg", email="res@agency.no")]
    )
    assert _outcomes(run, "guests")[0] == 1
    assert StayParticipant.objects.get(stay__external_id="Resort Hotel/1").customer.given_name == "Guest7"


def test_another_business_s_guest_is_never_found(load: Any, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        card = CustomerFactory(given_name="Jan", family_name="Berg")
        EmailFactory(customer=card, value="jan@berg.no")
    run = load([booking(1, name="Jan Berg", email="jan@berg.no")])
    assert _outcomes(run, "guests") == (1, 0, 0, 0)
    with business_scope(cast.duinzicht.pk):
        assert Customer.objects.count() == 1
        assert not Stay.objects.exists()


def test_bookings_fill_what_is_empty_and_change_nothing_else(load: Any, inside: House) -> None:
    card = CustomerFactory(
        given_name="Jan", family_name="Berg", country="NO", nationality="", first_contact=date(2010, 1, 1)
    )
    EmailFactory(customer=card, value="jan@berg.no")
    run = load([booking(1, name="Jan Berg", email="jan@berg.no")])
    assert _outcomes(run, "guests") == (0, 1, 0, 0)
    card.refresh_from_db()
    assert (card.country, card.nationality, card.first_contact) == ("NO", "GB", date(2010, 1, 1))


def test_a_card_renamed_since_keeps_its_stay_and_its_name(load: Any, inside: House) -> None:
    rows = [booking(1, name="Jan Berg")]
    load(rows)
    card = Customer.objects.get()
    customer_update(business=inside.business, customer_id=card.pk, values={"family_name": "Dahl"})
    run = load(rows)
    assert _outcomes(run, "guests") == (0, 0, 1, 0)
    assert Customer.objects.get().family_name == "Dahl"


def test_a_booking_that_changed_changes_its_stay_and_empty_values_do_not(load: Any, inside: House) -> None:
    load([booking(1), booking(2)])
    before = Stay.objects.get(external_id="Resort Hotel/2").version
    run = load([booking(1, reservation_status="Canceled", is_canceled="1", adr="", meal=""), booking(2)])
    assert _outcomes(run, "stays") == (0, 1, 1, 0)
    stay = Stay.objects.get(external_id="Resort Hotel/1")
    assert (stay.status, stay.amount) == ("cancelled", Decimal("377.50"))
    assert Stay.objects.get(external_id="Resort Hotel/2").version == before
    assert CustomerFacts.objects.get(customer__family_name="Number1").cancelled == 1


def test_a_stay_that_lost_its_guest_gets_one_again(load: Any, inside: House) -> None:
    rows = [booking(1)]
    load(rows)
    with change_set(kind=ChangeSet.Kind.EDIT):
        StayParticipant.objects.all().delete()
    load(rows)
    assert StayParticipant.objects.get().customer == Customer.objects.get()


@pytest.mark.parametrize("rows_a_batch", [1, 5_000])
def test_a_repeated_number_is_named_and_its_first_row_holds(
    load: Any, inside: House, monkeypatch: pytest.MonkeyPatch, rows_a_batch: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    rows = [booking(1, adr="10"), booking(1, adr="20", name="Somebody Else", email="else@berg.no")]
    for run in (load(rows), load(rows)):
        assert run.counts["stays"]["invalid"] == 1
        assert [(problem.line, problem.reason, problem.value) for problem in run.problems.all()] == [
            (3, "repeated", "Resort Hotel/1")
        ]
    assert Stay.objects.get().amount == Decimal("50.00")
    assert Customer.objects.count() == 1


def test_a_bad_row_is_named_and_the_rest_stands(load: Any, inside: House) -> None:
    run = load([booking(1), booking(2, arrival_date_month="Julember"), booking(3)])
    assert _outcomes(run, "stays") == (2, 0, 0, 1)
    (problem,) = ImportProblem.objects.filter(run=run)
    assert (problem.line, problem.column, problem.value, problem.reason) == (
        3,
        "arrival_date_month",
        "1 Julember 2015",
        "date",
    )
    assert run.problem_groups == [["arrival_date_month", "date", 1]]
    assert run.problem_count == 1


def test_all_problems_are_counted_and_the_first_of_each_kind_kept(
    load: Any, inside: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "PROBLEMS_KEPT", 3)
    monkeypatch.setattr(sources, "BATCH_ROWS", 2)
    run = load([booking(n, email="nobody", **{"phone-number": "12"}) for n in range(1, 6)])
    assert sorted(run.problem_groups) == [["email", "email_invalid", 5], ["phone-number", "phone_invalid", 5]]
    assert run.problem_count == 10
    kept = sorted(ImportProblem.objects.values_list("line", "reason"))
    assert kept == [(line, reason) for line in (2, 3, 4) for reason in ("email_invalid", "phone_invalid")]


def test_an_import_is_one_change_set_that_can_be_undone(
    load: Any, inside: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 2)
    card = CustomerFactory(given_name="Guest", family_name="Number3", country="", nationality="NO")
    EmailFactory(customer=card, value="guest3@berg.no")
    run = load([booking(n) for n in range(1, 6)])
    act = ChangeSet.objects.get(pk=run.change_set_id)
    assert (act.kind, act.state, act.is_event, act.params) == ("import", "done", False, {"file": "list.csv"})
    assert act.result == run.counts
    assert Change.objects.filter(change_set_id=act.pk, record="customer", act="I").count() == 4
    change_set_undo(change_set_id=act.pk, member=inside.admin)
    assert list(Customer.objects.values_list("pk", flat=True)) == [card.pk]
    card.refresh_from_db()
    assert card.country == ""
    assert not Stay.objects.exists()
    assert _outcomes(load([booking(n) for n in range(1, 6)]), "guests") == (4, 1, 0, 0)


def test_the_run_is_logged_and_leaves_nothing_behind(load: Any, inside: House) -> None:
    run = load([booking(1)])
    assert list(AuditEntry.objects.filter(object_type="importrun").order_by("id").values_list("action", flat=True)) == [
        "import.started",
        "import.finished",
    ]
    assert not ImportSeen.objects.exists()
    assert (run.rows_done, run.batches_done, run.member_id) == (1, 1, inside.admin.pk)


@pytest.mark.parametrize("stop_after", [0, 1, 2, 3])
def test_an_import_that_was_interrupted_goes_on_and_ends_the_same(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 2)
    house = cast.fjordstuen
    rows = [booking(n, email="same@berg.no", name="Same Guest") if n % 3 == 0 else booking(n) for n in range(1, 8)]
    path = write(tmp_path / "list.csv", rows)
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path), file_name="list.csv")
        run_begin(run=run)

    class Killed(BaseException):
        pass

    written = 0
    write_batch = working.write_batch

    def dying(**options: Any) -> Any:
        nonlocal written
        done = write_batch(**options)
        if written == stop_after:
            raise Killed
        written += 1
        return done

    monkeypatch.setattr(working, "write_batch", dying)
    with pytest.raises(Killed):
        run_work(business_id=house.pk, run_id=run.pk, path=path)
    monkeypatch.setattr(working, "write_batch", write_batch)
    with business_scope(house.pk):
        run = ImportRun.objects.get(pk=run.pk)
        assert (run.state, run.batches_done) == (ImportRun.State.RUNNING, stop_after)
        assert Stay.objects.count() == 2 * stop_after
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        run = ImportRun.objects.get(pk=run.pk)
        assert run.state == ImportRun.State.DONE
        assert _outcomes(run, "stays") == (7, 0, 0, 0)
        assert _outcomes(run, "guests") == (6, 0, 0, 0)
        assert Stay.objects.count() == 7
        assert Customer.objects.count() == 6
        assert ChangeSet.objects.filter(kind="import").count() == 1


def test_a_second_worker_on_a_run_leaves_it_alone(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 1)
    house = cast.fjordstuen
    path = write(tmp_path / "list.csv", [booking(1), booking(2)])
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path), file_name="list.csv")
        run_begin(run=run)
    work = {"business_id": house.pk, "run_id": run.pk, "path": path}
    # The second one comes along after the first batch of the first, and does everything.
    run_work(**work, tell=lambda rows: run_work(**work) if rows == 1 else None)
    with business_scope(house.pk):
        assert Stay.objects.count() == 2
        assert ImportRun.objects.get().counts["stays"]["created"] == 2


def test_a_fault_of_ours_marks_the_run_and_keeps_what_was_written(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 1)
    house = cast.fjordstuen
    path = write(tmp_path / "list.csv", [booking(1), booking(2)])
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path), file_name="list.csv")
        run_begin(run=run)
    write_batch = working.write_batch

    def failing(**options: Any) -> Any:
        if options["batch"].stays[0].external_id == "Resort Hotel/2":
            raise ZeroDivisionError
        return write_batch(**options)

    monkeypatch.setattr(working, "write_batch", failing)
    with pytest.raises(ZeroDivisionError):
        run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        run = ImportRun.objects.get()
        assert run.state == ImportRun.State.FAILED
        assert "import the same file again" in run.error["template"]
        assert Stay.objects.count() == 1
        change_set_undo(change_set_id=run.change_set_id)  # type: ignore[arg-type]
        assert not Stay.objects.exists()


def test_a_file_that_was_changed_meanwhile_is_refused(cast: Cast, tmp_path: Path) -> None:
    house = cast.fjordstuen
    path = write(tmp_path / "list.csv", [booking(1)])
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path), file_name="list.csv")
        run_begin(run=run)
    write(path, [booking(2)])
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        assert ImportRun.objects.get().state == ImportRun.State.FAILED
        assert not Stay.objects.exists()


def _tried(house: House, tmp_path: Path, rows: Iterable[dict[str, str]]) -> Counts:
    path = write(tmp_path / "tried.csv", rows)
    with business_scope(house.pk):
        return tryout(business=house.business, source=source_open(path=path)).tally.counts()


@pytest.mark.parametrize("rows_a_batch", [1, 2, 5_000])
def test_a_tryout_counts_what_the_import_then_does_and_writes_nothing(
    load: Any, inside: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_a_batch: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    card = CustomerFactory(given_name="Known", family_name="Guest")
    EmailFactory(customer=card, value="known@berg.no")
    load([booking(1), booking(2, name="Old Friend", email="old@berg.no")])
    rows = [
        booking(1),
        booking(2, name="Old Friend", email="old@berg.no", adr="99", **{"phone-number": "22334455"}),
        booking(3, name="Known Guest", email="known@berg.no"),
        booking(4, name="Known Guest", email="known@berg.no", **{"phone-number": "41234567"}),
        booking(5, name="New One", email="new@berg.no"),
        booking(6, name="One, New", email="NEW@berg.no"),
        booking(6, name="Repeated", email="repeated@berg.no"),
        booking(7, name="No Mail", email="", **{"phone-number": "22334466"}),
        booking(8, name="No Mail", email="", **{"phone-number": "22334466"}),
        booking(9, arrival_date_month="?"),
    ]
    before = (Customer.objects.count(), Stay.objects.count(), Change.objects.count(), Property.objects.count())
    tried = _tried(inside, tmp_path, rows)
    assert (Customer.objects.count(), Stay.objects.count(), Change.objects.count(), Property.objects.count()) == before
    assert load(rows).counts == tried
    assert tried["guests"] == {"created": 2, "updated": 2, "unchanged": 1, "invalid": 0}
    assert tried["stays"] == {"created": 6, "updated": 1, "unchanged": 1, "invalid": 2}


@pytest.mark.parametrize("rows_a_batch", [1, 2, 5_000])
def test_guest_lists_are_tried_and_imported_alike(
    load: Any, inside: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_a_batch: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    card = CustomerFactory(given_name="Åse", family_name="Sørensen", city="Bergen")
    EmailFactory(customer=card, value="ase@fjord.no")
    rows = [
        guest(id=str(card.pk)),
        guest(id=str(card.pk), city="Tromsø", phone="41234567"),
        guest(given_name="New", email="new@berg.no"),
        guest(given_name="New", email="new@berg.no", city="Molde"),
        guest(given_name="Silent", email="", phone="", tags=""),
        guest(given_name="Silent", email="", phone="", tags=""),
        guest(given_name="", family_name="", email="", phone=""),
        guest(id="5550", given_name="Numbered", email="", phone=""),
        guest(id="5550", given_name="Numbered", email="", phone="", note="more"),
    ]
    tried = _tried(inside, tmp_path, rows)
    assert load(rows).counts == tried
    assert tried["guests"] == {"created": 3, "updated": 1, "unchanged": 0, "invalid": 1}
    again = _tried(inside, tmp_path, rows)
    assert load(rows).counts == again
    assert again["guests"] == {"created": 0, "updated": 0, "unchanged": 4, "invalid": 1}
    card.refresh_from_db()
    assert card.city == "Oslo"


def test_a_guest_list_changes_cards_and_never_empties_a_field(load: Any, inside: House) -> None:
    card = CustomerFactory(given_name="Aase", family_name="Hansen", street="Gamlegata 2", note="Allergic to nuts")
    EmailFactory(customer=card, value="ase@fjord.no")
    run = load([guest(id=str(card.pk), note="", phone="")])
    assert _outcomes(run, "guests") == (0, 1, 0, 0)
    card.refresh_from_db()
    assert (card.given_name, card.family_name, card.street, card.note) == (
        "Åse",
        "Sørensen",
        "Storgata 1",
        "Allergic to nuts",
    )
    assert (card.sort_key, card.identity_key) == ("s|rensen  }se", "ase sorensen")
    assert card.search_tokens == "ase sorensen"
    assert set(CustomerTag.objects.filter(customer=card).values_list("tag__name", flat=True)) == {"vip", "Likes jazz"}


def test_a_number_of_another_guest_makes_a_guest_of_its_own(load: Any, inside: House) -> None:
    card = CustomerFactory(given_name="Kari", family_name="Nordmann")
    run = load([guest(id=str(card.pk))])
    assert _outcomes(run, "guests") == (1, 0, 0, 0)
    assert [problem.reason for problem in run.problems.all()] == ["other_guest"]
    card.refresh_from_db()
    assert card.given_name == "Kari"
    assert _outcomes(load([guest(id=str(card.pk))]), "guests") == (0, 0, 1, 0)


def test_numbers_of_another_system_are_remembered(load: Any, inside: House) -> None:
    rows = [guest(id="900001", email="", phone=""), guest(id="900001", given_name="Somebody", email="", phone="")]
    assert _outcomes(load(rows), "guests") == (2, 0, 0, 0)
    assert ExternalId.objects.filter(system="guest_list", value="900001").count() == 1
    assert _outcomes(load(rows), "guests") == (0, 0, 2, 0)


def test_an_invalid_value_is_kept_as_typed_and_can_be_searched(load: Any, inside: House) -> None:
    load([booking(1, email="Dr..M@verizon.com", **{"phone-number": "669-792-1661"})])
    points = {point.kind: point for point in ContactPoint.objects.all()}
    assert (points["email"].value, points["email"].normalised, points["email"].state) == (
        "Dr..M@verizon.com",
        "",
        "invalid",
    )
    assert (points["phone"].value, points["phone"].national, points["phone"].state) == (
        "669-792-1661",
        "6697921661",
        "invalid",
    )


def test_tags_are_found_by_code_and_by_name_in_any_language_and_nine_are_enough(load: Any, inside: House) -> None:
    names = "vip; Stamgjest; Faste gjester; T1; T2; T3; T4; T5; T6; T7; T8"
    before = Tag.objects.count()
    run = load([guest(tags="VIP; no_show; Friends & family"), guest(given_name="Many", email="many@b.no", tags=names)])
    assert CustomerTag.objects.filter(tag__code__in=("vip", "no_show", "friends")).count() >= 3
    many = Customer.objects.get(given_name="Many")
    assert CustomerTag.objects.filter(customer=many).count() == 9
    assert Tag.objects.count() <= before + 10
    assert "tags" in {problem.reason for problem in run.problems.all()}


def test_tags_beyond_nine_are_left_out_of_a_card_that_has_some(load: Any, inside: House) -> None:
    load([guest(tags="; ".join(f"A{n}" for n in range(8)))])
    run = load([guest(tags="B1; B2; B3")])
    card = Customer.objects.get()
    assert sorted(CustomerTag.objects.filter(customer=card).values_list("slot", flat=True)) == list(range(1, 10))
    assert [problem.value for problem in run.problems.all()] == ["B2", "B3"]


def test_states_of_a_run(cast: Cast, tmp_path: Path) -> None:
    house = cast.fjordstuen
    path = write(tmp_path / "list.csv", [booking(1)])
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path), file_name="list.csv", member=house.admin)
        with pytest.raises(RunRefused):
            run_start(run_id=run.pk, member=house.admin)
        run_discard(run_id=run.pk)
        with pytest.raises(RunRefused):
            run_discard(run_id=run.pk)
        assert ImportRun.objects.get().state == ImportRun.State.DISCARDED
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        assert not Stay.objects.exists()


def test_limits_are_those_of_the_columns() -> None:
    card = {field.name: field.max_length for field in Customer._meta.local_concrete_fields}
    stay = {field.name: field.max_length for field in Stay._meta.local_concrete_fields}
    own = ("given_name", "family_name", "company_name", "organisation_number", "street", "postal_code", "city", "note")
    assert {name: LIMITS[name] for name in own} == {name: card[name] for name in own}
    names = ("unit", "unit_type", "channel", "reference", "external_id")
    assert {name: LIMITS[name] for name in names} == {name: stay[name] for name in names}
    assert LIMITS["stay_note"] == stay["note"]
    assert LIMITS["contact"] == ContactPoint._meta.get_field("value").max_length
    assert LIMITS["tag"] == Tag._meta.get_field("name").max_length
    assert LIMITS["property"] == Property._meta.get_field("name").max_length


def test_words_of_the_formats_are_choices_of_the_card() -> None:
    known_words = {
        "guest.source": set(Customer.Source.values),
        "guest.kind": set(Customer.Kind.values),
        "stay.status": set(Stay.Status.values),
        "guest.email_state": set(ContactPoint.State.values),
        "consent.newsletter.email": {"yes", "no"},
    }
    for known in formats():
        for meaning, words in known.values.items():
            if meaning in known_words:
                assert set(words.values()) - {""} <= known_words[meaning]
    for meaning in ("guest.source", "guest.kind", "stay.status", "guest.email_state"):
        assert set(choices(meaning)) <= known_words[meaning], meaning
    assert set(choices("guest.source")) == set(Customer.Source.values) - {""}
