"""CSV files as the tests of their reader write and read them."""

from pathlib import Path

from imports.readers import Batch, file_opener
from imports.readers.csv_file import CsvFile, csv_table


def file_of(folder: Path, content: bytes | str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def csv_of(path: Path, **options: int) -> CsvFile:
    return csv_table(file_opener(path), **options)


def all_of(path: Path, size: int = 2_000) -> Batch:
    whole = Batch()
    for batch in csv_of(path).batches(size):
        whole.lines += batch.lines
        whole.rows += batch.rows
        whole.problems += batch.problems
    return whole
