"""XML parts of workbooks, read piece by piece by expat. Document types and entities are refused, never expanded."""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final
from xml.parsers import expat

from imports.readers.errors import BrokenWorkbook, DangerousWorkbook

CHUNK: Final = 1 << 17
_TOKEN_MAX: Final = 4 << 20
"""Bytes of a single tag or comment: expat would keep a longer one as a whole."""

Start = Callable[[str, dict[str, str]], Any]
End = Callable[[str], Any]


class LocalNames(dict[str, str]):
    """A tag or attribute → its name without the prefix of its namespace."""

    def __missing__(self, name: str) -> str:
        local = name.rpartition(":")[2]
        if len(self) < 1_000:
            self[name] = local
        return local


class Markup:
    """One reading of a part. Handlers are called with local names; text goes to `parser.CharacterDataHandler`."""

    def __init__(self, start: Start, end: End | None = None) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.buffer_size = 1 << 16
        self.parser.StartElementHandler = start
        self.parser.EndElementHandler = end
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse
        self.parser.ExternalEntityRefHandler = _refuse
        self._fed = 0

    def pieces(self, stream: BinaryIO) -> Iterator[None]:
        """Read the part to its end, pausing after each piece. Raises BrokenWorkbook, DangerousWorkbook."""
        while chunk := stream.read(CHUNK):
            self._feed(chunk, last=False)
            yield
        self._feed(b"", last=True)
        yield

    def run(self, stream: BinaryIO) -> None:
        """Read the part to its end."""
        for _ in self.pieces(stream):
            pass

    def _feed(self, chunk: bytes, *, last: bool) -> None:
        self._fed += len(chunk)
        try:
            self.parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise BrokenWorkbook from error
        except (LookupError, ValueError, UnicodeError) as error:
            # An encoding that nobody knows, or numbers that are none.
            raise BrokenWorkbook from error
        if self._fed - self.parser.CurrentByteIndex > _TOKEN_MAX:
            raise DangerousWorkbook


def _refuse(*_declared: object) -> int:
    raise DangerousWorkbook
