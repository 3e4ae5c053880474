"""Links to files: signed, for one run and one caller, and good for an hour. A page that is loaded again makes new ones.

A link alone opens nothing: whoever follows it must be signed in, of the business, allowed to export, and the one it was
made for.
"""

from typing import Final

from django.core import signing

from customers.export.models import ExportRun

GOOD_FOR: Final = 60 * 60
"""Seconds."""
_SALT: Final = "customers.export.file"


def link_key(run: ExportRun, holder: str) -> str:
    """What the link to a run's file carries for ``holder``: ``member:7``, ``key:3``."""
    return signing.dumps([run.business_id, run.pk, holder], salt=_SALT)


def link_opens(key: str, run: ExportRun, holder: str) -> bool:
    """Whether ``key`` was made for this run and holder, and lately."""
    try:
        told = signing.loads(key, salt=_SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return False
    return bool(told == [run.business_id, run.pk, holder])
