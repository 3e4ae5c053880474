"""What can be wrong with a whole file. Each error says what happened and what to do; nothing of it is imported.

The sentences are marked for translation here and translated where they are shown: `template % params`.
"""

from typing import Any, ClassVar

from accounts.marking import gettext_noop


class FileError(Exception):
    """A file that cannot be imported. `template` and `params` make the sentence; `str()` is it in English.

    Of a list in an archive `params["inside"]` is the list's name.
    """

    template: ClassVar[str] = gettext_noop("The file cannot be read. Export it again and try once more.")

    def __init__(self, **params: object) -> None:
        super().__init__(params)
        self.params = params

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.params), self.__dict__

    def __str__(self) -> str:
        sentence = self.template % self.params
        return f"{self.params['inside']}: {sentence}" if "inside" in self.params else sentence


def _again(kind: type[FileError], params: dict[str, object]) -> FileError:
    """An error that comes from another process; each kind takes other arguments."""
    error = kind.__new__(kind)
    Exception.__init__(error, params)
    return error


def _parted(number: int) -> str:
    """A number with a space at each thousand, which is read alike in every language."""
    return f"{number:,}".replace(",", "\u00a0")


class FileMissing(FileError):
    """There is no such file, or it may not be read."""

    template = gettext_noop("The file %(path)s cannot be opened: %(cause)s. Check its name and that you may read it.")


class EmptyFile(FileError):
    """No byte, or nothing but blank lines."""

    template = gettext_noop("The file is empty. Export it again from the other system, with its rows.")


class HeaderOnly(FileError):
    """Column names, and no row below them."""

    template = gettext_noop("The file has column names but no rows below them. Export it again with its rows.")


class FileTooLarge(FileError):
    """More bytes than the limit; told before the file is read."""

    template = gettext_noop(
        "The file is %(size)s MB; at most %(limit)s MB can be imported at once. Split it into smaller files, "
        "each with the line of column names at its top."
    )

    def __init__(self, *, size: int, limit: int) -> None:
        super().__init__(size=f"{size / 1_000_000:.0f}", limit=f"{limit / 1_000_000:.0f}")


class NotCsv(FileError):
    """A file of another kind than the readers know."""

    template = gettext_noop(
        "This is not a table. CSV files, Excel workbooks (.xlsx) and ZIP files of them are read: export the list again "
        "as one of these, best “CSV UTF-8”."
    )


class Spreadsheet(NotCsv):
    """A workbook of another kind than .xlsx: old Excel, binary Excel, OpenDocument, Numbers."""

    template = gettext_noop(
        "This kind of spreadsheet is not read. Open it in Excel or LibreOffice, choose “Save as”, “Excel workbook "
        "(.xlsx)”, and import that file."
    )


class Archive(NotCsv):
    """A packed file of another kind than ZIP, or a ZIP file without a table in it."""

    template = gettext_noop(
        "No CSV file or Excel workbook was found in this packed file. Unpack it first, and import the file that is in "
        "it."
    )


class NestedArchive(NotCsv):
    """A packed file in a packed file."""

    template = gettext_noop(
        "“%(name)s” in this ZIP file is itself a packed file. Unpack both, and import the CSV file or workbook."
    )


class EncryptedFile(NotCsv):
    """A workbook or an archive that asks for a password."""

    template = gettext_noop(
        "The file is protected by a password. Open it in the program it comes from, save it without a password, and "
        "import that file."
    )


class BrokenArchive(FileError):
    """A ZIP file or workbook whose bytes do not fit together."""

    template = gettext_noop(
        "The file is damaged or was not sent to its end. Export it again from the other system and try once more."
    )


class BrokenWorkbook(BrokenArchive):
    """A workbook that unpacks, but whose parts cannot be read."""

    template = gettext_noop(
        "The workbook is damaged. Open it in Excel or LibreOffice, save it again as “Excel workbook (.xlsx)” or as "
        "“CSV UTF-8”, and import that file."
    )


class DangerousWorkbook(BrokenWorkbook):
    """Markup with a document type or entities of its own, which no spreadsheet program writes."""

    template = gettext_noop(
        "The workbook holds what no spreadsheet program writes, and was not opened. Save the list anew as “CSV UTF-8” "
        "and import that file."
    )


class TooManyEntries(FileError):
    """More files in a ZIP file than any list has."""

    template = gettext_noop(
        "The ZIP file holds more than %(limit)s files. Pack only the lists that are to be imported."
    )

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=_parted(limit))


class PackedTooMuch(FileError):
    """More bytes in a packed file than the limit, or packed more tightly than lists are."""

    template = gettext_noop(
        "Unpacked, the file would be far larger than its lists can be; at most %(limit)s MB are read. Save the list as "
        "“CSV UTF-8”, split it if it is large, and import that file."
    )

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=f"{limit / 1_000_000:.0f}")


class Document(NotCsv):
    """A PDF, Word or web document."""

    template = gettext_noop(
        "This is a document, not a table. Export the list again from the other system, and choose CSV as its format."
    )


class WrongEncoding(FileError):
    """Bytes that are letters in no encoding that is recognised. `line` is the first line that shows it."""

    template = gettext_noop(
        "On line %(line)s there are letters that cannot be read: the file is neither UTF-8 nor Western European text. "
        "Open it in the program it comes from, save it as “CSV UTF-8”, and import that file."
    )


class BrokenText(WrongEncoding):
    """UTF-8 or UTF-16 but for some bytes: cut off, or two files in different encodings put together."""

    template = gettext_noop(
        "The file is %(encoding)s, but line %(line)s is damaged. Export it again, or correct that line and save the "
        "file as “CSV UTF-8”."
    )


class BrokenHeader(FileError):
    """A quotation mark in the column names that swallows the rows below them."""

    template = gettext_noop(
        "In the line of column names a quotation mark is opened and not closed. Correct that line and import the file "
        "again."
    )


class TooManyColumns(FileError):
    """More columns than any list of guests has: usually the wrong delimiter, or no table at all."""

    template = gettext_noop(
        "The file has %(count)s columns; at most %(limit)s are read. Remove the columns that are not needed."
    )


class TooManyRows(FileError):
    """More rows than are read at once."""

    template = gettext_noop(
        "The table has more than %(limit)s rows. Split it into smaller files, each with the line of column names at "
        "its top."
    )

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=_parted(limit))


class TableMissing(FileError):
    """A file, of a nightly import for one, that does not hold the sheet or list that was chosen."""

    template = gettext_noop("The file has no sheet or list called “%(name)s”. It has these: %(names)s.")


class LineTooLong(FileError):
    """A line so long that the file is not made of lines."""

    template = gettext_noop(
        "Around line %(line)s the file goes on for more than %(limit)s MB without a new line. Export it again as CSV, "
        "one guest or booking on each line."
    )


class UnknownColumns(FileError):
    """Columns that leave open what a file cannot do without."""

    template = gettext_noop("The columns of this file are not recognised: %(names)s.")
