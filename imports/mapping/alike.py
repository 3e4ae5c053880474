"""Which known names of columns a name comes near: misspelt, in another order, or with words around it."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process

from imports.mapping.headers import names_for
from imports.mapping.layout import Kind
from imports.mapping.looks import is_amount

ALIKE: Final = 86.0
"""How alike (0 to 100) a column's name must be to a known one to be suggested."""
_WORDED: Final = 90.0
_SHORT: Final = 4


class _Known(NamedTuple):
    """The known names of a kind of file: their meanings, joined, with their words in order, and those of many words."""

    meanings: tuple[str, ...]
    joined: tuple[str, ...]
    sorted: tuple[str, ...]
    worded: tuple[tuple[frozenset[str], str], ...]
    amounts: Mapping[str, str]


@lru_cache(maxsize=4096)
def near_names(name: str, kind: Kind) -> tuple[tuple[str, float], ...]:
    """Meanings with a name like this one (folded), and how alike, the most alike first. Short names must be the same.

    A name of two or more words is also near where it stands inside a longer one, as in `Guest e-mail address
    (private)`, and that of an amount where it comes first, as in `Total in EUR`.
    """
    if len(name) < _SHORT:
        return ()
    known = _known(kind)
    best: dict[str, float] = {}
    for text, names in ((name.replace(" ", ""), known.joined), (" ".join(sorted(name.split())), known.sorted)):
        for _name, score, at in process.extract(text, names, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None):
            best[known.meanings[at]] = max(best.get(known.meanings[at], 0.0), score)
    words = frozenset(name.split())
    for inside, meaning in known.worded:
        if inside < words and len(words) <= len(inside) + 2:
            best[meaning] = max(best.get(meaning, 0.0), _WORDED)
    amount = known.amounts.get(name.split(" ", 1)[0])
    if amount is not None:
        best[amount] = max(best.get(amount, 0.0), _WORDED)
    return tuple(sorted(best.items(), key=lambda found: -found[1]))


@cache
def _known(kind: Kind) -> _Known:
    names = {name: each[0].meaning for name, each in names_for(kind).items() if len(name) >= _SHORT}
    return _Known(
        meanings=tuple(names.values()),
        joined=tuple(name.replace(" ", "") for name in names),
        sorted=tuple(" ".join(sorted(name.split())) for name in names),
        worded=tuple((frozenset(name.split()), meaning) for name, meaning in names.items() if " " in name),
        amounts={name: meaning for name, meaning in names.items() if is_amount(meaning)},
    )
