"""Writes on transports: made, changed, made the default, removed; what the local inbox forgets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.outgoing import OutgoingError, address_read, host_read
from accounts.services.refusals import Refused
from accounts.tokens import token_hash, token_make
from customers.normalise import normalise_email
from messaging.transports.kinds import KINDS, Asked, Kind, Option, Way
from messaging.transports.models import Caught, Channel, Transport, TransportTry
from messaging.transports.secrets import CALLBACK, SecretLost, secrets_open, secrets_seal
from messaging.transports.selectors import CAUGHT_KEPT

TRANSPORTS_MAX: Final = 20
SECRET_MAX: Final = 2_000
PER_MINUTE_MAX: Final = 1_000_000
_NAMED_SENDER: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,11}")
_NUMBER_SENDER: Final = re.compile(r"\+?\d{3,15}")
_CAUGHT_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class TransportValues:
    """What a member says of a transport. A secret that is left out, or empty, stays as it is."""

    kind: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    sender_address: str = ""
    sender_name: str = ""
    reply_to: str = ""
    per_minute: int | None = None
    price: Decimal | None = None
    is_on: bool = True


def transport_create(*, business: Business, values: TransportValues, member: Member | None = None) -> Transport:
    """Make a transport; the first of a channel is its default. Raises Refused."""
    if Transport.objects.count() >= TRANSPORTS_MAX:
        raise Refused(_("There are %(count)s ways of sending already, as many as can be.") % {"count": TRANSPORTS_MAX})
    kind = _kind(values.kind)
    transport = Transport(kind=kind.code, channel=kind.channel, member=member)
    _take_over(transport, kind, values)
    secrets = _secrets(kind, values, kept={})
    token = token_make(public_id=business.public_id)
    transport.callback_hash = token_hash(token)
    secrets_seal(transport, business, {**secrets, CALLBACK: token})
    with transaction.atomic():
        defaults = Transport.objects.select_for_update().filter(channel=kind.channel, is_default=True)
        transport.is_default = transport.is_on and not defaults.exists()
        if _is_checked(transport):
            transport.check_asked_at = timezone.now()
        _save(transport)
        _audit("transport.added", transport, member)
    return transport


def transport_update(
    *, transport_id: int, business: Business, values: TransportValues, member: Member | None = None
) -> Transport:
    """Change a transport; its kind stays.

    A server that is another one now gets the secrets only when they are typed in again. Raises Refused,
    ``Transport.DoesNotExist``.
    """
    with transaction.atomic():
        transport = Transport.objects.select_for_update().get(pk=transport_id)
        kind = KINDS[transport.kind]
        before, domain_before = _server(transport), domain_of(transport)
        try:
            held = secrets_open(transport, business)
        except SecretLost:
            held = {}
        token = held.pop(CALLBACK, "") or token_make(public_id=business.public_id)
        _take_over(transport, kind, values)
        if not transport.is_on and transport.is_default:
            raise Refused(_("Messages leave here by default. Choose another one for that first."), field="is_on")
        secrets = _secrets(kind, values, kept=held if _server(transport) == before else {})
        transport.callback_hash = token_hash(token)
        secrets_seal(transport, business, {**secrets, CALLBACK: token})
        if domain_of(transport) != domain_before:
            transport.checked_at, transport.domain = None, {}
            transport.check_asked_at = timezone.now() if _is_checked(transport) else None
        transport.version += 1
        _save(transport)
        _audit("transport.changed", transport, member)
    return transport


def transport_make_default(*, transport_id: int, member: Member | None = None) -> Transport:
    """Let the messages of its channel leave here from now on. Raises Refused, ``Transport.DoesNotExist``."""
    with transaction.atomic():
        transport = Transport.objects.select_for_update().get(pk=transport_id)
        if transport.is_default:
            return transport
        if not transport.is_on:
            raise Refused(_("It is switched off. Switch it on first."))
        Transport.objects.filter(channel=transport.channel, is_default=True).update(is_default=False)
        transport.is_default = True
        transport.save(update_fields=["is_default"])
        _audit("transport.default", transport, member)
    return transport


def transport_remove(*, transport_id: int, member: Member | None = None) -> None:
    """Remove a transport with its secrets, its test messages and what it caught; messages that left stay.

    The default of a channel is removed last: Raises Refused while there is another one, and
    ``Transport.DoesNotExist``.
    """
    with transaction.atomic():
        transport = Transport.objects.select_for_update().get(pk=transport_id)
        others = Transport.objects.filter(channel=transport.channel, is_on=True).exclude(pk=transport.pk)
        if transport.is_default and others.exists():
            raise Refused(_("Messages leave here by default. Choose another one for that first."))
        _audit("transport.removed", transport, member)
        transport.delete()


def check_ask(*, transport_id: int) -> Transport:
    """Have the sender's domain checked now; the caller nudges the task. Raises ``Transport.DoesNotExist``."""
    with transaction.atomic():
        transport = Transport.objects.select_for_update().get(pk=transport_id)
        if _is_checked(transport):
            transport.check_asked_at = timezone.now()
            transport.save(update_fields=["check_asked_at"])
    return transport


def caught_empty(*, member: Member | None = None) -> int:
    """Empty the local inbox of the business in scope; how many messages went."""
    count, _each = Caught.objects.all().delete()
    if count:
        audit_record(action="inbox.emptied", member=member, object_type="caught", data={"count": count})
    return count


def caught_expire() -> int:
    """Forget what the local inbox has kept for long enough, and test messages as old, in the business in scope; how
    many."""
    before = timezone.now() - CAUGHT_KEPT
    old = Caught.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)
    count, _each = Caught.objects.filter(pk__in=list(old[:_CAUGHT_AT_ONCE])).delete()
    tries, _each = TransportTry.objects.filter(asked_at__lt=before).delete()
    return count + tries


