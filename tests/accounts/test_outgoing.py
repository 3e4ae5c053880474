"""Outgoing requests against a real https server: what is asked, what is refused before a byte leaves, what is told."""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from accounts import outgoing
from accounts.networks import Address
from accounts.outgoing import https_open
from accounts.outgoing_problems import (
    AnswerWrong,
    BrokenOff,
    CertificateWrong,
    KeyRefused,
    NameUnknown,
    NothingThere,
    NotPublic,
    NotReached,
    OutgoingError,
    Packed,
    Redirected,
    TooMuch,
    TooSlow,
    Unwilling,
)
from tests.accounts.web import HOST, Web, a_web, silence

LOOPBACK = ipaddress.ip_address("127.0.0.1")
BODY = b"name;email\nAse;ase@fjord.no\n" * 40_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: Any) -> Iterator[Web]:
    with a_web(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The addresses of names, as the system would tell them; asked for a name that is not here it fails."""
    known = {HOST: ["127.0.0.1"]}

    def resolve(host: str, port: int) -> list[Address]:
        if host not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [ipaddress.ip_address(each) for each in known[host]]

    monkeypatch.setattr(outgoing, "_resolve", resolve)
    return known


@pytest.fixture
def web(running: Web, names: dict[str, list[str]], settings: Any) -> Web:
    """The server, its network and port opened, its authority trusted."""
    running.answers.clear()
    running.asked.clear()
    settings.INNKEEPER_OUTGOING_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    settings.INNKEEPER_OUTGOING_PORTS = (443, running.port)
    settings.INNKEEPER_OUTGOING_AUTHORITIES = str(running.authority)
    return running


def fetched(address: str, *, limit: int = 10**7, seconds: float = 30, **headers: str) -> bytes:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    with https_open(address, headers=told, limit=limit, seconds=seconds) as answer:
        return answer.read()


def test_a_file_is_fetched_whole(web: Web) -> None:
    web.serve(BODY, ETag='"one"')
    with https_open(web.url(), headers={"Authorization": "Bearer abc"}, limit=len(BODY)) as answer:
        assert answer.read() == BODY
        assert (answer.status, answer.is_same, answer.received) == (200, False, len(BODY))
        assert answer.headers.get("etag") == '"one"'
    ((path, headers),) = web.asked
    assert path == "/guests.csv"
    assert headers["host"] == f"{HOST}:{web.port}"
    assert headers["authorization"] == "Bearer abc"
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"].startswith("Innkeeper/")


def test_nothing_new_is_told_without_contents(web: Web) -> None:
    web.serve(b"", status=304)
    with https_open(web.url(), headers={"If-None-Match": '"one"'}, limit=10) as answer:
        assert answer.is_same
    with pytest.raises(AnswerWrong):
        fetched(web.url())


def test_something_can_be_told_to_an_address(web: Web) -> None:
    heard: list[bytes] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        heard.append(request.rfile.read(int(request.headers["Content-Length"])))
        request.send_response(204)
        request.end_headers()

    web.answers["/hook"] = answer
    with https_open(web.url("/hook"), method="POST", body=b'{"a":1}', limit=1_000) as told:
        assert (told.status, told.read()) == (204, b"")
    assert heard == [b'{"a":1}']


def in_pieces(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    for _ in range(3):
        request.wfile.write(b"5\r\nhello\r\n")
    request.wfile.write(b"0\r\n\r\n")


def test_an_answer_in_pieces_is_put_together_and_counted(web: Web) -> None:
    web.answers["/guests.csv"] = in_pieces
    assert fetched(web.url(), limit=15) == b"hello" * 3
    with pytest.raises(TooMuch):
        fetched(web.url(), limit=14)


@pytest.mark.parametrize("written", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "0"])
def test_other_ways_to_write_this_machine_are_seen_through(written: str) -> None:
    with pytest.raises((NotPublic, NameUnknown)):
        fetched(f"https://{written}/")


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads to the open internet when it is checked and inwards right after."""
    looked_up: list[str] = []
    first = outgoing._resolve

    def resolve(host: str, port: int) -> list[Address]:
        looked_up.append(host)
        names[host] = ["93.184.216.34"] if len(looked_up) == 1 else ["127.0.0.1"]
        return first(host, port)

    asked: list[tuple[str, int]] = []

    def connect(place: tuple[str, int], timeout: float) -> None:
        asked.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing, "_resolve", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotReached):
        fetched("https://rebinding.example.org/")
    assert asked == [("93.184.216.34", 443)]
    assert looked_up == ["rebinding.example.org"]


