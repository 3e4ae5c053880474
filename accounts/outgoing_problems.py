"""Why a request to another server was refused or failed: each says what happened and what to do."""

from typing import ClassVar

from accounts.marking import gettext_noop


class OutgoingError(Exception):
    """A request that was refused or failed: `template` and `params` make the sentence; `str()` is it in English.

    `is_passing`: it may go well a little later, with nothing changed. `was_asked`: the server may have got the request
    and done what it asks for.
    """

    template: ClassVar[str] = gettext_noop("The address could not be read. Try again later.")
    is_passing: ClassVar[bool] = False

    def __init__(self, **params: object) -> None:
        super().__init__(params)
        self.params = params
        self.was_asked = False

    def __str__(self) -> str:
        return self.template % self.params


class AddressWrong(OutgoingError):
    """No address, or not one that may be asked."""

    template = gettext_noop(
        "This is not an address of a file. Write it in full, for example https://example.com/guests.csv."
    )


class NotHttps(OutgoingError):
    """Another scheme: what travels would be read by others."""

    template = gettext_noop(
        "Only addresses that begin with https:// are fetched, so that nobody reads the guests on their way."
    )


class PasswordInAddress(OutgoingError):
    """A name or password before the host: it would stand in lists and logs."""

    template = gettext_noop("The address holds a name or password. Leave it out and write it in the field for the key.")


class PortRefused(OutgoingError):
    """A port that the operator has not opened."""

    template = gettext_noop(
        "Port %(port)s is not open for fetching files. Use the usual one, or ask whoever runs the server."
    )


class NotPublic(OutgoingError):
    """The name leads into a network that strangers must not reach through this server."""

    template = gettext_noop(
        "%(host)s is not on the open internet, so nothing is fetched from there. Use an address that everybody can "
        "reach, or ask whoever runs the server to open that network."
    )


class NameUnknown(OutgoingError):
    """The name has no address."""

    template = gettext_noop("%(host)s was not found. Check how it is written.")
    is_passing = True


class NotReached(OutgoingError):
    """Nobody answers there."""

    template = gettext_noop("%(host)s did not answer. Check the address, or try again later.")
    is_passing = True


class CertificateWrong(OutgoingError):
    """Whoever answers does not prove to be the one who was asked."""

    template = gettext_noop(
        "%(host)s could not prove that it is %(host)s: its certificate is not valid. Ask whoever runs it to renew it."
    )


class TooSlow(OutgoingError):
    """The time was over before the answer was whole."""

    template = gettext_noop("%(host)s took longer than %(seconds)s seconds. Try again later.")
    is_passing = True


class BrokenOff(OutgoingError):
    """The answer ended before its end, or was none."""

    template = gettext_noop("%(host)s broke off in the middle of the file. Try again later.")
    is_passing = True


class TooMuch(OutgoingError):
    """More bytes than are taken."""

    template = gettext_noop("The file at %(host)s is larger than %(limit)s MB, the most that is fetched at once.")


class Redirected(OutgoingError):
    """An answer that sends elsewhere: following it could lead anywhere."""

    template = gettext_noop("%(host)s sends on to another address. Write the address where the file itself is.")


class Packed(OutgoingError):
    """An answer in a packing that was not asked for."""

    template = gettext_noop("%(host)s sends the file packed (%(packing)s). Ask whoever runs it to send it as it is.")


class KeyRefused(OutgoingError):
    """401 or 403."""

    template = gettext_noop("%(host)s does not let us read the file (answer %(status)s). Check the key.")


class NothingThere(OutgoingError):
    """404 or 410."""

    template = gettext_noop("There is no file at this address (answer %(status)s). Check the address.")


class Unwilling(OutgoingError):
    """Too many questions, or a fault over there."""

    template = gettext_noop("%(host)s has a fault of its own right now (answer %(status)s). Try again later.")
    is_passing = True


class AnswerWrong(OutgoingError):
    """An answer that is none of the expected ones."""

    template = gettext_noop("%(host)s gave an answer that cannot be used (%(status)s). Check the address.")
