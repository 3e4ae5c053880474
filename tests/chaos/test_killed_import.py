"""Kill -9 of a worker in the middle of an import: another one goes on, and it ends the same."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from accounts.tenancy import business_scope
from crm.embedded.home import CHECKOUT
from customers.card.models import Customer
from customers.history.models import Stay, StayParticipant
from imports.models import ImportRun, ImportSeen
from imports.services import run_begin, run_create, run_work, source_open
from tests.cast import cast_assemble
from tests.imports.files import booking, write

ROUNDS = int(os.environ.get("INNKEEPER_CHAOS_ROUNDS", "1"))
ROWS = 3_000
WORKER = """
import django
django.setup()
from pathlib import Path
from imports.services import run_work, sources
sources.BATCH_ROWS = 200
run_work(business_id={business}, run_id={run}, path=Path({path!r}))
"""


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_an_import_survives_its_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("imports.services.sources.BATCH_ROWS", 200)
    chance = random.Random(seed)
    house = cast_assemble().fjordstuen
    guests = ROWS // 3
    rows = [booking(n, name=f"Guest {n % guests}", email=f"guest{n % guests}@berg.no") for n in range(ROWS)]
    path = write(tmp_path / "bookings.csv", rows)
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path), file_name=path.name)
        run_begin(run=run)
    program = WORKER.format(business=house.pk, run=run.pk, path=str(path))

    def batches_done() -> int:
        with business_scope(house.pk):
            return ImportRun.objects.get().batches_done

    kills = 0
    for _ in range(3):
        before = batches_done()
        worker = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT)
        try:
            patience = time.monotonic() + 120
            while batches_done() == before and worker.poll() is None and time.monotonic() < patience:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.3))
        finally:
            if worker.poll() is None:
                worker.send_signal(signal.SIGKILL)
                kills += 1
            worker.wait(30)
    assert kills, "the import was over before a worker could be killed"
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        done = ImportRun.objects.get()
        assert done.state == ImportRun.State.DONE
        assert done.counts["stays"] == {"created": ROWS, "updated": 0, "unchanged": 0, "invalid": 0}
        assert done.counts["guests"] == {"created": guests, "updated": 0, "unchanged": 0, "invalid": 0}
        assert Stay.objects.count() == StayParticipant.objects.count() == ROWS
        assert Customer.objects.count() == guests
        assert not ImportSeen.objects.exists()
