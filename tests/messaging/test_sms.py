"""Parts of an SMS: by the table, and beside a second implementation that counts another way."""

import random
from itertools import pairwise

import pytest

from messaging.sms import Segments, beyond_gsm, segments

BASIC = [
    0x40, 0xA3, 0x24, 0xA5, 0xE8, 0xE9, 0xF9, 0xEC, 0xF2, 0xC7, 0x0A, 0xD8, 0xF8, 0x0D, 0xC5, 0xE5,
    0x394, 0x5F, 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6, 0xE6, 0xDF, 0xC9,
    *range(0x20, 0x24), 0xA4, *range(0x25, 0x40), 0xA1, *range(0x41, 0x5B), 0xC4, 0xD6, 0xD1, 0xDC, 0xA7,
    0xBF, *range(0x61, 0x7B), 0xE4, 0xF6, 0xF1, 0xFC, 0xE0,
]  # fmt: skip
"""Septets 0x00 to 0x7F of 3GPP TS 23.038, section 6.2.1, without the escape, as code points."""
EXTENSION = [0x0C, 0x5E, 0x7B, 0x7D, 0x5C, 0x5B, 0x7E, 0x5D, 0x7C, 0x20AC]
"""Section 6.2.1.1."""
ESCAPE = -1
KNOWN = frozenset(BASIC + EXTENSION)
PLACES = {point: place for place, point in enumerate(BASIC)}

TABLE = [
    ("nothing", "", ("GSM-7", 0, 0, 160)),
    ("one letter", "a", ("GSM-7", 1, 1, 159)),
    ("one part, full", "a" * 160, ("GSM-7", 160, 1, 0)),
    ("one more letter", "a" * 161, ("GSM-7", 161, 2, 145)),
    ("two parts, full", "a" * 306, ("GSM-7", 306, 2, 0)),
    ("three parts", "a" * 307, ("GSM-7", 307, 3, 152)),
    ("Nordic letters are in the alphabet", "æøåäöüéÆØÅ", ("GSM-7", 10, 1, 150)),
    ("a euro takes two", "€", ("GSM-7", 2, 1, 158)),
    ("eighty of them fill a part", "€" * 80, ("GSM-7", 160, 1, 0)),
    ("one pair is never split: 152 letters, then a euro", "a" * 152 + "€" + "a" * 8, ("GSM-7", 162, 2, 143)),
    ("a long row of pairs leaves a unit in each part", "€" * 81, ("GSM-7", 162, 2, 143)),
    ("ë is not in the alphabet", "ë", ("UCS-2", 1, 1, 69)),
    ("one part of UCS-2, full", "ë" * 70, ("UCS-2", 70, 1, 0)),
    ("one more", "ë" * 71, ("UCS-2", 71, 2, 63)),
    ("an emoji takes two", "😀", ("UCS-2", 2, 1, 68)),
    ("35 of them fill a part", "😀" * 35, ("UCS-2", 70, 1, 0)),
    ("none is split between parts", "😀" * 36, ("UCS-2", 72, 2, 61)),
    ("a euro beside an ï is one unit", "ï€", ("UCS-2", 2, 1, 68)),
    ("an open space is not a space of the alphabet", "1\u00a0200 kr", ("UCS-2", 8, 1, 62)),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE])
def test_the_table(text: str, expected: tuple[str, int, int, int]) -> None:
    assert segments(text) == Segments(*expected)


def second(text: str) -> Segments:
    """The same by writing the message out: units of 7 or 16 bits in a row, then cut backwards from each limit."""
    points = [ord(each) for each in text]
    if KNOWN.issuperset(points):
        encoding, alone, joined = "GSM-7", 160, 153
        units = [unit for point in points for unit in ((ESCAPE, point) if point in EXTENSION else (PLACES[point],))]
        starts_pair = [unit == ESCAPE for unit in units]
    else:
        encoding, alone, joined = "UCS-2", 70, 67
        wide = text.encode("utf-16-be", "surrogatepass")
        units = [int.from_bytes(wide[at : at + 2], "big") for at in range(0, len(wide), 2)]
        starts_pair = [0xD800 <= unit < 0xDC00 for unit in units]
    if len(units) <= alone:
        return Segments(encoding, len(units), int(bool(units)), alone - len(units))
    cuts = [0]
    while cuts[-1] < len(units):
        cut = min(cuts[-1] + joined, len(units))
        cuts.append(cut - 1 if cut < len(units) and starts_pair[cut - 1] else cut)
    last = cuts[-1] - cuts[-2]
    assert all(end - start <= joined for start, end in pairwise(cuts))
    return Segments(encoding, len(units), len(cuts) - 1, joined - last)


def test_both_implementations_agree_on_100_000_texts() -> None:
    chance = random.Random(20261122)
    gsm = "".join(map(chr, BASIC))
    pairs = "".join(map(chr, EXTENSION))
    wide = "ëïžłЖ中\u00a0’“–"
    emoji = "😀🏨🛎🐶"
    alphabets = [gsm, gsm + pairs * 4, pairs, gsm + wide, wide + emoji * 6, emoji, gsm + pairs + wide + emoji]
    pools = ["".join(chance.choices(alphabet, k=20_000)) for alphabet in alphabets]
    lengths = [*range(12), 34, 35, 36, 66, 67, 68, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 305, 307]
    for _ in range(100_000):
        length = chance.choice(lengths) if chance.random() < 0.8 else chance.randrange(460)
        start = chance.randrange(19_000)
        text = chance.choice(pools)[start : start + length]
        assert segments(text) == second(text), repr(text)


def test_what_makes_a_text_dearer_is_named() -> None:
    assert beyond_gsm("Årets crème brûlée – nå!") == ("û", "–")
    assert beyond_gsm("Takk for besøket {€}") == ()
