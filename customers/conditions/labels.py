"""What fields, operators and groups of fields of the filter language are called, in the reader's language."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.conditions.names import Names
from customers.consent.labels import LABELS as CONSENT_LABELS
from customers.filters import Field

GROUPS: Final[Mapping[str, Any]] = {
    "who": _("Who"),
    "where": _("Where"),
    "stays": pgettext_lazy("group of fields", "Stays"),
    "money": _("Money"),
    "contact": _("Consent and contact"),
    "activity": pgettext_lazy("group of fields", "Activity"),
    "own": _("Own fields"),
}
"""In the order shown."""

FIELDS: Final[Mapping[str, tuple[str, Any]]] = {
    "kind": ("who", _("Person or company")),
    "language": ("who", _("Language")),
    "nationality": ("who", _("Nationality")),
    "tags": ("who", _("Tags")),
    "segment": ("who", _("Segment")),
    "source": ("who", _("Source")),
    "age": ("who", _("Age")),
    "birthday": ("who", _("Birthday")),
    "birth_date": ("who", _("Date of birth")),
    "deceased": ("who", _("Deceased")),
    "country": ("where", _("Country")),
    "city": ("where", _("City")),
    "postal_code": ("where", _("Postal code")),
    "stays": ("stays", _("Stays in all")),
    "nights": ("stays", _("Nights in all")),
    "last_stay": ("stays", _("Last stay")),
    "next_arrival": ("stays", _("Next arrival")),
    "first_arrival": ("stays", _("First arrival")),
    "stays.count": ("stays", _("Stays in a period")),
    "stays.nights": ("stays", _("Nights in a period")),
    "cancelled": ("stays", _("Cancelled stays")),
    "no_shows": ("stays", _("No-shows")),
    "value": ("money", _("Value in all")),
    "value_12_months": ("money", _("Value in 12 months")),
    "value_this_year": ("money", _("Value this year")),
    "value_rank": ("money", _("Best guests by value")),
    "stays.amount": ("money", _("Paid for stays in a period")),
    "purchases.count": ("money", _("Purchases")),
    "purchases.amount": ("money", _("Spent on purchases")),
    "invoices.count": ("money", _("Invoices")),
    "invoices.amount": ("money", _("Invoiced")),
    "email_reach": ("contact", _("Newsletter by e-mail: reachable")),
    "sms_reach": ("contact", _("Newsletter by SMS: reachable")),
    "email_state": ("contact", _("E-mail address")),
    "phone_state": ("contact", _("Phone number")),
    "do_not_contact": ("contact", _("Do not contact")),
    "restricted": ("contact", _("Processing restricted")),
    "first_contact": ("activity", _("First contact")),
    "last_activity": ("activity", _("Last activity")),
    "activities.count": ("activity", _("Activities")),
    "opened": ("activity", _("Last opened a message")),
    "clicked": ("activity", _("Last followed a link")),
}
COUNTED: Final[Mapping[str, Any]] = {
    "stays.count": _("Stays"),
    "stays.nights": _("Nights"),
    "stays.amount": _("Paid for stays"),
}
"""What an aggregate counts, where its period is said beside it."""

WHERE: Final[Mapping[str, Any]] = {
    "property": _("Property"),
    "unit_type": _("Room type"),
    "channel": _("Channel"),
    "status": _("Status"),
    "product": _("Product"),
    "state": _("State"),
    "kind": _("Kind"),
}

_KIND_OPERATORS: Final[Mapping[tuple[str, str], tuple[Any, Any]]] = {
    ("text", "is"): (_("is"), _("is not")),
    ("text", "contains"): (_("contains"), _("does not contain")),
    ("text", "starts_with"): (_("begins with"), _("does not begin with")),
    ("choice", "any_of"): (_("is any of"), _("is none of")),
    ("tags", "any_of"): (_("has any of"), _("has none of")),
    ("tags", "all_of"): (_("has all of"), _("has not all of")),
    ("tags", "empty"): (_("has none at all"), _("has any at all")),
    ("segment", "any_of"): (_("is in any of"), _("is in none of")),
    ("number", "at_least"): (_("at least"), _("less than")),
    ("number", "at_most"): (_("at most"), _("more than")),
    ("number", "equals"): (_("exactly"), _("not exactly")),
    ("number", "between"): (_("between"), _("not between")),
    ("date", "in"): (_("is"), _("is not")),
    ("birthday", "in"): (_("is"), _("is not")),
    ("birthday", "month"): (_("is in the month of"), _("is not in the month of")),
    ("flag", "yes"): (_("yes"), _("no")),
    ("rank", "top"): (_("among the top"), _("not among the top")),
}
_EMPTY: Final = (_("is empty"), _("is not empty"))


def field_label(field: Field, names: Names) -> str:
    """What a field is called where one chooses it."""
    if field.own is not None:
        return _own_label(field, names)
    if field.key.startswith("consent."):
        return str(_("Consent: %(purpose)s")) % {"purpose": consent_label(field.key)}
    return str(FIELDS[field.key][1])


def field_group(field: Field) -> str:
    """The key in :data:`GROUPS` of the group that a field stands in."""
    if field.own is not None:
        return "own"
    return "contact" if field.key.startswith("consent.") else FIELDS[field.key][0]


def fields_grouped(names: Names) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every field of the catalogue as (key, label), by the title of its group, in the order shown."""
    found: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
    places = {key: place for place, key in enumerate(FIELDS)}
    for field in sorted(names.catalogue.values(), key=lambda field: places.get(field.key, len(places))):
        found[field_group(field)].append((field.key, field_label(field, names)))
    return [(str(GROUPS[group]), fields) for group, fields in found.items() if fields]


def operator_label(field: Field, operator: str, *, negated: bool = False) -> str:
    """An operator as one chooses it between a field and its value."""
    kind = "number" if field.kind == "money" else field.kind
    return str(_KIND_OPERATORS.get((kind, operator), _EMPTY)[negated])


def consent_label(key: str) -> str:
    """What a consent is called, by the field that holds it: ``consent.newsletter.email``."""
    _prefix, purpose, *channel = key.split(".")
    return str(CONSENT_LABELS[purpose, "".join(channel)])


def _own_label(field: Field, names: Names) -> str:
    assert field.own is not None  # noqa: S101 - the caller has looked
    own = names.own.get(field.own.id)
    label = own.label if own else field.own.key
    return str(_("%(field)s (of a stay)")) % {"field": label} if field.of_stay else label
