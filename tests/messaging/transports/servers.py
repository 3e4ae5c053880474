"""Real servers on this machine: one that takes mail as a test tells it to, and transports that lead there."""

import asyncio
import ipaddress
import itertools
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from accounts.models import Business
from messaging.transports.kinds import KINDS
from messaging.transports.models import Transport
from messaging.transports.outgoing import Outgoing, Result
from messaging.transports.secrets import CALLBACK, secrets_seal
from messaging.transports.sending import send
from messaging.transports.services import TransportValues, _secrets, _take_over
from tests.accounts.web import _issue

_NUMBERS = itertools.count(1)
LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)


class MailServer:
    """A mail server. ``says`` maps a step (``mail``, ``rcpt``, ``data``) to what answers it; None: as usual.

    ``breaks``: at which step the connection ends without a word. ``got`` is every message taken.
    """

    def __init__(self, *, folder: Path | None = None, security: str = "none", users: dict[str, str] | None = None):
        self.got: list[tuple[Envelope, EmailMessage]] = []
        self.says: dict[str, Callable[[str], str | None]] = {}
        self.breaks = ""
        self.connections = 0
        self.greetings: list[str] = []
        self.authority = folder / "authority.pem" if folder else None
        context = None
        if folder is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(_issue(folder, folder / "authority.pem", "mail.example.org", 2))
        server, known = self, users

        def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword) and known is not None
            ok = known.get(data.login.decode()) == data.password.decode()
            return AuthResult(success=ok, handled=False)

        options: dict[str, Any] = {"enable_SMTPUTF8": True, "timeout": 60}
        if known is not None:
            options |= {
                "authenticator": authenticate,
                "auth_required": True,
                "auth_require_tls": security == "starttls",
            }
        if security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}

        class Running(Controller):
            def factory(self) -> SMTP:
                server.connections += 1
                return SMTP(self.handler, **self.SMTP_kwargs)

        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.controller = Running(
            self, "127.0.0.1", port, ssl_context=context if security == "tls" else None, **options
        )

    @property
    def port(self) -> int:
        assert self.controller.server is not None
        return int(self.controller.server.sockets[0].getsockname()[1])

    async def _step(self, step: str, said: str, server: SMTP) -> str | None:
        if self.breaks == step:
            assert server.transport is not None
            server.transport.abort()
            await asyncio.sleep(0.05)
            return "250 OK"
        return self.says[step](said) if step in self.says else None

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.greetings.append(str(session.host_name))
        told = await self._step("mail", address, server)
        if told is None or told.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return told or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        told = await self._step("rcpt", address, server)
        if told is None or told.startswith("250"):
            envelope.rcpt_tos.append(address)
        return told or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        told = await self._step("data", envelope.rcpt_tos[0], server)
        if told is None or told.startswith("250"):
            message = message_from_bytes(envelope.content, policy=default)
            self.got.append((envelope, message))  # type: ignore[arg-type]
        return told or f"250 2.0.0 Queued as {len(self.got)}"


@contextmanager
def a_mail_server(settings: Any, **options: Any) -> Iterator[MailServer]:
    """A mail server for the time of a test, its network and port opened."""
    server = MailServer(**options)
    server.controller.start()
    # aiosmtpd looks by a connection of its own whether it is there.
    time.sleep(0.05)
    server.connections = 0
    settings.INNKEEPER_OUTGOING_NETWORKS = LOOPBACK
    settings.INNKEEPER_OUTGOING_MAIL_PORTS = (server.port,)
    if server.authority is not None:
        settings.INNKEEPER_OUTGOING_AUTHORITIES = str(server.authority)
    try:
        yield server
    finally:
        server.controller.stop()


def made(kind: str, *, secrets: dict[str, str] | None = None, **values: Any) -> Transport:
    """A transport of a business, neither of them in the database: sending asks it nothing. Other ``values`` are
    options."""
    options = {name: values.pop(name) for name in list(values) if name not in TransportValues.__dataclass_fields__}
    declared = KINDS[kind]
    sender = "Fjordstuen" if declared.channel == "sms" else "post@fjordstuen.no"
    told = {"name": kind, "sender_address": sender, "sender_name": "Fjordstuen", **values}
    said = TransportValues(kind=kind, options=options, secrets=secrets or {}, **told)
    business = Business(pk=1, name="Fjordstuen", public_id=uuid.uuid4())
    transport = Transport(pk=next(_NUMBERS), business=business, kind=kind, channel=declared.channel)
    _take_over(transport, declared, said)
    secrets_seal(transport, business, {**_secrets(declared, said, kept={}), CALLBACK: "callback-secret"})
    return transport


def outgoing(address: str = "kari@example.no", **values: Any) -> Outgoing:
    """A message."""
    told = {"subject": "Velkommen", "text": "Hei Kari\n", "html": "<p>Hei Kari</p>", "ref": uuid.uuid4(), **values}
    return Outgoing(address=address, **told)


def sent(transport: Transport, *batch: Outgoing) -> tuple[list[Result], list[Outgoing]]:
    """Send a batch: the results, and what was offered."""
    offered: list[Outgoing] = []
    return list(send(transport, batch, offered.append)), offered
