"""Kill -9 of a worker in the middle of a bulk action and of its undo: another one goes on, and it ends the same."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from accounts.tenancy import business_scope
from crm.embedded.home import CHECKOUT
from customers.bulk.models import BulkGuests, BulkRun
from customers.bulk.services import bulk_start, bulk_work
from customers.bulk.undoing import bulk_undo
from customers.card.models import CustomerTag
from customers.changes.models import Change, ChangeSet
from customers.sample.profiles import profile_for
from customers.sample.services import register_fill
from tests.cast import cast_assemble
from tests.factories import TagFactory

ROUNDS = int(os.environ.get("INNKEEPER_CHAOS_ROUNDS", "1"))
GUESTS = 1_200
WORKER = """
import django
django.setup()
from customers.bulk.services import bulk_work
bulk_work(business_id={business}, run_id={run})
"""


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_bulk_action_and_its_undo_survive_their_workers(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("customers.bulk.services.BATCH", 20)
    monkeypatch.setattr("customers.bulk.undoing.BIG_UNDO", 100)
    chance = random.Random(seed)
    house = cast_assemble().fjordstuen
    profile = profile_for(country="NO", currency="NOK", kinds=["hotel"])
    register_fill(business=house.business, profile=profile, guests=GUESTS)
    with business_scope(house.pk):
        before = CustomerTag.objects.count()
        tag = TagFactory()
        run = bulk_start(business=house.business, action="tag_add", values={"tag": str(tag.pk)}, member=house.owner)
        assert run.total == GUESTS

    def batches_done() -> int:
        with business_scope(house.pk):
            return BulkRun.objects.get(pk=run.pk).batches_done

    def killed(run_id: int, *, wait: bool) -> bool:
        at = batches_done()
        program = WORKER.format(business=house.pk, run=run_id)
        worker = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT)
        try:
            patience = time.monotonic() + 120
            while wait and batches_done() == at and worker.poll() is None and time.monotonic() < patience:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.2 if wait else 2))
        finally:
            was_alive = worker.poll() is None
            if was_alive:
                worker.send_signal(signal.SIGKILL)
            worker.wait(30)
        return was_alive

    kills = sum(killed(run.pk, wait=True) for _ in range(3))
    assert kills, "it was over before a worker could be killed"
    bulk_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        run.refresh_from_db()
        left = sum(run.skipped.values())
        assert (run.state, run.done, run.changed + left) == (BulkRun.State.DONE, GUESTS, GUESTS)
        assert CustomerTag.objects.filter(tag=tag).count() == run.changed
        changes = Change.objects.filter(change_set_id=run.change_set_id)
        assert changes.count() == changes.values("guest_id").distinct().count() == run.changed
        assert not BulkGuests.objects.exists()
        undo = bulk_undo(change_set_id=run.change_set_id, member=house.owner)
    for _ in range(2):
        killed(undo.pk, wait=False)
    bulk_work(business_id=house.pk, run_id=undo.pk)
    with business_scope(house.pk):
        undo.refresh_from_db()
        assert (undo.state, undo.changed) == (BulkRun.State.DONE, run.changed)
        assert CustomerTag.objects.count() == before
        assert ChangeSet.objects.filter(kind=ChangeSet.Kind.UNDO).count() == 1
