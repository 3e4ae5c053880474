"""The columns that each kind of export may have: their names, what stands in them, and the SQL that tells it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.export.models import Kind
from customers.fields.models import CustomField
from customers.fields.selectors import field_list

OWN_PREFIX: Final = "f."
TEXT, DATE, MOMENT, NUMBER, MONEY = "text", "date", "moment", "number", "money"

WHO, CONTACT, MORE, CONSENT, RULES, FIGURES, STAY, PAPER, OWN = (
    "who", "contact", "more", "consent", "rules", "figures", "stay", "paper", "own",
)  # fmt: skip
GROUPS: Final[dict[str, Any]] = {
    WHO: _("Who"),
    STAY: pgettext_lazy("columns of a file", "The stay"),
    PAPER: pgettext_lazy("columns of a file", "What was billed or bought"),
    CONTACT: _("Contact"),
    MORE: _("More about them"),
    CONSENT: _("Consents"),
    RULES: _("Contact rules"),
    FIGURES: _("Figures"),
    OWN: _("Own fields"),
}
"""Groups of columns in the order they are offered."""


@dataclass(frozen=True)
class Column:
    """A column. ``key`` is its name for programs, as an import reads it; ``label`` the one for people.

    ``sql`` is an expression over the tables of :mod:`customers.export.statements`, ``part`` the one of them that is
    joined for it. ``type`` is what a workbook holds it as. ``usual``: part of a file that nobody has chosen.
    ``follows``: the column without which this one is not chosen, and with which it is: a consent and its proof.
    """

    key: str
    label: Any
    group: str
    sql: str
    part: str = ""
    type: str = TEXT
    usual: bool = True
    follows: str = ""
    field: CustomField | None = None


def columns_of(kind: str) -> list[Column]:
    """Every column of a kind in the order of a file, the business's own fields last. One query at most."""
    return [*_BUILT_IN[kind](), *_own(kind)]


def built_in(kind: str) -> list[Column]:
    """Every column of a kind that is not the business's own."""
    return _BUILT_IN[kind]()


def columns_chosen(kind: str, keys: Sequence[str]) -> list[Column]:
    """The columns of these keys in the order of a file; those that are gone are left out. Without keys the usual."""
    every = columns_of(kind)
    if not keys:
        return [column for column in every if column.usual]
    wanted = set(keys)
    return [column for column in every if column.key in wanted or column.follows in wanted]


def names_of(columns: Sequence[Column], *, readable: bool) -> list[str]:
    """The header: keys, or ``readable`` the labels in the active language, no two alike."""
    if not readable:
        return [column.key for column in columns]
    found: list[str] = []
    taken: set[str] = set()
    for column in columns:
        name = str(column.label)
        if name.casefold() in taken:
            name = f"{name} ({column.key})"
        taken.add(name.casefold())
        found.append(name)
    return found


def _guest_id(key: str) -> list[Column]:
    return [Column(key, _("Guest number"), WHO, "c.id::text", type=NUMBER)]


_NAMES: Final = (
    Column("given_name", _("Given name"), WHO, "c.given_name"),
    Column("family_name", _("Family name"), WHO, "c.family_name"),
    Column("company", _("Company"), WHO, "c.company_name"),
)
_REACHED: Final = (
    Column("email", _("E-mail"), CONTACT, "p.email", "points"),
    Column("phone", _("Phone"), CONTACT, "p.phone", "points"),
)


def _guests() -> list[Column]:
    return [
        *_guest_id("id"),
        Column("kind", _("Person or company"), WHO, "c.kind"),
        *_NAMES,
        Column("organisation_number", _("Organisation number"), WHO, "c.organisation_number"),
        *_REACHED,
        Column("language", _("Language"), WHO, "c.language"),
        Column("nationality", _("Nationality"), WHO, "c.nationality"),
        Column("street", _("Street address"), CONTACT, "c.street"),
        Column("postal_code", _("Postal code"), CONTACT, "c.postal_code"),
        Column("city", _("City"), CONTACT, "c.city"),
        Column("country", _("Country"), CONTACT, "c.country"),
        Column("birth_date", _("Date of birth"), WHO, "c.birth_date", type=DATE),
        Column("source", _("Where they came from"), MORE, "c.source"),
        Column("first_contact", _("First contact"), MORE, "c.first_contact", type=DATE),
        Column("tags", _("Tags"), MORE, "t.tags", "tags"),
        Column("note", _("Note"), MORE, "c.note"),
        Column("why_us", _("Why they choose us"), MORE, "c.why_us"),
        Column("thanked", _("How they were thanked"), MORE, "c.thanked"),
        Column("deal_breakers", _("Deal breakers"), MORE, "c.deal_breakers"),
        Column("do_not_contact", _("Do not contact"), RULES, "CASE WHEN c.do_not_contact THEN 'yes' END"),
        Column("deceased", _("Deceased"), RULES, "CASE WHEN c.is_deceased THEN 'yes' END"),
        Column("stays", _("Stays"), FIGURES, "f.stays::text", type=NUMBER),
        Column("nights", _("Nights"), FIGURES, "f.nights::text", type=NUMBER),
        Column("value", _("Value"), FIGURES, "f.value::text", type=MONEY),
        Column("currency", _("Currency"), FIGURES, "f.currency"),
        Column("last_stay", _("Last stay"), FIGURES, "f.last_stay", type=DATE),
        Column("next_arrival", _("Next arrival"), FIGURES, "f.next_arrival", type=DATE, usual=False),
        *_consent("newsletter_email", _("Newsletter by e-mail")),
        *_consent("newsletter_sms", _("Newsletter by SMS")),
        *_consent("profiling_consent", _("Profiling")),
        *_consent("tracking_consent", _("Page tracking")),
        *_consent("sensitive_consent", _("Sensitive details")),
    ]