def test_the_next_address_is_tried_when_one_does_not_answer(
    web: Web, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.create_connection
    asked = []

    def connect(place: tuple[str, int], *args: Any) -> socket.socket:
        asked.append(place[0])
        if place[0] == "93.184.216.34":
            raise TimeoutError
        return real(place, *args)

    monkeypatch.setattr(socket, "create_connection", connect)
    names[HOST] = ["93.184.216.34", "127.0.0.1"]
    web.serve(b"x")
    assert fetched(web.url()) == b"x"
    assert asked == ["93.184.216.34", "127.0.0.1"]


def test_proxies_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    web.serve(b"x")
    assert fetched(web.url()) == b"x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_redirected(web: Web, status: int) -> None:
    web.serve(b"", status=status, Location="https://169.254.169.254/")
    with pytest.raises(Redirected):
        fetched(web.url())
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("status", "error", "passing"),
    [
        (201, AnswerWrong, False),
        (206, AnswerWrong, False),
        (304, AnswerWrong, False),
        (400, AnswerWrong, False),
        (401, KeyRefused, False),
        (403, KeyRefused, False),
        (404, NothingThere, False),
        (410, NothingThere, False),
        (429, Unwilling, True),
        (500, Unwilling, True),
        (503, Unwilling, True),
    ],
)
def test_other_answers_are_told(web: Web, status: int, error: type[OutgoingError], passing: bool) -> None:
    web.serve(b"", status=status)
    with pytest.raises(error) as told:
        fetched(web.url())
    assert str(status) in str(told.value)
    assert told.value.is_passing == passing


def test_more_than_the_limit_is_refused_by_what_is_announced(web: Web) -> None:
    web.serve(BODY)
    with pytest.raises(TooMuch), https_open(web.url(), limit=len(BODY) - 1):
        raise AssertionError("It was announced.")


def test_more_than_the_limit_is_refused_by_what_arrives(web: Web) -> None:
    web.serve(BODY, Content_Length="", Connection="close")
    with pytest.raises(TooMuch):
        fetched(web.url(), limit=1_000)


def test_a_file_that_breaks_off_is_not_taken_for_whole(web: Web) -> None:
    web.serve(b"half", **{"Content-Length": "8"})
    with pytest.raises(BrokenOff):
        fetched(web.url())


def test_a_packed_answer_is_not_unpacked(web: Web) -> None:
    web.serve(b"\x1f\x8b", Content_Encoding="gzip")
    with pytest.raises(Packed, match="gzip"):
        fetched(web.url())


def nonsense(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def endless_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n")


def long_header(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")


@pytest.mark.parametrize("answer", [nonsense, endless_headers, long_header])
def test_what_is_no_answer_is_told(web: Web, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
    web.answers["/guests.csv"] = answer
    with pytest.raises(BrokenOff):
        fetched(web.url())


def dripping(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "100000")
    request.end_headers()
    while True:
        request.wfile.write(b"x")
        time.sleep(0.02)


def dripping_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        request.wfile.write(b"y")
        time.sleep(0.02)


@pytest.mark.parametrize("answer", [dripping, dripping_headers])
def test_one_that_drips_is_left_when_its_time_is_over(
    web: Web, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    web.answers["/guests.csv"] = answer
    with pytest.raises(TooSlow) as told:
        fetched(web.url(), seconds=0.6)
    assert told.value.is_passing


def test_one_that_says_nothing_is_left(web: Web, settings: Any) -> None:
    with silence() as port:
        settings.INNKEEPER_OUTGOING_PORTS = (port,)
        with pytest.raises(TooSlow):
            fetched(f"https://{HOST}:{port}/", seconds=0.4)


def test_a_resolver_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_resolve", lambda host, port: time.sleep(5))
    with pytest.raises(TooSlow):
        fetched("https://example.org/", seconds=0.2)


def test_nobody_there(names: dict[str, list[str]], web: Web, settings: Any) -> None:
    with pytest.raises(NameUnknown):
        fetched("https://nowhere.example.org/")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings.INNKEEPER_OUTGOING_PORTS = (port,)
    with pytest.raises(NotReached):
        fetched(f"https://{HOST}:{port}/")


def test_a_certificate_of_another_name_is_refused(web: Web, names: dict[str, list[str]]) -> None:
    names["other.example.org"] = ["127.0.0.1"]
    with pytest.raises(CertificateWrong, match=r"other\.example\.org"):
        fetched(web.url(host="other.example.org"))
    assert web.asked == []


def test_a_certificate_of_an_unknown_authority_is_refused(web: Web, settings: Any) -> None:
    settings.INNKEEPER_OUTGOING_AUTHORITIES = ""
    with pytest.raises(CertificateWrong):
        fetched(web.url())
    assert web.asked == []


def test_a_certificate_that_ran_out_is_refused(web: Web, settings: Any, tmp_path: Path) -> None:
    with a_web(tmp_path, days=-1) as old:
        settings.INNKEEPER_OUTGOING_AUTHORITIES = str(old.authority)
        settings.INNKEEPER_OUTGOING_PORTS = (old.port,)
        with pytest.raises(CertificateWrong):
            fetched(old.url())


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "", "å", "x" * 4_001])
def test_a_header_that_could_become_two_is_never_sent(web: Web, value: str) -> None:
    with pytest.raises(ValueError, match="Authorization"):
        fetched(web.url(), Authorization=value)
    assert web.asked == []


def test_what_the_reader_raises_is_left_alone(web: Web) -> None:
    web.serve(b"x")
    with pytest.raises(ConnectionResetError, match="of the database"), https_open(web.url(), limit=10):
        raise ConnectionResetError("of the database")
