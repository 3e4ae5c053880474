"""Words that stand for other words: street words, nicknames, words for nothing. Kept as data in ``words.toml``."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from nicknames import NickNamer

from customers.normalise import collapse


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(resources.files("dedup.engine").joinpath("words.toml").read_text("utf-8"))


EMPTY_WORDS: frozenset[str] = frozenset(_file()["empty"]["words"].split("|"))
STREET_WORDS: dict[str, str] = {
    word: line.split()[0] for line in collapse(_file()["streets"]["words"]).splitlines() for word in line.split()
}
_TAILS: tuple[tuple[str, str], ...] = tuple(
    (ending, line.split()[0]) for line in collapse(_file()["streets"]["tails"]).splitlines() for ending in line.split()
)
_ENDINGS = tuple(ending for ending, _plain in _TAILS)


@cache
def street_tail(word: str) -> str:
    """A street's name whose last part is a word for street, in one of its spellings: ``rosenvagen``, ``rosenv``."""
    if not word.endswith(_ENDINGS):
        return word
    for ending, plain in _TAILS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)] + plain
    return word


@cache
def nicknames() -> dict[str, frozenset[str]]:
    """Each given name with the names it may stand for or be called by: English (PyPI nicknames) and our own list."""
    related: dict[str, set[str]] = {}

    def relate(one: str, other: str) -> None:
        if one != other:
            related.setdefault(one, set()).add(other)
            related.setdefault(other, set()).add(one)

    for name, short in NickNamer().nickname_lookup.items():
        for each in short:
            relate(collapse(name), collapse(each))
    for line in _file()["nicknames"]["names"].splitlines():
        name, *others = collapse(line).split() or [""]
        for each in others:
            relate(name, each)
    return {name: frozenset(others) for name, others in related.items()}


@cache
def particles() -> frozenset[str]:
    """Small words of family names that are left out or left in: ``van``, ``der``, ``de``."""
    return frozenset(_file()["particles"]["words"].split())
