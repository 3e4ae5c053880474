"""Reading files: encoding, dialect, header and rows as they stand, in flat memory. Pure: no Django, no database."""

from imports.readers.encoding import Survey
from imports.readers.errors import FileError
from imports.readers.limits import BATCH_ROWS, FILE_BYTES_MAX
from imports.readers.opening import Opener, file_opener
from imports.readers.source import FileKind, SourceFile, open_source
from imports.readers.tables import Batch, Table, TableInfo

__all__ = [
    "BATCH_ROWS",
    "FILE_BYTES_MAX",
    "Batch",
    "FileError",
    "FileKind",
    "Opener",
    "SourceFile",
    "Survey",
    "Table",
    "TableInfo",
    "file_opener",
    "open_source",
]
