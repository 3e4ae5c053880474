"""A house, a web server and a folder from which nightly imports come."""

import ipaddress
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts import outgoing
from imports.feeds import folder
from tests.accounts.web import Web, a_web
from tests.cast import Cast, House


@pytest.fixture
def house(transactional_cast: Cast) -> House:
    """Fjordstuen, whose staff is told of things in English."""
    business = transactional_cast.fjordstuen.business
    business.language = "en"
    business.save()
    return transactional_cast.fjordstuen


@pytest.fixture(scope="module")
def running(tmp_path_factory: Any) -> Iterator[Web]:
    with a_web(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def web(running: Web, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Web:
    running.answers.clear()
    running.asked.clear()
    settings.INNKEEPER_OUTGOING_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    settings.INNKEEPER_OUTGOING_PORTS = (443, running.port)
    settings.INNKEEPER_OUTGOING_AUTHORITIES = str(running.authority)
    monkeypatch.setattr(outgoing, "_resolve", lambda host, port: [ipaddress.ip_address("127.0.0.1")])
    return running


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, settings: Any) -> Path:
    settings.INNKEEPER_UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def laid(house: House, tmp_path: Path, settings: Any) -> Path:
    """The folder that the feed of a folder watches."""
    settings.INNKEEPER_FEED_FOLDER = str(tmp_path / "files")
    path = tmp_path / "files" / str(house.business.public_id) / "mews"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour has passed since the files were laid down."""
    now = time.time() + 3_600
    monkeypatch.setattr(folder.time, "time", lambda: now)
