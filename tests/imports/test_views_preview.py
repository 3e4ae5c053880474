"""The preview: rows by what becomes of them, decisions, how the file goes in, rows left out as a file."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tenancy import business_scope
from customers.card.models import Customer
from imports.models import ImportRow, ImportRun
from imports.services import run_check, run_work
from imports.views import preview
from tests.cast import House
from tests.factories import CustomerFactory, EmailFactory
from tests.imports.files import guest
from tests.imports.pages import address, checked, file_of, latest, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(admin: Client, house: House) -> ImportRun:
    """Two new guests, one whose address somebody else has, one row without anybody."""
    with business_scope(house.pk):
        known = CustomerFactory(given_name="Kari", family_name="Nordmann")
        EmailFactory(customer=known, value="shared@fjord.no")
    rows = [
        guest(note="", email="a@fjord.no", phone="", given_name="Anne"),
        guest(note="", email="b@fjord.no", phone="", given_name="Bjørn"),
        guest(note="", email="shared@fjord.no", phone="", given_name="Sigrid"),
        guest(note="", email="", phone="", given_name="", family_name="", company=""),
    ]
    return checked(admin, house, rows)


def rows(house: House) -> dict[int, tuple[str, str, str]]:
    with business_scope(house.pk):
        found = ImportRow.objects.order_by("line")
        return {row.line: (row.outcome, row.cause, row.decision) for row in found}


def page(admin: Client, house: House, run: ImportRun, query: str = "") -> str:
    return admin.get(f"{address('import_run', house, run)}{query}").content.decode()


REVIEW = "?outcome=review&cause=same_email"


def test_rows_stand_by_what_becomes_of_them(admin: Client, house: House, run: ImportRun) -> None:
    assert [found[0] for found in rows(house).values()] == ["create", "create", "review", "invalid"]
    text = page(admin, house, run)
    assert "3 of 4 rows go in" in text and "Import the 3 valid rows" in text and "1 needs a look" in text
    assert "The e-mail address is on the card of somebody with another name" in text
    assert "There is neither a name" in text
    assert "<table" not in text.partition("rows-invalid")[0].partition('id="rows-')[2]


def test_a_group_is_opened_with_and_without_script(admin: Client, house: House, run: ImportRun) -> None:
    fetch = f"{address('import_rows', house, run)}{REVIEW}"
    fragment = admin.get(fetch, headers={"HX-Request": "true"}).content.decode()
    whole = page(admin, house, run, REVIEW)
    for text in (fragment, whole):
        assert "Sigrid" in text and "Kari Nordmann" in text and 'aria-expanded="true"' in text
    assert "<html" not in fragment and "<html" in whole
    closed = admin.get(f"{fetch}&close=1", headers={"HX-Request": "true"}).content.decode()
    assert 'aria-expanded="false"' in closed and "Kari Nordmann" not in closed
    assert admin.get(fetch).url == f"{address('import_run', house, run)}{REVIEW}"  # type: ignore[attr-defined]
    strange = address("import_rows", house, run) + "?outcome=create&cause=nothing"
    assert admin.get(strange, headers={"HX-Request": "true"}).status_code == 404


def test_long_groups_have_pages(admin: Client, house: House, run: ImportRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PAGE", 1)
    first = page(admin, house, run, "?outcome=create&cause=")
    line = min(rows(house))
    assert "Anne" in first and 'id="row-2"' in first and 'id="row-3"' not in first
    assert f"after={line}" in first
    second = page(admin, house, run, f"?outcome=create&cause=&after={line}")
    assert 'id="row-3"' in second and 'rel="prev"' in second and 'rel="next"' not in second


@pytest.mark.parametrize(
    ("decision", "then"), [("same", "3 of 4 rows"), ("create", "3 of 4 rows"), ("skip", "2 of 4 rows")]
)
@pytest.mark.parametrize("script", [True, False])
def test_a_row_is_decided(admin: Client, house: House, run: ImportRun, decision: str, then: str, script: bool) -> None:
    decide = f"{address('import_decide', house, run)}{REVIEW}"
    headers = {"HX-Request": "true"} if script else {}
    response = admin.post(decide, {"row": f"4:{decision}"}, headers=headers)
    if script:
        text = response.content.decode()
        assert 'id="import-state"' in text and "<html" not in text
    else:
        assert response.url == f"{address('import_run', house, run)}{REVIEW}#row-4"  # type: ignore[attr-defined]
        text = page(admin, house, run, REVIEW)
    assert then in text and "1 decided" in text and "needs a look" not in text
    assert f'value="4:{decision}" aria-pressed="true"' in text
    assert rows(house)[4][2] == decision


def test_a_whole_group_is_decided(admin: Client, house: House, run: ImportRun) -> None:
    decide = f"{address('import_decide', house, run)}?outcome=create&cause="
    assert admin.post(decide, {"all": "skip"}).status_code == 302
    assert [found[2] for found in rows(house).values()] == ["skip", "skip", "", ""]
    assert "1 of 4 rows go in" in page(admin, house, run)
    admin.post(decide, {"all": ""})
    assert "3 of 4 rows go in" in page(admin, house, run)


@pytest.mark.parametrize("sent_", [{"row": "4:erase"}, {"all": "erase"}, {}, {"row": "x:skip"}])
def test_what_is_no_decision_changes_nothing(
    admin: Client, house: House, run: ImportRun, sent_: dict[str, str]
) -> None:
    before = rows(house)
    assert admin.post(f"{address('import_decide', house, run)}{REVIEW}", sent_).status_code == 422
    assert rows(house) == before


def test_rows_without_a_card_cannot_be_one(admin: Client, house: House, run: ImportRun) -> None:
    decide = f"{address('import_decide', house, run)}?outcome=create&cause="
    text = admin.post(decide, {"all": "same"}, follow=True).content.decode()
    assert "Not all of these rows have a card they could be." in text


def test_how_it_goes_in_is_chosen(admin: Client, house: House, run: ImportRun) -> None:
    policy = address("import_policy", house, run)
    sent_ = {"update": "newest", "file_date": "2026-05-01", "tag": "  From old  "}
    assert admin.post(policy, sent_).status_code == 302
    found = latest(house)
    assert found.state == "checking"
    assert (found.policy["update"], found.policy["file_date"], found.policy["tag"]) == (
        "newest",
        "2026-05-01",
        "From old",
    )
    run_check(business_id=house.pk, run_id=found.pk)
    text = page(admin, house, found)
    assert re.search(r'<input[^>]*value="newest"[^>]*checked', text)
    wrong = admin.post(policy, {"update": "newest", "file_date": "yesterday"})
    assert wrong.status_code == 422 and 'aria-invalid="true"' in wrong.content.decode()
    script = admin.post(policy, {"update": "file"}, headers={"HX-Request": "true"}).content.decode()
    assert "Looking the file through" in script and "<html" not in script


def test_consents_ask_for_what_proves_them(admin: Client, house: House, run: ImportRun) -> None:
    assert 'name="wording"' not in page(admin, house, run)
    with_consents = checked(admin, house, [{**guest(), "newsletter_email": "yes"}])
    assert 'name="wording"' in page(admin, house, with_consents)
    told = {"update": "fill", "consents": "proven", "wording": "News by e-mail", "consent_source": "Form"}
    admin.post(address("import_policy", house, with_consents), told)
    assert latest(house).policy["wording"] == "News by e-mail"


def test_what_is_left_out_comes_back_as_a_file(admin: Client, house: House, run: ImportRun) -> None:
    admin.post(f"{address('import_decide', house, run)}{REVIEW}", {"row": "4:skip"})
    response = admin.get(address("import_rejected", house, run))
    assert response["Content-Disposition"] == f'attachment; filename="import-{run.pk}-left-out.csv"'
    found = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row[0] for row in found[1:]] == ["4", "5"]
    assert "Left out on request" in found[1][1] and "There is neither a name" in found[2][1]


def test_decisions_hold_when_it_goes_in(
    admin: Client, house: House, run: ImportRun, django_capture_on_commit_callbacks: Any
) -> None:
    admin.post(f"{address('import_decide', house, run)}{REVIEW}", {"row": "4:same"})
    admin.post(f"{address('import_decide', house, run)}?outcome=create&cause=", {"row": "2:skip"})
    admin.post(address("import_start", house, run))
    with django_capture_on_commit_callbacks(execute=True):
        run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        # The list is one that Innkeeper exports: what it says of a card counts.
        assert sorted(Customer.objects.values_list("given_name", flat=True)) == ["Bjørn", "Sigrid"]
    text = page(admin, house, run)
    assert "The file is in the register." in text and "Encrypted until" in text
    assert admin.post(f"{address('import_decide', house, run)}{REVIEW}", {"row": "4:skip"}).status_code == 302
    assert admin.post(address("import_stop", house, run), follow=True).status_code == 200


def test_an_import_is_stopped_and_goes_on(
    admin: Client, house: House, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    run = checked(admin, house, [guest(email=f"g{n}@fjord.no", given_name=f"Guest{n}") for n in range(3)])
    admin.post(address("import_start", house, run))
    text = page(admin, house, run)
    assert "goes on by itself" in text
    admin.post(address("import_stop", house, run))
    assert "The batch at hand is finished first." in page(admin, house, run)
    run_work(business_id=house.pk, run_id=run.pk)
    stopped = page(admin, house, run)
    assert "Stopped half way." in stopped and "Go on" in stopped
    admin.post(address("import_start", house, run))
    run_work(business_id=house.pk, run_id=run.pk)
    assert "The file is in the register." in page(admin, house, run)


def test_the_same_file_again_changes_nothing(admin: Client, house: House) -> None:
    rows_ = [guest(), guest(email="", phone="+4722334456", given_name="Ola")]
    run = checked(admin, house, rows_)
    admin.post(address("import_start", house, run))
    run_work(business_id=house.pk, run_id=run.pk)
    again = sent(admin, house, file_of(rows_))
    run_check(business_id=house.pk, run_id=again.pk)
    assert "Here already, nothing new" in page(admin, house, again)


def test_long_groups_tell_which_page_of_how_many(admin: Client, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run = checked(admin, house, [guest(note="", email=f"g{n}@fjord.no", phone="") for n in range(5)])
    created = "?outcome=create&cause="
    assert "page 1 of" not in page(admin, house, run, created)
    monkeypatch.setattr(preview, "PAGE", 2)
    assert "Rows 1–2 of 5, page 1 of 3" in page(admin, house, run, created)
    assert "Rows 3–4 of 5, page 2 of 3" in page(admin, house, run, f"{created}&after=3")
    assert "Rows 5–5 of 5, page 3 of 3" in page(admin, house, run, f"{created}&after=5")


@pytest.fixture
def other(house: House) -> Customer:
    """A guest of before whom no row resembles."""
    with business_scope(house.pk):
        guest_ = CustomerFactory(given_name="Solveig", family_name="Hauge")
        EmailFactory(customer=guest_, value="solveig@hauge.no")
    return guest_


@pytest.mark.parametrize("script", [True, False])
def test_another_card_is_looked_up_for_a_row(
    admin: Client, house: House, run: ImportRun, other: Customer, script: bool
) -> None:
    shown = page(admin, house, run, REVIEW)
    assert "Another guest" in shown and "look-up-text" not in shown
    query = f"{REVIEW}&line=4"
    headers = {"HX-Request": "true"} if script else {}
    where = address("import_rows" if script else "import_run", house, run)
    asked = admin.get(f"{where}{query}", headers=headers).content.decode()
    assert 'name="q" form="look-up"' in asked and "Who is meant on line 4?" in asked
    found = admin.get(f"{where}{query}&q=hauge", headers=headers).content.decode()
    assert "Solveig Hauge" in found and f'value="4:same:{other.pk}"' in found and 'value="hauge"' in found
    nobody = admin.get(f"{where}{query}&q=zzzzqq", headers=headers).content.decode()
    assert "No guest found for “zzzzqq”" in nobody
    if not script:
        assert admin.get(f"{address('import_rows', house, run)}{query}").url == f"{where}{query}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("line", "group"), [(4, REVIEW), (2, "?outcome=create&cause=")])
def test_the_card_that_was_looked_up_is_the_rows(
    admin: Client, house: House, run: ImportRun, other: Customer, line: int, group: str
) -> None:
    admin.post(f"{address('import_decide', house, run)}{group}", {"row": f"{line}:same:{other.pk}"})
    text = page(admin, house, run, group)
    assert "Solveig Hauge" in text
    assert f'value="{line}:same" aria-pressed="true"' in text
    admin.post(address("import_start", house, run))
    run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        emails = set(other.contact_points.values_list("value", flat=True))
        assert emails == {"solveig@hauge.no", "shared@fjord.no" if line == 4 else "a@fjord.no"}


@pytest.mark.parametrize("card", ["999999999", "0"])
def test_a_card_that_is_gone_is_not_chosen(admin: Client, house: House, run: ImportRun, card: str) -> None:
    before = rows(house)
    decide = f"{address('import_decide', house, run)}{REVIEW}"
    text = admin.post(decide, {"row": f"4:same:{card}"}, follow=True).content.decode()
    assert "This guest is not in the register any more." in text
    assert rows(house) == before


def test_what_was_undone_asks_for_nothing_more(admin: Client, house: House, run: ImportRun) -> None:
    admin.post(address("import_start", house, run))
    run_work(business_id=house.pk, run_id=run.pk)
    done = page(admin, house, run)
    actions = [address(name, house, run) for name in ("import_rejected", "import_problems", "import_decide")]
    assert actions[0] in done and actions[1] in done
    assert "1 row was left out." in done and "Quality of the register" in done and "What happened" in done
    act = latest(house).change_set_id
    admin.post(reverse("change_undo", kwargs={"slug": house.slug, "change_set_id": act}))
    undone = page(admin, house, run)
    assert "This import was undone." in undone and "What it had brought" in undone
    assert not any(action in undone for action in actions)
    for gone in ("was left out.", "Quality of the register", "Undo the import", "See the guests", "What happened"):
        assert gone not in undone


def test_doubles_within_a_list_are_named(admin: Client, house: House) -> None:
    twice = [guest(note="", email="a@fjord.no", phone="", city=city) for city in ("Oslo", "Bergen")]
    run = checked(admin, house, twice)
    assert "Also on line 2" in page(admin, house, run, "?outcome=update&cause=file")
