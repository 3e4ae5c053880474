"""Kill -9 of workers in the middle of a campaign: nothing is lost, nothing doubled, and what is in doubt says so.

A few kills by default. The long version, two hundred over ten thousand messages, runs by name:
``python -m benchmarks.outbox_kill --kind smtp``, and ``--kind resend`` for a service that takes a message once.
"""

import ipaddress
import os
import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks import outbox_kill
from benchmarks.outbox import house_make, sink, template_make
from messaging.transports import providers
from tests.cast import cast_assemble

KILLS = int(os.environ.get("INNKEEPER_CHAOS_KILLS", "6"))
MESSAGES = 600
LONGEST = 0.2


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", outbox_kill.KINDS)
def test_no_message_is_lost_or_doubled(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    cast_assemble()
    log = tmp_path / "taken.log"
    log.touch()
    with sink(log, kind) as port:
        monkeypatch.setitem(providers.ADDRESSES, ("resend", ""), f"http://127.0.0.1:{port}/")
        monkeypatch.setenv("INNKEEPER_OUTGOING_NETWORKS", "127.0.0.1/32")
        monkeypatch.setenv("INNKEEPER_OUTGOING_MAIL_PORTS", str(port))
        settings.INNKEEPER_OUTGOING_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
        settings.INNKEEPER_OUTGOING_MAIL_PORTS = (port,)
        business = house_make(guests=MESSAGES, port=port, kind=kind)
        found = outbox_kill.campaign_killed(
            business=business,
            template_id=template_make(business),
            kills=KILLS,
            chance=random.Random(f"outbox {kind}"),
            log=log,
            longest=LONGEST,
        )
    assert found.kills, "it was over before a worker could be killed"
    assert found.lost == 0
    assert found.doubled == 0
    assert found.states.keys() <= {"sent", "unknown"}
    assert found.unknown_and_arrived + found.unknown_and_not == found.states.get("unknown", 0)
    assert sum(found.states.values()) == MESSAGES
    assert found.campaign == "done"
    if kind == "smtp":
        assert found.states.get("unknown", 0) <= found.kills
    else:
        assert found.states == {"sent": MESSAGES}
