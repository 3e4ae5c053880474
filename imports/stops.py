"""Why a run ends before its file does, beside what is wrong with the file itself."""

from accounts.marking import gettext_noop
from imports.readers import FileError


class Stopped(FileError):
    """Not the file's fault."""

    template = gettext_noop(
        "The import stopped because of a fault in Innkeeper. The rows written until then are in the register; import "
        "the same file again to go on, or undo the import."
    )


class Changed(FileError):
    """The file is another one than the one that was looked through."""

    template = gettext_noop("The file was changed after it was looked through. Import it again.")


class Unread(FileError):
    """Not the file's fault either; nothing is written yet."""

    template = gettext_noop(
        "The file could not be looked through because of a fault in Innkeeper. Nothing was written. Choose the file "
        "again."
    )
