"""A house, and a real https server that takes webhooks."""

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest

from accounts import outgoing
from messaging.webhooks import tasks
from tests.accounts.web import Web, a_web
from tests.cast import Cast, House
from tests.messaging.webhooks.receiver import Receiver


@pytest.fixture(scope="module")
def running(tmp_path_factory: Any) -> Iterator[Web]:
    with a_web(tmp_path_factory.mktemp("hooks")) as web:
        yield web


@pytest.fixture
def receiver(running: Web, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """Its network and port opened, its authority trusted, every name its own."""
    settings.INNKEEPER_OUTGOING_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    settings.INNKEEPER_OUTGOING_PORTS = (443, running.port)
    settings.INNKEEPER_OUTGOING_AUTHORITIES = str(running.authority)
    monkeypatch.setattr(outgoing, "_resolve", lambda host, port: [ipaddress.ip_address("127.0.0.1")])
    return Receiver(running)


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Businesses that a worker was told of; none runs here."""
    told: list[int] = []
    monkeypatch.setattr(tasks.webhooks_send, "delay", told.append)
    return told


@pytest.fixture
def house(transactional_cast: Cast) -> House:
    """Fjordstuen, whose staff is told of things in English."""
    business = transactional_cast.fjordstuen.business
    business.language = "en"
    business.save()
    return transactional_cast.fjordstuen
