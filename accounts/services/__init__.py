"""Writes of accounts: keyword-only, typed, one transaction each. They refuse with :class:`Refused`."""

from accounts.services.businesses import (
    business_change,
    business_create,
    property_add,
    property_change,
    slug_propose,
)
from accounts.services.invitations import (
    Offer,
    invitation_accept,
    invitation_accept_new,
    invitation_create,
    invitation_note_delivery,
    invitation_renew,
    invitation_withdraw,
)
from accounts.services.members import member_add, member_remove, member_role_change
from accounts.services.refusals import AccountExists, InvitationGone, LastOwner, NotGranted, Refused
from accounts.services.users import user_event_record, user_preferences_change

__all__ = [
    "AccountExists",
    "InvitationGone",
    "LastOwner",
    "NotGranted",
    "Offer",
    "Refused",
    "business_change",
    "business_create",
    "invitation_accept",
    "invitation_accept_new",
    "invitation_create",
    "invitation_note_delivery",
    "invitation_renew",
    "invitation_withdraw",
    "member_add",
    "member_remove",
    "member_role_change",
    "property_add",
    "property_change",
    "slug_propose",
    "user_event_record",
    "user_preferences_change",
]
