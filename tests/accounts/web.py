"""A real https server on this machine, with a certificate authority of its own; it answers as a test tells it to."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "files.example.org"

Answerer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """The server. `answers` maps a path to what answers it; `asked` are the requests that came, path and headers."""

    def __init__(self, folder: Path, host: str = HOST, *, days: int = 2) -> None:
        self.answers: dict[str, Answerer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.authority = folder / "authority.pem"
        certificate = _issue(folder, self.authority, host, days)
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.asked.append((self.path, {name.casefold(): value for name, value in self.headers.items()}))
                self.close_connection = True
                with suppress(ConnectionError, ssl.SSLError):
                    web.answers[self.path](self)

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                """Nothing: tests read what was asked."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                """Clients break off here on purpose."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server = Server(("127.0.0.1", 0), Handler)
        # The handshake belongs to the thread of the connection: a client that breaks it off must not end the server.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, path: str = "/guests.csv", host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    def serve(self, body: bytes, path: str = "/guests.csv", status: int = 200, **headers: str) -> None:
        """Answer a path with a body; the name of a header has `_` for `-`."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                if value:
                    request.send_header(name.replace("_", "-"), value)
            request.end_headers()
            request.wfile.write(body)

        self.answers[path] = answer

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def a_web(folder: Path, host: str = HOST, **options: Any) -> Iterator[Web]:
    """A server for the time of a test."""
    web = Web(folder, host, **options)
    try:
        yield web
    finally:
        web.close()


@contextmanager
def silence() -> Iterator[int]:
    """The port of somebody who listens and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def _issue(folder: Path, authority: Path, host: str, days: int) -> Path:
    """A certificate of `host` with its key, by an authority whose own certificate is written beside it."""
    now = dt.datetime.now(dt.UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])

    def builder(subject: x509.Name, public_key: Any, until: dt.datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=10))
            .not_valid_after(until)
        )

    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    root = (
        builder(root_name, root_key.public_key(), now + dt.timedelta(days=10))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    name: x509.GeneralName
    try:
        name = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        name = x509.DNSName(host)
    leaf = (
        builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key(), now + dt.timedelta(days=days)
        )
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    path = folder / "server.pem"
    path.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
