"""Why a pair has its weight: what each comparison says, in bits that add up."""

from typing import NamedTuple

import numpy as np

from dedup.engine.model import NULL, Model
from dedup.engine.profile import SEPARATOR
from dedup.engine.sides import Side
from dedup.engine.table import Table

BEFORE = "before"
"""The part that holds before looking: how rare it is that two cards are one guest."""
OTHERS = "others"
"""The part that the register's other cards say: both match a third card, or the cards that match one do not match."""
_STEPS = 32
_FAINT = 1e-3


class Part(NamedTuple):
    """What one comparison says. ``level``: its name, empty where a value is missing; ``left``, ``right``: values."""

    field: str
    level: str
    weight: float
    left: str
    right: str


class Explanation(NamedTuple):
    """``weight`` in bits is the sum of the parts' weights."""

    probability: float
    weight: float
    parts: tuple[Part, ...]


def explain(
    model: Model, table_a: Table, row_a: int, table_b: Table, row_b: int, *, weight: float | None = None
) -> Explanation:
    """Why row ``row_a`` of ``table_a`` and row ``row_b`` of ``table_b`` are, or are not, one guest.

    ``weight``: that of the pair in a whole register (``Found.weight``); what it has beyond the pair's own is the part
    OTHERS.

    Each comparison's part is its share of the way from nothing known to everything known (integrated gradients,
    M. Sundararajan and others, 2017), so that the parts add up though three classes are weighed.
    """
    a, b = Side(table_a, np.array([row_a])), Side(table_b, np.array([row_b]))
    levels = model.compare(a, b)
    own = float(model.weigh(levels, a, b)[0])
    priors = np.log2(np.array(model.priors))
    logs = np.zeros((len(levels), len(priors)))
    taught = np.zeros(len(levels))
    for at, (one, found) in enumerate(zip(model.comparisons, levels, strict=True)):
        logs[at] = model.parts(at, levels, a, b)[:, 0]
        if one.name in model.bits and found[0] != NULL:
            taught[at] = model.bits[one.name][int(found[0])]
    points, sizes = np.polynomial.legendre.leggauss(_STEPS)
    path = (points + 1) / 2
    against = priors[1:, None] + logs.sum(axis=0)[1:, None] * path
    share = np.exp2(against - np.logaddexp2.reduce(against))
    mean = (share * sizes / 2).sum(axis=1)
    parts = logs[:, 0] - logs[:, 1:] @ mean + taught
    before = float(priors[0] - np.logaddexp2.reduce(priors[1:])) + model.bias
    spoken = np.abs(parts).sum()
    if spoken:
        parts += (own - before - parts.sum()) * np.abs(parts) / spoken
    told = [
        Part(
            one.name,
            one.levels[int(found[0])] if found[0] != NULL else "",
            float(bits),
            _shown(table_a, one.name, row_a),
            _shown(table_b, one.name, row_b),
        )
        for one, found, bits in zip(model.comparisons, levels, parts, strict=True)
    ]
    told.insert(0, Part(BEFORE, "", own - sum(part.weight for part in told), "", ""))
    whole = own if weight is None else weight
    if abs(whole - own) > _FAINT:
        told.append(Part(OTHERS, "", whole - own, "", ""))
    return Explanation(1 / (1 + 2**-whole), whole, tuple(told))


def _shown(table: Table, name: str, row: int) -> str:
    column = table.columns[name]
    code = int(column.codes[row])
    low, high = np.searchsorted(column.more_rows, [row, row + 1])
    texts = [column.texts[code]] if code >= 0 else []
    return SEPARATOR.join([*texts, *(column.texts[other] for other in column.more_codes[low:high])])