def domain_of(transport: Transport) -> str:
    """The domain that e-mail of a transport comes from; empty for SMS."""
    return transport.sender_address.rpartition("@")[2].casefold() if transport.channel == Channel.EMAIL else ""


def _is_checked(transport: Transport) -> bool:
    return KINDS[transport.kind].way is not Way.LOCAL and bool(domain_of(transport))


def _kind(code: str) -> Kind:
    if code not in KINDS:
        raise Refused(_("There is no such way of sending."), field="kind")
    return KINDS[code]


def _take_over(transport: Transport, kind: Kind, values: TransportValues) -> None:
    transport.name = " ".join(values.name.split())[:80]
    if not transport.name:
        raise Refused(_("Give it a name."), field="name")
    transport.options = {option.name: _option(option, values.options) for option in kind.open_options}
    port = transport.options.get("port")
    if kind.way is Way.SMTP and port not in settings.INNKEEPER_OUTGOING_MAIL_PORTS:
        ports = ", ".join(str(each) for each in settings.INNKEEPER_OUTGOING_MAIL_PORTS)
        closed = _("Port %(port)s is not open for sending mail. Use one of %(ports)s.")
        raise Refused(closed % {"port": port, "ports": ports}, field="port")
    transport.sender_name = " ".join(values.sender_name.split())[:80]
    transport.sender_address = _sender(kind, values, transport.options)
    answers = values.reply_to.strip() if kind.channel == Channel.EMAIL else ""
    transport.reply_to = _email(answers, "reply_to") if answers else ""
    if values.per_minute is not None and not 1 <= values.per_minute <= PER_MINUTE_MAX:
        raise Refused(_("Between 1 and %(most)s.") % {"most": PER_MINUTE_MAX}, field="per_minute")
    transport.per_minute = values.per_minute
    if values.price is not None and not 0 <= values.price < 10_000:
        raise Refused(_("Write a price of 0 or more."), field="price")
    transport.price = values.price if kind.channel == Channel.SMS else None
    transport.is_on = values.is_on


def _option(option: Option, told: Mapping[str, Any]) -> Any:
    text = str(told.get(option.name, option.default) or "").strip()
    if not text:
        if option.is_required:
            raise Refused(_("This is needed."), field=option.name)
        return ""
    if option.asked is Asked.NUMBER:
        if not text.isdecimal() or not 1 <= int(text) <= option.most:
            raise Refused(_("Write a number from 1 to %(most)s.") % {"most": option.most}, field=option.name)
        return int(text)
    if len(text) > option.most:
        raise Refused(_("At most %(most)s characters.") % {"most": option.most}, field=option.name)
    if option.asked is Asked.CHOICE and text not in dict(option.choices):
        raise Refused(_("Choose one of the list."), field=option.name)
    try:
        if option.asked is Asked.HOST:
            return host_read(text)
        if option.asked is Asked.ADDRESS:
            address_read(text)
    except OutgoingError as error:
        raise Refused(_(error.template) % error.params, field=option.name) from error
    if option.pattern and not re.fullmatch(option.pattern, text):
        raise Refused(_("This is not written as it should be."), field=option.name)
    if not text.isprintable():
        raise Refused(_("This is not written as it should be."), field=option.name)
    return text


def _sender(kind: Kind, values: TransportValues, options: Mapping[str, Any]) -> str:
    told = values.sender_address.strip()
    if kind.channel == Channel.EMAIL:
        if not told:
            raise Refused(_("Write the address that guests see as the sender."), field="sender_address")
        return _email(told, "sender_address")
    if not told:
        if options.get("service"):
            return ""
        raise Refused(_("Write the name or number that guests see as the sender."), field="sender_address")
    compact = re.sub(r"[\s()-]", "", told)
    if _NUMBER_SENDER.fullmatch(compact):
        return compact
    if _NAMED_SENDER.fullmatch(told):
        return told
    raise Refused(
        _("A sender is a number in full, such as +47 912 34 567, or up to 11 letters a–z, digits and spaces."),
        field="sender_address",
    )


def _email(text: str, field_name: str) -> str:
    found = normalise_email(text)
    if found.normalised is None:
        raise Refused(_("This is not an e-mail address."), field=field_name)
    return found.normalised


def _secrets(kind: Kind, values: TransportValues, *, kept: Mapping[str, str]) -> dict[str, str]:
    """Every secret of a kind: what was typed, else what is kept."""
    secrets = {}
    for option in kind.secrets:
        told = str(values.secrets.get(option.name) or "").strip()
        if len(told) > SECRET_MAX or not told.isascii() or (told and not told.isprintable()):
            raise Refused(_("A key has only letters, digits and signs of the English keyboard."), field=option.name)
        secret = told or kept.get(option.name, "")
        if not secret and option.is_required:
            raise Refused(_("This is needed. It is kept sealed and never shown again."), field=option.name)
        if secret:
            secrets[option.name] = secret
    return secrets


def _server(transport: Transport) -> tuple[str, ...]:
    """Whom the secrets are shown to."""
    options = transport.options
    address = str(options.get("address", ""))
    return (
        str(options.get("host", "")),
        str(options.get("port", "")),
        urlsplit(address).netloc.casefold() if address else "",
    )


def _save(transport: Transport) -> None:
    try:
        with transaction.atomic():
            transport.save()
    except IntegrityError as error:
        raise Refused(_("There is a way of sending with this name already."), field="name") from error


def _audit(action: str, transport: Transport, member: Member | None) -> None:
    audit_record(
        action=action,
        member=member,
        object_type="transport",
        object_id=transport.pk,
        data={"name": transport.name},
    )
