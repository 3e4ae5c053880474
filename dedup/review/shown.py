"""Pairs and their cards as the pages show them."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from accounts.access import BusinessRequest
from accounts.models import Capability
from customers.card.models import Customer
from customers.permission.marks import contact_marks
from dedup.register.models import Match
from dedup.register.selectors import Row
from dedup.register.shown import CardShown
from dedup.review.evidence import EvidenceShown
from dedup.review.state import QueueState
from dedup.review.wording import Band, band_of, field_words, percent_words

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Side:
    """One card of several beside each other."""

    id: int
    letter: str
    name: str
    url: str
    place: str
    email: str
    phone: str
    stays: int
    last_stay: dt.date | None
    flags: list[tuple[str, str]]


@dataclass(frozen=True)
class PairShown:
    """A pair of the queue, and what the reader may do with it. ``evidence``, ``others`` and ``closed`` are known of a
    pair that is looked at: why, which cards more may be the same guest, and what was decided."""

    id: int
    percent: str
    band: Band
    left: Side
    right: Side
    agreeing: list[str]
    differing: list[str]
    state: str
    url: str
    is_current: bool
    can_merge: bool
    can_propose: bool
    merge_url: str
    decide_url: str
    evidence: EvidenceShown | None = None
    others: list[int] = field(default_factory=list)
    merge_all_url: str = ""
    closed: str = ""
    is_proposed: bool = False
    """Whether somebody has asked those who may to merge it."""

    @property
    def cards(self) -> tuple[Side, Side]:
        """Both."""
        return self.left, self.right

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.state == Match.State.OPEN

    @property
    def is_different(self) -> bool:
        """Whether somebody said that they are two guests."""
        return self.state == Match.State.DIFFERENT

    @property
    def acts(self) -> bool:
        """Whether there is still something to decide."""
        return self.state in (Match.State.OPEN, Match.State.LATER, Match.State.DIFFERENT)


def side_of(slug: str, card: CardShown, place: int) -> Side:
    """A card in its ``place`` among others, from 0."""
    marked = Customer(
        is_restricted=card.is_restricted, is_deceased=card.is_deceased, do_not_contact=card.do_not_contact
    )
    return Side(
        id=card.customer_id,
        letter=LETTERS[place],
        name=card.name,
        url=reverse("guest_card", kwargs={"slug": slug, "customer_id": card.customer_id}),
        place=card.city,
        email=card.emails[0] if card.emails else "",
        phone=card.phones[0] if card.phones else "",
        stays=card.stays,
        last_stay=card.last_stay,
        flags=contact_marks(marked),
    )


def pair_of(
    request: BusinessRequest,
    row: Row,
    state: QueueState,
    current: int | None = None,
    proposed: Collection[int] = (),
) -> PairShown:
    """A row of the queue in a list of a ``state``; ``current`` is the match that is shown beside it, ``proposed`` are
    those that somebody asks to merge."""
    slug = request.business.slug
    can_merge = request.member.can(Capability.MERGE)
    place = state.with_(match=row.match_id).query
    return PairShown(
        id=row.match_id,
        percent=percent_words(row.probability),
        band=band_of(row.probability),
        left=side_of(slug, row.left, 0),
        right=side_of(slug, row.right, 1),
        agreeing=field_words(row.agreeing),
        differing=field_words(row.differing),
        state=row.state,
        url=place,
        is_current=row.match_id == current,
        can_merge=can_merge,
        can_propose=not can_merge and row.state != Match.State.DIFFERENT and row.match_id not in proposed,
        merge_url=reverse("match_merge", kwargs={"slug": slug, "match_id": row.match_id}) + state.query,
        decide_url=reverse("match_decide", kwargs={"slug": slug, "match_id": row.match_id}) + place,
        is_proposed=row.match_id in proposed,
    )


def merge_address(slug: str, guests: Collection[int] | Sequence[int], place: str = "") -> str:
    """The page where these cards become one; ``place`` is the queue that one came from, as its address ends."""
    address = f"{reverse('merge_cards', kwargs={'slug': slug})}?guests={','.join(map(str, guests))}"
    return f"{address}&{place.removeprefix('?')}" if len(place) > 1 else address
