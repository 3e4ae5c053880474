"""Kill -9 of any and all of it, at any moment: the next start recovers by itself.

One round by default; ``INNKEEPER_CHAOS_ROUNDS=50 ./test --timeout 0 tests/chaos/test_killed_run.py`` for a night.
"""

import os
import random
import signal
import time

import pytest

from tests.crm.running import Running, living_below
from tests.crm.services_probe import services_home

ROUNDS = int(os.environ.get("INNKEEPER_CHAOS_ROUNDS", "1"))


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_start_after_any_kill(seed: int) -> None:
    chance = random.Random(seed)
    with services_home() as var:
        running = Running(var)
        # Even rounds hit the preparation, odd ones whatever comes up to the first seconds of service.
        if seed % 2:
            running.wait_until_up()
        time.sleep(chance.uniform(0.1, 4.0))
        victims = living_below(var)
        share = chance.choice([0.3, 0.7, 1.0])
        for pid in victims:
            if chance.random() <= share:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait(60)
        running.start()
        assert running.page() == 200
        running.stop()
        assert living_below(var) == {}
