"""Requests to addresses that members typed: https alone, to public addresses alone, within limits of bytes and time.

The server stands in a network that strangers must not reach through it (OWASP, Server-Side Request Forgery Prevention).
So a name is resolved once; one address among the answers that is not public refuses them all; the connection goes to
the very address that was checked, while the certificate must be the name's; nothing is redirected, no proxy of the
environment is used, no packed answer is unpacked. What cannot be told to be safe is refused.

An operator may open networks of their own (``INNKEEPER_OUTGOING_NETWORKS``), such as the one where the booking system
stands, and further ports (``INNKEEPER_OUTGOING_PORTS``).

Mail servers are asked through the same gate (:func:`connection_open`), at ports of their own.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

from django.conf import settings

from accounts.networks import Address, is_public
from accounts.outgoing_problems import (
    AddressWrong,
    AnswerWrong,
    BrokenOff,
    CertificateWrong,
    KeyRefused,
    NameUnknown,
    NothingThere,
    NotHttps,
    NotPublic,
    NotReached,
    OutgoingError,
    Packed,
    PasswordInAddress,
    PortRefused,
    Redirected,
    TooMuch,
    TooSlow,
    Unwilling,
)

__all__ = [
    "Answer",
    "OutgoingError",
    "Target",
    "address_read",
    "connection_open",
    "host_read",
    "https_open",
    "trusting",
]

SECONDS: Final = 300.0
"""How long a request may take from the first look-up of its name to the last byte."""
_IDLE_SECONDS: Final = 30.0
_CONNECT_SECONDS: Final = 10.0
_CHUNK: Final = 1 << 18
_ADDRESS_MAX: Final = 1_000
_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_HEADER: Final = re.compile(r"[\x20-\x7e]{1,4000}")


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart: `host` in ASCII and small letters, `path` with its query, ready to be asked for."""

    host: str
    port: int
    path: str


@dataclass(slots=True)
class Answer:
    """What came back. `chunks` reads the contents once, within the limits."""

    status: int
    headers: http.client.HTTPMessage
    target: Target
    limit: int
    seconds: float
    _response: http.client.HTTPResponse = field(repr=False)
    received: int = 0

    @property
    def is_same(self) -> bool:
        """Whether nothing changed since the answer whose etag was told."""
        return self.status == http.HTTPStatus.NOT_MODIFIED

    def chunks(self) -> Iterator[bytes]:
        """The contents in pieces. Raises :class:`OutgoingError` when they are too many, too slow or not whole."""
        while True:
            with _told(self.target, self.seconds):
                data = self._response.read(_CHUNK)
            if not data:
                break
            self.received += len(data)
            if self.received > self.limit:
                raise TooMuch(host=self.target.host, limit=_megabytes(self.limit))
            yield data
        announced = _length(self.headers)
        if announced is not None and announced != self.received:
            raise BrokenOff(host=self.target.host)

    def read(self) -> bytes:
        """All of the contents."""
        return b"".join(self.chunks())


def address_read(address: str) -> Target:
    """Take an address apart without asking anybody. Raises :class:`OutgoingError` when it may not be asked."""
    address = address.strip()
    if len(address) > _ADDRESS_MAX or re.search(r"[\x00-\x20\x7f\\]", address):
        raise AddressWrong
    try:
        parts = urlsplit(address)
        port = parts.port or 443
    except ValueError as error:
        raise AddressWrong from error
    if parts.scheme != "https":
        raise NotHttps if parts.scheme in ("http", "ftp", "ftps", "sftp") else AddressWrong
    if parts.username is not None or parts.password is not None:
        raise PasswordInAddress
    host = _host(parts.hostname or "")
    if port not in settings.INNKEEPER_OUTGOING_PORTS:
        raise PortRefused(port=port)
    with suppress(ValueError):
        if not _allowed(ipaddress.ip_address(host)):
            raise NotPublic(host=host)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=-._~")
    return Target(host, port, f"{path}?{query}" if query else path)


