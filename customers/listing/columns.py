"""The columns that a guest list may show beside the name, and what stands in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import formats
from customers.conditions.labels import consent_label
from customers.conditions.names import Names, locale
from customers.conditions.selectors import CONSENT_NAMES
from customers.facts.models import CustomerFacts
from customers.fields.selectors import values_of_guests
from customers.listing.selectors import Row

USUAL: Final = ("contact", "tags", "stays", "last", "value", "first")
"""What a list shows unless asked otherwise."""
OWN: Final = "own."


@dataclass(frozen=True)
class Column:
    """A column. ``order`` is the list's order by it, where there is one; ``looks`` are the classes of its cells."""

    key: str
    label: Any
    order: str = ""
    descending: bool = False
    """Whether it is sorted downwards first."""
    looks: str = ""
    special: str = ""
    """A cell that is more than a text: ``contact`` or ``tags``."""

    @property
    def is_number(self) -> bool:
        """Whether its cells stand on the right."""
        return "num" in self.looks.split()


_BUILT_IN: Final = (
    Column("contact", gettext_lazy("Phone or e-mail"), looks="plain", special="contact"),
    Column("phone", gettext_lazy("Phone"), looks="plain nowrap"),
    Column("email", gettext_lazy("E-mail"), looks="plain", special="email"),
    Column("tags", gettext_lazy("Tags"), looks="plain", special="tags"),
    Column("stays", gettext_lazy("Stays"), "stays", descending=True, looks="num"),
    Column("nights", gettext_lazy("Nights"), looks="num"),
    Column("last", gettext_lazy("Last stay"), "last", descending=True, looks="nowrap"),
    Column("next", gettext_lazy("Next arrival"), looks="nowrap"),
    Column("value", gettext_lazy("Value"), "value", descending=True, looks="num plain"),
    Column("value_12_months", gettext_lazy("Value in 12 months"), looks="num plain"),
    Column("first", gettext_lazy("First contact"), "first", looks="nowrap wide-only"),
    Column("language", gettext_lazy("Language"), looks="plain"),
    Column("country", gettext_lazy("Country"), looks="plain"),
    Column("city", gettext_lazy("City"), looks="plain"),
    Column("postal_code", gettext_lazy("Postal code"), looks="plain nowrap"),
    Column("source", gettext_lazy("Source"), looks="plain"),
    Column("kind", gettext_lazy("Person or company"), looks="plain"),
    Column("consents", gettext_lazy("Consents"), looks="plain"),
    Column("cancelled", gettext_lazy("Cancelled stays"), looks="num"),
    Column("no_shows", gettext_lazy("No-shows"), looks="num"),
    Column("last_activity", gettext_lazy("Last activity"), looks="nowrap"),
    Column("opened", gettext_lazy("Last opened a message"), looks="nowrap"),
    Column("clicked", gettext_lazy("Last followed a link"), looks="nowrap"),
)


@dataclass(frozen=True)
class Cell:
    """What stands in a column of a row."""

    column: Column
    text: str


def columns_known(names: Names) -> dict[str, Column]:
    """Every column by its key, the guests' own fields last."""
    own = [
        Column(f"{OWN}{field.own.key}", names.own[field.own.id].label, looks="plain")
        for field in names.catalogue.values()
        if field.own is not None and not field.of_stay
    ]
    return {column.key: column for column in (*_BUILT_IN, *own)}


def columns_shown(keys: Sequence[str], names: Names) -> list[Column]:
    """The columns of a list that names ``keys``; a field that is gone is left out, and none is the usual ones."""
    known = columns_known(names)
    return [known[key] for key in keys if key in known] or [known[key] for key in USUAL]


def cells_of(rows: Sequence[Row], columns: Sequence[Column], names: Names) -> list[list[Cell]]:
    """The cells of each row. Reads the facts, and the fields of the business's own, where a column needs them."""
    ids = [row.customer_id for row in rows]
    keys = {column.key for column in columns}
    facts = {}
    if keys & _OF_FACTS.keys():
        facts = {each.customer_id: each for each in CustomerFacts.objects.filter(customer__in=ids)}
    own = values_of_guests(customer_ids=ids) if any(key.startswith(OWN) for key in keys) else {}
    texts: list[dict[str, str]] = []
    for row in rows:
        said = {key: _OF_ROW[key](row, names) for key in keys & _OF_ROW.keys()}
        if row.customer_id in facts:
            said |= {key: _OF_FACTS[key](facts[row.customer_id], names) for key in keys & _OF_FACTS.keys()}
        said |= {f"{OWN}{line.field.key}": line.shown for line in own.get(row.customer_id, ())}
        texts.append(said)
    return [[Cell(column, said.get(column.key, "")) for column in columns] for said in texts]


def _money(amount: Any, currency: str) -> str:
    return formats.money(amount, currency, locale()) if currency else ""


def _day(day: Any) -> str:
    return formats.day(day, locale()) if day else ""


def _coded(field: str) -> Callable[[Any, Names], str]:
    def said(held: Any, names: Names) -> str:
        value = getattr(held, field)
        return names.value(names.catalogue[field], value) if value else ""

    return said


def _consents(facts: CustomerFacts, names: Names) -> str:
    given = [name for place, name in enumerate(CONSENT_NAMES) if facts.consents >> (2 * place) & 1]
    return ", ".join(consent_label(f"consent.{name}") for name in given) or _("None")


_OF_ROW: Final[Mapping[str, Callable[[Row, Names], str]]] = {
    "contact": lambda row, names: formats.phone(row.phone) if row.phone else row.email,
    "phone": lambda row, names: formats.phone(row.phone) if row.phone else "",
    "email": lambda row, names: row.email,
    "stays": lambda row, names: names.count(row.stays),
    "last": lambda row, names: _day(row.last_stay),
    "value": lambda row, names: _money(row.value, row.currency),
    "first": lambda row, names: _day(row.first_contact),
    "language": _coded("language"),
    "country": _coded("country"),
    "city": lambda row, names: row.city,
    "kind": _coded("kind"),
}
_OF_FACTS: Final[Mapping[str, Callable[[CustomerFacts, Names], str]]] = {
    "nights": lambda facts, names: names.count(facts.nights),
    "next": lambda facts, names: _day(facts.next_arrival),
    "value_12_months": lambda facts, names: _money(Decimal(facts.value_12_months) / 100, facts.currency),
    "postal_code": lambda facts, names: facts.postal_code,
    "source": _coded("source"),
    "consents": _consents,
    "cancelled": lambda facts, names: names.count(facts.cancelled),
    "no_shows": lambda facts, names: names.count(facts.no_shows),
    "last_activity": lambda facts, names: _day(facts.last_activity),
    "opened": lambda facts, names: _day(facts.last_opened),
    "clicked": lambda facts, names: _day(facts.last_clicked),
}
