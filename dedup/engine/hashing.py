"""Hashes of texts and of their combinations, the same in every process and on every machine."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_MULTIPLIER = 0x9E3779B97F4A7C15
_BASE = 0x100000001B3
_MASK = (1 << 64) - 1
_POWERS_MAX = 4096
FEW = 40
"""So many texts are hashed one by one: a look-up has no more."""


def _powers() -> Hashes:
    powers = [1]
    for _ in range(_POWERS_MAX - 1):
        powers.append(powers[-1] * _BASE & _MASK)
    return np.array(powers, np.uint64)


_POWERS = _powers()


def mix(hashed: Hashes) -> Hashes:
    """Spread the bits of each number over all its bits (the finaliser of splitmix64)."""
    hashed = hashed ^ (hashed >> np.uint64(30))
    hashed *= np.uint64(0xBF58476D1CE4E5B9)
    hashed ^= hashed >> np.uint64(27)
    hashed *= np.uint64(0x94D049BB133111EB)
    hashed ^= hashed >> np.uint64(31)
    return hashed


def hashes(texts: Sequence[str]) -> Hashes:
    """A hash of each text, uint64[n]; 0 for an empty one."""
    if len(texts) <= FEW:
        return np.array([hash_one(text) for text in texts], np.uint64)
    encoded = [text.encode("utf-8", "surrogatepass")[:_POWERS_MAX] for text in texts]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    ends = np.cumsum(lengths)
    joined = np.frombuffer(b"".join(encoded), np.uint8)
    at = np.arange(len(joined)) - np.repeat(ends - lengths, lengths)
    terms = np.append((joined.astype(np.uint64) + np.uint64(1)) * _POWERS[at], np.uint64(0))
    sums = np.add.reduceat(terms, np.minimum(ends - lengths, len(joined)))
    sums[lengths == 0] = 0
    found = mix(sums + lengths.astype(np.uint64) * np.uint64(_MULTIPLIER))
    found[lengths == 0] = 0
    return found


@lru_cache(maxsize=1 << 15)
def hash_one(text: str) -> int:
    """The same hash of one text."""
    encoded = text.encode("utf-8", "surrogatepass")[:_POWERS_MAX]
    if not encoded:
        return 0
    total = len(encoded) * _MULTIPLIER
    power = 1
    for letter in encoded:
        total += (letter + 1) * power
        power = power * _BASE & _MASK
    return _mixed(total & _MASK)


def _mixed(number: int) -> int:
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _MASK
    return number ^ (number >> 31)


def combined(*parts: Hashes, salt: int = 0) -> Hashes:
    """A hash of the rows' combinations, in order; 0 where any part is 0."""
    found = parts[0] + np.uint64(salt * _MULTIPLIER % (1 << 64))
    known = parts[0] != 0
    for part in parts[1:]:
        found = mix(found) * np.uint64(3) + part
        known &= part != 0
    found = mix(found)
    found[~known] = 0
    return found


def combined_one(*parts: int, salt: int = 0) -> int:
    """What ``combined`` gives for one row."""
    if 0 in parts:
        return 0
    found = (parts[0] + salt * _MULTIPLIER) & _MASK
    for part in parts[1:]:
        found = (_mixed(found) * 3 + part) & _MASK
    return _mixed(found)
