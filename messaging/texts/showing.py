"""A text as one guest would get it, for pages: what it says, what is missing, what an SMS costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Business
from customers.card.models import Customer
from customers.history.models import StayParticipant
from customers.search.models import RecentGuest
from messaging.rendering import Rendered, Text, Values, parse, render
from messaging.rendering.filling import Filling
from messaging.rendering.placeholders import is_known
from messaging.rendering.rendered import used_in
from messaging.sms import Segments, beyond_gsm, segments
from messaging.texts.labels import Place, labels_of, sample_values
from messaging.texts.looks import look_keep
from messaging.texts.models import Channel
from messaging.texts.values import Wanted, values_for
from messaging.transports.models import Transport

STAND_IN = "example.com"
"""Where links of ready templates lead until somebody puts a page of their own there."""
WAY_OUT = f"https://{STAND_IN}/unsubscribe"
"""Stands for the links that only a message that is sent has."""
_ADDRESS = "business.address"


@dataclass(frozen=True)
class Shown:
    """A text as a guest would get it. ``look`` is the address of its HTML, empty for an SMS."""

    language: str
    rendered: Rendered
    look: str
    missing: Sequence[Place]
    segments: Segments | None = None
    odd: tuple[str, ...] = ()
    """Characters that make an SMS dearer."""
    price: Decimal | None = None
    lacks_address: bool = False
    """Whether it is marketing without the business's postal address: nothing of the guest's is missing there."""
    is_unfinished: bool = False
    """Whether a link still leads to :data:`STAND_IN`."""

    @property
    def cost(self) -> Decimal | None:
        """What one such SMS costs, in the business's currency."""
        return self.price * self.segments.parts if self.price is not None and self.segments else None


def shown(text: Text, values: Values, *, language: str, business: Business, price: Decimal | None = None) -> Shown:
    """Render a text for a page."""
    rendered = render(text, values, language=language)
    missing = missing_of(rendered)
    is_sms = text.channel == Channel.SMS
    return Shown(
        language=language,
        rendered=rendered,
        look="" if is_sms else look_keep(rendered.html, slug=business.slug),
        missing=missing,
        segments=segments(rendered.text) if is_sms else None,
        odd=beyond_gsm(rendered.text)[:8] if is_sms else (),
        price=price,
        lacks_address=_ADDRESS in rendered.missing,
        is_unfinished=_is_unfinished(text),
    )


def missing_of(rendered: Rendered) -> list[Place]:
    """What is not known of the guest and has no other words; a message with such a hole is not sent."""
    # One that there is not is told while it is written, by the name that was meant.
    return labels_of([name for name in rendered.missing if is_known(name) and name != _ADDRESS])


def _is_unfinished(text: Text) -> bool:
    written = [text.body, *(part for block in text.blocks for part in (block.text, block.link))]
    return any(f"//{STAND_IN}" in part for part in written)


def values_shown(*, guest: Customer | None, texts: Sequence[Text], business: Business) -> Values:
    """What a preview is filled with: a guest's values, or each placeholder's name where no guest is looked at."""
    if guest is None:
        today = timezone.localdate(timezone=business.zone)
        values = sample_values(business=business, today=today)
    else:
        names = frozenset().union(*(used_in(text) for text in texts)) | {"business.name"}
        (values,) = values_for([Wanted(guest.pk)], names=names)
    return values.plus(unsubscribe_link=WAY_OUT, preferences_link=WAY_OUT)


def price_of(channel: str) -> Decimal | None:
    """What a part of an SMS costs through the way it would take, in the business's currency; ``None``: nobody said."""
    if channel != Channel.SMS:
        return None
    ways = Transport.objects.filter(channel=Channel.SMS.value, is_default=True, is_on=True)
    return ways.values_list("price", flat=True).first()


def words_filled(words: str, *, kept: Mapping[str, Any], language: str, channel: str) -> str:
    """Words of a message as the guest read them, filled with what was ``kept`` of it; before that as written."""
    if not kept or "{" not in words:
        return words
    return Filling(Values.of_json(kept), language, is_sms=channel == Channel.SMS).words(parse(words))


def guest_usual(*, member_id: int) -> Customer | None:
    """The guest a preview begins with: the one this member opened last, else the one who arrived last, else any."""
    recent = (
        RecentGuest.objects.filter(member_id=member_id).order_by("-opened_at").values_list("customer_id", flat=True)
    )
    pk = recent.first()
    if pk is None:
        latest = (
            StayParticipant.objects.filter(is_guest=True).order_by("-stay_id").values_list("customer_id", flat=True)
        )
        pk = latest.first()
    return Customer.objects.filter(pk=pk).first() if pk is not None else Customer.objects.first()
