"""What imports say, in the reader's language: the pure readers and mappings only mark their sentences."""

from typing import Any

from django.utils.translation import gettext as _

from imports.problems import REASONS
from imports.readers import FileError


def reason_sentence(reason: str) -> str:
    """What is wrong, in the active language; the bare key for a reason of an older version."""
    return _(REASONS[reason][0]) if reason in REASONS else reason


def error_sentence(error: FileError) -> str:
    """Why a file cannot be imported, in the active language."""
    return stored_sentence({"template": error.template, "params": error.params})


def stored_sentence(stored: dict[str, Any]) -> str:
    """The same of an error that a run keeps."""
    if not stored:
        return ""
    template: str = stored["template"]
    return _(template) % stored["params"]
