"""The kinds of pairs, and what is believed of them before a register is looked at."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dedup.engine.comparisons import PLACES, Comparison
from dedup.engine.kinds import Field, Kind

MATCH, HOUSEHOLD, COLLEAGUES, OTHER = CLASSES = ("match", "household", "colleagues", "other")
"""One guest twice; a couple or a family; people of one company or agency; strangers. Where there are no people in a
table, the second are companies of one house, the third branches of one company."""

_PERSONAL = frozenset((Kind.GIVEN, Kind.BIRTH_DATE, Kind.NUMBER))
_PLACES = frozenset(PLACES) | {Kind.PHONE, Kind.EMAIL, Kind.NUMBER, Kind.ORGANISATION}
_OF_PEOPLE: Mapping[str, frozenset[Kind]] = {
    MATCH: frozenset(),
    HOUSEHOLD: _PERSONAL,
    COLLEAGUES: _PERSONAL | {Kind.FAMILY},
    OTHER: frozenset(Kind),
}
_OF_COMPANIES: Mapping[str, frozenset[Kind]] = {
    MATCH: frozenset(),
    HOUSEHOLD: frozenset((Kind.COMPANY, Kind.NUMBER, Kind.ORGANISATION, Kind.TEXT, Kind.CATEGORY)),
    COLLEAGUES: _PLACES,
    OTHER: frozenset(Kind),
}


def chance_of(fields: Iterable[Field]) -> Mapping[str, frozenset[Kind]]:
    """What agrees within each class by chance alone, as among strangers, in tables with these fields."""
    people = any(one.kind in (Kind.GIVEN, Kind.FAMILY, Kind.FULL_NAME) for one in fields)
    return _OF_PEOPLE if people else _OF_COMPANIES


ABSENT, AGREES, DIFFERS = range(3)
"""What a comparison's parent says: nothing, the same, something else. Each has chances of its own."""

_NAMES = (0.74, 0.09, 0.08, 0.04, 0.02, 0.03)
_MATCH: Mapping[Kind, tuple[float, ...]] = {
    Kind.GIVEN: _NAMES,
    Kind.FAMILY: _NAMES,
    Kind.EMAIL: (0.5, 0.08, 0.02, 0.03, 0.05, 0.04, 0.02, 0.26),
    Kind.PHONE: (0.66, 0.04, 0.05, 0.25),
    Kind.BIRTH_DATE: (0.84, 0.08, 0.03, 0.02, 0.03),
    Kind.NUMBER: (0.85, 0.07, 0.08),
    Kind.ORGANISATION: (0.85, 0.07, 0.08),
    Kind.POSTAL_CODE: (0.78, 0.08, 0.14),
    Kind.HOUSE_NUMBER: (0.8, 0.06, 0.14),
    Kind.REGION: (0.9, 0.1),
    Kind.COUNTRY: (0.95, 0.05),
    Kind.CATEGORY: (0.9, 0.1),
    Kind.TEXT: (0.7, 0.08, 0.08, 0.05, 0.09),
    Kind.COMPANY: (0.7, 0.1, 0.07, 0.05, 0.08),
    Kind.STREET: (0.7, 0.06, 0.1, 0.04, 0.1),
    Kind.CITY: (0.78, 0.04, 0.07, 0.03, 0.08),
}
_SHARED: Mapping[Kind, tuple[float, ...]] = {
    Kind.FAMILY: (0.85, 0.06, 0.05, 0.005, 0.01, 0.025),
    Kind.EMAIL: (0.02, 0.12, 0.12, 0.14, 0.02, 0.01, 0.01, 0.56),
    Kind.PHONE: (0.4, 0.15, 0.02, 0.43),
}


def anchors(
    comparisons: Sequence[Comparison],
    name: str,
    other: Mapping[str, NDArray[np.float64]],
    chance: Mapping[str, frozenset[Kind]],
) -> dict[str, NDArray[np.float64]]:
    """What is believed of a class: for each comparison its chances by level, one row for each state of the parent."""
    found = {}
    for one in comparisons:
        if one.kind in chance[name]:
            found[one.name] = other[one.name]
            continue
        believed = np.array(_MATCH[one.kind])
        if name != MATCH:
            believed = np.array(_SHARED.get(one.kind, _loosened(believed)))
        rows = np.stack([believed] * 3)
        if one.kind in PLACES:
            # Who has moved has moved with street, number and town.
            rows[AGREES] = _loosened(believed, 0.02, 0.85)
            rows[DIFFERS] = _loosened(believed, 0.75)
        found[one.name] = rows
    return found


def _loosened(believed: NDArray[np.float64], different: float = 0.3, keep: float = 1.0) -> NDArray[np.float64]:
    rest = believed[:-1] * (1 - different) / believed[:-1].sum()
    return np.append(rest, different)


def parents(comparisons: Sequence[Comparison]) -> dict[str, str]:
    """Which comparison each part of an address follows: who has moved differs in all of them."""
    places = [one.name for kind in PLACES for one in comparisons if one.kind is kind]
    return dict(zip(places[1:], places[:-1], strict=True))
