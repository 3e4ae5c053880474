"""Consents from a file: recorded with their date, never revived, taken back with the import."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.bulk import undoing
from customers.bulk.services import bulk_work
from customers.card.models import ContactPoint, Customer
from customers.changes.leaving import seeing
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.consent.models import ConsentEvent, ConsentState, ConsentWording
from imports.mapping import ConsentRow
from imports.services import sources
from imports.staging.consents import is_news, settle
from tests.cast import House
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory
from tests.imports.files import guest
from tests.imports.loading import PROOF, load, reasons, would

MAIL = {"newsletter_email": "yes", "newsletter_email_date": "2024-05-17", "newsletter_email_source": "Signed card"}
DAY = dt.datetime(2024, 5, 17, tzinfo=dt.UTC)


@pytest.fixture
def ase(house: House) -> Customer:
    """The guest whom the file names."""
    with business_scope(house.pk):
        found = CustomerFactory(given_name="Åse", family_name="Sørensen")
        EmailFactory(customer=found, value="ase@fjord.no")
    return found


def states(house: House) -> dict[tuple[str, str], bool]:
    with business_scope(house.pk):
        return {(state.purpose, state.channel): state.granted for state in ConsentState.objects.all()}


def decide(house: House, guest_: Customer, act: str, at: dt.datetime, **values: Any) -> None:
    with business_scope(house.pk):
        ConsentEventFactory(customer=guest_, act=act, at=at, **values)


def events(house: House, **of: Any) -> int:
    with business_scope(house.pk):
        return ConsentEvent.objects.filter(**of).count()


def test_a_consent_is_recorded_with_what_shows_it(house: House, tmp_path: Path) -> None:
    rows = [guest(**MAIL, newsletter_sms="no", sensitive_consent="ja", sensitive_consent_date="2024-05-18 10:00")]
    assert would(house, tmp_path / "a.csv", rows)["consents"] == {"granted": 2, "withdrawn": 1}
    run = load(house, tmp_path / "a.csv", rows)
    assert run.counts["consents"] == {"granted": 2, "withdrawn": 1}
    assert states(house) == {("newsletter", "email"): True, ("newsletter", "sms"): False, ("sensitive", ""): True}
    with business_scope(house.pk):
        event = ConsentEvent.objects.get(channel="email")
        undated = ConsentEvent.objects.get(channel="sms")
        assert (event.source, event.by_guest, event.wording_id) == ("import", False, None)
        assert (event.member_id, event.change_set_id) == (house.admin.pk, run.change_set_id)
        assert event.at == dt.datetime(2024, 5, 16, 22, 0, tzinfo=dt.UTC), "midnight in Oslo"
        assert event.proof == "a.csv:2 · Signed card · “Yes, write to me.”"
        assert abs(undated.at - timezone.now()) < dt.timedelta(minutes=1)


def test_the_same_file_twice_records_nothing_more(house: House, tmp_path: Path) -> None:
    rows = [guest(**MAIL, newsletter_sms="no", sensitive_consent="ja", sensitive_consent_date="2024-05-18")]
    load(house, tmp_path / "a.csv", rows)
    assert would(house, tmp_path / "a.csv", rows)["consents"] == {"granted": 0, "withdrawn": 0}
    again = load(house, tmp_path / "a.csv", rows)
    assert again.counts["consents"] == {"granted": 0, "withdrawn": 0}
    assert again.counts["guests"]["unchanged"] == 1
    assert events(house) == 3


@pytest.mark.parametrize(
    ("description", "row", "policy"),
    [
        ("without a date", {"newsletter_email": "yes"}, PROOF),
        ("with a date that is none", {"newsletter_email": "yes", "newsletter_email_date": "soon"}, PROOF),
        ("without the words", MAIL, {}),
        ("without its source", MAIL | {"newsletter_email_source": ""}, {"wording": "Yes, write to me."}),
    ],
)
def test_a_yes_needs_its_proof(
    house: House, ase: Customer, tmp_path: Path, description: str, row: dict[str, str], policy: dict[str, str]
) -> None:
    assert would(house, tmp_path / "a.csv", [guest(**row)], policy=policy)["consents"]["granted"] == 0
    run = load(house, tmp_path / "a.csv", [guest(**row)], policy=policy)
    assert "consent_unproven" in {reason for _line, _column, _value, reason in reasons(house, run)}
    assert states(house) == {}


def test_a_file_may_be_imported_without_its_yeses(house: House, ase: Customer, tmp_path: Path) -> None:
    run = load(house, tmp_path / "a.csv", [guest(**MAIL, newsletter_sms="no")], policy=PROOF | {"consents": "none"})
    assert states(house) == {("newsletter", "sms"): False}
    assert reasons(house, run) == []


def test_words_of_the_business_s_own_are_named(house: House, ase: Customer, tmp_path: Path) -> None:
    with business_scope(house.pk):
        wording = ConsentWording.objects.create(
            purpose="newsletter", channel="email", version=99, texts={"nb": "Ja, skriv til meg.", "en": "Write to me."}
        )
    load(house, tmp_path / "a.csv", [guest(**MAIL)], policy={"wording": "ja,  skriv til meg."})
    with business_scope(house.pk):
        event = ConsentEvent.objects.get()
        assert (event.wording_id, event.language) == (wording.pk, "nb")
        assert event.proof == "a.csv:2 · Signed card"


@pytest.mark.parametrize(
    ("description", "date"),
    [
        ("older than the withdrawal", "2024-05-17"),
        ("of the same day", "2024-06-01"),
        ("without a date", ""),
        ("with a date that is none", "soon"),
        ("proven to be later", "2024-06-02"),
    ],
)
def test_a_withdrawn_consent_is_not_revived(
    house: House, ase: Customer, tmp_path: Path, description: str, date: str
) -> None:
    decide(house, ase, "withdrawn", dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC))
    rows = [guest(newsletter_email="yes", newsletter_email_date=date)]
    assert would(house, tmp_path / "a.csv", rows)["consents"]["granted"] == 0
    run = load(house, tmp_path / "a.csv", rows)
    assert states(house) == {("newsletter", "email"): False}
    told = [reason for _line, _column, _value, reason in reasons(house, run) if reason.startswith("consent")]
    assert told == ["consent_withdrawn"]
    assert events(house, act="granted") == 0


@pytest.mark.parametrize("on", ["the same card", "another card"])
def test_an_address_that_opted_out_gets_no_consent(house: House, tmp_path: Path, on: str) -> None:
    with business_scope(house.pk):
        name = {"given_name": "Åse", "family_name": "Sørensen"} if on == "the same card" else {"given_name": "Bo"}
        point = EmailFactory(customer=CustomerFactory(**name), value="ase@fjord.no", state="opted_out")
    run = load(house, tmp_path / "a.csv", [guest(**MAIL)])
    assert states(house) == {}
    assert "consent_opted_out" in {reason for _line, _column, _value, reason in reasons(house, run)}
    with business_scope(house.pk):
        points = ContactPoint.objects.filter(normalised=point.normalised)
        assert {each.state for each in points} == {"opted_out"}
        assert points.count() == (1 if on == "the same card" else 2)


@pytest.mark.parametrize(
    ("description", "date", "withdrawn"),
    [
        ("older than the consent", "2024-05-01", False),
        ("newer", "2024-06-02", True),
        ("of the same day", "2024-06-01", True),
        ("without a date: the stricter answer holds", "", True),
    ],
)
def test_a_no_of_the_file(
    house: House, ase: Customer, tmp_path: Path, description: str, date: str, withdrawn: bool
) -> None:
    decide(house, ase, "granted", dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC))
    load(house, tmp_path / "a.csv", [guest(newsletter_email="no", newsletter_email_date=date)])
    assert states(house) == {("newsletter", "email"): not withdrawn}


def test_several_rows_of_a_guest_are_one_answer(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        guest(newsletter_email="yes", newsletter_email_date="2024-05-17"),
        guest(newsletter_email="no", newsletter_email_date="2024-05-18"),
        guest(newsletter_email="yes", newsletter_email_date="2024-05-16"),
    ]
    monkeypatch.setattr(sources, "BATCH_ROWS", 100)
    run = load(house, tmp_path / "a.csv", rows)
    assert run.counts["consents"] == {"granted": 0, "withdrawn": 1}
    monkeypatch.setattr(sources, "BATCH_ROWS", 1)
    apart = [{**row, "email": "b@berg.no", "given_name": "Bo"} for row in rows]
    counted = would(house, tmp_path / "b.csv", apart)["consents"]
    assert load(house, tmp_path / "b.csv", apart).counts["consents"] == counted == {"granted": 1, "withdrawn": 1}
    assert set(states(house).values()) == {False}


def test_after_an_undone_import_its_consents_can_be_imported_again(house: House, ase: Customer, tmp_path: Path) -> None:
    run = load(house, tmp_path / "a.csv", [guest(**MAIL)])
    with business_scope(house.pk):
        assert run.change_set_id is not None
        change_set_undo(change_set_id=run.change_set_id)
    assert states(house) == {("newsletter", "email"): False}
    load(house, tmp_path / "a.csv", [guest(**MAIL)])
    assert states(house) == {("newsletter", "email"): True}


def test_a_restricted_card_takes_a_no_and_no_yes(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        held = CustomerFactory(given_name="Åse", family_name="Sørensen", is_restricted=True)
        EmailFactory(customer=held, value="ase@fjord.no")
    decide(house, held, "granted", DAY, channel="sms")
    run = load(house, tmp_path / "a.csv", [guest(**MAIL, newsletter_sms="no")])
    assert states(house) == {("newsletter", "sms"): False}
    assert ("newsletter_email", "restricted") in [(row[1], row[3]) for row in reasons(house, run)]


def test_undoing_the_import_withdraws_what_it_granted(house: House, ase: Customer, tmp_path: Path) -> None:
    decide(house, ase, "granted", DAY, channel="sms")
    rows = [guest(**MAIL, newsletter_sms="yes", newsletter_sms_date="2024-05-17", sensitive_consent="no")]
    run = load(house, tmp_path / "a.csv", rows)
    with business_scope(house.pk):
        assert run.change_set_id is not None
        undo, _outcome = change_set_undo(change_set_id=run.change_set_id, member=house.owner)
        event = ConsentEvent.objects.latest("id")
        assert (event.act, event.source, event.change_set_id) == ("withdrawn", "system", undo.pk)
        assert (event.customer_id, event.channel, event.member_id) == (ase.pk, "email", house.owner.pk)
    kept = {("newsletter", "email"): False, ("newsletter", "sms"): True, ("sensitive", ""): False}
    assert states(house) == kept
    with business_scope(house.pk):
        change_set_undo(change_set_id=undo.pk, member=house.owner)
    assert states(house) == kept, "an undo never brings a consent back"


def test_undoing_leaves_what_was_decided_since(house: House, ase: Customer, tmp_path: Path) -> None:
    run = load(house, tmp_path / "a.csv", [guest(**MAIL)])
    decide(house, ase, "withdrawn", timezone.now())
    decide(house, ase, "granted", timezone.now())
    with business_scope(house.pk):
        assert run.change_set_id is not None
        change_set_undo(change_set_id=run.change_set_id)
    assert states(house) == {("newsletter", "email"): True}


def test_undoing_removes_cards_that_only_the_import_knew(house: House, tmp_path: Path) -> None:
    run = load(house, tmp_path / "a.csv", [guest(**MAIL)])
    with business_scope(house.pk):
        assert run.change_set_id is not None
        change_set_undo(change_set_id=run.change_set_id)
        assert not Customer.objects.exists()
    assert states(house) == {}
    assert events(house) == 1, "the log stays"


def test_a_card_that_comes_back_has_what_was_decided(house: House, tmp_path: Path) -> None:
    run = load(house, tmp_path / "a.csv", [guest(**MAIL)])
    with business_scope(house.pk):
        ase = Customer.objects.get()
        other = CustomerFactory()
    decide(house, ase, "withdrawn", timezone.now())
    decide(house, other, "granted", DAY, channel="sms")
    with business_scope(house.pk):
        assert run.change_set_id is not None
        undo, _outcome = change_set_undo(change_set_id=run.change_set_id)
        assert not ConsentState.objects.filter(channel="email").exists()
        change_set_undo(change_set_id=undo.pk)
        assert Customer.objects.filter(pk=ase.pk).exists()
    kept = {("newsletter", "email"): False, ("newsletter", "sms"): True}
    assert states(house) == kept
    load(house, tmp_path / "b.csv", [guest(newsletter_email="yes")])
    assert states(house) == kept, "a yes without a date does not revive it"


def _row(line: int, granted: bool, day: int | None) -> ConsentRow:
    return ConsentRow(line, "c", "newsletter", "email", granted, DAY.replace(day=day) if day else None, "")


@pytest.mark.parametrize(
    ("description", "answers", "line"),
    [
        ("one", [_row(1, True, 2)], 1),
        ("the newest date", [_row(1, True, 5), _row(2, True, 3)], 1),
        ("a no without a date beats all", [_row(1, True, 5), _row(2, False, None), _row(3, True, 6)], 2),
        ("yes and no of one moment", [_row(1, False, 5), _row(2, True, 5)], 1),
    ],
)
def test_the_answer_of_several_rows(description: str, answers: list[ConsentRow], line: int) -> None:
    assert settle(answers).line == settle(answers[::-1]).line == line


def test_what_is_news() -> None:
    assert is_news(_row(1, False, None), None) and is_news(_row(1, False, 3), None)
    assert is_news(_row(1, False, None), (True, DAY)) and is_news(_row(1, False, 5), (True, DAY.replace(day=4)))
    assert not is_news(_row(1, False, 3), (True, DAY.replace(day=4)))
    assert not is_news(_row(1, False, 5), (False, DAY.replace(day=4)))


def test_a_large_undo_withdraws_at_once_and_of_guests_who_stay_after_all(
    house: House, ase: Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "BIG_UNDO", 0)
    others = [guest(**{**MAIL, "given_name": name, "email": f"{name}@fjord.no"}) for name in ("Bo", "Eva")]
    run = load(house, tmp_path / "a.csv", [guest(**MAIL), *others])
    with business_scope(house.pk):
        assert run.change_set_id is not None
        undo = undoing.bulk_undo(change_set_id=run.change_set_id, member=house.owner)
        assert undoing._step(house.pk, undo.pk)
        assert not ConsentState.objects.get(customer=ase).granted, "from the beginning"
        bo = ConsentState.objects.exclude(customer=ase).order_by("customer_id").first()
        assert bo is not None
        assert bo.granted, "goes with the guest"
        with seeing(), change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=bo.customer_id).update(city="Voss")
    bulk_work(business_id=house.pk, run_id=undo.pk)
    with business_scope(house.pk):
        assert {state.customer_id: state.granted for state in ConsentState.objects.all()} == {
            ase.pk: False,
            bo.customer_id: False,
        }
