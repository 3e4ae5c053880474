"""What asks the network on a member's behalf: test messages and checks of the sender's domain. Opens its own scopes."""

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Business, Member
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from customers.normalise import normalise_email, normalise_phone
from messaging.transports.dns import resolver
from messaging.transports.domain import Sender, domain_check
from messaging.transports.kinds import KINDS
from messaging.transports.masking import masked
from messaging.transports.models import Channel, Transport, TransportTry
from messaging.transports.outgoing import Outcome, Outgoing
from messaging.transports.selectors import TRY_SILENT_AFTER
from messaging.transports.sending import can_ask_again, send
from messaging.transports.services import domain_of

TRIES_AN_HOUR: Final = 20
"""A test is for finding out whether it works, not for sending."""
_State = TransportTry.State
_STATES: Final = {
    Outcome.TAKEN: _State.TAKEN,
    Outcome.REFUSED: _State.REFUSED,
    Outcome.LATER: _State.LATER,
    Outcome.UNKNOWN: _State.UNKNOWN,
}


def try_ask(*, transport_id: int, business: Business, address: str, member: Member | None = None) -> TransportTry:
    """Have a test message sent to an address of one's own; the caller nudges the task.

    Raises Refused, ``Transport.DoesNotExist``.
    """
    with transaction.atomic():
        transport = Transport.objects.select_for_update().get(pk=transport_id)
        lately = TransportTry.objects.filter(asked_at__gt=timezone.now() - dt.timedelta(hours=1)).count()
        if lately >= TRIES_AN_HOUR:
            raise Refused(_("That was enough tests for an hour. Try again later."))
        return TransportTry.objects.create(
            transport=transport, address=_address(transport, business, address), member=member
        )


def try_send(*, business_id: int, try_id: int) -> None:
    """Send a test message that waits. One that a dead worker may have sent already is not sent again."""
    claimed = _claim(business_id, try_id)
    if claimed is None:
        return
    asked, transport, language = claimed
    before = asked.attempted_at
    if before is not None and not can_ask_again(transport.kind, since=before, at=timezone.now()):
        _settle(business_id, try_id, _State.UNKNOWN, "", "lost")
        return
    batch = [_message(asked, transport, language)]
    for result in send(transport, batch, lambda outgoing: _attempted(business_id, try_id)):
        _settle(business_id, try_id, _STATES[result.outcome], result.error, result.reason or "")


def check_run(*, business_id: int, transport_id: int) -> None:
    """Look at the domain that a transport's e-mail comes from, and note what was found."""
    with business_scope(business_id):
        transport = Transport.objects.filter(pk=transport_id).first()
    if transport is None or not domain_of(transport):
        return
    kind, options = KINDS[transport.kind], transport.options
    selector = str(options.get("dkim_selector") or "")
    sender = Sender(
        domain=domain_of(transport),
        include=kind.spf,
        usual=kind.dkim,
        selectors=(selector,) if selector else (),
        server=str(options.get("host") or ""),
    )
    found = domain_check(sender, resolver())
    with business_scope(business_id):
        # Who changed the address meanwhile is asked again.
        Transport.objects.filter(pk=transport_id, sender_address=transport.sender_address).update(
            domain=found.stored(), checked_at=timezone.now(), check_asked_at=None
        )


def _address(transport: Transport, business: Business, typed: str) -> str:
    if transport.channel == Channel.EMAIL:
        email = normalise_email(typed).normalised
        if email is None:
            raise Refused(_("This is not an e-mail address."), field="address")
        return email
    phone = normalise_phone(typed, business.country).e164
    if phone is None:
        raise Refused(_("This is not a phone number. Write it with its country code."), field="address")
    return phone


def _claim(business_id: int, try_id: int) -> tuple[TransportTry, Transport, str] | None:
    """Take a test on that waits and that nobody is at; with its transport and the language of whoever asked."""
    now = timezone.now()
    with business_scope(business_id):
        asked = TransportTry.objects.select_for_update().filter(pk=try_id, state=_State.WAITING).first()
        if asked is None or (asked.attempted_at is not None and asked.attempted_at > now - TRY_SILENT_AFTER):
            return None
        transport = Transport.objects.select_related("business").get(pk=asked.transport_id)
        member = Member.objects.select_related("user").filter(pk=asked.member_id or 0).first()
        return asked, transport, (member.user.language if member else "") or transport.business.language


def _attempted(business_id: int, try_id: int) -> None:
    with business_scope(business_id):
        TransportTry.objects.filter(pk=try_id).update(attempted_at=timezone.now())


def _settle(business_id: int, try_id: int, state: str, error: str, reason: str) -> None:
    with business_scope(business_id):
        TransportTry.objects.filter(pk=try_id, state=_State.WAITING).update(
            state=state, error={"reason": str(reason), "words": masked(error)} if reason else {}, done_at=timezone.now()
        )


def _message(asked: TransportTry, transport: Transport, language: str) -> Outgoing:
    with translation.override(language):
        if transport.channel == Channel.SMS:
            return Outgoing(
                asked.ref,
                asked.address,
                text=_("A test from %(business)s: SMS works.") % {"business": transport.business.name},
            )
        subject = _("A test from %(business)s") % {"business": transport.business.name}
        told = _("This message left through “%(name)s”. If you can read it, sending works.") % {"name": transport.name}
    return Outgoing(asked.ref, asked.address, subject=subject, text=f"{told}\n", html="")
