"""Reading files: encoding, dialect, header and rows as they stand, in flat memory. Pure: no Django, no database."""

from imports.readers.csv_file import BATCH_ROWS, FILE_BYTES_MAX, Batch, CsvFile, open_csv
from imports.readers.errors import FileError

__all__ = ["BATCH_ROWS", "FILE_BYTES_MAX", "Batch", "CsvFile", "FileError", "open_csv"]
