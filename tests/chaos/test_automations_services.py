"""Everything there is killed under journeys, as ``./run`` starts it: nothing is lost, nothing is done twice.

Runs by name. ``INNKEEPER_CHAOS_KILLS`` kills (20) of workers, what they fork, beat and web, while another system tells
of ``INNKEEPER_CHAOS_GUESTS`` guests (200), each of whom begins a journey of seven steps; for every ten kills Valkey is
emptied and killed, for every forty PostgreSQL crashes. The long version, with what it found as JSON::

    INNKEEPER_CHAOS_KILLS=200 INNKEEPER_CHAOS_GUESTS=10000 ./test -s tests/chaos/test_automations_services.py
"""

import datetime as dt
import json
import os
import queue
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import psycopg2
import pytest

from tests.chaos.everything import Everything, everything
from tests.chaos.furnishing import EVENT
from tests.chaos.ledger import ask, ledger_of, left_to_do

KILLS = int(os.environ.get("INNKEEPER_CHAOS_KILLS", "20"))
GUESTS = int(os.environ.get("INNKEEPER_CHAOS_GUESTS", "200"))
FLUSHES, CRASHES = max(1, KILLS // 10), max(1, KILLS // 40)
PAUSE = float(os.environ.get("INNKEEPER_CHAOS_PAUSE", "8"))
"""The longest time between two disasters, in seconds."""
LONGEST_DOWN = 3.0
PATIENCE = 1_200
"""Seconds until everything must have come to its end after the last disaster."""


class Teller(threading.Thread):
    """Another system, which tells of guests by API until it is told that it was understood."""

    def __init__(self, running: Everything, furnished: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.running, self.furnished = running, furnished
        self.waiting: queue.Queue[list[int]] = queue.Queue()
        self.again = 0
        """Answers that never came, or said that something was away."""
        self.refused = ""
        self.start()

    def run(self) -> None:
        """Tell, again and again."""
        while True:
            guests = self.waiting.get()
            while not self._tell(guests):
                self.again += 1
                time.sleep(0.3)
            self.waiting.task_done()

    def _tell(self, guests: Sequence[int]) -> bool:
        body = {"events": [{"name": EVENT, "guest_id": pk, "key": f"spa-{pk}"} for pk in guests]}
        path = f"/api/v1/b/{self.furnished['slug']}/events/"
        status, text = self.running.asked("POST", path, body, Authorization=f"Bearer {self.furnished['key']}")
        if 400 <= status < 500:
            self.refused = f"{status} {text}"
        return status == 201


def calm(running: Everything, furnished: dict[str, Any], guests: int) -> None:
    """Until everything has come to its end."""
    until = time.monotonic() + PATIENCE
    while True:
        running.tend_for(1)
        with suppress(psycopg2.OperationalError):
            left = left_to_do(furnished["database"], guests)
            if not left:
                return
            assert time.monotonic() < until, left


def disasters(chance: random.Random) -> list[str]:
    """What goes wrong, in its order."""
    found = ["flush"] * FLUSHES + ["crash"] * CRASHES
    found += chance.choices(["worker", "child of a worker", "beat", "web"], [50, 15, 15, 20], k=KILLS)
    chance.shuffle(found)
    return found


def strike(running: Everything, what: str, chance: random.Random) -> bool:
    """Let one thing go wrong; whether there was anything to strike."""
    match what:
        case "flush":
            running.valkey_flush()
            running.tend_for(chance.uniform(0, LONGEST_DOWN))
            running.valkey_restart(chance.uniform(0, LONGEST_DOWN))
        case "crash":
            running.postgres_restart(chance.uniform(0, LONGEST_DOWN))
        case "web":
            return running.kill([running.web], below=chance.random() < 0.5)
        case "beat":
            return running.kill(running.beats)
        case _:
            return running.kill(running.workers, below=what != "worker")
    return True


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_nothing_is_lost_or_doubled_whatever_is_killed() -> None:
    chance = random.Random("everything")
    with everything(guests=GUESTS) as (running, furnished, log):
        teller = Teller(running, furnished)
        planned, done = disasters(chance), Counter[str]()
        told = furnished["guests"]
        begun = time.monotonic()
        for number, what in enumerate(planned):
            if part := told[number * len(told) // len(planned) : (number + 1) * len(told) // len(planned)]:
                teller.waiting.put(part)
            running.tend_for(chance.uniform(0, PAUSE))
            while not strike(running, what, chance):
                running.tend_for(0.2)
            done[what] += 1
        struck = time.monotonic() - begun
        running.recover()
        since = _now(furnished)
        calm(running, furnished, GUESTS)
        found = ledger_of(furnished, log, since=since)
        health, text = running.asked("GET", "/health")
        told_of = {
            "guests": GUESTS,
            "seconds": [round(struck), round(time.monotonic() - begun)],
            "struck": dict(done),
            "started again": dict(running.restarts),
            "told again": teller.again,
            **asdict(found),
        }
    sys.stdout.write(f"{json.dumps(told_of)}\n")
    assert teller.refused == ""
    assert found.wrong == []
    assert (health, json.loads(text)) == (200, {"status": "ok"})


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_three_beats_and_four_workers_double_nothing() -> None:
    guests = min(GUESTS, 1_000)
    with everything(guests=guests, workers=4, beats=3) as (running, furnished, log):
        teller = Teller(running, furnished)
        since = _now(furnished)
        told = furnished["guests"]
        for number in range(10):
            teller.waiting.put(told[number::10])
        calm(running, furnished, guests)
        found = ledger_of(furnished, log, since=since)
        assert running.restarts.total() == 0
    sys.stdout.write(json.dumps({"guests": guests, **asdict(found)}) + "\n")
    assert found.wrong == []
    assert found.messages == {"sent": 2 * guests}


def _now(furnished: dict[str, Any]) -> dt.datetime:
    ((at,),) = ask(furnished["database"], "SELECT clock_timestamp()")
    assert isinstance(at, dt.datetime)
    return at
