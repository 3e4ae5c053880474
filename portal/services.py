"""What guests decide by the links in their messages. Decisions are consents' events, the guest's own."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from customers.card.services import CardRestricted, customer_update
from customers.consent.models import Channel, ConsentEvent, ConsentState, Purpose
from customers.consent.services import consent_record
from customers.permission.leaving import addresses_leave
from customers.permission.models import Suppression, Wish
from customers.permission.reasons import KINDS
from customers.permission.services import wish_set
from customers.permission.suppressing import suppress
from portal.links import Opened
from portal.selectors import Choice


def unsubscribe(*, opened: Opened, address: str | None) -> bool:
    """Take a guest off what the business sends through the message's channel: the consent is withdrawn, and the address
    they got it at is written to no more, whoever else has it. Whether anything is different; of a test nothing is.

    ``address`` is the IP address of the request. Messages about the guest's own stays and invoices still go out.
    """
    if opened.is_test:
        return False
    channel = opened.message.channel
    with transaction.atomic():
        known = ConsentState.objects.filter(
            customer=opened.customer, purpose=Purpose.NEWSLETTER, channel=channel, granted=False
        )
        is_new = not known.exists()
        if is_new:
            _record(opened, Purpose.NEWSLETTER, channel, granted=False, address=address)
        if not opened.message.address:
            return is_new
        row = suppress(
            kind=KINDS[channel],
            normalised=opened.message.address,
            reason=Suppression.Reason.UNSUBSCRIBED,
            source=opened.proof,
        )
    return is_new or row is not None


@dataclass(frozen=True)
class Choices:
    """What a guest has chosen on the page of preferences. ``consents`` only those that were on the page."""

    consents: Mapping[tuple[str, str], bool]
    wants_offers: bool
    paused_until: dt.date | None
    language: str


def preferences_set(
    *, opened: Opened, choices: Choices, shown: Mapping[tuple[str, str], Choice], address: str | None
) -> bool:
    """Keep what a guest has chosen; whether the language could be kept, too (not on a card that is restricted).

    ``shown`` are the consents as they stood on the page, with their words. Nothing is granted that the link is not
    enough for. Who takes back the news of a channel, or has none and wants no offers, has left: their addresses of that
    channel are suppressed.
    """
    customer = opened.customer
    if opened.is_test:
        return True
    is_at_home = opened.is_at_home
    with transaction.atomic():
        held = {
            (state.purpose, state.channel): state.granted for state in ConsentState.objects.filter(customer=customer)
        }
        left = set()
        for consent, granted in choices.consents.items():
            was = held.get(consent, False)
            if granted and not was and not (is_at_home and consent[1] in ("", opened.message.channel)):
                continue
            # Somebody who was never asked and says nothing has decided nothing.
            if granted != was:
                _record(opened, *consent, granted=granted, address=address, shown=shown.get(consent))
        for purpose, channel in shown:
            wants = choices.consents.get((purpose, channel), False)
            if (
                purpose == Purpose.NEWSLETTER
                and not wants
                and (held.get((purpose, channel)) or not choices.wants_offers)
            ):
                left.add(channel)
        if left:
            _leave(opened, left)
        _wishes_set(opened, choices, is_at_home=is_at_home)
        if choices.language == customer.language:
            return True
        if not is_at_home:
            return False
        try:
            customer_update(business=opened.business, customer_id=customer.pk, values={"language": choices.language})
        except CardRestricted:
            return False
    return True


def _leave(opened: Opened, channels: Collection[str]) -> None:
    """Their addresses as they are now, and the one that was written to."""
    channel, address = opened.message.channel, opened.message.address
    addresses_leave(
        customer_id=opened.customer.pk,
        channels=channels,
        source=opened.proof,
        others=[(KINDS[channel], address)] if address and channel in channels else (),
    )


def _wishes_set(opened: Opened, choices: Choices, *, is_at_home: bool) -> None:
    """Who no longer speaks for the guest takes back nothing that the guest wished."""
    customer_id = opened.customer.pk
    if is_at_home or not choices.wants_offers:
        wish_set(customer_id=customer_id, kind=Wish.Kind.NO_OFFERS, wished=not choices.wants_offers)
    until = choices.paused_until
    if not is_at_home:
        known = Wish.objects.filter(customer_id=customer_id, kind=Wish.Kind.PAUSE).values_list("until", flat=True)
        until = max((day for day in (*known, until) if day is not None), default=None)
    wish_set(customer_id=customer_id, kind=Wish.Kind.PAUSE, wished=until is not None, until=until)


def _record(
    opened: Opened, purpose: str, channel: str, *, granted: bool, address: str | None, shown: Choice | None = None
) -> None:
    wording = shown.wording if shown is not None and granted else None
    consent_record(
        customer_id=opened.customer.pk,
        purpose=purpose,
        channel=channel or Channel.NONE,
        granted=granted,
        source=ConsentEvent.Source.PORTAL,
        by_guest=True,
        address=address,
        proof=opened.proof,
        wording_id=wording.pk if wording is not None else None,
        language=shown.language if shown is not None and wording is not None else "",
    )
