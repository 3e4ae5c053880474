"""Distinct numbers of large arrays, by sorting: many times as fast as by hashing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SPREADING = np.uint64(0x9E3779B97F4A7C15)


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The distinct values, sorted."""
    ordered = np.sort(values)
    return ordered[first_of_each(ordered)]


def first_of_each(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a sorted array has a value for the first time."""
    new = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


def numbered(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(distinct values, the number of each value's among them)."""
    order = np.argsort(values)
    ordered = values[order]
    new = first_of_each(ordered)
    numbers = np.empty(len(values), np.int64)
    numbers[order] = np.cumsum(new) - 1
    return ordered[new], numbers


def alike(columns: Sequence[NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that are alike in all columns: (one of each kind, the number of each row's kind). A few kinds are there
    twice."""
    asked = speakers(signature(columns))
    first = np.flatnonzero(asked == np.arange(len(asked), dtype=np.int32))
    numbers = np.empty(len(asked), np.int64)
    numbers[first] = np.arange(len(first))
    return first, numbers[asked]


def speakers(key: NDArray[np.uint64]) -> NDArray[np.int32]:
    """For each number the place of one like it, of nearly all that are alike the same, in one go without sorting.

    A number's place in a small table is taken by the last that comes; who finds another number there speaks for itself.
    """
    bits = max(len(key).bit_length() + 1, 8)
    hashed = ((key * _SPREADING) >> np.uint64(64 - bits)).view(np.int64)
    number = np.arange(len(key), dtype=np.int32)
    taken = np.empty(1 << bits, np.int32)
    taken[hashed] = number
    found: NDArray[np.int32] = taken[hashed]
    crowded = np.flatnonzero(key[found] != key)
    found[crowded] = number[crowded]
    return found


def signature(columns: Sequence[NDArray[Any]]) -> NDArray[np.uint64]:
    """A hash of each row of small numbers."""
    hashed = np.zeros(len(columns[0]) if columns else 0, np.uint64)
    for column in columns:
        hashed *= _SPREADING
        hashed += (column + np.int8(2)).astype(np.uint64)
    return hashed
