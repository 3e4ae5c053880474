"""Contact rules as badges: what a list and the look-up show of a guest before their tags."""

from customers.card.models import Customer
from customers.permission.reasons import Reason


def contact_marks(customer: Customer) -> list[tuple[str, str]]:
    """``(tone, label)`` of each rule that is set, weightiest first. No query."""
    marks = (
        (customer.is_restricted, "bad", Reason.RESTRICTED),
        (customer.is_deceased, "info", Reason.DECEASED),
        (customer.do_not_contact, "warn", Reason.DO_NOT_CONTACT),
    )
    return [(tone, str(reason.label)) for is_set, tone, reason in marks if is_set]
