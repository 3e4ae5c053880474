"""What the register answers of addresses, numbers and names."""

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
