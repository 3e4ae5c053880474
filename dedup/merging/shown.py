"""What a merge would do, for a page to show before it is done. Made by :mod:`dedup.merging.preview`."""

from dataclasses import dataclass, field
from datetime import date, datetime

from customers.card.models import Customer, Tag


@dataclass(frozen=True)
class CardShown:
    """One of the cards, in the order they were asked for: A, B, C …"""

    customer: Customer
    letter: str
    stays: int
    nights: int
    last_stay: date | None
    version: int
    """What :func:`~dedup.merging.services.merge` takes as ``versions``, so that nothing is merged unseen."""

    @property
    def id(self) -> int:
        return int(self.customer.pk)

    @property
    def name(self) -> str:
        return self.customer.name


@dataclass(frozen=True)
class Choice:
    """A field of which each card has a value and the result one of them.

    ``key`` is what :func:`~dedup.merging.services.merge` takes in ``choices``, with the index of a card. ``values`` are
    texts as the card shows them, one a card, empty where it has none. A choice that the reader has nothing to do with,
    because at most one value is there, does not ``differ``. Texts such as notes stand ``together`` unless one card's is
    chosen: then ``chosen`` is -1.
    """

    key: str
    label: str
    values: tuple[str, ...]
    chosen: int
    differs: bool
    together: str = ""

    @property
    def result(self) -> str:
        """The value the card will have."""
        return self.together if self.chosen < 0 else self.values[self.chosen]


@dataclass(frozen=True)
class Point:
    """An e-mail address or phone number that the card will have. ``cards`` tells which have it now."""

    kind: str
    value: str
    state: str
    state_label: str
    cards: tuple[bool, ...]
    is_primary: bool


@dataclass(frozen=True)
class TagsShown:
    """The tags of all cards together. ``over_nine``: some must be left out; ``chosen`` are those proposed."""

    tags: tuple[tuple[Tag, tuple[bool, ...]], ...]
    over_nine: bool
    chosen: tuple[int, ...]


@dataclass(frozen=True)
class Moves:
    """How many rows of a kind each card has; those of all but the survivor move to it."""

    label: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Said:
    """What one card says to a consent: ``None`` nothing."""

    granted: bool | None
    since: datetime | None


@dataclass(frozen=True)
class ConsentShown:
    """One consent: what each card says, what will hold, and why in words (empty where all say the same)."""

    purpose: str
    channel: str
    label: str
    said: tuple[Said, ...]
    result: bool | None
    why: str


@dataclass(frozen=True)
class SensitiveShown:
    """A kind of sensitive detail and which cards have one; what they say is not told here."""

    kind: str
    label: str
    cards: tuple[bool, ...]


@dataclass(frozen=True)
class Preview:
    """All that a merge would do. ``survivor_id`` is the card that stays, unless another is asked for.

    ``fields`` are those of the card (``email`` and ``phone`` choose the primary ones), ``own`` the business's own, with
    keys ``own_<key>``. ``warnings`` are sentences to read before merging. The indices of all tuples are those of
    ``cards``.
    """

    cards: tuple[CardShown, ...]
    survivor_id: int
    fields: tuple[Choice, ...]
    own: tuple[Choice, ...]
    points: tuple[Point, ...]
    tags: TagsShown
    moves: tuple[Moves, ...]
    consents: tuple[ConsentShown, ...]
    sensitive: tuple[SensitiveShown, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def versions(self) -> dict[int, int]:
        """Card id → version, as :func:`~dedup.merging.services.merge` takes them."""
        return {card.id: card.version for card in self.cards}
