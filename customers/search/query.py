"""What somebody typed into a search box, read: words of a name, an e-mail address, phone digits, a booking, a room.

Pure: no Django, no database. The palette and the guest list read alike.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from customers.normalise import collapse, deletions, fold
from customers.normalise.names import TOKEN_LENGTH

TEXT_LENGTH: Final = 120
WORDS_MAX: Final = 8
DIGITS_MIN: Final = 3
FRAGMENT_MIN: Final = 3
_PHONE = re.compile(r"^\+?[\d\s().\-/\u2010-\u2015\u00a0]+$")
_BRACKETED = re.compile(r"<([^<>\s]+@[^<>\s]*)>")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Word:
    """One folded word; ``forms`` are the beginnings to look for: as typed and, where it differs, collapsed."""

    text: str
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    """Phone digits without leading zeros. ``code``: the country code (``+47``) a valid number must have, if typed."""

    digits: str
    code: str = ""


@dataclass(frozen=True)
class Query:
    """A search text as everything it can mean. A part that it cannot be is empty.

    ``words`` must all be found; ``key_words`` are the same as they stand in a name's keys. ``email``, ``booking`` are
    beginnings, ``unit`` is a whole room or pitch in capitals.
    """

    text: str
    words: tuple[Word, ...] = ()
    email: str = ""
    numbers: tuple[Number, ...] = ()
    booking: str = ""
    unit: str = ""

    @property
    def folded(self) -> str:
        """The words, folded, in the order typed."""
        return " ".join(word.text for word in self.words)

    @property
    def is_address(self) -> bool:
        """Whether the text is written like the beginning of an e-mail address: ``kari.nord``."""
        return bool(self.email) and any(sign in self.text for sign in "@._+")

    def __bool__(self) -> bool:
        return bool(self.words or self.email or self.numbers or self.unit)


def read_query(text: str, *, calling_code: int | None = None) -> Query:
    """Read a search text; ``calling_code`` is that of the business's country (47), for numbers typed without a plus."""
    text = " ".join(text.replace("\x00", " ").split())[:TEXT_LENGTH]
    if not text:
        return Query("")
    if _PHONE.match(text):
        digits = re.sub(r"\D", "", text)
        unit = text.upper() if len(text) <= 20 and " " not in text else ""
        booking = unit if len(unit) >= DIGITS_MIN else ""
        return Query(text, read_words(text), "", read_numbers(text, digits, calling_code), booking, unit)
    bracketed = _BRACKETED.search(text)
    if bracketed:
        return Query(text, (), bracketed.group(1).lower())
    if " " in text:
        return Query(text, read_words(text))
    email = text.lower() if len(text) >= DIGITS_MIN else ""
    if "@" in text.strip("@"):
        return Query(text, (), email)
    reference = text.upper()
    return Query(
        text,
        read_words(text),
        email,
        (),
        reference if DIGITS_MIN <= len(text) <= 60 else "",
        reference if len(text) <= 20 else "",
    )


def read_words(text: str) -> tuple[Word, ...]:
    """The distinct words of a text, folded and cut as a card's own are; the first WORDS_MAX."""
    words = dict.fromkeys(word[:TOKEN_LENGTH] for word in fold(text).split())
    # By itself the one letter left of a digraph ("aa") would begin half the register.
    shortest = 2 if len(words) == 1 else 1
    return tuple(Word(word, _forms(word, shortest)) for word in list(words)[:WORDS_MAX])


def _forms(word: str, shortest: int) -> tuple[str, ...]:
    collapsed = collapse(word)
    return (word, collapsed) if collapsed != word and len(collapsed) >= shortest else (word,)


def read_numbers(text: str, digits: str, calling_code: int | None) -> tuple[Number, ...]:
    """The ways to read typed digits: as they are, and without the country code they begin with."""
    plus = text.startswith(("+", "00"))
    bare = digits.lstrip("0")
    if len(bare) < DIGITS_MIN:
        return ()
    numbers = [] if text.startswith("+") else [Number(bare)]
    for length in (1, 2, 3):
        code, rest = bare[:length], bare[length:].lstrip("0")
        if not code or int(code) not in COUNTRY_CODE_TO_REGION_CODE or len(rest) < DIGITS_MIN:
            continue
        # Without a plus the digits are a national number unless they begin as the house's own country does.
        if plus or int(code) == calling_code:
            numbers.append(Number(rest, f"+{code}"))
    if not numbers or text.startswith("+"):
        numbers.append(Number(bare))
    return tuple(numbers)


class Split(NamedTuple):
    """Two words that a slip of the space bar made one; ``lost``: with another letter in the space's place."""

    first: str
    second: str
    lost: bool


def split_forms(word: str) -> list[Split]:
    """The ways to part a word in two: ``karihansen``, and ``karixhansen`` without the letter in between.

    One of the two has three letters at least: two scraps would fit anybody.
    """
    ways = [Split(word[:at], word[at:], lost=False) for at in range(1, len(word))]
    ways += [Split(word[:at], word[at + 1 :], lost=True) for at in range(1, len(word) - 1)]
    return [way for way in ways if max(len(way.first), len(way.second)) >= 3]


def edits_between(one: str, other: str) -> int:
    """Letters changed, added, missing, or neighbours swapped between two words (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, opposite in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != opposite))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == opposite:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def near_beginnings(word: str) -> list[str]:
    """Every text one slip away from ``word``, to find the beginning of a name that is not typed to its end yet."""
    found: dict[str, None] = {}
    for at in range(len(word) - 1):
        found[word[:at] + word[at + 1] + word[at] + word[at + 2 :]] = None
    for at in range(len(word)):
        found[word[:at] + word[at + 1 :]] = None
        for letter in _ALPHABET:
            found[word[:at] + letter + word[at + 1 :]] = None
            found[word[:at] + letter + word[at:]] = None
    found.pop(word, None)
    return list(found)


def typo_forms(word: str) -> list[str]:
    """The word and its forms with one letter left out: shared with every word one edit away (SymSpell)."""
    return [word, *sorted(deletions(word))]


def short_neighbours(word: str) -> list[str]:
    """Words one slip from a word of two letters, which has too few of them to leave one out: ``ls`` for ``as``."""
    if len(word) != 2:
        return []
    changed = {letter + word[1] for letter in _ALPHABET} | {word[0] + letter for letter in _ALPHABET}
    return sorted((changed | {word[::-1], word[0], word[1]}) - {word})


class Slip(Enum):
    """What happened when one word was typed for another, one edit apart (optimal string alignment, distance 1)."""

    SWAPPED = "two neighbours swapped"
    MISSING = "a letter missing"
    DOUBLED = "a letter typed twice"
    CHANGED = "another letter"
    EXTRA = "a letter too many"


def slip_between(typed: str, word: str) -> Slip | None:
    """The one slip that makes ``typed`` of ``word``; ``None`` when they are equal or further apart."""
    if typed == word or abs(len(typed) - len(word)) > 1:
        return None
    start, shorter = 0, min(len(typed), len(word))
    while start < shorter and typed[start] == word[start]:
        start += 1
    if len(typed) < len(word):
        return Slip.MISSING if word[start + 1 :] == typed[start:] else None
    if len(typed) > len(word):
        if typed[start + 1 :] != word[start:]:
            return None
        return Slip.DOUBLED if start and typed[start] == typed[start - 1] else Slip.EXTRA
    if typed[start + 1 :] == word[start + 1 :]:
        return Slip.CHANGED
    swapped = typed[start : start + 2] == word[start : start + 2][::-1]
    return Slip.SWAPPED if swapped and typed[start + 2 :] == word[start + 2 :] else None
