"""Which servers may be asked, as the environment says it: read strictly."""

import ipaddress
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from crm import env

NAME = "INNKEEPER_OUTGOING_OF_A_TEST"


def test_ports_networks_and_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert env.numbers(NAME, "443,8443") == (443, 8443)
    assert env.networks(NAME) == ()
    assert env.file(NAME) == ""
    monkeypatch.setenv(NAME, "443, 9443")
    assert env.numbers(NAME, "443") == (443, 9443)
    monkeypatch.setenv(NAME, "10.1.2.0/24, fd00::/8")
    assert env.networks(NAME) == (ipaddress.ip_network("10.1.2.0/24"), ipaddress.ip_network("fd00::/8"))
    (tmp_path / "authorities.pem").touch()
    monkeypatch.setenv(NAME, str(tmp_path / "authorities.pem"))
    assert env.file(NAME) == str(tmp_path / "authorities.pem")


def test_what_is_malformed_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "https")
    for read in (lambda: env.numbers(NAME, "443"), lambda: env.networks(NAME), lambda: env.file(NAME)):
        with pytest.raises(ImproperlyConfigured, match=NAME):
            read()
    monkeypatch.setenv(NAME, "10.1.2.3/24")
    with pytest.raises(ImproperlyConfigured, match="host bits"):
        env.networks(NAME)
