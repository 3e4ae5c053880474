"""Exports in tests: written straight to a file; or asked for on the page, written as the worker does, downloaded."""

import csv
import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import factory
from django.test import Client
from factory.django import DjangoModelFactory

from accounts.tenancy import business_scope
from customers.export.building import Built
from customers.export.look import Look
from customers.export.models import ExportRun, SavedColumns
from customers.export.selection import Chosen
from customers.export.services import export_work, export_write
from tests.cast import House

NEW = "/b/fjordstuen/exports/new/"


class ExportRunFactory(DjangoModelFactory[ExportRun]):
    """A file of all guests that waits for a worker."""

    class Meta:
        model = ExportRun

    columns = factory.LazyFunction(lambda: ["id", "given_name", "family_name"])
    file_name = "guests.csv"


class SavedColumnsFactory(DjangoModelFactory[SavedColumns]):
    class Meta:
        model = SavedColumns

    name = factory.Sequence("Columns {}".format)
    columns = factory.LazyFunction(lambda: ["given_name", "email"])


def written(house: House, path: Path, **given: Any) -> Built:
    """Write a file as the command does: all guests with the usual columns, parted by semicolons, unless told."""
    usual: dict[str, Any] = {"kind": "guests", "chosen": Chosen(), "look": Look(), "member": house.admin}
    return export_write(business=house.business, path=path, **{**usual, **given})


def read(data: bytes, delimiter: str = ";", encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """The rows of a CSV file, as a reader gets them."""
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))


def form_of(client: Client, address: str = NEW) -> dict[str, Any]:
    """What the page's form sends as it stands."""
    shown = client.get(address).content.decode()
    form = shown[shown.index('id="export-form"') :]
    sent: dict[str, Any] = {"column": []}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        ticked = " checked" in tag or not ('type="checkbox"' in tag or 'type="radio"' in tag)
        if name is None or not ticked:
            continue
        if name[1] == "column":
            sent["column"].append(unescape(value[1] if value else "on"))
        else:
            sent[name[1]] = unescape(value[1] if value else "")
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = unescape(chosen[1]) if chosen else ""
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def asked(client: Client, house: House, address: str = NEW, **changed: Any) -> ExportRun:
    """Send the page's form with ``changed`` in it, and let the worker write the file."""
    sent = form_of(client, address) | {"preset": "plain", "delimiter": ";"} | changed
    answer = client.post(NEW, sent)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    number = int(answer.headers["Location"].rstrip("/").rpartition("/")[2])
    export_work(business_id=house.pk, run_id=number)
    with business_scope(house.pk):
        return ExportRun.objects.get(pk=number)


def link(client: Client, run: ExportRun) -> str:
    """The link on a run's page."""
    found = re.search(rf'href="(/b/[^"]*/exports/{run.pk}/file/[^"]*)"', run_page(client, run))
    assert found, "the page has no link"
    return unescape(found[1])


def run_page(client: Client, run: ExportRun, slug: str = "fjordstuen") -> str:
    """A run's page."""
    return client.get(f"/b/{slug}/exports/{run.pk}/").content.decode()


def downloaded(client: Client, run: ExportRun) -> bytes:
    """The file behind it."""
    answer = client.get(link(client, run))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]
