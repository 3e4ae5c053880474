"""How names of people are compared: nicknames, initials, small words, double names, typos."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler

from dedup.engine.hashing import Hashes, combined, hashes
from dedup.engine.keys import family_core, first_word
from dedup.engine.letters import in_common, lengths, maybe_similar
from dedup.engine.sides import Values, distances
from dedup.engine.table import Column
from dedup.engine.vocabulary import Vocabulary
from dedup.engine.words import nicknames
from dedup.engine.wordsets import shared

SAME, EQUIVALENT, TYPO, INITIAL, SIMILAR, DIFFERENT = range(6)
NAME_LEVELS = ("same", "equivalent", "typo", "initial", "similar", "different")
TYPO_FROM = 0.92
SIMILAR_FROM = 0.82
NEAR_FROM = 0.6
EDITS_MOST = 3


class _Parts(NamedTuple):
    """Of each distinct name: hashes of its core and of its letters; its first letter; whether it is one letter."""

    core: Hashes
    joined: Hashes
    letter: NDArray[np.int32]
    initial: NDArray[np.bool_]
    several: NDArray[np.bool_]


def given(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """Levels of unequal given names."""
    one, other = _parts(a.column, is_given=True), _parts(b.column, is_given=True)
    core_a, core_b = a.of(one.core), b.of(other.core)
    several_a, several_b = a.of(one.several), b.of(other.several)
    same_core = core_a == core_b
    related = same_core & ~(several_a & several_b)
    related |= a.of(one.joined) == b.of(other.joined)
    related |= _among(combined(core_a, core_b), _related())
    initial = a.of(one.initial) | b.of(other.initial)
    found = np.full(len(core_a), DIFFERENT, np.int8)
    rest = np.flatnonzero(~related & ~initial)
    found[rest] = _nearness(a, b, words, rest)
    both = np.flatnonzero((several_a | several_b) & ~related & ~initial & (found != TYPO))
    found[both[shared(a, b, both).some]] = SIMILAR
    rest = both[same_core[both]]
    for at, mine, theirs in zip(rest.tolist(), a.texts(rest), b.texts(rest), strict=True):
        found[at] = further(mine, theirs)
    found[related] = EQUIVALENT
    letters = a.of(one.letter) == b.of(other.letter)
    found[initial] = np.where(letters[initial], INITIAL, DIFFERENT)
    return found


def further(one: str, other: str) -> int:
    """Names of several words each, of which the first agree: ``Anne Marie`` and ``Anne M``, or ``Anne Grete``."""
    mine, theirs = one.split()[1:], other.split()[1:]
    agree = any(x[0] == y[0] and (len(x) == 1 or len(y) == 1 or x == y) for x in mine for y in theirs)
    return EQUIVALENT if agree else SIMILAR


def family(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """Levels of unequal family names."""
    one, other = _parts(a.column, is_given=False), _parts(b.column, is_given=False)
    related = (a.of(one.core) == b.of(other.core)) | (a.of(one.joined) == b.of(other.joined))
    initial = a.of(one.initial) | b.of(other.initial)
    found = np.full(len(related), DIFFERENT, np.int8)
    rest = np.flatnonzero(~related & ~initial)
    found[rest] = _nearness(a, b, words, rest)
    both = np.flatnonzero((a.of(one.several) | b.of(other.several)) & ~related & ~initial & (found != TYPO))
    words_of = shared(a, b, both, family_core)
    found[both[words_of.some]] = SIMILAR
    found[both[words_of.within]] = EQUIVALENT
    found[related] = EQUIVALENT
    letters = a.of(one.letter) == b.of(other.letter)
    found[initial] = np.where(letters[initial], INITIAL, DIFFERENT)
    return found


def _nearness(a: Values, b: Values, words: Vocabulary, where: NDArray[Any]) -> NDArray[Any]:
    """TYPO, SIMILAR or DIFFERENT by letters. Two names that are both common are hardly typos of each other."""
    found = np.full(len(where), DIFFERENT, np.int8)
    mine, theirs = Values(a.column, a.codes[where]), Values(b.column, b.codes[where])
    common, longest = in_common(mine, theirs), np.maximum(lengths(mine), lengths(theirs))
    allowed = (longest + 1) // 3
    maybe = np.flatnonzero(
        maybe_similar(mine, theirs, common, SIMILAR_FROM)
        | (longest - common <= np.maximum(allowed, 1))
        | (allowed > EDITS_MOST)
    )
    texts_a, texts_b = mine.texts(maybe), theirs.texts(maybe)
    similar = distances(texts_a, texts_b, JaroWinkler.similarity, np.float32, NEAR_FROM)
    found[maybe[similar >= SIMILAR_FROM]] = SIMILAR
    near = np.flatnonzero(similar >= NEAR_FROM)
    if len(near):
        at = maybe[near]
        edits = distances(texts_a[near], texts_b[near], OSA.distance, np.int32, EDITS_MOST)
        found[at[edits <= allowed[at]]] = SIMILAR
        found[at[(edits <= np.where(longest[at] > 6, 2, 1)) | (similar[near] >= TYPO_FROM)]] = TYPO
    typo = np.flatnonzero(found == TYPO)
    if len(typo):
        at = where[typo]
        usual = words.common(a.column)[a.codes[at]] & words.common(b.column)[b.codes[at]]
        found[typo[usual]] = SIMILAR
    return found


def _parts(column: Column, *, is_given: bool) -> _Parts:
    def worked_out() -> _Parts:
        core = first_word if is_given else family_core
        cores = [core(text) for text in column.texts]
        return _Parts(
            hashes(cores),
            hashes([text.replace(" ", "") for text in column.texts]),
            np.array([ord(text[0]) for text in column.texts], np.int32),
            np.array([len(text) == 1 for text in cores], bool),
            np.array([" " in text for text in column.texts], bool),
        )

    return column.derived(f"name parts {is_given}", worked_out)


def _among(values: Hashes, ordered: Hashes) -> NDArray[np.bool_]:
    """Which values are among sorted ones."""
    at = np.searchsorted(ordered, values)
    at[at == len(ordered)] = 0
    found: NDArray[np.bool_] = ordered[at] == values
    return found


_RELATED: list[Hashes] = []


def _related() -> Hashes:
    """Hashes of all pairs of names of which one stands for the other."""
    if not _RELATED:
        pairs = [(name, other) for name, others in nicknames().items() for other in others]
        _RELATED.append(np.sort(combined(hashes([name for name, _ in pairs]), hashes([other for _, other in pairs]))))
    return _RELATED[0]
