"""How one guest comes to be registered twice: a slip of the hand, a foreign keyboard, another way of writing."""

from typing import Final

from customers.sample.names import Draw, ascii_spelling, pick

_NEIGHBOURS: Final = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "kø", "m": "n", "n": "mb", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry", "u": "yi",
    "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x", "ø": "læ", "æ": "øå", "å": "pæ",
    "ö": "lä", "ä": "öå", "ü": "pö",
}  # fmt: skip
_SPELLINGS: Final = (
    ("Kr", "Chr"), ("Chr", "Kr"), ("Kat", "Cat"), ("Cat", "Kat"), ("ss", "s"), ("ll", "l"), ("aa", "å"), ("å", "aa"),
    ("ø", "oe"), ("æ", "ae"), ("ö", "oe"), ("ü", "ue"), ("ij", "y"), ("ks", "x"), ("sen", "son"), ("th", "t"),
    ("ph", "f"), ("ck", "k"), ("qv", "kv"), ("fs", "vs"), ("w", "v"), ("ei", "ey"), ("tz", "z"),
)  # fmt: skip


def slip(word: str, draw: Draw) -> str:
    """One slip of the hand in a word: two letters swapped, one left out, doubled, or its neighbour on the keyboard.

    The first letter stays; a word of fewer than four letters stays as it is.
    """
    if len(word) < 4:
        return word
    at, way = 1 + int(draw() * (len(word) - 2)), draw()
    if way < 0.3:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if way < 0.55:
        return word[:at] + word[at + 1 :]
    if way < 0.75:
        return word[:at] + word[at] + word[at:]
    return word[:at] + pick(_NEIGHBOURS.get(word[at], word[at]), draw) + word[at + 1 :]


def other_spelling(word: str, draw: Draw) -> str:
    """The name as others spell it: ``Kristian`` and ``Christian``, ``Hansen`` and ``Hanson``; else with a slip."""
    found = [pair for pair in _SPELLINGS if pair[0] in word]
    if not found:
        return slip(word, draw)
    old, new = pick(found, draw)
    return word.replace(old, new, 1)


def written_again(given: str, family: str, draw: Draw) -> tuple[str, str]:
    """Given and family name of the second card of one guest; one time in five as on the first."""
    way = draw()
    if way < 0.2:
        return given, family
    if way < 0.45:
        plain = ascii_spelling(given), ascii_spelling(family)
        if plain != (given, family):
            return plain
        return given, slip(family, draw)
    if way < 0.6:
        return (slip(given, draw), family) if draw() < 0.4 else (given, slip(family, draw))
    if way < 0.72:
        return (other_spelling(given, draw), family) if draw() < 0.5 else (given, other_spelling(family, draw))
    if way < 0.8:
        return family, given
    if way < 0.87:
        return given.upper(), family.upper()
    if way < 0.93:
        return f"{given[0]}.", family
    # Only the first of two given names, the last of two family names.
    return given.replace("-", " ").split(" ")[0], family.split("-")[-1] if "-" in family else family
