"""Which keys the batches of a try-out have left behind, without asking the database of every key of the next."""

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BITS: Final = 1 << 26
"""Eight megabytes, however long the file; of keys never met one in twenty is taken for met after a million guests."""


class Met:
    """Keys of earlier batches: ids, and addresses and numbers as they are compared. None is ever forgotten."""

    def __init__(self) -> None:
        self._bits = np.zeros(_BITS // 8, np.uint8)

    def add(self, keys: Iterable[str]) -> None:
        """Take keys in."""
        places = _places(list(keys))
        np.bitwise_or.at(self._bits, places >> 3, _bit(places))

    def among(self, keys: Collection[str]) -> list[str]:
        """Those of the keys that may have been met; of the others it is certain that they were not."""
        keys = list(keys)
        places = _places(keys)
        met = self._bits[places >> 3] & _bit(places)
        return [keys[at] for at in np.flatnonzero(met).tolist()]


def _places(keys: list[str]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, keys), np.int64, len(keys)) & (_BITS - 1)


def _bit(places: NDArray[np.int64]) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & 7).astype(np.uint8))
