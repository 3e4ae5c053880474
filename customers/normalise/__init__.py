"""Pure normalising of what people type about a guest: names, e-mail addresses, phone numbers.

Nothing here knows Django, the clock or the database. A value that cannot be normalised is never an
error: the caller keeps it as typed, with the state and the reason that the result names.
"""

from customers.normalise.email import EmailResult, EmailState, normalise_email
from customers.normalise.letters import collapse, fold
from customers.normalise.names import (
    company_key,
    deletions,
    identity_key,
    search_tokens,
    sort_key,
    split_full_name,
    tidy_case,
)
from customers.normalise.organisation import (
    OrganisationResult,
    normalise_organisation_number,
    organisation_number_shown,
)
from customers.normalise.phone import (
    PhoneResult,
    PhoneState,
    normalise_phone,
    normalise_phones,
)
from customers.normalise.postal import PostalResult, address_lines, normalise_postal_code, split_place

__all__ = [
    "EmailResult",
    "EmailState",
    "OrganisationResult",
    "PhoneResult",
    "PhoneState",
    "PostalResult",
    "address_lines",
    "collapse",
    "company_key",
    "deletions",
    "fold",
    "identity_key",
    "normalise_email",
    "normalise_organisation_number",
    "normalise_phone",
    "normalise_phones",
    "normalise_postal_code",
    "organisation_number_shown",
    "search_tokens",
    "sort_key",
    "split_full_name",
    "split_place",
    "tidy_case",
]
