"""Parts of the card that are edited in place, each with a form of its own."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.card.forms import GuestForm
from customers.card.models import Customer
from customers.card.services import ContactValues

CONTACT = "contact"
"""The part that holds the e-mail addresses and phone numbers."""

PARTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    CONTACT: (_("Phone and e-mail"), ()),
    "address": (_("Address"), ("street", "postal_code", "city", "country")),
    "organisation_number": (_("Organisation number"), ("organisation_number",)),
    "birth_date": (_("Date of birth"), ("birth_date",)),
    "nationality": (_("Nationality"), ("nationality",)),
    "language": (_("Language"), ("language",)),
    "source": (_("Source"), ("source",)),
    "note": (_("Note"), ("note",)),
    "why_us": (_("Why they choose us"), ("why_us",)),
    "thanked": (_("How they were thanked"), ("thanked",)),
    "deal_breakers": (_("Deal breakers"), ("deal_breakers",)),
}
"""What can be edited in place: heading and fields."""

OF_COMPANIES = frozenset({"organisation_number"})
OF_PERSONS = frozenset({"birth_date", "nationality"})


class PartForm(GuestForm):
    """The guest form cut down to one part; everything else of the card stays as it is."""

    def __init__(self, *args: Any, part: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.part = part
        kept = {"seen", *PARTS[part][1]}
        if part == CONTACT:
            kept |= set(self.fields) - set(GuestForm.Meta.fields) - set(self.own_names)
        for name in set(self.fields) - kept:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        # Rules that look at several fields see the others as the card has them.
        others = {name: getattr(self.instance, name) for name in GuestForm.Meta.fields if name not in self.fields}
        self.cleaned_data.update(others)
        cleaned = super().clean()
        return {name: value for name, value in cleaned.items() if name not in others}

    def contacts(self) -> ContactValues | None:  # type: ignore[override]
        """The part's contact points; ``None`` where the part has none."""
        return super().contacts() if self.part == CONTACT else None

    def values(self) -> dict[str, Any]:
        """The part's fields."""
        return {name: self.cleaned_data[name] for name in PARTS[self.part][1]}


def parts_missing(customer: Customer) -> list[tuple[str, Any]]:
    """``(part, heading)`` of what is not known yet and could be asked for."""
    other = OF_COMPANIES if customer.kind == Customer.Kind.PERSON else OF_PERSONS
    return [
        (part, label)
        for part, (label, fields) in PARTS.items()
        if part != CONTACT and part not in other and not any(getattr(customer, name) for name in fields)
    ]
