"""Files of imports at rest: sealed as they arrive, for one business, kept for their time and no longer."""

import gc
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.sealed_files import sealed_header
from accounts.tenancy import business_scope
from imports import store
from imports.models import ImportRow, ImportRun
from imports.retention import file_retain, files_expire, nobodys_files_remove
from imports.services import run_check, run_create, run_start, run_work, source_open
from imports.store import (
    FileGone,
    FileSpoiled,
    SealedUpload,
    store_add,
    store_keep,
    store_opener,
    store_path,
    store_remove,
    upload_refused,
)
from imports.tasks import imports_sweep
from tests.cast import Cast, House
from tests.imports.files import booking, write
from tests.imports.loading import keep

CANARY = b"zebrafinchcanary"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """A folder of uploads of the test's own."""
    settings.INNKEEPER_UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


def request_of(house: House | None, *files: bytes, **extra: Any) -> HttpRequest:
    """A request with files, in the house's scope; without one, in none."""
    named = {f"file{n}": SimpleUploadedFile(f"guests{n}.csv", data) for n, data in enumerate(files)}
    request = RequestFactory().post("/", named, **extra)
    if house is not None:
        request.business = house.business  # type: ignore[attr-defined]
    return request


def lying(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.exists() else []


def test_an_upload_is_sealed_while_it_arrives_and_goes_with_its_request(house: House, folder: Path) -> None:
    request = request_of(house, CANARY * 100_000)
    uploaded = request.FILES["file0"]
    assert isinstance(uploaded, SealedUpload)
    assert (uploaded.name, uploaded.size) == ("guests0.csv", len(CANARY) * 100_000)
    (path,) = lying(folder)
    assert CANARY not in path.read_bytes()
    assert sealed_header(path).business == house.business.public_id
    assert uploaded.read() == CANARY * 100_000
    request.close()
    assert lying(folder) == []


def test_what_is_kept_is_opened_by_its_name_as_often_as_one_likes(house: House, folder: Path) -> None:
    request = request_of(house, CANARY)
    name = store_keep(request.FILES["file0"])
    request.close()
    opener = store_opener(name, house.business)
    with opener() as first, opener() as second:
        assert (first.read(), second.read()) == (CANARY, CANARY)
        assert first.seek(5) == 5 and first.read() == CANARY[5:]
    store_remove(name)
    store_remove(name)
    store_remove("")
    assert lying(folder) == []
    with pytest.raises(FileGone):
        opener()


def test_a_file_of_another_business_does_not_open(cast: Cast) -> None:
    name = store_add([CANARY], business=cast.fjordstuen.business)
    with pytest.raises(FileSpoiled):
        store_opener(name, cast.duinzicht.business)()


def test_a_changed_file_is_said_to_be_spoiled(house: House) -> None:
    name = store_add([CANARY], business=house.business)
    data = store_path(name).read_bytes()
    store_path(name).write_bytes(data[:-1])
    with pytest.raises(FileSpoiled):
        store_opener(name, house.business)()


def test_a_file_changed_in_its_middle_is_said_to_be_spoiled_when_it_is_read(house: House) -> None:
    name = store_add([bytes(3 << 20)], business=house.business)
    data = bytearray(store_path(name).read_bytes())
    data[len(data) // 2] ^= 1
    store_path(name).write_bytes(data)
    with store_opener(name, house.business)() as stream, pytest.raises(FileSpoiled):
        stream.read()


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b"])
def test_a_name_never_leads_out_of_the_folder(folder: Path, name: str) -> None:
    assert store_path(name).parent == folder


def test_only_sealed_uploads_are_kept() -> None:
    with pytest.raises(TypeError):
        store_keep(SimpleUploadedFile("a.csv", CANARY))


def test_an_upload_outside_any_business_is_kept_nowhere(folder: Path) -> None:
    request = request_of(None, CANARY)
    assert not request.FILES
    assert lying(folder) == []


def test_no_file_of_a_stranger_reaches_the_disk(cast: Cast, folder: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.stranger)
    answer = client.post("/b/fjordstuen/import/upload/", {"file": SimpleUploadedFile("a.csv", CANARY)})
    assert answer.status_code in (403, 404)
    assert lying(folder) == []


def test_all_files_of_a_request_together_are_no_larger_than_one(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FILE_BYTES_MAX", 1_500)
    request = request_of(house, b"x" * 1_000, b"y" * 1_000)
    assert upload_refused(request) == 2_000
    assert list(request.FILES) == ["file0"]
    assert len(lying(folder)) == 1
    request.close()
    assert lying(folder) == []


def test_a_request_that_announces_too_much_is_not_even_begun(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FILE_BYTES_MAX", -(1 << 20))
    begun: list[Path] = []
    monkeypatch.setattr(store, "SealedWriter", lambda path, **place: begun.append(path))
    request = request_of(house, b"x")
    assert upload_refused(request) == int(request.META["CONTENT_LENGTH"])
    assert begun == lying(folder) == []


def test_an_upload_that_breaks_off_leaves_nothing(house: House, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cut:
        """A body that ends before its file does."""

        def __init__(self, body: bytes) -> None:
            self.body, self.at = body[: len(body) // 2], 0

        def read(self, size: int = -1) -> bytes:
            data = self.body[self.at : self.at + size]
            self.at += len(data)
            if not data:
                raise OSError("The line is gone.")
            return data

    whole = request_of(house, CANARY * 20_000)
    body = whole.body
    request = RequestFactory().generic("POST", "/", body, content_type=whole.META["CONTENT_TYPE"])
    request._stream = Cut(body)  # type: ignore[attr-defined]
    request.business = house.business  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="gone"):
        _ = request.FILES
    (part,) = lying(folder)
    assert CANARY not in part.read_bytes()
    # Nobody tells the handler; it goes with the request.
    del request
    gc.collect()
    assert lying(folder) == []


def fails() -> Any:
    yield CANARY
    raise LookupError


def test_a_fetch_that_breaks_off_leaves_nothing(house: House, folder: Path) -> None:
    with pytest.raises(LookupError):
        store_add(fails(), business=house.business)
    assert lying(folder) == []


def run_of(house: House, **values: Any) -> ImportRun:
    with business_scope(house.pk):
        return ImportRun.objects.create(file_name="a.csv", **values)


@pytest.mark.parametrize(
    ("description", "days", "values", "kept"),
    [
        ("as the operator says", 30, {}, 30),
        ("not at all", 0, {}, None),
        ("with sensitive details a day", 30, {"extras": [["Allergier", "sensitive.allergies"]]}, 1),
        ("the same told by the mapping", 30, {"layout": {"readings": [{"meaning": "sensitive.allergies"}]}}, 1),
        ("not longer than the operator says", 0, {"extras": [["Allergier", "sensitive.allergies"]]}, None),
    ],
)
def test_how_long_a_file_is_kept(
    house: House,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
    description: str,
    days: int,
    values: dict[str, Any],
    kept: int | None,
) -> None:
    settings.INNKEEPER_IMPORT_KEEP_DAYS = days
    name = store_add([CANARY], business=house.business)
    run = run_of(house, upload=name, state="done", **values)
    with django_capture_on_commit_callbacks(execute=True), business_scope(house.pk):
        file_retain(run=run)
    assert store_path(name).exists() == (kept is not None)
    assert run.upload == (name if kept else "")
    assert run.kept_until == (None if kept is None else timezone.localdate() + timedelta(days=kept))


def test_a_file_whose_time_is_over_goes_with_its_preview(
    cast: Cast, house: House, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    today = timezone.localdate()
    runs = []
    for business, until in ((cast.fjordstuen, today), (cast.duinzicht, today), (house, today + timedelta(days=1))):
        name = store_add([CANARY], business=business.business)
        runs.append(run_of(business, upload=name, state="done", kept_until=until))
        with business_scope(business.pk):
            ImportRow.objects.create(run=runs[-1], line=2, outcome="create")
    with django_capture_on_commit_callbacks(execute=True):
        assert files_expire() == 2
        assert files_expire() == 0
    assert [path.name for path in lying(folder)] == [runs[2].upload]
    with business_scope(house.pk):
        assert list(ImportRow.objects.values_list("run_id", flat=True)) == [runs[2].pk]
        assert ImportRun.objects.get(pk=runs[0].pk).upload == ""


def test_files_that_no_run_knows_go_after_a_day(cast: Cast, house: House, folder: Path) -> None:
    kept, left, fresh = (store_add([CANARY], business=house.business) for _ in range(3))
    run_of(house, upload=kept)
    elsewhere = store_add([CANARY], business=cast.duinzicht.business)
    run_of(cast.duinzicht, upload=elsewhere)
    (folder / "killed.upload.0a.part").write_bytes(b"x")
    (folder / "plain.upload").write_bytes(b"x")
    for path in lying(folder):
        if path.name != fresh:
            os.utime(path, (time.time() - 90_000,) * 2)
    assert nobodys_files_remove() == 3
    assert {path.name for path in lying(folder)} == {kept, elsewhere, fresh}
    assert not store_path(left).exists()


def test_a_finished_import_keeps_its_file_sealed(transactional_cast: Cast, tmp_path: Path, folder: Path) -> None:
    house = transactional_cast.fjordstuen
    name = keep(house, write(tmp_path / "a.csv", [booking(1)]))
    with business_scope(house.pk):
        source = source_open(opener=store_opener(name, house.business), name="a.csv")
        run = run_create(source=source, file_name="a.csv", upload=name, member=house.admin)
    run_check(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        run = ImportRun.objects.get(pk=run.pk)
    assert (run.state, run.upload) == ("done", name)
    assert run.kept_until == timezone.localdate() + timedelta(days=settings.INNKEEPER_IMPORT_KEEP_DAYS)
    with store_opener(run.upload, house.business)() as stream:
        assert stream.read() == (tmp_path / "a.csv").read_bytes()


@pytest.mark.parametrize(("days", "left"), [(6, 1), (8, 0)])
def test_a_file_whose_columns_nobody_tells_is_put_away_after_a_week(
    house: House, folder: Path, django_capture_on_commit_callbacks: Any, days: int, left: int
) -> None:
    run = run_of(house, upload=store_add([CANARY], business=house.business), state="mapping")
    with business_scope(house.pk):
        ImportRun.objects.update(seen_at=timezone.now() - timedelta(days=days))
    with django_capture_on_commit_callbacks(execute=True):
        imports_sweep()
    assert len(lying(folder)) == left
    with business_scope(house.pk):
        assert ImportRun.objects.get(pk=run.pk).state == ("mapping" if left else "discarded")
