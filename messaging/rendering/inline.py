"""Words within a paragraph: **bold**, *italic*, [a link](https://…), bare addresses, line breaks and placeholders.

Read once from what the marketer wrote, before any value stands in it: a guest called ``**Anna**`` is not bold, and one
called ``[here](https://…)`` is no link.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from messaging.rendering.placeholders import NAMES, PATTERN, Placeholder, parse, read

SCHEMES: Final = ("https://", "http://", "mailto:", "tel:")
_LINK = re.compile(r"\[(?P<words>[^\[\]\n]+)\]\((?P<target>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
_BARE = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
_BOLD = re.compile(r"\*\*(?=\S)(?P<inner>(?:(?!\*\*).)+?)(?<=\S)\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])(?P<inner>[^*\n]+?)(?<=\S)\*(?![\w*])")


@dataclass(frozen=True)
class Strong:
    """Bold words."""

    inner: tuple["Inline", ...]


@dataclass(frozen=True)
class Emphasis:
    """Italic words."""

    inner: tuple["Inline", ...]


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere; ``target`` may hold placeholders."""

    inner: tuple["Inline", ...]
    target: tuple[str | Placeholder, ...]


Inline = str | Placeholder | Strong | Emphasis | Link
"""A text may hold line ends."""


@lru_cache(1024)
def read_inline(text: str) -> tuple[Inline, ...]:
    """What a text says, in order."""
    return tuple(_read(text, links=True))


@lru_cache(1024)
def read_target(text: str) -> tuple[str | Placeholder, ...]:
    """Where a link leads, as typed; an address without ``https://`` gets it."""
    typed = text.strip()
    parts = parse(typed)
    if not parts or isinstance(parts[0], Placeholder) or typed.lower().startswith(SCHEMES):
        return parts
    if "@" in typed and "/" not in typed:
        return ("mailto:" + typed,) if len(parts) == 1 else parts
    return parse("https://" + typed) if re.match(r"[\w-]+(\.[\w-]+)+", typed) else parts


def leads_somewhere(target: Sequence[str | Placeholder]) -> bool:
    """Whether a target is one that a message may have: a known scheme, or a placeholder that is a link."""
    if not target:
        return False
    first = target[0]
    if isinstance(first, Placeholder):
        return NAMES.get(first.name) == "link" and len(target) == 1
    lower = first.lower()
    return lower.startswith(SCHEMES) and (len(target) > 1 or lower not in SCHEMES)


def _read(text: str, *, links: bool) -> Iterator[Inline]:
    """Split at the first of what may stand in a text, again and again."""
    while text:
        found = min(
            (match for match in (pattern.search(text) for pattern in _patterns(links)) if match),
            key=lambda match: match.start(),
            default=None,
        )
        if found is None:
            yield text
            return
        if found.start():
            yield text[: found.start()]
        yield _node(found, links=links)
        text = text[found.end() :]


def _patterns(links: bool) -> tuple[re.Pattern[str], ...]:
    return (PATTERN, _LINK, _BARE, _BOLD, _ITALIC) if links else (PATTERN, _BOLD, _ITALIC)


def _node(found: re.Match[str], *, links: bool) -> Inline:
    match found.re:
        case pattern if pattern is PATTERN:
            return read(found)
        case pattern if pattern is _LINK:
            return Link(tuple(_read(found["words"], links=False)), read_target(found["target"]))
        case pattern if pattern is _BARE:
            return Link((found[0],), parse(found[0]))
        case pattern if pattern is _BOLD:
            return Strong(tuple(_read(found["inner"], links=links)))
    return Emphasis(tuple(_read(found["inner"], links=links)))
