"""Roles and what each may do."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """A member's role in one business."""

    RECEPTION = "reception", _("Reception")
    MARKETING = "marketing", _("Marketing")
    ADMIN = "admin", _("Admin")
    OWNER = "owner", _("Owner")


class Capability(models.TextChoices):
    """One thing a member may be allowed to do; every view names the one it needs."""

    LOOK_UP = "look_up", _("look guests up")
    TAG = "tag", _("tag guests and write notes")
    EDIT = "edit", _("create and change guests and stays")
    CONSENT = "consent", _("record consents")
    RESTRICT = "restrict", _("restrict the processing of a guest's data")
    PRIVACY = "privacy", _("give guests a copy of their data")
    SET_UP = "set_up", _("set up fields, products and wordings")
    SEGMENT = "segment", _("build segments and shared views")
    MESSAGE = "message", _("write to guests")
    CAMPAIGN = "campaign", _("write templates and send campaigns")
    AUTOMATE = "automate", _("build automations")
    EXPORT = "export", _("export guests")
    BULK = "bulk", _("change many guests at once")
    IMPORT = "import", _("import files")
    PROPOSE = "propose", _("look through possible duplicates")
    MERGE = "merge", _("merge guests")
    UNDO = "undo", _("undo changes")
    MEMBERS = "members", _("manage members")
    ADMINS = "admins", _("manage admins and owners")
    AUDIT = "audit", _("read the activity log")
    BUSINESS = "business", _("change the business")
    KEYS = "keys", _("connect other systems")


_RECEPTION = {
    Capability.LOOK_UP,
    Capability.TAG,
    Capability.EDIT,
    Capability.CONSENT,
    Capability.PROPOSE,
    Capability.MESSAGE,
}
_MARKETING = {
    Capability.LOOK_UP,
    Capability.TAG,
    Capability.CONSENT,
    Capability.SEGMENT,
    Capability.MESSAGE,
    Capability.CAMPAIGN,
    Capability.AUTOMATE,
    Capability.EXPORT,
    Capability.BULK,
}
_ADMIN = (
    _RECEPTION
    | _MARKETING
    | {
        Capability.IMPORT,
        Capability.MERGE,
        Capability.UNDO,
        Capability.MEMBERS,
        Capability.AUDIT,
        Capability.RESTRICT,
        Capability.PRIVACY,
        Capability.SET_UP,
    }
)

CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.RECEPTION: frozenset(_RECEPTION),
    Role.MARKETING: frozenset(_MARKETING),
    Role.ADMIN: frozenset(_ADMIN),
    Role.OWNER: frozenset(_ADMIN | {Capability.ADMINS, Capability.BUSINESS, Capability.KEYS}),
}


SENSITIVE_ROLES = (Role.RECEPTION, Role.ADMIN, Role.OWNER)
"""The roles that a business may let see sensitive details; those who write newsletters never."""


def roles_with(capability: Capability) -> list[Role]:
    """The roles that have ``capability``, least powerful first."""
    return [role for role in Role if capability in CAPABILITIES[role]]


def roles_granted_by(role: str) -> list[Role]:
    """The roles that a member with ``role`` may give, change and take away, least powerful first.

    Admins look after reception and marketing; only owners make, change or remove admins and owners.
    """
    if Capability.ADMINS in CAPABILITIES[role]:
        return list(Role)
    if Capability.MEMBERS in CAPABILITIES[role]:
        return [Role.RECEPTION, Role.MARKETING]
    return []
