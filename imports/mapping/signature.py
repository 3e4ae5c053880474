"""What stands for a header, so that a mapping that was saved for it is found again."""

import hashlib
from collections.abc import Sequence

from customers.normalise import fold


def signature(header: Sequence[str]) -> str:
    """64 hexadecimal digits that stand for the names of the columns, whatever their order, case and punctuation."""
    names = sorted({folded for name in header if (folded := fold(name))})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def system_of(header: Sequence[str]) -> str:
    """What names the ids of a file of no known format, until somebody names its system."""
    return f"list-{signature(header)[:12]}"
