"""What a campaign made of the difference between those who got it and those held out, with its uncertainty. Pure.

Shares: Newcombe's interval of a difference from two Wilson score intervals (Statistics in Medicine 17, 1998, method
10). Means: Welch's, with the normal quantile. All at 95 %.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054
"""The normal quantile of 97.5 %."""
FEWEST = 30
"""Guests that each side needs before a difference is told at all."""


@dataclass(frozen=True)
class Difference:
    """By how much one side is above the other, and the interval in which the truth lies, 19 times of 20."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Sums:
    """A side's amounts added up: how many guests, the sum, and the sum of squares; those who spent nothing count."""

    number: int
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, amounts: Iterable[float]) -> "Sums":
        """The sums of some amounts."""
        listed = list(amounts)
        return cls(len(listed), sum(listed), sum(amount * amount for amount in listed))

    @property
    def mean(self) -> float:
        """What a guest spent on average; 0 without guests."""
        return self.total / self.number if self.number else 0.0

    @property
    def variance_of_mean(self) -> float:
        """Of the mean, with the sample's variance (n - 1)."""
        if self.number < 2:
            return 0.0
        return max(0.0, (self.squares - self.total * self.total / self.number) / (self.number - 1) / self.number)


def wilson(hits: int, number: int) -> tuple[float, float]:
    """Wilson's interval of a share.

    >>> [round(end, 4) for end in wilson(56, 70)]
    [0.6918, 0.877]
    """
    share = hits / number
    centre = share + Z * Z / (2 * number)
    spread = Z * sqrt(share * (1 - share) / number + Z * Z / (4 * number * number))
    whole = 1 + Z * Z / number
    return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)


def share_difference(hits: int, number: int, other_hits: int, other_number: int) -> Difference | None:
    """The first share less the second; ``None`` where a side has fewer than :data:`FEWEST`.

    >>> found = share_difference(56, 70, 48, 80)
    >>> [round(each, 4) for each in (found.value, found.low, found.high)]
    [0.2, 0.0524, 0.3339]
    """
    if min(number, other_number) < FEWEST:
        return None
    one, two = hits / number, other_hits / other_number
    low, high = wilson(hits, number)
    other_low, other_high = wilson(other_hits, other_number)
    below = sqrt((one - low) ** 2 + (other_high - two) ** 2)
    above = sqrt((high - one) ** 2 + (two - other_low) ** 2)
    return Difference(one - two, one - two - below, one - two + above)


def mean_difference(one: Sums, other: Sums) -> Difference | None:
    """The first mean less the second; ``None`` where a side has fewer than :data:`FEWEST`."""
    if min(one.number, other.number) < FEWEST:
        return None
    value = one.mean - other.mean
    spread = Z * sqrt(one.variance_of_mean + other.variance_of_mean)
    return Difference(value, value - spread, value + spread)
