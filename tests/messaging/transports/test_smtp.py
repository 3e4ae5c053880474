"""SMTP against a real server: what goes over the wire, and what every way of ending it means."""

import ipaddress
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts import outgoing as gate
from accounts.networks import Address
from accounts.tenancy import business_scope
from messaging.transports import smtp
from messaging.transports.outgoing import Outcome, Reason
from tests.messaging.transports.servers import LOOPBACK, MailServer, a_mail_server, made, outgoing, sent


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No test meets the connections of another."""
    yield
    smtp.connections_close()


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with a_mail_server(settings) as running:
        yield running


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that leads to this machine."""

    def resolve(host: str, port: int) -> list[Address]:
        if host != "mail.example.org":
            raise socket.gaierror(-2, "Name or service not known")
        return [ipaddress.ip_address("127.0.0.1")]

    monkeypatch.setattr(gate, "_resolve", resolve)
    return "mail.example.org"


def plain(server: MailServer, **values: Any) -> Any:
    return made("smtp", host="127.0.0.1", port=server.port, security="none", **values)


def test_a_message_arrives_whole(server: MailServer) -> None:
    transport = plain(server, reply_to="resepsjon@fjordstuen.no")
    message = outgoing(
        "kari@example.no",
        name="Kari Nordmann",
        subject="Velkommen til fjorden, Kåre og Åse",
        text="Hei,\n.en linje med punktum\nÆØÅ €\n",
        html="<p>Hei – ÆØÅ</p>",
        headers={
            "List-Unsubscribe": "<https://register.example/g/abc>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    ((result,), offered) = sent(transport, message)
    assert (result.ref, result.outcome, offered) == (message.ref, Outcome.TAKEN, [message])
    assert "Queued as 1" in result.provider_id
    ((envelope, mail),) = server.got
    assert (envelope.mail_from, envelope.rcpt_tos) == ("post@fjordstuen.no", ["kari@example.no"])
    assert mail["Subject"] == "Velkommen til fjorden, Kåre og Åse"
    assert (mail["From"], mail["To"]) == ("Fjordstuen <post@fjordstuen.no>", "Kari Nordmann <kari@example.no>")
    assert mail["Reply-To"] == "resepsjon@fjordstuen.no"
    assert mail["Message-ID"] == f"<{message.ref.hex}@fjordstuen.no>"
    assert mail["List-Unsubscribe"] == "<https://register.example/g/abc>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    bodies = {part.get_content_type(): part.get_content().splitlines() for part in mail.iter_parts()}
    assert bodies == {"text/plain": ["Hei,", ".en linje med punktum", "ÆØÅ €"], "text/html": ["<p>Hei – ÆØÅ</p>"]}


def test_a_batch_goes_over_one_connection_and_so_does_the_next(server: MailServer) -> None:
    transport = plain(server)
    results, _offered = sent(transport, *(outgoing(f"guest{number}@example.no") for number in range(20)))
    assert {each.outcome for each in results} == {Outcome.TAKEN}
    sent(transport, outgoing("again@example.no"))
    assert (len(server.got), server.connections) == (21, 1)


def test_a_changed_transport_gets_a_connection_of_its_own(server: MailServer) -> None:
    transport = plain(server)
    sent(transport, outgoing())
    transport.version, transport.sender_address = 2, "other@fjordstuen.no"
    sent(transport, outgoing())
    assert server.connections == 2
    assert server.got[1][0].mail_from == "other@fjordstuen.no"


def test_a_connection_that_the_server_ended_is_made_anew_without_losing_a_message(server: MailServer) -> None:
    transport = plain(server)
    sent(transport, outgoing("first@example.no"))
    server.controller.server.close()  # type: ignore[union-attr]
    # The server goes on listening; what is open ends.
    smtp._pool.kept[transport.pk].client.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
    ((result,), offered) = sent(transport, outgoing("second@example.no"))
    assert len(offered) == 1
    # Nobody listens any more: surely not taken, so it may be offered again.
    assert (result.outcome, result.reason) == (Outcome.LATER, Reason.UNREACHABLE)
    assert len(server.got) == 1


def test_an_idle_connection_that_died_is_found_out_before_a_message_is_offered(server: MailServer) -> None:
    transport = plain(server)
    sent(transport, outgoing("first@example.no"))
    kept = smtp._pool.kept[transport.pk]
    kept.used -= smtp.IDLE_SECONDS + 1
    kept.client.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
    ((result,), _offered) = sent(transport, outgoing("second@example.no"))
    assert (result.outcome, server.connections, len(server.got)) == (Outcome.TAKEN, 2, 2)


def test_what_a_server_says_of_one_guest_is_about_that_guest_alone(server: MailServer) -> None:
    told = {
        "gone@example.no": "550 5.1.1 No such user",
        "full@example.no": "452 4.2.2 Mailbox full",
        "grey@example.no": "450 4.7.1 Greylisted",
        "relay@example.no": "550 5.7.1 Relaying denied",
    }
    server.says["rcpt"] = told.get
    transport = plain(server)
    results, offered = sent(transport, *(outgoing(each) for each in [*told, "kari@example.no"]))
    assert [(each.outcome, each.reason) for each in results] == [
        (Outcome.REFUSED, Reason.DEAD),
        (Outcome.LATER, Reason.LIMIT),
        (Outcome.LATER, Reason.LIMIT),
        (Outcome.REFUSED, Reason.SENDER),
        (Outcome.TAKEN, None),
    ]
    assert results[0].error == "550 5.1.1 No such user"
    assert len(offered) == 5 and server.connections == 1


def test_what_a_server_says_of_the_text(server: MailServer) -> None:
    answers = iter(["554 5.7.1 Looks like spam", "451 4.3.0 Try later", "250 OK"])
    server.says["data"] = lambda _address: next(answers)
    transport = plain(server)
    results, _offered = sent(transport, outgoing(), outgoing(), outgoing())
    assert [each.outcome for each in results] == [Outcome.REFUSED, Outcome.LATER, Outcome.TAKEN]


def test_a_sender_that_is_not_let_in_costs_no_message(server: MailServer) -> None:
    """It is about us: somebody can put it right. The rest of the batch is not offered."""
    server.says["mail"] = lambda _address: "550 5.7.1 Sender not allowed"
    results, offered = sent(plain(server), outgoing(), outgoing(), outgoing())
    assert {(each.outcome, each.reason) for each in results} == {(Outcome.LATER, Reason.SENDER)}
    assert len(offered) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_broken_before_the_text_nothing_was_taken(server: MailServer, step: str) -> None:
    server.breaks = step
    results, offered = sent(plain(server), outgoing(), outgoing())
    assert [(each.outcome, each.reason) for each in results] == [(Outcome.LATER, Reason.UNREACHABLE)] * 2
    assert len(offered) == 1 and server.got == []
    # Once more over a new connection, and then no more.
    assert server.connections == 2


def test_broken_after_the_text_nobody_knows(server: MailServer) -> None:
    server.breaks = "data"
    first, second = outgoing(), outgoing()
    results, offered = sent(plain(server), first, second)
    assert [(each.outcome, each.reason) for each in results] == [
        (Outcome.UNKNOWN, Reason.LOST),
        (Outcome.LATER, Reason.UNREACHABLE),
    ]
    # It is never offered a second time by itself.
    assert offered == [first] and server.connections == 1
    server.breaks = ""
    results, _offered = sent(plain(server, name="again"), second)
    assert results[0].outcome == Outcome.TAKEN


def test_a_server_that_closes_for_today(server: MailServer) -> None:
    server.says["rcpt"] = lambda address: "421 4.7.0 Too many messages" if address.startswith("second") else None
    transport = plain(server)
    results, offered = sent(transport, outgoing("first@example.no"), outgoing("second@example.no"), outgoing())
    assert [each.outcome for each in results] == [Outcome.TAKEN, Outcome.LATER, Outcome.LATER]
    assert results[1].reason == Reason.LIMIT and len(offered) == 2


def test_nobody_there_and_nothing_offered(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    settings.INNKEEPER_OUTGOING_NETWORKS = LOOPBACK
    settings.INNKEEPER_OUTGOING_MAIL_PORTS = (port,)
    transport = made("smtp", host="127.0.0.1", port=port, security="none")
    results, offered = sent(transport, outgoing(), outgoing())
    assert {(each.outcome, each.reason) for each in results} == {(Outcome.LATER, Reason.UNREACHABLE)}
    assert offered == []


def test_a_silent_server_costs_its_time_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "REPLY_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings.INNKEEPER_OUTGOING_NETWORKS = LOOPBACK
        settings.INNKEEPER_OUTGOING_MAIL_PORTS = (port,)
        transport = made("smtp", host="127.0.0.1", port=port, security="none")
        results, offered = sent(transport, *(outgoing() for _ in range(50)))
    assert {each.outcome for each in results} == {Outcome.LATER}
    assert offered == []


def test_the_network_inside_is_not_reached(server: MailServer, settings: Any) -> None:
    transport = plain(server)
    settings.INNKEEPER_OUTGOING_NETWORKS = ()
    ((result,), offered) = sent(transport, outgoing())
    assert (result.outcome, result.reason, offered) == (Outcome.LATER, Reason.UNREACHABLE, [])
    assert "open internet" in result.error and server.connections == 0


def test_a_port_that_is_not_for_mail_is_not_asked(server: MailServer, settings: Any) -> None:
    transport = plain(server)
    settings.INNKEEPER_OUTGOING_MAIL_PORTS = (25,)
    ((result,), offered) = sent(transport, outgoing())
    assert (result.outcome, offered, server.connections) == (Outcome.LATER, [], 0)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_and_signed_in(settings: Any, tmp_path: Path, name: str, security: str) -> None:
    with a_mail_server(settings, folder=tmp_path, security=security, users={"fjord": "hemmelig"}) as server:
        transport = made(
            "smtp",
            host=name,
            port=server.port,
            security=security,
            user="fjord",
            secrets={"password": "hemmelig"},
        )
        ((result,), _offered) = sent(transport, outgoing())
        assert result.outcome == Outcome.TAKEN, result
        wrong = made(
            "smtp",
            name="wrong",
            host=name,
            port=server.port,
            security=security,
            user="fjord",
            secrets={"password": "feil"},
        )
        results, offered = sent(wrong, outgoing(), outgoing())
        assert {(each.outcome, each.reason) for each in results} == {(Outcome.LATER, Reason.CREDENTIALS)}
        assert offered == []
    assert "hemmelig" not in repr(results) and "feil" not in repr(results)


def test_a_certificate_of_somebody_else_is_not_trusted(settings: Any, tmp_path: Path, name: str) -> None:
    with a_mail_server(settings, folder=tmp_path, security="tls") as server:
        settings.INNKEEPER_OUTGOING_AUTHORITIES = ""
        transport = made("smtp", host=name, port=server.port, security="tls")
        ((result,), offered) = sent(transport, outgoing())
    assert (result.outcome, result.reason, offered) == (Outcome.LATER, Reason.UNREACHABLE, [])


def test_a_server_without_starttls_gets_nothing_in_clear(server: MailServer) -> None:
    transport = made("smtp", host="127.0.0.1", port=server.port, user="fjord", secrets={"password": "hemmelig"})
    ((result,), offered) = sent(transport, outgoing())
    assert (result.outcome, result.reason, offered) == (Outcome.LATER, Reason.SETTINGS, [])


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("kari@blåbær.no", Outcome.TAKEN),
        ("kåre@example.no", Outcome.TAKEN),
        ("no address", Outcome.REFUSED),
        ("kari@example.no\r\nRCPT TO:<other@example.no>", Outcome.REFUSED),
        ("<kari@example.no>", Outcome.REFUSED),
        ("", Outcome.REFUSED),
    ],
)
def test_addresses(server: MailServer, address: str, outcome: Outcome) -> None:
    ((result,), _offered) = sent(plain(server), outgoing(address))
    assert result.outcome == outcome, result
    told = {"kari@blåbær.no": "kari@xn--blbr-roah.no"}.get(address, address)
    assert [envelope.rcpt_tos for envelope, _mail in server.got] == ([[told]] if outcome == Outcome.TAKEN else [])


def test_no_header_can_be_smuggled_in(server: MailServer) -> None:
    transport = plain(server)
    results, _offered = sent(
        transport,
        outgoing(subject="Hei\r\nBcc: all@example.no"),
        outgoing(name="Kari\nBcc: all@example.no"),
        outgoing(headers={"X-One": "a\r\nBcc: all@example.no"}),
    )
    assert [each.outcome for each in results] == [Outcome.TAKEN, Outcome.TAKEN, Outcome.REFUSED]
    assert all(mail["Bcc"] is None for _envelope, mail in server.got)
    assert all(envelope.rcpt_tos == ["kari@example.no"] for envelope, _mail in server.got)


def test_a_child_process_leaves_its_parents_connection_alone(server: MailServer) -> None:
    transport = plain(server)
    sent(transport, outgoing())
    smtp._pool.process = os.getpid() + 1
    sent(transport, outgoing())
    assert (server.connections, len(server.got)) == (2, 2)


def test_threads_do_not_share_a_connection(server: MailServer) -> None:
    transport = plain(server)
    sent(transport, outgoing())
    outcomes: list[Outcome] = []

    def work() -> None:
        outcomes.extend(each.outcome for each in sent(transport, outgoing(), outgoing())[0])
        smtp.connections_close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (outcomes, server.connections) == ([Outcome.TAKEN] * 2, 2)


def test_what_cannot_be_built_fails_alone(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    build = smtp.mail_of

    def breaks(transport: Any, message: Any) -> Any:
        return build(transport, message) if message.subject != "bad" else 1 / 0

    monkeypatch.setattr(smtp, "mail_of", breaks)
    results, offered = sent(plain(server), outgoing(subject="bad"), outgoing())
    assert [each.outcome for each in results] == [Outcome.REFUSED, Outcome.TAKEN]
    assert "ZeroDivisionError" in results[0].error
    assert len(offered) == len(server.got) == 1


@pytest.mark.django_db
def test_within_a_scope_nothing_is_sent(server: MailServer) -> None:
    transport = plain(server)
    with business_scope(1), pytest.raises(RuntimeError):
        sent(transport, outgoing())
    assert server.connections == 0
