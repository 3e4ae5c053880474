"""Which JSON the database keeps. Pure."""

import json
from collections.abc import Mapping
from typing import Final

DEPTH_MAX: Final = 40
"""Objects and lists inside each other; whoever reads them walks them level by level."""


def is_storable(value: object, depth: int = DEPTH_MAX) -> bool:
    """Whether a value can be kept: numbers that are numbers, texts of whole characters without noughts.

    >>> is_storable({"room": ["12", 12, None]}), is_storable({"room": "1\\x00"}), is_storable([float("inf")])
    (True, False, False)
    """
    match value:
        case str():
            return "\x00" not in value and value == value.encode("utf-8", "replace").decode()
        case float():
            return value - value == 0
        case Mapping():
            return depth > 0 and all(is_storable(name) and is_storable(each, depth - 1) for name, each in value.items())
        case list():
            return depth > 0 and all(is_storable(each, depth - 1) for each in value)
    return True


def size_of(value: object) -> int:
    """Bytes that a value takes as JSON.

    >>> size_of({"dør": 1})
    9
    """
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
