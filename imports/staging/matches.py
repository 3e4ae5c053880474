"""What the register answers of addresses, numbers and names."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Matches(NamedTuple):
    """The oldest card of each (folded name, matches), and those that more than one card of before bears."""

    oldest: dict[tuple[str, str], int]
    several: set[tuple[str, str]]


class Point(NamedTuple):
    """What the register knows of an address or number: its cards, none where very many share it, and whether it was
    learned that nothing may be sent there (`opted_out`, `bounced`), else empty."""

    cards: tuple[int, ...]
    is_shared: bool
    learned: str


@dataclass(frozen=True, slots=True)
class Foreknown:
    """What the register has answered about a batch already; by default nothing."""

    is_empty: bool | None = None
    """Whether it has no card; None: not asked."""
    points: dict[tuple[str, str], Point | None] = field(default_factory=dict)
    """By kind and normal form; None: nobody has it."""
    numbers: dict[str, int | None] = field(default_factory=dict)
    """Cards by the ids that files brought; None: nobody has it."""
    identities: dict[int, str] = field(default_factory=dict)
    """The folded names of cards."""
    strangers: set[int] = field(default_factory=set)
    """Lines of the guests whose namesakes were asked for."""
    namesakes: dict[tuple[str, str], int] = field(default_factory=dict)
    """The oldest card with each of their (folded name, date of birth or postal code)."""


def is_older(one: int, other: int) -> bool:
    """Real cards go before planned ones, and each kind by age: planned numbers count down."""
    return (one < 0, abs(one)) < (other < 0, abs(other))
