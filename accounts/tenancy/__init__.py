"""Tenancy: one database, many businesses, no row in common. docs/tenancy.md explains it."""

from accounts.tenancy.scope import (
    NoBusiness,
    business_scope,
    current_actor,
    current_business_id,
    current_member_id,
    require_business_id,
)

__all__ = [
    "NoBusiness",
    "business_scope",
    "current_actor",
    "current_business_id",
    "current_member_id",
    "require_business_id",
]
