"""Placeholders, blocks and what is wrong with them, in the reader's words."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Business
from customers.fields.models import CustomField
from customers.fields.selectors import field_list
from messaging.rendering import NAMES, BlockError, Country, Money, Value, Values
from messaging.texts.models import Channel

BLOCKS: Final = {
    "heading": pgettext_lazy("part of an e-mail", "Heading"),
    "paragraph": pgettext_lazy("part of an e-mail", "Text"),
    "button": pgettext_lazy("part of an e-mail", "Button"),
    "image": pgettext_lazy("part of an e-mail", "Picture"),
    "divider": pgettext_lazy("part of an e-mail", "Line"),
    "signature": pgettext_lazy("part of an e-mail", "Signature"),
}
ICONS: Final = {
    "heading": "hash",
    "paragraph": "file-text",
    "button": "mouse-pointer-click",
    "image": "image",
    "divider": "minus",
    "signature": "pencil",
}
LABELS: Final = {
    "guest.given_name": gettext_lazy("Given name"),
    "guest.family_name": gettext_lazy("Family name"),
    "guest.name": gettext_lazy("Name"),
    "guest.company": gettext_lazy("Company"),
    "guest.email": gettext_lazy("E-mail"),
    "guest.phone": gettext_lazy("Phone"),
    "guest.city": gettext_lazy("City"),
    "guest.country": gettext_lazy("Country"),
    "stay.arrival": gettext_lazy("Arrival"),
    "stay.departure": gettext_lazy("Departure"),
    "stay.nights": gettext_lazy("Nights"),
    "stay.guests": pgettext_lazy("of a stay", "Number of guests"),
    "stay.adults": gettext_lazy("Adults"),
    "stay.children": gettext_lazy("Children"),
    "stay.room": gettext_lazy("Room or pitch"),
    "stay.room_type": gettext_lazy("Room type"),
    "stay.reference": gettext_lazy("Booking reference"),
    "stay.amount": gettext_lazy("Amount"),
    "property.name": gettext_lazy("Name of the property"),
    "business.name": gettext_lazy("Name of the business"),
    "business.address": gettext_lazy("Postal address of the business"),
    "invoice.number": gettext_lazy("Invoice number"),
    "invoice.issued": gettext_lazy("Issued on"),
    "invoice.due": gettext_lazy("Due on"),
    "invoice.amount": gettext_lazy("Amount"),
    "unsubscribe_link": gettext_lazy("Link to unsubscribe"),
    "preferences_link": gettext_lazy("Link to choose what one gets"),
}
GROUPS: Final = (
    ("guest", pgettext_lazy("placeholders", "Guest")),
    ("stay", pgettext_lazy("placeholders", "Stay")),
    ("property", pgettext_lazy("placeholders", "Property and business")),
    ("invoice", pgettext_lazy("placeholders", "Invoice")),
    ("links", pgettext_lazy("placeholders", "Links")),
)
_GROUP_OF: Final = {"business": "property", "unsubscribe_link": "links", "preferences_link": "links"}


@dataclass(frozen=True)
class Place:
    """A placeholder as the editor offers it."""

    name: str
    label: str

    @property
    def code(self) -> str:
        """As it is written in a text."""
        return f"{{{self.name}}}"

    @property
    def with_fallback(self) -> str:
        """The same with words for when there is no value."""
        return f"{{{self.name}|{_('dear guest') if self.name.startswith('guest.') else '–'}}}"


def places_grouped() -> list[tuple[str, list[Place]]]:
    """Every placeholder of the business under its group's name, its own fields among them. Two queries."""
    groups: dict[str, list[Place]] = {key: [] for key, _label in GROUPS}
    for name in NAMES:
        first = name.split(".")[0]
        groups[_GROUP_OF.get(first, first)].append(Place(name, str(LABELS[name])))
    for target in CustomField.Target:
        own = field_list(target=target.value)
        groups[target.value] += [Place(f"{target.value}.own.{field.key}", field.label) for field in own]
    return [(str(label), groups[key]) for key, label in GROUPS]


def own_names() -> frozenset[str]:
    """The placeholders of the business's own fields in use. Two queries."""
    return frozenset(
        f"{target.value}.own.{field.key}" for target in CustomField.Target for field in field_list(target=target.value)
    )


def labels_of(names: Mapping[str, object] | tuple[str, ...] | list[str]) -> list[Place]:
    """Placeholders with their labels; one of an own field is called by its name. No query."""
    return [Place(name, str(LABELS.get(name, name.rpartition(".")[2].replace("_", " ")))) for name in names]


def sample_values(*, business: Business, today: dt.date) -> Values:
    """Values for a business without a guest to look at: what each placeholder stands for, in words; its own are its."""
    found: dict[str, Value] = {name: str(label) for name, label in LABELS.items() if NAMES[name] == "text"}
    found |= {
        "guest.country": Country("NO"),
        "stay.arrival": today,
        "stay.departure": today + dt.timedelta(days=2),
        "stay.nights": 2,
        "stay.guests": 2,
        "stay.adults": 2,
        "stay.children": 0,
        "stay.amount": Money(Decimal(2400), business.currency),
        "invoice.issued": today,
        "invoice.due": today + dt.timedelta(days=14),
        "invoice.amount": Money(Decimal(2400), business.currency),
        "business.name": business.name,
        "business.address": business.address_line,
    }
    return Values(found)


def told(error: BlockError) -> str:
    """What is wrong with a block, and what would be right."""
    match error.code:
        case "empty" if error.part == "link":
            return _("Write where the button leads, for example https://example.com.")
        case "empty":
            return _("Write something here, or remove this part.")
        case "too_long":
            return _("Write at most %(limit)d characters.") % {"limit": error.limit}
        case "link":
            return _(
                "A link must lead to a web address, an e-mail address or a phone number: https://…, name@…, tel:+47…."
            )
        case "source":
            return _("Write the picture's address; it begins with https://.")
        case "too_many":
            return _("An e-mail has at most %(limit)d parts.") % {"limit": error.limit}
    return _("There is no part of this kind.")


def channel_icon(channel: str) -> str:
    """The icon of a channel."""
    return {Channel.EMAIL.value: "mail", Channel.SMS.value: "message-square"}[channel]
