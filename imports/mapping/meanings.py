"""What a column can mean, for each kind of file, and which meanings a file cannot do without."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from accounts.marking import gettext_noop
from imports.mapping.layout import KINDS, How, Kind
from imports.mapping.own import OwnField


class Meaning(NamedTuple):
    """What a column can mean. `label` is marked for translation, but for a field of the business's own, whose it is.

    `how` and `by` are how its columns are read unless a layout says otherwise. `is_required`: a file of this kind
    cannot be imported without it, or without another of its group in NEEDS.
    """

    key: str
    label: str
    group: str
    kinds: tuple[Kind, ...]
    how: How = "first"
    by: str = ""
    is_required: bool = False

    @property
    def is_own(self) -> bool:
        """Whether it is a field of the business's own, whose label is not to be translated."""
        return self.group == "own"


GROUPS: Final[Mapping[str, str]] = {
    "guest": gettext_noop("Guest"),
    "address": gettext_noop("Postal address"),
    "stay": gettext_noop("Stay"),
    "invoice": gettext_noop("Invoice"),
    "purchase": gettext_noop("Purchase"),
    "consent": gettext_noop("Consents"),
    "sensitive": gettext_noop("Sensitive details"),
    "own": gettext_noop("Own fields"),
}
"""Key and title of each group of meanings, in the order shown."""

WHO: Final = ("guest.id", "guest.full_name", "guest.given_name", "guest.family_name", "guest.company_name",
              "guest.email", "guest.phone")  # fmt: skip
"""Any of these says who a row speaks of."""
ADDRESS: Final = ("guest.email", "guest.phone", "guest.id")
CONSENTS: Final[Mapping[str, tuple[str, str]]] = {
    "consent.sensitive": ("sensitive", ""),
    "consent.newsletter.email": ("newsletter", "email"),
    "consent.newsletter.sms": ("newsletter", "sms"),
    "consent.profiling": ("profiling", ""),
    "consent.tracking": ("tracking", ""),
}
"""Meaning → purpose and channel."""
TOLD: Final = (".date", ".source", ".wording")
"""What may stand beside a consent: when, how, and the words that were agreed to."""
NEEDS: Final[Mapping[Kind, tuple[tuple[str, ...], ...]]] = {
    "guests": (WHO[1:],),
    "bookings": (
        ("stay.arrival", "stay.arrival_year"),
        ("stay.departure", "stay.nights"),
        WHO,
    ),
    "invoices": (("invoice.number",), ("invoice.amount",), WHO),
    "purchases": (("purchase.product", "purchase.code", "purchase.description", "purchase.amount"), WHO),
    "consents": ((*CONSENTS, "consent.answer", "guest.email_state"), ADDRESS),
}
"""Of each group a file of the kind must have one meaning at least."""

