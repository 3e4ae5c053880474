"""The texts that the cells of a workbook share, kept as bytes: a list of strings would take several times as much."""

import re
from array import array
from typing import BinaryIO, Final

from imports.readers.errors import BrokenWorkbook, PackedTooMuch
from imports.readers.limits import CELL_MAX
from imports.readers.markup import LocalNames, Markup

BYTES_MAX: Final = 256 << 20
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_PIECES_MAX: Final = 64


class SharedStrings:
    """Texts by their numbers, from 0."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("L", [0])

    def __getitem__(self, number: int) -> str:
        """Raises BrokenWorkbook when there is no such text."""
        if not 0 <= number < len(self._ends) - 1:
            raise BrokenWorkbook
        return self._bytes[self._ends[number] : self._ends[number + 1]].decode("utf-8", "surrogatepass")

    def add(self, text: str) -> None:
        """Raises PackedTooMuch when all texts together are beyond the limit."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))
        if len(self._bytes) > BYTES_MAX:
            raise PackedTooMuch(limit=BYTES_MAX)


def shared_strings(stream: BinaryIO) -> SharedStrings:
    """Read the part; text with several fonts is one text, the reading of Asian signs above it is left out."""
    found = SharedStrings()
    names = LocalNames()
    collected = Collected()
    above = 0

    def start(tag: str, _attributes: dict[str, str]) -> None:
        nonlocal above
        name = names[tag]
        if name == "t" and not above:
            markup.parser.CharacterDataHandler = collected.take
        elif name == "rPh":
            above += 1

    def end(tag: str) -> None:
        nonlocal above
        name = names[tag]
        if name == "t":
            markup.parser.CharacterDataHandler = None
        elif name == "si":
            found.add(collected.text())
        elif name == "rPh":
            above -= 1

    markup = Markup(start, end)
    markup.run(stream)
    return found


class Collected:
    """The text of one cell as it arrives. A little more than a cell may hold is kept, so that too much is noticed."""

    __slots__ = ("pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.size = 0

    def take(self, piece: str) -> None:
        """Add a piece."""
        if self.size <= CELL_MAX:
            self.pieces.append(piece[: CELL_MAX + 1])
            self.size += len(piece)

    def text(self) -> str:
        """All pieces, and begin anew."""
        if not self.pieces:
            return ""
        text = self.pieces[0] if len(self.pieces) == 1 else "".join(self.pieces)
        self.pieces.clear()
        self.size = 0
        return unescaped(text) if "_x" in text else text


def unescaped(text: str) -> str:
    """What XML cannot hold is written `_x000D_`; `_x005F_` stands for an underscore that begins none."""
    return _ESCAPED.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    code = int(found.group(1), 16)
    return "" if 0xD800 <= code <= 0xDFFF or not code else chr(code)
