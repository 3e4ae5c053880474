"""What tests of the pages of imports share: a signed-in admin's upload, and a run looked through."""

import csv
import io
from collections.abc import Iterable, Mapping

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.tenancy import business_scope
from imports.models import ImportRun
from imports.services import run_check
from tests.cast import House


def address(name: str, house: House, run: ImportRun | None = None) -> str:
    """Where a page of imports is."""
    return reverse(name, kwargs={"slug": house.slug} | ({"run_id": run.pk} if run else {}))


def file_of(rows: Iterable[Mapping[str, str]], name: str = "guests.csv") -> SimpleUploadedFile:
    """A comma separated file."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return SimpleUploadedFile(name, text.getvalue().encode(), "text/csv")


def latest(house: House) -> ImportRun:
    """The run that came in last."""
    with business_scope(house.pk):
        return ImportRun.objects.select_related("change_set").latest("id")


def sent(client: Client, house: House, file: SimpleUploadedFile, **more: str) -> ImportRun:
    """Upload a file, as the page does; the run it became."""
    response = client.post(address("import_upload", house), {"file": file, **more})
    assert response.status_code == 302, response.content.decode()
    return latest(house)


def checked(client: Client, house: House, rows: Iterable[Mapping[str, str]], **more: str) -> ImportRun:
    """Upload rows of a known kind and look them through."""
    run = sent(client, house, file_of(rows), **more)
    assert run.state == "checking"
    run_check(business_id=house.pk, run_id=run.pk)
    return latest(house)