@contextmanager
def https_open(
    address: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    limit: int,
    seconds: float = SECONDS,
    refusals: bool = False,
) -> Iterator[Answer]:
    """Ask an address and hand out its answer: 200, or 304 where ``headers`` ask for that.

    ``limit`` in bytes of the answer, ``seconds`` for all of it. ``refusals``: an answer from 400 is handed out too,
    for a caller who reads in it why. Never within a business's scope: a slow server would hold its transaction. Raises
    :class:`OutgoingError`, which says of everything from the request on that it ``was_asked``, and ValueError for
    headers that cannot be sent.
    """
    target = address_read(address)
    sent = _headers(headers or {})
    deadline = time.monotonic() + seconds
    with _told(target, seconds):
        connection = _connected(target, deadline)
    try:
        with _told(target, seconds):
            connection.request(method, target.path, body=body, headers=sent)
            response = connection.getresponse()
        answer = Answer(response.status, response.headers, target, limit, seconds, response)
        if not (refusals and answer.status >= 400):
            _check(answer, method, asked_for_same=any(name.casefold() == "if-none-match" for name in sent))
        yield answer
    except OutgoingError as error:
        # Whatever is wrong with the answer, and wherever that is found: the request had left by then.
        error.was_asked = True
        raise
    finally:
        connection.close()


def host_read(host: str) -> str:
    """The name of a server that a member typed, as it is looked up. Raises :class:`OutgoingError` if it may not be."""
    found = _host(host.strip())
    with suppress(ValueError):
        if not _allowed(ipaddress.ip_address(found)):
            raise NotPublic(host=found)
    return found


def connection_open(*, host: str, port: int, seconds: float = _CONNECT_SECONDS) -> socket.socket:
    """A connection to a mail server, to the very address that was checked; in clear, the caller secures it.

    Raises :class:`OutgoingError`. Never within a business's scope.
    """
    target = Target(host_read(host), port, "")
    if port not in settings.INNKEEPER_OUTGOING_MAIL_PORTS:
        raise PortRefused(port=port)
    with _told(target, seconds):
        return _plain(target, time.monotonic() + seconds)


def trusting() -> ssl.SSLContext:
    """What certificates are checked by: the system's authorities and the operator's own, TLS 1.2 or newer."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.INNKEEPER_OUTGOING_AUTHORITIES:
        context.load_verify_locations(settings.INNKEEPER_OUTGOING_AUTHORITIES)
    return context


def _host(host: str) -> str:
    """A host in ASCII and small letters; an IPv6 address stays as it is."""
    if ":" in host:
        # A zone names an interface of this very machine.
        if "%" in host:
            raise AddressWrong
        try:
            return ipaddress.IPv6Address(host).compressed
        except ValueError as error:
            raise AddressWrong from error
    try:
        found = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressWrong from error
    found = found.casefold().removesuffix(".")
    if not _HOST.fullmatch(found):
        raise AddressWrong
    return found


def _allowed(address: Address) -> bool:
    """Whether this very address may be asked: it is public, or the operator has opened its network."""
    return is_public(address) or any(address in network for network in settings.INNKEEPER_OUTGOING_NETWORKS)


def _addresses(target: Target, deadline: float) -> list[Address]:
    """The addresses of a host, looked up once and all of them allowed."""
    found: list[Address] = []
    failed: list[BaseException] = []

    def look_up() -> None:
        try:
            found.extend(_resolve(target.host, target.port))
        except BaseException as error:
            failed.append(error)

    # The resolver of the system knows no limit of time.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(_left(deadline))
    if thread.is_alive():
        raise TimeoutError
    if failed and not isinstance(failed[0], OSError | UnicodeError):
        raise failed[0]
    if not found:
        raise NameUnknown(host=target.host)
    if not all(_allowed(address) for address in found):
        raise NotPublic(host=target.host)
    return found


def _resolve(host: str, port: int) -> list[Address]:
    """What the system says the addresses of a host are, each once."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(ipaddress.ip_address(str(answer[4][0])) for answer in answers))