_ALL: Final = KINDS
_FULL: Final[tuple[Kind, ...]] = ("guests", "bookings")
_LISTS: Final[tuple[Kind, ...]] = ("guests", "bookings", "consents")
_STAYS: Final[tuple[Kind, ...]] = ("bookings",)
_INVOICES: Final[tuple[Kind, ...]] = ("invoices",)
_PURCHASES: Final[tuple[Kind, ...]] = ("purchases",)
_ANSWERS: Final[tuple[Kind, ...]] = ("consents",)
_MEANINGS: Final = (
    Meaning("guest.id", gettext_noop("Guest's number"), "guest", _ALL),
    Meaning("guest.kind", gettext_noop("Person or company"), "guest", _FULL),
    Meaning("guest.full_name", gettext_noop("Full name"), "guest", _ALL, "join", " "),
    Meaning("guest.given_name", gettext_noop("Given name"), "guest", _ALL, "join", " "),
    Meaning("guest.family_name", gettext_noop("Family name"), "guest", _ALL, "join", " "),
    Meaning("guest.family_prefix", gettext_noop("Prefix of the family name"), "guest", _ALL),
    Meaning("guest.company_name", gettext_noop("Company"), "guest", _ALL),
    Meaning("guest.organisation_number", gettext_noop("Organisation number"), "guest", _ALL),
    Meaning("guest.email", gettext_noop("E-mail address"), "guest", _ALL, "join"),
    Meaning("guest.phone", gettext_noop("Phone number"), "guest", _ALL, "join"),
    Meaning("guest.email_state", gettext_noop("State of the e-mail address"), "guest", _LISTS),
    Meaning("guest.language", gettext_noop("Language"), "guest", _FULL),
    Meaning("guest.nationality", gettext_noop("Nationality"), "guest", _FULL),
    Meaning("guest.birth_date", gettext_noop("Date of birth"), "guest", _FULL),
    Meaning("guest.source", gettext_noop("Where they came from"), "guest", _FULL),
    Meaning("guest.first_contact", gettext_noop("First contact"), "guest", _FULL),
    Meaning("guest.tags", gettext_noop("Tags"), "guest", _FULL, "join"),
    Meaning("guest.note", gettext_noop("Note"), "guest", _FULL, "join", "\n"),
    Meaning("guest.why_us", gettext_noop("Why they choose us"), "guest", _FULL),
    Meaning("guest.thanked", gettext_noop("How they were thanked"), "guest", _FULL),
    Meaning("guest.deal_breakers", gettext_noop("Deal breakers"), "guest", _FULL),
    Meaning("guest.changed_at", gettext_noop("Last changed"), "guest", _FULL),
    Meaning("guest.street", gettext_noop("Street address"), "address", _ALL, "join", ", "),
    Meaning("guest.house_number", gettext_noop("House number"), "address", _ALL, "join", " "),
    Meaning("guest.postal_code", gettext_noop("Postal code"), "address", _ALL),
    Meaning("guest.city", gettext_noop("City"), "address", _ALL),
    Meaning("guest.country", gettext_noop("Country"), "address", _ALL),
    Meaning("stay.id", gettext_noop("Booking's own number"), "stay", _STAYS, "join", "/"),
    Meaning("stay.reference", gettext_noop("Booking reference"), "stay", _STAYS),
    Meaning("stay.property", gettext_noop("Property"), "stay", _STAYS),
    Meaning("stay.status", gettext_noop("Status"), "stay", _STAYS),
    Meaning("stay.cancelled", gettext_noop("Cancelled, yes or no"), "stay", _STAYS),
    Meaning("stay.arrival", gettext_noop("Arrival"), "stay", _STAYS),
    Meaning("stay.arrival_year", gettext_noop("Year of arrival"), "stay", _STAYS),
    Meaning("stay.arrival_month", gettext_noop("Month of arrival"), "stay", _STAYS),
    Meaning("stay.arrival_day", gettext_noop("Day of arrival"), "stay", _STAYS),
    Meaning("stay.departure", gettext_noop("Departure"), "stay", _STAYS),
    Meaning("stay.nights", gettext_noop("Nights"), "stay", _STAYS, "sum"),
    Meaning("stay.adults", gettext_noop("Adults"), "stay", _STAYS, "sum"),
    Meaning("stay.children", gettext_noop("Children"), "stay", _STAYS, "sum"),
    Meaning("stay.unit", gettext_noop("Room or pitch"), "stay", _STAYS),
    Meaning("stay.unit_type", gettext_noop("Room type"), "stay", _STAYS),
    Meaning("stay.channel", gettext_noop("Channel"), "stay", _STAYS),
    Meaning("stay.amount", gettext_noop("Amount in all"), "stay", _STAYS),
    Meaning("stay.rate", gettext_noop("Price per night"), "stay", _STAYS),
    Meaning("stay.currency", gettext_noop("Currency"), "stay", _STAYS),
    Meaning("stay.booked_on", gettext_noop("Booked on"), "stay", _STAYS),
    Meaning("stay.lead_days", gettext_noop("Days from booking to arrival"), "stay", _STAYS),
    Meaning("stay.roles", gettext_noop("Part in the stay"), "stay", _STAYS, "join", "; "),
    Meaning("stay.note", gettext_noop("Note on the stay"), "stay", _STAYS, "join", " · "),
    Meaning("invoice.id", gettext_noop("Invoice's own number"), "invoice", _INVOICES),
    Meaning("invoice.number", gettext_noop("Invoice number"), "invoice", _INVOICES),
    Meaning("invoice.issued_on", gettext_noop("Issued on"), "invoice", _INVOICES),
    Meaning("invoice.due_on", gettext_noop("Due on"), "invoice", _INVOICES),
    Meaning("invoice.paid_on", gettext_noop("Paid on"), "invoice", _INVOICES),
    Meaning("invoice.state", gettext_noop("Paid or unpaid"), "invoice", _INVOICES),
    Meaning("invoice.amount", gettext_noop("Amount in all"), "invoice", _INVOICES),
    Meaning("invoice.currency", gettext_noop("Currency"), "invoice", _INVOICES),
    Meaning("invoice.stay", gettext_noop("Booking reference"), "invoice", _INVOICES),
    Meaning("invoice.note", gettext_noop("Note"), "invoice", _INVOICES, "join", " · "),
    Meaning("purchase.id", gettext_noop("Purchase's own number"), "purchase", _PURCHASES, "join", "/"),
    Meaning("purchase.bought_on", gettext_noop("Bought on"), "purchase", _PURCHASES),
    Meaning("purchase.product", gettext_noop("Product"), "purchase", _PURCHASES),
    Meaning("purchase.code", gettext_noop("Product's code"), "purchase", _PURCHASES),
    Meaning("purchase.description", gettext_noop("Description"), "purchase", _PURCHASES, "join", " "),
    Meaning("purchase.quantity", gettext_noop("Quantity"), "purchase", _PURCHASES),
    Meaning("purchase.amount", gettext_noop("Amount in all"), "purchase", _PURCHASES),
    Meaning("purchase.price", gettext_noop("Price of one"), "purchase", _PURCHASES),
    Meaning("purchase.currency", gettext_noop("Currency"), "purchase", _PURCHASES),
    Meaning("purchase.property", gettext_noop("Property"), "purchase", _PURCHASES),
    Meaning("purchase.stay", gettext_noop("Booking reference"), "purchase", _PURCHASES),
    Meaning("purchase.reference", gettext_noop("Reference"), "purchase", _PURCHASES),
    Meaning("consent.purpose", gettext_noop("What the answer is about"), "consent", _ANSWERS),
    Meaning("consent.channel", gettext_noop("Channel of the answer"), "consent", _ANSWERS),
    Meaning("consent.answer", gettext_noop("Answer, yes or no"), "consent", _ANSWERS),
    Meaning("consent.answer.date", gettext_noop("Answer: when"), "consent", _ANSWERS),
    Meaning("consent.answer.source", gettext_noop("Answer: how"), "consent", _ANSWERS),
    Meaning("consent.answer.wording", gettext_noop("Answer: wording"), "consent", _ANSWERS),
    Meaning("consent.newsletter.email", gettext_noop("Newsletter by e-mail"), "consent", _LISTS),
    Meaning("consent.newsletter.email.date", gettext_noop("Newsletter by e-mail: when"), "consent", _LISTS),
    Meaning("consent.newsletter.email.source", gettext_noop("Newsletter by e-mail: how"), "consent", _LISTS),
    Meaning("consent.newsletter.email.wording", gettext_noop("Newsletter by e-mail: wording"), "consent", _LISTS),
    Meaning("consent.newsletter.sms", gettext_noop("Newsletter by SMS"), "consent", _LISTS),
    Meaning("consent.newsletter.sms.date", gettext_noop("Newsletter by SMS: when"), "consent", _LISTS),
    Meaning("consent.newsletter.sms.source", gettext_noop("Newsletter by SMS: how"), "consent", _LISTS),
    Meaning("consent.newsletter.sms.wording", gettext_noop("Newsletter by SMS: wording"), "consent", _LISTS),
    Meaning("consent.profiling", gettext_noop("Profiling"), "consent", _LISTS),
    Meaning("consent.profiling.date", gettext_noop("Profiling: when"), "consent", _LISTS),
    Meaning("consent.profiling.source", gettext_noop("Profiling: how"), "consent", _LISTS),
    Meaning("consent.profiling.wording", gettext_noop("Profiling: wording"), "consent", _LISTS),
    Meaning("consent.tracking", gettext_noop("Page tracking"), "consent", _LISTS),
    Meaning("consent.tracking.date", gettext_noop("Page tracking: when"), "consent", _LISTS),
    Meaning("consent.tracking.source", gettext_noop("Page tracking: how"), "consent", _LISTS),
    Meaning("consent.tracking.wording", gettext_noop("Page tracking: wording"), "consent", _LISTS),
    Meaning("consent.sensitive", gettext_noop("Consent to sensitive details"), "consent", _LISTS),
    Meaning("consent.sensitive.date", gettext_noop("Consent to sensitive details: when"), "consent", _LISTS),
    Meaning("consent.sensitive.source", gettext_noop("Consent to sensitive details: how"), "consent", _LISTS),
    Meaning("consent.sensitive.wording", gettext_noop("Consent to sensitive details: wording"), "consent", _LISTS),
    Meaning("sensitive.allergies", gettext_noop("Allergies"), "sensitive", _FULL),
    Meaning("sensitive.food", gettext_noop("Food preferences"), "sensitive", _FULL),
    Meaning("sensitive.wishes", gettext_noop("Special wishes"), "sensitive", _FULL),
    Meaning("sensitive.spouse", gettext_noop("Spouse or partner"), "sensitive", _FULL),
    Meaning("sensitive.children", gettext_noop("Children"), "sensitive", ("guests",)),
)


