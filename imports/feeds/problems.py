"""Why a nightly import did not come in, beside what is wrong with its address or its file."""

from typing import ClassVar

from accounts.marking import gettext_noop


class FeedError(Exception):
    """`template` and `params` make the sentence; `is_passing`: it may go well a little later, with nothing changed."""

    template: ClassVar[str] = gettext_noop(
        "The nightly import stopped because of a fault in Innkeeper. It is tried again."
    )
    is_passing: ClassVar[bool] = True

    def __init__(self, **params: object) -> None:
        super().__init__(params)
        self.params = params

    def __str__(self) -> str:
        return self.template % self.params


class FolderMissing(FeedError):
    """The folder is not there, or the operator has opened none."""

    template = gettext_noop("There is no folder %(folder)s on the server. Ask whoever runs it to make it.")
    is_passing = False


class FolderRefused(FeedError):
    """The folder may not be read or written."""

    template = gettext_noop(
        "The folder %(folder)s cannot be used: %(cause)s. Ask whoever runs the server to let Innkeeper read and write "
        "there."
    )
    is_passing = False


class ColumnsChanged(FeedError):
    """The file's columns are not those that the mapping was made for."""

    template = gettext_noop(
        "The columns of %(file)s are not those of the mapping %(mapping)s. Open the import and say what they mean."
    )
    is_passing = False


class KeyLost(FeedError):
    """The key for the address does not open any more."""

    template = gettext_noop("The key for the address cannot be opened any more. Type it in again.")
    is_passing = False


class RunPutAway(FeedError):
    """Somebody put the import away before it had come to its end."""

    template = gettext_noop("The import of %(file)s was put away before it was written.")
    is_passing = False


class RunHalted(FeedError):
    """Somebody stopped the import."""

    template = gettext_noop("The import of %(file)s was stopped half way.")
    is_passing = False
