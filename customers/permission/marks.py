"""Contact rules as badges: what a list and the look-up show of a guest before their tags."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from customers.card.models import Customer

MARKS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("is_deceased", "neutral", _("Deceased")),
    ("is_restricted", "warn", _("Restricted")),
    ("do_not_contact", "warn", _("Do not contact")),
)
"""A flag of the card with the tone and label of its badge, weightiest first."""


def contact_marks(customer: Customer) -> list[tuple[str, str]]:
    """``(tone, label)`` of each rule that is set. No query."""
    return [(tone, str(label)) for flag, tone, label in MARKS if getattr(customer, flag)]
