"""Where a file's bytes come from: a function that opens them anew each time they are read."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from imports.readers.errors import FileMissing

Opener = Callable[[], BinaryIO]
"""Opens a readable, seekable binary stream at its beginning; whoever calls it closes the stream."""


def file_opener(path: Path) -> Opener:
    """Opens a file on disk. The opener raises FileMissing when there is none, it is a folder or may not be read."""

    def opener() -> BinaryIO:
        try:
            if path.exists() and not path.is_file():
                raise FileMissing(path=path.name, cause="it is no file")
            return path.open("rb", buffering=1 << 18)
        except OSError as error:
            raise FileMissing(path=path.name, cause=error.strerror or str(error)) from error

    return opener
