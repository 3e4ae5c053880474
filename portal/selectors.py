"""Reads for the pages of guests."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from customers.card.models import ContactPoint, Customer
from customers.consent.labels import consent_key
from customers.consent.models import Channel, ConsentState, ConsentWording, Purpose
from customers.consent.selectors import wording_lines
from customers.permission.models import Suppression, Wish
from customers.permission.selectors import suppressed_of

OFFERED: Final = (
    (Purpose.NEWSLETTER.value, Channel.EMAIL.value),
    (Purpose.NEWSLETTER.value, Channel.SMS.value),
    (Purpose.PROFILING.value, Channel.NONE.value),
    (Purpose.TRACKING.value, Channel.NONE.value),
)
"""Consents that a guest gives and takes back here; sensitive details are told to a person."""
_WORDS: Final[Mapping[tuple[str, str], tuple[Any, Any]]] = {
    OFFERED[0]: (_("News and offers by e-mail"), _("We may write to you by e-mail now and then.")),
    OFFERED[1]: (_("News and offers by SMS"), _("We may send you a text message now and then.")),
    OFFERED[2]: (
        _("Offers that suit me"),
        _("We may choose offers by what you have bought and when you have stayed."),
    ),
    OFFERED[3]: (_("What I open"), _("We may note which of our messages and web pages you open.")),
}
"""What each is called for the guest, and what is agreed to where the business has written no wording of its own."""
_NEEDS: Final = {Channel.EMAIL.value: ContactPoint.Kind.EMAIL.value, Channel.SMS.value: ContactPoint.Kind.PHONE.value}


@dataclass(frozen=True)
class Choice:
    """A consent as the page offers it: with the words that are agreed to, in the language of the page."""

    purpose: str
    channel: str
    granted: bool
    wording: ConsentWording | None
    is_held: bool = False
    """Whether nothing is sent for another reason than the consent: one that the guest cannot take back here."""
    can_be_granted: bool = True
    """Whether the link is enough to consent by; taking back always is possible."""

    @property
    def key(self) -> str:
        """Its name in the form."""
        return consent_key(self.purpose, self.channel)

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing to choose here."""
        return not (self.granted or self.can_be_granted)

    @property
    def shown(self) -> str:
        """What the form carries of the words: the wording and its language, or that it was the page's own sentence."""
        return f"{self.wording.pk}.{self.language}" if self.wording else "0"

    @property
    def is_message(self) -> bool:
        """Whether it is about what is sent, and not about how that is chosen or measured."""
        return bool(self.channel)

    @property
    def label(self) -> str:
        """What it is called."""
        return str(_WORDS[self.purpose, self.channel][0])

    @property
    def language(self) -> str:
        """The language of the words."""
        texts = self.wording.texts if self.wording else {}
        active = translation.get_language()
        return active if active in texts or not texts else next(iter(texts))

    @property
    def words(self) -> str:
        """What is agreed to: the business's wording, else what the consent allows in a sentence."""
        if self.wording is not None:
            return str(self.wording.texts[self.language])
        return str(_WORDS[self.purpose, self.channel][1])


@dataclass(frozen=True)
class Preferences:
    """What a guest has chosen so far."""

    choices: list[Choice]
    wants_offers: bool
    paused_until: dt.date | None
    is_at_home: bool = True
    """Whether the address the link was sent to stands on the guest's card."""


def held_kinds(*, customer: Customer) -> set[str]:
    """Kinds of addresses to which no news goes whatever the guest consents to: there was a complaint, a STOP or an
    objection, no mailbox is left that works, or the card says not to contact them. Two queries."""
    if customer.do_not_contact:
        return set(ContactPoint.Kind.values)
    suppressed, free = suppressed_of(customer_id=customer.pk)
    reached = {point.kind for point in free}
    return {
        one.point.kind
        for one in suppressed
        if one.can_be_lifted and not (one.suppression.reason == Suppression.Reason.BOUNCE and one.point.kind in reached)
    }


def preferences_of(*, customer: Customer, channel: str, is_at_home: bool) -> Preferences:
    """What a guest has chosen, of channels they have an address for and of the message's own. Six queries.

    A link speaks for the address it was sent to: consent is given for its own channel alone, and only while the address
    stands on the card (``is_at_home``).
    """
    kinds = set(ContactPoint.objects.filter(customer=customer).exclude(normalised="").values_list("kind", flat=True))
    granted = {(state.purpose, state.channel) for state in ConsentState.objects.filter(customer=customer, granted=True)}
    wordings = {(line.purpose, line.channel): line.current for line in wording_lines(consents=OFFERED) if line.current}
    held = held_kinds(customer=customer)
    choices = [
        Choice(
            *consent,
            consent in granted,
            wordings.get(consent),
            is_held=_NEEDS.get(consent[1], "") in held,
            can_be_granted=is_at_home and consent[1] in ("", channel),
        )
        for consent in OFFERED
        if consent[1] in ("", channel) or _NEEDS[consent[1]] in kinds
    ]
    wishes = {wish.kind: wish for wish in Wish.objects.filter(customer=customer)}
    pause = wishes.get(Wish.Kind.PAUSE)
    until = pause.until if pause else None
    return Preferences(
        choices,
        Wish.Kind.NO_OFFERS not in wishes,
        until if until is not None and until > timezone.localdate() else None,
        is_at_home,
    )
