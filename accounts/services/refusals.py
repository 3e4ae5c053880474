"""Why a service said no, in words for people."""


class Refused(Exception):
    """The act was not done and nothing was saved. ``str()`` says why and what to do; ``field`` names the input."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotGranted(Refused):
    """The acting member's role may not do this to that role: only owners manage admins and owners."""


class LastOwner(Refused):
    """The business would be left without an owner."""


class InvitationGone(Refused):
    """The invitation does not exist, was withdrawn, was used or has expired: all four look the same."""


class AccountExists(Refused):
    """The invited address already has an account; its owner signs in with it instead."""
