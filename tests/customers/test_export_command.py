"""``manage.py export_guests``."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.segments.models import Segment
from tests.cast import Cast
from tests.customers.exporting import read
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
DUTCH = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}


@pytest.fixture
def guests(cast: Cast) -> list[int]:
    with business_scope(cast.duinzicht.pk):
        CustomerFactory(language="nl")
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(language="nl", is_restricted=True)
        return [CustomerFactory(language=language).pk for language in ("nl", "nl", "nb")]


def export(path: Path, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("export_guests", str(path), "--business", "fjordstuen", "--json", *options, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def numbers(path: Path) -> list[int]:
    return sorted(int(row["id"]) for row in read(path.read_bytes()))


def test_it_tells_what_it_wrote(cast: Cast, guests: list[int], tmp_path: Path) -> None:
    path = tmp_path / "guests.csv"
    told = export(path)
    assert (told["rows"], told["left_out"], told["lost_letters"], told["bytes"]) == (3, 1, 0, path.stat().st_size)
    assert numbers(path) == guests
    assert path.stat().st_mode & 0o077 == 0
    with business_scope(cast.fjordstuen.pk):
        entry = AuditEntry.objects.get(action="guest.exported")
    assert (entry.data["rows"], entry.data["left_out"]) == (3, 1)
    out = StringIO()
    call_command("export_guests", str(path), "--business", "fjordstuen", "--replace", stdout=out)
    assert "1 guests are not in it" in out.getvalue()


def test_whom_it_is_told(cast: Cast, guests: list[int], tmp_path: Path) -> None:
    path = tmp_path / "guests.csv"
    with business_scope(cast.fjordstuen.pk):
        segment = Segment.objects.create(name="Dutch", tree=DUTCH)
    for options in (["--filter", json.dumps(DUTCH)], ["--segment", "Dutch"], ["--segment", str(segment.pk)]):
        export(path, "--replace", *options)
        assert numbers(path) == guests[:2]
    export(path, "--replace", "--guests", f"{guests[2]},{2**40}")
    assert numbers(path) == guests[2:]
    export(path, "--replace", "--columns", "email,id", "--delimiter", "tab", "--encoding", "utf-8")
    assert path.read_bytes().startswith(b"id\temail\r\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--filter", "["], "The filter cannot be read."),
        (["--segment", "Nobody"], "There is no segment Nobody."),
        (["--columns", "secret"], "There is no column secret."),
        (["--guests", "a"], "is no list of numbers"),
        (["--delimiter", "x"], "does not part cells"),
    ],
)
def test_what_it_cannot_do_it_says_and_writes_nothing(
    cast: Cast, tmp_path: Path, options: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        export(tmp_path / "guests.csv", *options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays(cast: Cast, guests: list[int], tmp_path: Path) -> None:
    path = tmp_path / "guests.csv"
    path.write_text("mine")
    with pytest.raises(CommandError, match="Add --replace"):
        export(path)
    with pytest.raises(CommandError, match="cannot be written"):
        export(tmp_path / "nowhere" / "guests.csv")
    with pytest.raises(CommandError, match="no business"):
        call_command("export_guests", str(path), "--business", "nobody")
    assert path.read_text() == "mine"
