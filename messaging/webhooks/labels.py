"""Words for what became of deliveries, and for why an endpoint rests."""

from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Trouble(StrEnum):
    """Why a delivery was not taken, or is not tried any more."""

    REDIRECTED = "redirected"
    NOT_PUBLIC = "not_public"
    ADDRESS = "address"
    NO_NAME = "no_name"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    SLOW = "slow"
    BROKEN = "broken"
    BUSY = "busy"
    FAULT = "fault"
    REFUSED = "refused"
    GONE = "gone"
    SECRET = "secret"  # noqa: S105 – a code, no secret.
    ERROR = "error"
    RESTRICTED = "restricted"
    EXPIRED = "expired"


TROUBLES: Final[dict[str, str | Promise]] = {
    Trouble.REDIRECTED: _("It sends on to another address. Enter the address where it ends."),
    Trouble.NOT_PUBLIC: _("The address leads into a network that is not on the open internet."),
    Trouble.ADDRESS: _("The address may not be asked from here."),
    Trouble.NO_NAME: _("There is no server of this name."),
    Trouble.UNREACHABLE: _("The server did not answer."),
    Trouble.CERTIFICATE: _("The server could not prove who it is: its certificate is not valid."),
    Trouble.SLOW: _("The answer took too long."),
    Trouble.BROKEN: _("The connection broke before the answer was whole."),
    Trouble.BUSY: _("The server takes no more right now."),
    Trouble.FAULT: _("The server has a fault of its own."),
    Trouble.REFUSED: _("The server does not take it."),
    Trouble.GONE: _("The server says that nobody wants this any more."),
    Trouble.SECRET: _("The secret does not open any more. Make a new one."),
    Trouble.ERROR: _("Something went wrong here. It is tried again."),
    Trouble.RESTRICTED: _("The guest's data may not be used."),
    Trouble.EXPIRED: _("It waited for three days."),
}


def trouble_words(code: str) -> str:
    """A code in words of the active language; empty for none."""
    return str(TROUBLES.get(code, ""))


TONES: Final = {"planned": "info", "claimed": "info", "sent": "ok", "failed": "bad", "unknown": "warn"}
"""How a state looks."""