def meanings(kind: Kind, *, fields: Sequence[OwnField] = ()) -> list[Meaning]:
    """What a column of a file of this kind can mean, in the order shown; `fields` are the business's own."""
    needed = {key for group in NEEDS[kind] for key in group if len(group) == 1}
    known = [meaning._replace(is_required=meaning.key in needed) for meaning in _MEANINGS if kind in meaning.kinds]
    targets = {"guests": ("guest",), "bookings": ("stay", "guest")}.get(kind, ())
    own = [
        Meaning(field.meaning, field.label, "own", (kind,))
        for target in targets
        for field in fields
        if field.target == target
    ]
    return known + own


def meaning_of(key: str) -> Meaning | None:
    """A meaning that every business has, by its key."""
    return _by_key().get(key)


def usual_how(key: str) -> tuple[How, str]:
    """How the columns of a meaning are read where nothing is said, and what is put between them."""
    meaning = _by_key().get(key)
    return (meaning.how, meaning.by) if meaning is not None else ("first", "")


def missing(kind: Kind, given: Iterable[str]) -> list[tuple[str, ...]]:
    """The groups of NEEDS of which nothing is given."""
    has = set(given)
    return [group for group in NEEDS[kind] if not has & set(group)]


def is_sensitive(meaning: str) -> bool:
    """Whether a meaning's values are kept only with a consent."""
    return meaning.startswith("sensitive.")


@cache
def _by_key() -> dict[str, Meaning]:
    return {meaning.key: meaning for meaning in _MEANINGS}
