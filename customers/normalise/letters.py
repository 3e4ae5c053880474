"""Folding of letters, so that one name typed in several ways meets itself.

`fold` answers "the same letters, ignoring case, accents and punctuation". `collapse` goes one step
further and lets the two ways of writing a Nordic or German letter meet: `Åse` and `Aase`,
`Sørensen` and `Soerensen`, `Müller` and `Mueller`.
"""

import re
import unicodedata

# Latin letters that Unicode does not decompose into a plain letter and a mark. Those whose Unicode
# name is "LETTER X WITH …" (ø, đ, ł, ħ, ŧ …) are read from that name and need no line here.
_SPELLED = {
    "æ": "ae",
    "œ": "oe",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "ŋ": "ng",
    "ĸ": "k",
    "ə": "e",
    "ß": "ss",
    "ſ": "s",
    "ƒ": "f",
    "ɸ": "f",
    "ʼ": " ",
    "ʻ": " ",
    "ʹ": " ",
    "ـ": "",
}
_NAMED_LETTER = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z])(?: |$)")
# Marks that accent a letter of any alphabet, and variation selectors. Vowel signs of Indic, Hebrew, Arabic
# or Thai script are marks too, but part of the word: those stay.
_ACCENTS = (
    (0x0300, 0x036F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)
_TABLE_LIMIT = 8192


def _fold_letter(letter: str) -> str:
    """One casefolded, decomposed character as it stands in a folded text."""
    if letter in _SPELLED:
        return _SPELLED[letter]
    code = ord(letter)
    if any(low <= code <= high for low, high in _ACCENTS):
        return ""
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    if category[0] == "C":
        # Joiners and direction marks (Cf) stand inside words and mean nothing to a reader's eye.
        return "" if category == "Cf" else " "
    if category[0] not in "LM":
        return " "
    if letter.isascii():
        return letter
    name = unicodedata.name(letter, "")
    if name.startswith("LATIN"):
        plain = _NAMED_LETTER.match(name)
        return plain.group(1).lower() if plain else ""
    return letter


class _Table(dict[int, str]):
    """A translation table that learns each character when it first meets it, and stays bounded."""

    def __missing__(self, code: int) -> str:
        folded = _fold_letter(chr(code))
        if len(self) < _TABLE_LIMIT:
            self[code] = folded
        return folded


_TABLE = _Table()
_DIGRAPH = re.compile(r"a[ae]+|oe+|ue+")


def fold(text: str) -> str:
    """Fold a text to lower-case letters and digits with single spaces between words.

    Latin letters become a–z, digits 0–9; accents and punctuation go; letters of other scripts are
    kept, without accents. `å` gives `a`, `ø` `o`, `æ` `ae`, `ö` `o`, `ü` `u`, `ß` `ss`.
    Folding a folded text changes nothing.
    """
    if text.isascii():
        folded = text.lower().translate(_TABLE)
    else:
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        # A compatibility form can decompose to a capital (ℌ to H): case goes once more.
        decomposed = unicodedata.normalize("NFKD", decomposed.casefold())
        folded = unicodedata.normalize("NFC", decomposed.translate(_TABLE))
    return " ".join(folded.split())


def collapse(folded: str) -> str:
    """Let both spellings of a folded text meet: `aa`, `ae` become `a`, `oe` `o`, `ue` `u`.

    Meant for comparing, never for showing. Collapsing twice is the same as once.
    """
    return _DIGRAPH.sub(lambda found: found.group()[0], folded)
