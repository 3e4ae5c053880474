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
from customers.normalise.phone import (
    PhoneResult,
    PhoneState,
    normalise_phone,
    normalise_phones,
)

__all__ = [
    "EmailResult",
    "EmailState",
    "PhoneResult",
    "PhoneState",
    "collapse",
    "company_key",
    "deletions",
    "fold",
    "identity_key",
    "normalise_email",
    "normalise_phone",
    "normalise_phones",
    "search_tokens",
    "sort_key",
    "split_full_name",
    "tidy_case",
]
