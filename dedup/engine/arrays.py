"""Distinct numbers of large arrays, by sorting: many times as fast as by hashing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


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