CONSENTS: Final = {
    "newsletter_email": ("newsletter", "email"),
    "newsletter_sms": ("newsletter", "sms"),
    "profiling_consent": ("profiling", ""),
    "tracking_consent": ("tracking", ""),
    "sensitive_consent": ("sensitive", ""),
}
"""Columns of the guest list that tell of a consent: its purpose and channel."""


class _Named:
    """``Newsletter by e-mail: date``, in the reader's language."""

    def __init__(self, consent: Any, what: Any) -> None:
        self.consent, self.what = consent, what

    def __str__(self) -> str:
        return f"{self.consent}: {self.what}"


def _consent(key: str, label: Any) -> list[Column]:
    """What holds of a consent, with what a proof needs: when, how and on which words."""
    told = (
        ("", label, "state", TEXT),
        ("_date", _Named(label, pgettext_lazy("of a consent", "date")), "at", MOMENT),
        ("_source", _Named(label, pgettext_lazy("of a consent", "source")), "source", TEXT),
        ("_wording", _Named(label, pgettext_lazy("of a consent", "wording")), "wording", TEXT),
    )
    return [
        Column(f"{key}{end}", name, CONSENT, f"s.{key}_{what}", "states", type, usual=False, follows=key if end else "")
        for end, name, what, type in told
    ]


def _stays() -> list[Column]:
    return [
        Column("stay_id", _("Stay number"), STAY, "s.id::text", type=NUMBER),
        Column("property", _("Property"), STAY, "h.name", "property"),
        Column("status", _("Status"), STAY, "s.status"),
        Column("arrival", _("Arrival"), STAY, "s.arrival", type=DATE),
        Column("departure", _("Departure"), STAY, "s.departure", type=DATE),
        Column("nights", _("Nights"), STAY, "(s.departure - s.arrival)::text", type=NUMBER),
        Column("unit", _("Room or pitch"), STAY, "s.unit"),
        Column("unit_type", _("Room type"), STAY, "s.unit_type"),
        Column("adults", _("Adults"), STAY, "s.adults::text", type=NUMBER),
        Column("children", _("Children"), STAY, "s.children::text", type=NUMBER),
        Column("reference", _("Booking reference"), STAY, "s.reference"),
        Column("channel", _("Channel"), STAY, "s.channel"),
        Column("amount", _("Amount"), STAY, "s.amount::text", type=MONEY),
        Column("currency", _("Currency"), STAY, "s.currency"),
        Column("booked_on", _("Booked on"), STAY, "s.booked_on", type=DATE),
        Column("note", _("Note"), STAY, "s.note"),
        *_elsewhere("s", STAY),
        Column("roles", _("Part in the stay"), WHO, _ROLES),
        *_guest_id("guest_id"),
        *_NAMES,
        *_REACHED,
        Column("language", _("Language"), WHO, "c.language"),
        Column("country", _("Country"), CONTACT, "c.country"),
    ]


_ROLES: Final = (
    "concat_ws('; ', CASE WHEN b.is_guest THEN 'guest' END, CASE WHEN b.is_booker THEN 'booker' END,"
    " CASE WHEN b.is_payer THEN 'payer' END, CASE WHEN b.is_agent THEN 'agent' END)"
)


def _elsewhere(table: str, group: str) -> list[Column]:
    return [
        Column("external_system", _("Other system"), group, f"{table}.external_system", usual=False),
        Column("external_id", _("Number in the other system"), group, f"{table}.external_id", usual=False),
    ]


