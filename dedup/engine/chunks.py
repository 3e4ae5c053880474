"""Long work on pairs, a part at a time and on several cores: memory stays bounded, and numpy lets others run."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

CHUNK = 500_000
WHOLE = 1_200_000
"""So many pairs are one part: of values that many of them have, each two are compared once."""
WORKERS = min(4, os.cpu_count() or 1)


def by_chunks(size: int, work: Callable[[slice], None]) -> None:
    """Call ``work`` for each part of ``size`` pairs; its parts must not write to one place."""
    step = CHUNK if size > WHOLE else WHOLE
    parts = [slice(at, min(at + step, size)) for at in range(0, size, step)]
    # The first one alone: what follows from a column's values is worked out once, and the others find it.
    for part in parts[:1]:
        work(part)
    if len(parts) > 1:
        with ThreadPoolExecutor(min(WORKERS, len(parts) - 1)) as pool:
            for _done in pool.map(work, parts[1:]):
                pass