def _connected(target: Target, deadline: float) -> http.client.HTTPSConnection:
    """A connection to one of the host's addresses, whose certificate is the host's."""
    plain = _plain(target, deadline)
    try:
        secured = cast(_Socket, _context().wrap_socket(plain, server_hostname=target.host, suppress_ragged_eofs=False))
    except BaseException:
        plain.close()
        raise
    secured.deadline = deadline
    connection = http.client.HTTPSConnection(target.host, target.port)
    connection.sock = secured
    # It must never open another one by the name.
    connection.auto_open = 0
    return connection


def _plain(target: Target, deadline: float) -> socket.socket:
    """A connection to the first of the host's addresses that answers."""
    failed: OSError | None = None
    for address in _addresses(target, deadline):
        try:
            return socket.create_connection((str(address), target.port), min(_CONNECT_SECONDS, _left(deadline)))
        except OSError as error:
            failed = error
    if isinstance(failed, TimeoutError) and deadline <= time.monotonic():
        raise failed
    raise NotReached(host=target.host) from failed


class _Socket(ssl.SSLSocket):
    """A socket whose time is over at a moment, however slowly bytes drip."""

    deadline: float

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(min(_IDLE_SECONDS, _left(self.deadline)))
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(_left(self.deadline))
        super().sendall(*args, **kwargs)


def _context() -> ssl.SSLContext:
    context = trusting()
    context.sslsocket_class = _Socket
    return context


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if not _HEADER.fullmatch(value) or not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise ValueError(f"The header {name} cannot be sent.")
    return {
        "User-Agent": f"Innkeeper/{settings.INNKEEPER_VERSION}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **given,
    }


def _check(answer: Answer, method: str, *, asked_for_same: bool) -> None:
    """Refuse every answer but what was asked for, and "nothing new" where that was."""
    host, status = answer.target.host, answer.status
    if answer.is_same and asked_for_same:
        return
    match status:
        case 200:
            pass
        case _ if 200 < status < 300 and method != "GET":
            pass
        case 301 | 302 | 303 | 307 | 308:
            raise Redirected(host=host)
        case 401 | 403 | 407:
            raise KeyRefused(host=host, status=status)
        case 404 | 410:
            raise NothingThere(host=host, status=status)
        case 408 | 425 | 429:
            raise Unwilling(host=host, status=status)
        case _ if status >= 500:
            raise Unwilling(host=host, status=status)
        case _:
            raise AnswerWrong(host=host, status=status)
    packing = answer.headers.get("Content-Encoding") or "identity"
    if packing.strip().casefold() != "identity":
        raise Packed(host=host, packing=packing[:40])
    announced = _length(answer.headers)
    if announced is not None and announced > answer.limit:
        raise TooMuch(host=host, limit=_megabytes(answer.limit))


def _length(headers: http.client.HTTPMessage) -> int | None:
    """The size that is announced; None when none is, or the answer comes in pieces."""
    told = headers.get("Content-Length") or ""
    if (headers.get("Transfer-Encoding") or "").casefold() == "chunked" or not re.fullmatch(r"\d{1,18}", told):
        return None
    return int(told)


@contextmanager
def _told(target: Target, seconds: float) -> Iterator[None]:
    """Turn what the network raises into sentences."""
    told: OutgoingError
    cause: BaseException
    try:
        yield
        return
    except OutgoingError:
        raise
    except TimeoutError as error:
        told, cause = TooSlow(host=target.host, seconds=f"{seconds:.0f}"), error
    except ssl.SSLCertVerificationError as error:
        told, cause = CertificateWrong(host=target.host), error
    except (http.client.HTTPException, OSError) as error:
        told, cause = BrokenOff(host=target.host), error
    raise told from cause


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.0f}"
