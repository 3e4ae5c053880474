"""Kill -9 at random moments of an import and of its undoing: nothing is lost, nothing doubled, nothing left.

A few kills by default; ``python -m benchmarks.import_kill`` has a hundred.
"""

import os
import random
from pathlib import Path

import pytest

from accounts.tenancy import business_scope
from benchmarks import import_kill
from benchmarks.guest_file import guests_write
from benchmarks.import_kill import Killer, contents, imported, taken_back
from customers.bulk.models import BulkRun
from imports.models import ImportRun
from imports.services import run_work, sources
from tests.cast import cast_assemble

KILLS = int(os.environ.get("INNKEEPER_CHAOS_KILLS", "3"))
ROWS, BATCH = 300, 30


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_or_doubled_or_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", BATCH)
    cast = cast_assemble()
    path = tmp_path / "guests.csv"
    guests_write(path, ROWS)
    calm, stormy = cast.fjordstuen.business, cast.duinzicht.business
    # The same country and language, so that both read the file alike.
    stormy.country, stormy.language, stormy.currency = calm.country, calm.language, calm.currency
    stormy.save()
    nothing = contents(calm.pk)
    assert contents(stormy.pk) == nothing
    run = import_kill.import_begun(calm, path)
    run_work(business_id=calm.pk, run_id=run.pk, path=path)
    wanted = contents(calm.pk)
    assert wanted["customers_customer"][0] > ROWS * 0.9
    assert wanted["doubled"] == 0
    killer = Killer(random.Random("import kill"), KILLS, longest=0.3)
    killed = imported(stormy, path, killer, batch=BATCH)
    with business_scope(calm.pk):
        run.refresh_from_db()
    assert (killed.state, killed.counts) == (ImportRun.State.DONE, run.counts)
    assert contents(stormy.pk) == wanted
    killer.left = KILLS
    undo = taken_back(stormy, killed, killer, batch=BATCH)
    assert (undo.state, undo.skipped) == (BulkRun.State.DONE, {})
    assert undo.changed == sum(wanted[table][0] for table in wanted if isinstance(wanted[table], tuple))
    assert contents(stormy.pk) == nothing
    assert killer.kills.total(), "it was over before a worker could be killed"
