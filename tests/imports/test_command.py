"""``manage.py import_file``: its options, what it prints, and files that it refuses."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.history.models import Stay
from imports.models import ImportMapping, ImportRun
from tests.cast import Cast
from tests.imports.files import BOOKING, booking, guest, write

pytestmark = pytest.mark.django_db

OUTCOMES = ["created", "updated", "unchanged", "invalid"]


def _run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("import_file", *map(str, arguments), stdout=out)
    return out.getvalue()


def _json(*arguments: object) -> dict[str, Any]:
    return json.loads(_run("--json", *arguments))


def _guests_of(slug: str) -> int:
    with business_scope(Business.objects.get(slug=slug).pk):
        return Customer.objects.count()


def test_json_tells_what_came_of_it(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "b.csv", [booking(1), booking(2, **{"phone-number": "12"}), booking(3, adr="?")])
    result = _json("--business", "fjordstuen", path)
    assert list(result["guests"]) == list(result["stays"]) == OUTCOMES
    assert result["guests"]["created"] == result["stays"]["created"] == 3
    assert result["problems"] == 2
    assert {group["reason"]: group["examples"] for group in result["problem_groups"]} == {
        "phone_invalid": [{"line": 3, "value": "12"}],
        "amount": [{"line": 4, "value": "?"}],
    }
    assert result["refused_columns"] == ["credit_card"]
    assert result["seconds"] > 0 and result["peak_mb"] > 0
    assert _guests_of("fjordstuen") == 3


def test_the_same_file_twice_changes_nothing(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "b.csv", [booking(n) for n in range(5)])
    first, second = _json("--business", "fjordstuen", path), _json("--business", "fjordstuen", path)
    assert first["stays"]["created"] == 5
    assert second["guests"] == second["stays"] == {"created": 0, "updated": 0, "unchanged": 5, "invalid": 0}


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "b.csv", [booking(1), booking(2), booking(3, arrival_date_month="?")])
    tried = _json("--business", "fjordstuen", "--dry-run", path)
    assert _guests_of("fjordstuen") == 0
    with business_scope(cast.fjordstuen.pk):
        assert not ImportRun.objects.exists()
    done = _json("--business", "fjordstuen", path)
    timing = {"seconds": 0, "peak_mb": 0, "run": None}
    assert tried | timing == done | timing


def test_a_missing_business_is_an_error_unless_it_is_to_be_made(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", [booking(1)])
    with pytest.raises(CommandError, match=r"no business with the address strandhotel.*--create"):
        _run("--business", "strandhotel", path)
    assert not Business.objects.exists()
    _run("--business", "strandhotel", "--create", "--dry-run", path)
    assert not Business.objects.exists()
    _run("--business", "strandhotel", "--create", "--country", "dk", path)
    assert Business.objects.get().country == "DK"
    assert _guests_of("strandhotel") == 1


def test_an_address_that_cannot_be_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be an address"):
        _run("--business", "Strand Hotel", "--create", write(tmp_path / "b.csv", [booking(1)]))


def test_a_file_that_cannot_be_read_makes_no_business(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(CommandError, match="empty"):
        _run("--business", "strandhotel", "--create", tmp_path / "empty.csv")
    assert not Business.objects.exists()


def test_amounts_have_the_currency_of_the_option(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "b.csv", [booking(1)])
    _run("--business", "fjordstuen", "--currency", "nok", path)
    with business_scope(cast.fjordstuen.pk):
        assert Stay.objects.get().currency == "NOK"
    with pytest.raises(CommandError, match="not a currency code"):
        _run("--business", "fjordstuen", "--currency", "kroner", path)


def test_people_are_told_in_words(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "b.csv", [booking(1, **{"phone-number": "669-792-1661"})])
    told = _run("--business", "fjordstuen", path)
    assert "guests: 1 created, 0 updated, 0 unchanged, 0 invalid" in told
    assert "column credit_card: holds payment cards and was not stored" in told
    assert "1 × phone-number: This phone number exists nowhere; it was kept as typed." in told
    assert "line 2: 669-792-1661" in told


def test_a_guest_list(tmp_path: Path, cast: Cast) -> None:
    result = _json("--business", "fjordstuen", write(tmp_path / "g.csv", [guest(), guest(email="other@b.no")]))
    assert result["guests"]["created"] == 2
    assert result["stays"] == dict.fromkeys(OUTCOMES, 0)


def test_the_kind_is_checked_when_it_is_said(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "b.csv", [booking(1)])
    with pytest.raises(CommandError, match=r"Nothing was imported from b\.csv"):
        _run("--business", "fjordstuen", "--kind", "invoices", path)
    assert _json("--business", "fjordstuen", "--kind", "bookings", path)["stays"]["created"] == 1


def test_the_policy_is_told_by_options(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "g.csv", [guest(city="Oslo")])
    _run("--business", "fjordstuen", path)
    write(path, [guest(city="Molde")])
    options = ("--business", "fjordstuen", "--update", "fill", "--tag", "Old system", "--file-date", "2026-11-01")
    result = _json(*options, path)
    assert result["guests"]["updated"] == 1
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.get().city == "Oslo"
        assert Customer.objects.get().customer_tags.filter(tag__name="Old system").exists()
        run = ImportRun.objects.get(pk=result["run"])
        assert (run.policy["update"], run.policy["file_date"]) == ("fill", "2026-11-01")
    with pytest.raises(CommandError, match="takes a day"):
        _run("--business", "fjordstuen", "--file-date", "soon", path)


def test_a_saved_mapping_tells_the_columns(tmp_path: Path, cast: Cast) -> None:
    path = write(tmp_path / "odd.csv", [{"Spalte A": "Åse", "Spalte B": "Sørensen", "Spalte C": "ase@fjord.no"}])
    with pytest.raises(CommandError, match=r"Spalte A.*name it by --mapping"):
        _run("--business", "fjordstuen", path)
    with pytest.raises(CommandError, match="no saved mapping with the name Odd"):
        _run("--business", "fjordstuen", "--mapping", "Odd", path)
    names = ("guest.given_name", "guest.family_name", "guest.email")
    readings = [{"meaning": name, "from": [f"Spalte {letter}"]} for name, letter in zip(names, "ABC", strict=True)]
    with business_scope(cast.fjordstuen.pk):
        ImportMapping.objects.create(
            name="Odd",
            kind="guests",
            signature="x",
            layout={"version": 1, "kind": "guests", "system": "odd", "readings": readings},
            policy={"tag": "Odd"},
        )
    assert _json("--business", "fjordstuen", "--mapping", "Odd", path)["guests"]["created"] == 1
    with business_scope(cast.fjordstuen.pk):
        ase = Customer.objects.get()
        assert (ase.given_name, ase.family_name) == ("Åse", "Sørensen")
        assert ase.customer_tags.get().tag.name == "Odd"
    assert _json("--business", "fjordstuen", "--mapping", "Odd", path)["guests"]["unchanged"] == 1


def test_invoices_are_counted(tmp_path: Path, cast: Cast) -> None:
    rows = [{"Invoice number": "F-1", "Amount": "10", "E-mail": "ase@fjord.no", "Name": "Åse Sørensen"}]
    path = write(tmp_path / "i.csv", rows)
    told = _run("--business", "fjordstuen", path)
    assert "invoices: 1 created, 0 updated, 0 unchanged, 0 invalid" in told


@pytest.mark.parametrize(
    ("description", "content", "said"),
    [
        ("wrong encoding", "row_id,name\n1,J\x9brgen H\x86konsen\n".encode("latin-1"), "CSV UTF-8"),
        ("binary", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a table"),
        ("empty", b"", "file is empty"),
        ("header only", ",".join(BOOKING).encode() + b"\n", "no rows below"),
        ("a missing column", b"row_id,hotel,name\n1,Resort,Jan\n", "has to be told first"),
    ],
)
def test_bad_files_are_refused_with_words_and_nothing_is_written(
    tmp_path: Path, cast: Cast, description: str, content: bytes, said: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=said) as caught:
        _run("--business", "fjordstuen", path)
    assert "Nothing was imported from bad.csv." in str(caught.value), description
    assert _guests_of("fjordstuen") == 0
    with business_scope(cast.fjordstuen.pk):
        assert not ImportRun.objects.exists()


def test_a_missing_column_of_a_known_list_is_named(tmp_path: Path, cast: Cast) -> None:
    row = {name: value for name, value in booking(1).items() if not name.startswith("stays_in")}
    with pytest.raises(CommandError, match=r"not recognised.*--mapping"):
        _run("--business", "fjordstuen", write(tmp_path / "b.csv", [row]))


def test_a_file_of_two_gigabytes_is_refused_at_once(tmp_path: Path, cast: Cast) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(2 << 30)
    with pytest.raises(CommandError, match="2147 MB; at most 1074 MB"):
        _run("--business", "fjordstuen", path)


def test_a_missing_file(tmp_path: Path, cast: Cast) -> None:
    with pytest.raises(CommandError, match=r"nothing\.csv cannot be opened"):
        _run("--business", "fjordstuen", tmp_path / "nothing.csv")
