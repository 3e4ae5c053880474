"""Pages of imports, as members click through them; files that are refused; who may."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.history.models import Stay
from imports import store, tasks
from imports.models import ImportProblem, ImportRun
from imports.progress import progress_forget, progress_tell
from imports.selectors import runs_silent
from imports.services import run_check, run_work
from tests.cast import Cast, House
from tests.imports.files import BOOKING, booking, guest
from tests.imports.pages import address, file_of

pytestmark = pytest.mark.django_db


def _kept() -> list[Path]:
    return sorted(Path(settings.INNKEEPER_UPLOADS).glob("*.upload*"))


def _only_run(house: House) -> ImportRun:
    with business_scope(house.pk):
        return ImportRun.objects.get()


@pytest.fixture
def uploaded(admin: Client, house: House) -> Callable[..., ImportRun]:
    def upload(*rows: dict[str, str]) -> ImportRun:
        response = admin.post(address("import_upload", house), {"file": file_of(rows, "bookings.csv"), "currency": ""})
        run = _only_run(house)
        assert response.status_code == 302
        assert response.url == address("import_run", house, run)  # type: ignore[attr-defined]
        return run

    return upload


@pytest.fixture(autouse=True)
def _clean() -> Any:
    for path in _kept():  # of a run that was stopped
        path.unlink()
    yield
    for path in _kept():
        path.unlink()


def test_a_file_travels_from_upload_to_the_register(
    uploaded: Any, admin: Client, house: House, django_capture_on_commit_callbacks: Any
) -> None:
    run = uploaded(booking(1), booking(2, **{"phone-number": "669-792-1661"}), booking(3, arrival_date_month="?"))
    page = address("import_run", house, run)
    assert (run.state, run.kind, run.file_name, run.member_id) == (
        "checking",
        "bookings",
        "bookings.csv",
        house.admin.pk,
    )
    assert len(_kept()) == 1
    assert "Looking the file through" in admin.get(page).content.decode()

    run_check(business_id=house.pk, run_id=run.pk)
    text = admin.get(page).content.decode()
    assert "2 of 3 rows go in" in text and "Import the 2 valid rows" in text
    assert "The column credit_card is left out." in text
    assert "669-792-1661" in text and "This phone number exists nowhere" in text
    with business_scope(house.pk):
        assert not Customer.objects.exists()

    assert admin.post(address("import_start", house, run)).status_code == 302
    assert "goes on by itself" in admin.get(page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        run_work(business_id=house.pk, run_id=run.pk)
    text = admin.get(page).content.decode()
    assert "The file is in the register." in text and "Undo the import" in text
    assert address("guest_list", house) in text
    assert len(_kept()) == 1
    with business_scope(house.pk):
        assert Customer.objects.count() == Stay.objects.count() == 2
        assert ImportRun.objects.get().kept_until == timezone.localdate() + timedelta(days=30)
    assert "bookings.csv" in admin.get(address("import_list", house)).content.decode()


def test_workers_are_told_after_the_commit(
    admin: Client, house: House, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[tuple[str, int, int]] = []
    for task in (tasks.import_run_check, tasks.import_run_work):
        monkeypatch.setattr(task, "delay", lambda *ids, name=task.__name__: told.append((name, *ids)))
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(address("import_upload", house), {"file": file_of([booking(1)])})
        assert told == []
    run = _only_run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(address("import_start", house, run))
    assert told == [("import_run_check", house.pk, run.pk), ("import_run_work", house.pk, run.pk)]


def test_a_broker_that_is_away_loses_nothing(
    admin: Client, house: House, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*ids: int) -> None:
        raise ConnectionError

    monkeypatch.setattr(tasks.import_run_check, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        assert admin.post(address("import_upload", house), {"file": file_of([booking(1)])}).status_code == 302
    run = _only_run(house)
    with business_scope(house.pk):
        ImportRun.objects.update(seen_at=timezone.now() - timedelta(minutes=3))
    assert [(found.business_id, found.run_id) for found in runs_silent()] == [(house.pk, run.pk)]


def test_the_sweep_takes_up_what_has_fallen_silent(
    uploaded: Any, admin: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = uploaded(booking(1))
    told: list[tuple[str, int, int]] = []
    for task in (tasks.import_run_check, tasks.import_run_work):
        monkeypatch.setattr(task, "delay", lambda *ids, name=task.__name__: told.append((name, *ids)))
    tasks.imports_sweep()
    assert told == []
    long_ago = timezone.now() - timedelta(minutes=3)
    with business_scope(house.pk):
        ImportRun.objects.update(seen_at=long_ago)
    progress_tell(run_id=run.pk, rows=10)
    tasks.imports_sweep()
    assert told == []
    progress_forget(run_id=run.pk)
    tasks.imports_sweep()
    run_check(business_id=house.pk, run_id=run.pk)
    admin.post(address("import_start", house, run))
    with business_scope(house.pk):
        ImportRun.objects.update(seen_at=long_ago)
    tasks.imports_sweep()
    assert told == [("import_run_check", house.pk, run.pk), ("import_run_work", house.pk, run.pk)]


def test_a_file_that_nobody_lets_in_is_put_away_after_a_week(
    uploaded: Any, house: House, django_capture_on_commit_callbacks: Any
) -> None:
    run = uploaded(booking(1))
    run_check(business_id=house.pk, run_id=run.pk)
    for days, state, files in ((6, "ready", 1), (8, "discarded", 0)):
        with business_scope(house.pk):
            ImportRun.objects.update(seen_at=timezone.now() - timedelta(days=days))
        with django_capture_on_commit_callbacks(execute=True):
            tasks.imports_sweep()
        assert _only_run(house).state == state
        assert len(_kept()) == files


def test_tasks_do_the_work(uploaded: Any, admin: Client, house: House) -> None:
    run = uploaded(booking(1))
    tasks.import_run_check(house.pk, run.pk)
    admin.post(address("import_start", house, run))
    tasks.import_run_work(house.pk, run.pk)
    assert _only_run(house).state == "done"


@pytest.mark.parametrize(("sent", "is_event"), [({}, False), ({"reacts": "1"}, True)])
def test_automations_react_only_where_they_are_let(
    uploaded: Any, admin: Client, house: House, sent: dict[str, str], is_event: bool
) -> None:
    run = uploaded(booking(1))
    tasks.import_run_check(house.pk, run.pk)
    page = admin.get(address("import_run", house, run)).content.decode()
    assert 'name="reacts"' in page
    assert 'form="import-start"' in page
    admin.post(address("import_start", house, run), sent)
    tasks.import_run_work(house.pk, run.pk)
    run = _only_run(house)
    with business_scope(house.pk):
        assert run.change_set is not None
        assert (run.reacts, run.change_set.is_event) == (is_event, is_event)


def test_the_changing_part_asks_again_only_while_there_is_work(uploaded: Any, admin: Client, house: House) -> None:
    run = uploaded(booking(1))
    state = address("import_state", house, run)
    progress_tell(run_id=run.pk, rows=1)
    text = admin.get(state, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in text and "<html" not in text and "<c-" not in text and 'value="1"' in text
    run_check(business_id=house.pk, run_id=run.pk)
    text = admin.get(state, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" not in text and "Import the row" in text
    assert admin.get(state).url == address("import_run", house, run)  # type: ignore[attr-defined]


def test_without_script_the_page_comes_again_by_itself(uploaded: Any, admin: Client, house: House) -> None:
    run = uploaded(booking(1))
    page = address("import_run", house, run)
    assert '<noscript><meta http-equiv="refresh"' in admin.get(page).content.decode()
    run_check(business_id=house.pk, run_id=run.pk)
    assert "http-equiv" not in admin.get(page).content.decode()


def test_a_file_can_be_put_away(
    uploaded: Any, admin: Client, house: House, django_capture_on_commit_callbacks: Any
) -> None:
    run = uploaded(booking(1))
    run_check(business_id=house.pk, run_id=run.pk)
    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(address("import_discard", house, run), follow=True)
    assert "Nothing was imported" in response.content.decode()
    assert _kept() == []
    assert "was put away" in admin.get(address("import_run", house, run)).content.decode()
    response = admin.post(address("import_start", house, run), follow=True)
    assert "started already, or put away" in response.content.decode()
    assert _only_run(house).state == "discarded"


def test_a_file_that_vanished_is_said(uploaded: Any, admin: Client, house: House) -> None:
    run = uploaded(booking(1))
    _kept()[0].unlink()
    run_check(business_id=house.pk, run_id=run.pk)
    text = admin.get(address("import_run", house, run)).content.decode()
    assert "The file was not imported." in text and "is not kept here any more" in text


@pytest.mark.parametrize(
    ("description", "content", "said"),
    [
        ("wrong encoding", "row_id,name\n1,J\x9brgen H\x86konsen\n".encode("latin-1"), "CSV UTF-8"),
        ("binary", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "This is not a table"),
        ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "Excel"),
        ("empty", b"", "The file is empty"),
        ("header only", ",".join(BOOKING).encode() + b"\n", "no rows below"),
    ],
)
def test_bad_files_are_refused_on_the_page_and_nothing_is_kept(
    admin: Client, house: House, description: str, content: bytes, said: str
) -> None:
    response = admin.post(address("import_upload", house), {"file": SimpleUploadedFile("bad.csv", content)})
    assert response.status_code == 422, description
    assert said in response.content.decode()
    assert _kept() == []
    with business_scope(house.pk):
        assert not ImportRun.objects.exists()


def test_no_file_and_no_currency(admin: Client, house: House) -> None:
    response = admin.post(address("import_upload", house), {"currency": "kroner"})
    assert response.status_code == 422
    assert "Choose a file first." in response.content.decode()
    response = admin.post(address("import_upload", house), {"file": file_of([booking(1)]), "currency": "xxq"})
    assert "This is not a currency code" in response.content.decode()
    assert _kept() == []


def test_a_file_too_large_is_refused_as_it_arrives(
    admin: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FILE_BYTES_MAX", 1_000)
    response = admin.post(address("import_upload", house), {"file": file_of([booking(n) for n in range(50)])})
    assert response.status_code == 422
    assert "MB can be imported at once" in response.content.decode()
    assert list(Path(settings.INNKEEPER_UPLOADS).glob("*upload*")) == []


def test_an_announced_size_is_refused_before_a_byte_is_kept(
    admin: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FILE_BYTES_MAX", -(1 << 20))
    response = admin.post(address("import_upload", house), {"file": file_of([booking(1)])})
    assert response.status_code == 422
    assert "MB can be imported at once" in response.content.decode()


def test_the_chosen_currency_is_used(admin: Client, house: House) -> None:
    admin.post(address("import_upload", house), {"file": file_of([booking(1)]), "currency": "nok"})
    run = _only_run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    admin.post(address("import_start", house, run))
    run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        assert Stay.objects.get().currency == "NOK"


def test_problems_can_be_downloaded_without_formulas(uploaded: Any, admin: Client, house: House) -> None:
    run = uploaded(booking(1, email="=cmd|' /C calc'!A0"), booking(2, arrival_date_month="@SUM(1)"))
    run_check(business_id=house.pk, run_id=run.pk)
    response = admin.get(address("import_problems", house, run))
    assert response["Content-Disposition"] == f'attachment; filename="import-{run.pk}-problems.csv"'
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[0] == ["Line", "Column", "Value", "What is wrong"]
    assert rows[1][:3] == ["2", "email", "'=cmd|' /C calc'!A0"]
    assert rows[2][:3] == ["3", "arrival_date_month", "1 @SUM(1) 2015"]


@pytest.mark.parametrize("kind", ImportRun.Kind.values)
@pytest.mark.parametrize("language", ["en", "nb", "da", "nl"])
def test_a_template_comes_back_without_a_question(admin: Client, house: House, kind: str, language: str) -> None:
    response = admin.get(address("import_template", house), {"kind": kind, "language": language})
    assert response["Content-Disposition"] == f'attachment; filename="{kind}-{language}.csv"'
    text = response.content.decode("utf-8-sig")
    by = "," if language == "en" else ";"
    header = next(csv.reader([text], delimiter=by))
    assert len(header) > 5
    sent = SimpleUploadedFile(
        "filled.csv", response.content + by.join(["7", *header[1:2], *("" for _column in header[2:])]).encode()
    )
    assert admin.post(address("import_upload", house), {"file": sent, "kind": kind}).status_code == 302
    assert (_only_run(house).kind, _only_run(house).state) == (kind, "checking")


def test_a_template_nobody_knows_is_the_list_of_guests(admin: Client, house: House) -> None:
    response = admin.get(address("import_template", house), {"kind": "cars", "language": "xx"})
    assert response["Content-Disposition"] == 'attachment; filename="guests-nb.csv"'


def test_a_guest_list_shows_no_stays(uploaded: Any, admin: Client, house: House) -> None:
    run = uploaded(guest())
    run_check(business_id=house.pk, run_id=run.pk)
    assert ">Stays<" not in admin.get(address("import_run", house, run)).content.decode()


PAGES = [
    ("get", "import_list", False),
    ("get", "import_template", False),
    ("get", "import_mappings", False),
    ("post", "import_upload", False),
    ("get", "import_run", True),
    ("get", "import_state", True),
    ("get", "import_columns", True),
    ("post", "import_columns", True),
    ("post", "import_table", True),
    ("get", "import_rows", True),
    ("post", "import_decide", True),
    ("post", "import_policy", True),
    ("post", "import_start", True),
    ("post", "import_stop", True),
    ("post", "import_discard", True),
    ("get", "import_problems", True),
    ("get", "import_rejected", True),
]


@pytest.mark.parametrize(("method", "name", "of_run"), PAGES)
@pytest.mark.parametrize("role", ["reception", "marketing"])
def test_members_who_lack_the_role_are_told_who_can(
    uploaded: Any, house: House, role: str, method: str, name: str, of_run: bool
) -> None:
    run = uploaded(booking(1))
    client = Client()
    client.force_login(getattr(house, role).user)
    response = getattr(client, method)(address(name, house, run if of_run else None))
    assert response.status_code == 403
    assert "Admin of Fjordstuen" in response.content.decode()


@pytest.mark.parametrize(("method", "name"), [(method, name) for method, name, of_run in PAGES if of_run])
def test_another_business_s_import_is_not_there(
    uploaded: Any, cast: Cast, house: House, method: str, name: str
) -> None:
    run = uploaded(booking(1))
    client = Client()
    client.force_login(cast.duinzicht.owner.user)
    assert getattr(client, method)(address(name, cast.duinzicht, run)).status_code == 404
    assert getattr(client, method)(address(name, house, run)).status_code == 404
    assert _only_run(house).state == "checking"


@pytest.mark.parametrize("language", ["nb", "da", "nl"])
def test_every_sentence_can_be_shown_in_every_language(
    uploaded: Any, admin: Client, house: House, language: str
) -> None:
    run = uploaded(booking(1, email="x"))
    run_check(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        ImportProblem.objects.update(reason="card_number")
    house.admin.user.language = language
    house.admin.user.save()
    assert admin.get(address("import_run", house, run)).status_code == 200
    assert admin.get(address("import_problems", house, run)).status_code == 200
