"""Businesses, the people in them and what those may do."""

from accounts.models.api import ApiAnswer, ApiKey
from accounts.models.businesses import (
    AuditEntry,
    Business,
    Invitation,
    Member,
    Property,
)
from accounts.models.roles import CAPABILITIES, Capability, Role, roles_granted_by, roles_with
from accounts.models.users import User

__all__ = [
    "CAPABILITIES",
    "ApiAnswer",
    "ApiKey",
    "AuditEntry",
    "Business",
    "Capability",
    "Invitation",
    "Member",
    "Property",
    "Role",
    "User",
    "roles_granted_by",
    "roles_with",
]
