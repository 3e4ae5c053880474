"""The blocks an e-mail is made of, read from what is stored and held to what a message may have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from messaging.rendering.inline import Inline, Link, leads_somewhere, read_inline, read_target
from messaging.rendering.placeholders import Placeholder

Kind = Literal["heading", "paragraph", "button", "image", "divider", "signature"]
KINDS: Final[tuple[Kind, ...]] = ("heading", "paragraph", "button", "image", "divider", "signature")
MAX_BLOCKS: Final = 60
LENGTHS: Final = {"heading": 200, "paragraph": 6000, "button": 80, "image": 300, "divider": 0, "signature": 1000}
"""Longest text of each kind, in characters; of an image it is what stands for it where it is not shown."""
MAX_LINK: Final = 1000
_WITH_LINK: Final = frozenset({"button", "image"})
_WITH_TEXT: Final = frozenset({"heading", "paragraph", "button", "signature"})


@dataclass(frozen=True)
class Block:
    """One block; ``text`` of an image is what it shows in words, ``link`` where button and image lead."""

    kind: Kind
    text: str = ""
    link: str = ""
    source: str = ""
    """Of an image: its https address."""

    def as_json(self) -> dict[str, str]:
        """As it is stored: the kind and what is filled."""
        known = {"kind": self.kind, "text": self.text, "link": self.link, "source": self.source}
        return {key: value for key, value in known.items() if value}


@dataclass
class BlockError(Exception):
    """What is wrong with a block: ``code`` for :mod:`messaging.texts.labels`, ``place`` counted from 0."""

    code: str
    place: int
    part: str = ""
    """``text``, ``link`` or ``source``; empty: the block as a whole."""
    limit: int = 0

    def __str__(self) -> str:
        return f"{self.code} {self.place} {self.part}".strip()


def read_blocks(stored: Any) -> tuple[Block, ...]:
    """Stored blocks as blocks, their text trimmed, empty ones left out. Raises the first :class:`BlockError`."""
    blocks, errors = check_blocks(stored)
    if errors:
        raise errors[0]
    return blocks


def check_blocks(stored: Any) -> tuple[tuple[Block, ...], tuple[BlockError, ...]]:
    """Stored blocks with everything that is wrong with them; blocks without a word are left out and not wrong."""
    if not isinstance(stored, list | tuple):
        return (), (BlockError("not_a_list", 0),)
    if len(stored) > MAX_BLOCKS:
        return (), (BlockError("too_many", MAX_BLOCKS, limit=MAX_BLOCKS),)
    blocks: list[Block] = []
    errors: list[BlockError] = []
    for place, each in enumerate(stored):
        block = _read(each)
        if block is None:
            errors.append(BlockError("unknown", place))
            continue
        if block == Block(block.kind) and block.kind != "divider":
            continue
        errors += _errors(block, place)
        blocks.append(block)
    return tuple(blocks), tuple(errors)


def _read(stored: Any) -> Block | None:
    if not isinstance(stored, dict) or stored.get("kind") not in KINDS:
        return None
    parts = {key: stored.get(key, "") for key in ("text", "link", "source")}
    if set(stored) - {"kind", *parts} or not all(isinstance(value, str) for value in parts.values()):
        return None
    return Block(stored["kind"], **{key: value.replace("\r\n", "\n").strip() for key, value in parts.items()})


def _errors(block: Block, place: int) -> Iterator[BlockError]:
    if block.kind in _WITH_TEXT and not block.text:
        yield BlockError("empty", place, "text")
    if len(block.text) > LENGTHS[block.kind]:
        yield BlockError("too_long", place, "text", LENGTHS[block.kind])
    if block.kind in _WITH_LINK and len(block.link) > MAX_LINK:
        yield BlockError("too_long", place, "link", MAX_LINK)
    if block.kind == "button" and not block.link:
        yield BlockError("empty", place, "link")
    elif block.kind in _WITH_LINK and block.link and not leads_somewhere(read_target(block.link)):
        yield BlockError("link", place, "link")
    if block.kind == "image" and not block.source.lower().startswith("https://"):
        yield BlockError("source", place, "source")
    elif len(block.source) > MAX_LINK:
        yield BlockError("too_long", place, "source", MAX_LINK)
    for link in _links(read_inline(block.text) if block.kind in ("paragraph", "signature", "heading") else ()):
        if not leads_somewhere(link.target):
            yield BlockError("link", place, "text")


def _links(nodes: Sequence[Inline]) -> Iterator[Link]:
    for node in nodes:
        if isinstance(node, Link):
            yield node
        elif not isinstance(node, str | Placeholder):
            yield from _links(node.inner)
