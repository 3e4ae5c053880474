"""Lines of a text as paragraphs and lists: an empty line parts them, ``- `` begins an item."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

_ITEM = re.compile(r"\s*[-•]\s+(?=\S)")


class Items(NamedTuple):
    """The items of a list."""

    items: tuple[str, ...]


@lru_cache(1024)
def paragraphs(text: str) -> tuple[str | Items, ...]:
    """A text's paragraphs, with their line ends, and its lists."""
    return tuple(_paragraphs(text))


def _paragraphs(text: str) -> Iterator[str | Items]:
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        for is_item, lines in groupby(part.split("\n"), key=lambda line: bool(_ITEM.match(line))):
            if is_item:
                yield Items(tuple(_ITEM.sub("", line, count=1).strip() for line in lines))
            elif joined := "\n".join(line.rstrip() for line in lines).strip():
                yield joined
