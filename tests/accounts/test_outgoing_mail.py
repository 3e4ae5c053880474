"""The gate for mail servers, and what a caller may know of a request that failed."""

import ipaddress
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from accounts import outgoing
from accounts.networks import Address
from accounts.outgoing import connection_open, host_read, https_open
from accounts.outgoing_problems import (
    AddressWrong,
    AnswerWrong,
    BrokenOff,
    NameUnknown,
    NotPublic,
    NotReached,
    OutgoingError,
    PortRefused,
)
from tests.accounts.web import HOST, Web, a_web

LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    known = {HOST: ["127.0.0.1"], "mixed.example.org": ["93.184.216.34", "10.0.0.1"]}

    def resolve(host: str, port: int) -> list[Address]:
        if host not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [ipaddress.ip_address(each) for each in known[host]]

    monkeypatch.setattr(outgoing, "_resolve", resolve)
    return known


def test_a_connection_goes_to_an_address_that_was_checked(names: dict[str, list[str]], settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        settings.INNKEEPER_OUTGOING_MAIL_PORTS = (port,)
        with pytest.raises(NotPublic):
            connection_open(host=HOST, port=port)
        settings.INNKEEPER_OUTGOING_NETWORKS = LOOPBACK
        with connection_open(host=HOST, port=port) as opened:
            assert opened.getpeername() == ("127.0.0.1", port)
        # One address that is not allowed refuses them all.
        with pytest.raises(NotPublic):
            connection_open(host="mixed.example.org", port=port)
        with pytest.raises(NameUnknown):
            connection_open(host="nowhere.example.org", port=port)
        settings.INNKEEPER_OUTGOING_MAIL_PORTS = (25,)
        with pytest.raises(PortRefused):
            connection_open(host=HOST, port=port)
    settings.INNKEEPER_OUTGOING_MAIL_PORTS = (port,)
    with pytest.raises(NotReached):
        connection_open(host=HOST, port=port)


@pytest.mark.parametrize("typed", ["127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "fe80::1", "0.0.0.0"])
def test_a_host_inside_is_refused_when_it_is_typed(typed: str) -> None:
    with pytest.raises(NotPublic):
        host_read(typed)


@pytest.mark.parametrize(
    ("typed", "read"), [(" SMTP.Example.COM. ", "smtp.example.com"), ("blåbær.no", "xn--blbr-roah.no")]
)
def test_a_host_is_read_as_it_is_looked_up(typed: str, read: str) -> None:
    assert host_read(typed) == read


@pytest.mark.parametrize("typed", ["", "a b", "smtp.example.com:25", "https://smtp.example.com", "a/b", "fe80::1%eth0"])
def test_what_is_no_host_is_refused(typed: str) -> None:
    with pytest.raises(AddressWrong):
        host_read(typed)


@pytest.fixture
def web(tmp_path: Any, names: dict[str, list[str]], settings: Any) -> Any:
    with a_web(tmp_path) as running:
        settings.INNKEEPER_OUTGOING_NETWORKS = LOOPBACK
        settings.INNKEEPER_OUTGOING_PORTS = (443, running.port)
        settings.INNKEEPER_OUTGOING_AUTHORITIES = str(running.authority)
        yield running


def test_a_refusal_can_be_read_by_who_asks_for_it(web: Web) -> None:
    web.serve(b'{"code": 21610}', status=400)
    with https_open(web.url(), method="POST", body=b"{}", limit=100, refusals=True) as answer:
        assert (answer.status, answer.read()) == (400, b'{"code": 21610}')
    with pytest.raises(AnswerWrong), https_open(web.url(), method="POST", body=b"{}", limit=100):
        pass
    # Being sent elsewhere is never followed, whoever asks.
    web.serve(b"", status=302, Location="https://other.example.org/")
    with pytest.raises(OutgoingError), https_open(web.url(), method="POST", body=b"{}", limit=100, refusals=True):
        pass


def test_whether_a_request_may_have_arrived(web: Web, settings: Any) -> None:
    def broken(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        request.connection.shutdown(socket.SHUT_RDWR)

    web.answers["/guests.csv"] = broken
    with pytest.raises(BrokenOff) as lost, https_open(web.url(), method="POST", body=b"{}", limit=100):
        pass
    assert lost.value.was_asked
    # An answer that came and cannot be used, by its head or in the middle of it, came to a request all the same.
    for given, more in (("302", {}), ("200", {"Content_Encoding": "gzip"}), ("200", {"Content-Length": "9"})):
        web.serve(b"half", status=int(given), **more)
        with (
            pytest.raises(OutgoingError) as late,
            https_open(web.url(), method="POST", body=b"{}", limit=100) as answer,
        ):
            answer.read()
        assert late.value.was_asked
    web.answers["/guests.csv"] = broken
    settings.INNKEEPER_OUTGOING_AUTHORITIES = ""
    with pytest.raises(OutgoingError) as before, https_open(web.url(), method="POST", body=b"{}", limit=100):
        pass
    assert not before.value.was_asked
