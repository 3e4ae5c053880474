"""An e-mail as it leaves: the sender, the headers, the two bodies. The same for every kind."""

from email.headerregistry import Address
from email.utils import formataddr
from typing import Final

from django.core.mail import EmailMultiAlternatives

from messaging.transports.models import Transport
from messaging.transports.outgoing import Outgoing

_NOWHERE: Final = "innkeeper.invalid"


def sender_of(transport: Transport, outgoing: Outgoing) -> str:
    """``Name <address>`` of whom the message comes from."""
    name = outgoing.sender_name or transport.sender_name
    return _named(name, outgoing.sender_address or transport.sender_address)


def message_id(transport: Transport, outgoing: Outgoing) -> str:
    """The Message-ID: the message's own ``ref`` at the sender's domain, the same whenever it is made."""
    address = outgoing.sender_address or transport.sender_address
    return f"<{outgoing.ref.hex}@{ascii_domain(address.rpartition('@')[2]) or _NOWHERE}>"


def headers_of(transport: Transport, outgoing: Outgoing) -> dict[str, str]:
    """The headers beside sender, recipient and subject."""
    return {**outgoing.headers, "Message-ID": message_id(transport, outgoing)}


def mail_of(transport: Transport, outgoing: Outgoing) -> EmailMultiAlternatives:
    """The message for Django's and django-anymail's backends. Raises ValueError for what no header may hold."""
    reply_to = outgoing.reply_to or transport.reply_to
    message = EmailMultiAlternatives(
        _line(outgoing.subject),
        outgoing.text,
        sender_of(transport, outgoing),
        [_named(outgoing.name, outgoing.address)],
        reply_to=[reply_to] if reply_to else None,
        headers=headers_of(transport, outgoing),
    )
    if outgoing.html:
        message.attach_alternative(outgoing.html, "text/html")
    return message


def ascii_domain(domain: str) -> str:
    """A domain as it stands in DNS and on the wire; empty for one that cannot."""
    try:
        return domain.encode("ascii").decode() if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def ascii_address(address: str) -> str:
    """An address with its domain in ASCII."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{ascii_domain(domain) or domain}"


def parsed(address: str) -> Address:
    """An address taken apart. Raises ValueError for one that is none."""
    local, at, domain = address.rpartition("@")
    if not (at and local and domain):
        raise ValueError(address)
    return Address(username=local, domain=ascii_domain(domain) or domain)


def _named(name: str, address: str) -> str:
    return formataddr((_line(name), ascii_address(_line(address))), "utf-8") if name else ascii_address(_line(address))


def _line(text: str) -> str:
    return " ".join(text.split())
