"""How much of a file is read at most. What is beyond is refused or named, never cut off in silence."""

from typing import Final

FILE_BYTES_MAX: Final = 1 << 30
"""Bytes of the file itself, and of everything that is packed in it."""
COLUMNS_MAX: Final = 500
CELL_MAX: Final = 32_767
"""Characters of a cell: as many as Excel keeps."""
CSV_ROWS_MAX: Final = 5_000_000
SHEET_ROWS_MAX: Final = 1_048_576
BATCH_ROWS: Final = 2_000
