"""The order of the look-up's hits. Pure: candidates in, the best out."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from customers.normalise import collapse
from customers.search.query import Slip

NEAR_DAYS: Final = 2


class Heat(IntEnum):
    """How close a guest is to the desk: in house, arriving or gone within NEAR_DAYS, or neither."""

    COLD = 0
    NEAR = 1
    IN_HOUSE = 2


class Exactness(IntEnum):
    """How whole the match is: the words, a whole name in any order or spelling, the very text of a name or number."""

    PART = 0
    NAME = 1
    TEXT = 2


COST_EXACT, COST_ELSEWHERE, COST_BEGINNING, COST_END, COST_FRAGMENT, COST_FAR = 0.0, 0.5, 1.0, 1.5, 3.0, 4.0
COST_SPACE, COST_SPACE_LOST = 2.0, 2.2
_COST_SLIP: Final = {Slip.SWAPPED: 2.0, Slip.MISSING: 2.0, Slip.DOUBLED: 2.0, Slip.CHANGED: 2.2, Slip.EXTRA: 2.2}


def cost_of_slip(slip: Slip, typed: str, word: str) -> float:
    """What a slip costs: letters are dropped and swapped more often than made up, and the first one seldom missed."""
    return _COST_SLIP[slip] + (0.0 if typed[0] == word[0] else 0.1)


@dataclass(frozen=True)
class Term:
    """One word to find in a name: any of its ``beginnings``, or one of ``tokens``, each with what it costs.

    ``fragment``: tokens hold it somewhere inside; all those listed in ``tokens`` that do were found by it.
    """

    word: str
    beginnings: tuple[str, ...]
    tokens: Mapping[str, float] = field(default_factory=dict)
    fragment: str = ""

    def cost(self, tokens: Sequence[str]) -> float | None:
        """The cheapest way to find the word among a card's tokens; ``None`` when there is none."""
        best: float | None = None
        for token in tokens:
            if token == self.word:
                return COST_EXACT
            cost = self.tokens.get(token)
            if token.startswith(self.beginnings):
                # A typed digraph meets its plain letter: as good as typed, but after it.
                cost = COST_EXACT + 0.2 if token in self.beginnings else COST_BEGINNING
                cost += 0.0 if token.startswith(self.word) else 0.3
                # Of two names that begin so the shorter is the likelier.
                cost += 0.01 * min(max(0, len(token) - len(self.word)), 20)
            elif cost is None and self.fragment and self.fragment in token:
                cost = COST_FRAGMENT
            if cost is not None and (best is None or cost < best):
                best = cost
        return best

    def patterns(self) -> list[str]:
        """LIKE patterns for a card's tokens with a space before and after."""
        inside = [f"%{self.fragment}%"] if self.fragment else []
        others = [f"% {token} %" for token in self.tokens if not self.fragment or self.fragment not in token]
        return [*(f"% {form}%" for form in self.beginnings), *inside, *others]

    def whole_patterns(self) -> list[str]:
        """LIKE patterns, as above, for the word itself and for what a single slip made it of."""
        slips = [token for token, cost in self.tokens.items() if cost < COST_FRAGMENT]
        return [f"% {token} %" for token in (self.word, *slips)]


@dataclass
class Candidate:
    """A card that may be meant, with all that ranks it."""

    customer_id: int
    tokens: str = ""
    name: str = ""
    """Folded, as the card is called: of a person without the company."""
    exactness: Exactness = Exactness.PART
    direct: bool = True
    """Found by what was typed, not by a fragment or a slip."""
    found_by: float | None = None
    """What a match on a contact point, booking or room costs; ``None``: found by name."""
    heat: Heat = Heat.COLD
    opened_at: dt.datetime | None = None
    last_stay: dt.date | None = None
    surplus: int = 0
    """How many words its name has beyond those typed."""
    cost: float = COST_FAR


class Reading(NamedTuple):
    """A way the text was read: terms that must all be held, and what it costs to read it so."""

    terms: Sequence[Term]
    cost: float = 0.0


def best(candidates: Iterable[Candidate], readings: Sequence[Reading], most: int) -> list[Candidate]:
    """The first ``most``, ranked: whole name or number; in house, near; opened lately by this member; match; last stay.
    Guesses come after all others, the likeliest first.

    Of several ``readings`` the cheapest counts. A candidate that fits none and was not found otherwise is dropped.
    """
    kept = []
    for candidate in candidates:
        if candidate.found_by is not None:
            candidate.cost = candidate.found_by
        elif candidate.exactness:
            candidate.cost = COST_EXACT
        else:
            costs = [cost for reading in readings if (cost := _cost(reading, candidate)) is not None]
            if not costs:
                continue
            # One who types several words types a whole name rather than the half of a longer one.
            candidate.cost = min(costs) + 0.1 * min(candidate.surplus, 3)
        kept.append(candidate)
    kept.sort(key=_place)
    return kept[:most]


def _cost(reading: Reading, candidate: Candidate) -> float | None:
    words = candidate.name.split()
    by_name = _sum(term.cost([*words, *map(collapse, words)]) for term in reading.terms)
    if by_name is not None:
        return reading.cost + by_name
    # Found by the firm a person works at: after all that are called so.
    by_all = _sum(term.cost(candidate.tokens.split()) for term in reading.terms)
    return None if by_all is None else reading.cost + by_all + COST_ELSEWHERE


def _sum(costs: Iterable[float | None]) -> float | None:
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def _place(candidate: Candidate) -> tuple[float, ...]:
    opened = candidate.opened_at.timestamp() if candidate.opened_at else 0.0
    last_stay = candidate.last_stay.toordinal() if candidate.last_stay else 0
    # Of what was typed every match is good, and the guest at the desk comes first; of guesses the likeliest does.
    desk_first = (-candidate.heat, -opened, candidate.cost)
    likeliest_first = (candidate.cost, -candidate.heat, -opened)
    return (
        -candidate.exactness,
        not candidate.direct,
        *(desk_first if candidate.direct else likeliest_first),
        -last_stay,
        -candidate.customer_id,
    )