def _invoices() -> list[Column]:
    return [
        Column("invoice_id", _("Number in Innkeeper"), PAPER, "b.id::text", type=NUMBER),
        Column("number", _("Invoice number"), PAPER, "b.number"),
        Column("issued_on", _("Issued on"), PAPER, "b.issued_on", type=DATE),
        Column("due_on", _("Due on"), PAPER, "b.due_on", type=DATE),
        Column("paid_on", _("Paid on"), PAPER, "b.paid_on", type=DATE),
        Column("amount", _("Amount"), PAPER, "b.amount::text", type=MONEY),
        Column("currency", _("Currency"), PAPER, "b.currency"),
        Column("note", _("Note"), PAPER, "b.note"),
        *_elsewhere("b", PAPER),
        *_of_a_stay(),
        *_guest_id("guest_id"),
        *_NAMES,
        *_REACHED,
    ]


def _of_a_stay() -> list[Column]:
    return [
        Column("stay_id", _("Stay number"), STAY, "b.stay_id::text", type=NUMBER),
        Column("stay_reference", _("Booking reference"), STAY, "s.reference", "stay"),
    ]


def _purchases() -> list[Column]:
    return [
        Column("purchase_id", _("Number in Innkeeper"), PAPER, "b.id::text", type=NUMBER),
        Column("bought_on", _("Bought on"), PAPER, "b.bought_on", type=DATE),
        Column("product", _("Product"), PAPER, "d.name", "product"),
        Column("product_code", _("Product code"), PAPER, "d.code", "product"),
        Column("description", pgettext_lazy("of a purchase", "What was bought"), PAPER, "b.description"),
        Column("quantity", _("Quantity"), PAPER, "trim_scale(b.quantity)::text", type=NUMBER),
        Column("amount", _("Amount"), PAPER, "b.amount::text", type=MONEY),
        Column("currency", _("Currency"), PAPER, "b.currency"),
        Column("reference", _("Reference"), PAPER, "b.reference"),
        Column("property", _("Property"), PAPER, "h.name", "property"),
        *_elsewhere("b", PAPER),
        *_of_a_stay(),
        *_guest_id("guest_id"),
        *_NAMES,
        *_REACHED,
    ]


def _consents() -> list[Column]:
    return [
        *_guest_id("guest_id"),
        *_NAMES,
        *_REACHED,
        Column("purpose", pgettext_lazy("of a consent", "What for"), CONSENT, "b.purpose"),
        Column("channel", _("Channel"), CONSENT, "b.channel"),
        Column("state", _("State"), CONSENT, "e.act", "event"),
        Column("decided_at", _("Decided at"), CONSENT, "e.at", "event", MOMENT),
        Column("recorded_at", _("Recorded at"), CONSENT, "e.recorded_at", "event", MOMENT),
        Column("source", _("Source"), CONSENT, "e.source", "event"),
        Column("decided_by", _("Decided by"), CONSENT, "CASE WHEN e.by_guest THEN 'guest' ELSE 'member' END", "event"),
        Column("recorded_by", _("Recorded by"), CONSENT, "e.actor", "event"),
        Column("ip_address", _("IP address"), CONSENT, "host(e.address)", "event"),
        Column("wording_version", _("Version of the wording"), CONSENT, "w.version::text", "wording", NUMBER),
        Column("wording_language", _("Language of the wording"), CONSENT, "e.language", "event"),
        Column("wording", pgettext_lazy("of a consent", "Wording"), CONSENT, "w.texts ->> e.language", "wording"),
        Column("proof", _("Proof"), CONSENT, "e.proof", "event"),
    ]


_BUILT_IN: Final[dict[str, Callable[[], list[Column]]]] = {
    Kind.GUESTS: _guests,
    Kind.STAYS: _stays,
    Kind.INVOICES: _invoices,
    Kind.PURCHASES: _purchases,
    Kind.CONSENTS: _consents,
}
_TARGETS: Final = {Kind.GUESTS.value: CustomField.Target.GUEST, Kind.STAYS.value: CustomField.Target.STAY}

_NUMBER: Final = (
    "CASE WHEN scale(trim_scale(o.n{pk})) = 3 THEN trim_scale(o.n{pk})::text || '0' ELSE trim_scale(o.n{pk})::text END"
)
"""Never with exactly three decimals, which could be read as thousands (as ``customers.fields.values`` writes it)."""
_OWN_SQL: Final = {
    CustomField.Kind.NUMBER: (_NUMBER, NUMBER),
    CustomField.Kind.DATE: ("o.d{pk}", DATE),
    CustomField.Kind.YES_NO: ("CASE o.y{pk} WHEN true THEN 'yes' WHEN false THEN 'no' END", TEXT),
}


def _own(kind: str) -> list[Column]:
    target = _TARGETS.get(kind)
    found = []
    for field in field_list(target=target) if target else []:
        sql, type = _OWN_SQL.get(CustomField.Kind(field.kind), ("o.t{pk}", TEXT))
        found.append(
            Column(f"{OWN_PREFIX}{field.key}", field.label, OWN, sql.format(pk=field.pk), "own", type, field=field)
        )
    return found
