"""The fields a filter knows: their kinds, the operators of each kind, and where their values stand. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

Kind = Literal["text", "choice", "tags", "segment", "number", "money", "date", "birthday", "flag", "rank"]

OPERATORS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "text": ("is", "contains", "starts_with", "empty"),
    "choice": ("any_of",),
    "tags": ("any_of", "all_of", "empty"),
    "segment": ("any_of",),
    "number": ("at_least", "at_most", "equals", "between", "empty"),
    "money": ("at_least", "at_most", "between"),
    "date": ("in", "empty"),
    "birthday": ("month", "in", "empty"),
    "flag": ("yes",),
    "rank": ("top",),
}
"""Every operator can be negated, which makes *is not*, *none of*, *has a value* and so on of them."""

LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2})?", re.ASCII)
COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
CONSENT_STATES: Final = ("granted", "withdrawn", "unknown")


def code(word: str) -> int:
    """The number that stands for a word in the facts: its first five letters, five bits each, as the database has it.

    Languages, countries and the words of each closed list differ in these. 0 for no word.
    """
    return sum((ord(letter) & 31) << (5 * place) for place, letter in enumerate(word[:5]))


@dataclass(frozen=True)
class OwnField:
    """A field of the business's own: its id, key, kind as the register knows it, and the keys of a choice."""

    id: int
    key: str
    kind: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Rows of a guest that an aggregate counts or sums.

    ``source`` is SQL after ``FROM``; ``guest`` the column of their guest; ``holds`` what is true of every
    row that counts unless ``where`` names the column in it; ``when`` the day or moment a period bounds; ``where`` what
    can be named, with the SQL of each.
    """

    source: str
    guest: str
    when: str
    where: Mapping[str, str]
    ids: frozenset[str] = frozenset()
    """Which of ``where`` take ids; the others take texts."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The texts that some of ``where`` take; others take any."""
    is_moment: bool = False
    holds: str = "true"
    unless: str = ""
    """The name in ``where`` that lifts ``holds``."""
    within: str = ""
    """A function that answers for the whole register at once. It takes what is counted, by the last word of the field's
    key, the first and last day, a list for each of ``where`` in its order, the currency, both bounds, and whether to
    turn these around."""


@dataclass(frozen=True)
class Field:
    """One field.

    ``column`` is SQL over the facts ``f``; ``options`` the values of a closed choice (``""`` is unknown), ``pattern``
    the form of an open one, ``codes`` what stands in the column for each option where that is not the text itself.
    ``is_lower``: the column holds a text in small letters already; ``is_coded``: the :func:`code` of a word.
    ``rows`` makes it an aggregate of ``sum``, and ``days`` are the days of all rows that it counts, ascending, over the
    facts ``f``; ``own`` makes it a field of the business's own, with ``of_stay`` one of stays.
    """

    key: str
    kind: Kind
    column: str = ""
    options: tuple[str, ...] | None = None
    pattern: re.Pattern[str] | None = None
    codes: Mapping[str, int] | None = None
    is_lower: bool = False
    is_coded: bool = False
    nullable: bool = False
    rows: Rows | None = None
    sum: str = ""
    days: str = ""
    currency: str = ""
    own: OwnField | None = None
    of_stay: bool = False

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators it takes."""
        found = OPERATORS[self.kind]
        return found if self.nullable or self.kind in ("text", "tags") else tuple(o for o in found if o != "empty")

    def is_narrow(self, where: Sequence[object] = ()) -> bool:
        """Whether the facts alone answer it, by one look at a row; ``where`` is what its rows are narrowed by."""
        return self.own is None and (self.rows is None or (bool(self.days) and not where))


_TOOK_PLACE: Final = "s.status IN ('checked_in', 'checked_out')"
_STAY: Final = "customers_stayparticipant p JOIN customers_stay s ON s.id = p.stay_id"
_STAY_WHERE: Final = {
    "property": "s.property_id",
    "unit_type": "s.unit_type",
    "channel": "s.channel",
    "status": "s.status",
}
_STATUSES: Final = {"status": ("booked", "checked_in", "checked_out", "cancelled", "no_show")}
STAYS: Final = Rows(
    f"{_STAY} WHERE p.is_guest",
    "p.customer_id",
    "s.arrival",
    _STAY_WHERE,
    frozenset({"property"}),
    _STATUSES,
    holds=_TOOK_PLACE,
    unless="status",
    within="customers_stays_within",
)
STAYS_PAID: Final = replace(STAYS, source=f"{_STAY} WHERE p.is_payer AND s.amount IS NOT NULL")
PURCHASES: Final = Rows(
    "customers_purchase b WHERE true",
    "b.customer_id",
    "b.bought_on",
    {"product": "b.product_id", "property": "b.property_id"},
    frozenset({"product", "property"}),
)
INVOICE_STATE: Final = (
    "CASE WHEN i.paid_on IS NOT NULL THEN 'paid' WHEN i.due_on < %s::date THEN 'overdue' ELSE 'due' END"
)
"""Takes today; as ``Invoice.state_on`` has it."""
INVOICES: Final = Rows(
    "customers_invoice i WHERE true",
    "i.customer_id",
    "i.issued_on",
    {"state": INVOICE_STATE},
    options={"state": ("due", "overdue", "paid")},
)
ACTIVITIES: Final = Rows(
    "customers_activity a WHERE true",
    "a.customer_id",
    "a.at",
    {"kind": "a.kind"},
    options={"kind": ("note", "call", "visit", "email", "form", "sms")},
    is_moment=True,
)


class Catalogue(Mapping[str, Field]):
    """Every field by its key, in the order offered."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = {each.key: each for each in fields}

    def __getitem__(self, key: str) -> Field:
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def catalogue_of(
    *,
    sources: Sequence[str],
    consents: Sequence[str],
    states: Sequence[str],
    reach: Sequence[str],
    guest_fields: Sequence[OwnField] = (),
    stay_fields: Sequence[OwnField] = (),
) -> Catalogue:
    """The fields of a business.

    ``sources``: where guests come from. ``consents``: purposes with their channels, as ``newsletter.email``, in the
    order of the facts' bits. ``states`` of an address. ``reach``: reasons against a newsletter, in the order of the
    facts' codes.
    """
    codes = {"ok": 0} | {reason: place for place, reason in enumerate(map(str, reach), 1)}
    address = ("none", *states)
    built = [
        Field("language", "choice", "f.language", pattern=LANGUAGE, is_coded=True),
        Field("tags", "tags", "f.tags"),
        Field("country", "choice", "f.country", pattern=COUNTRY, is_coded=True),
        Field("nationality", "choice", "f.nationality", pattern=COUNTRY, is_coded=True),
        Field("city", "text", "f.city", is_lower=True),
        Field("postal_code", "text", "f.postal_code", is_lower=True),
        Field("source", "choice", "f.source", options=tuple(sources), is_coded=True),
        Field("kind", "choice", "f.kind", options=("person", "company"), is_coded=True),
        Field("first_contact", "date", "f.first_contact"),
        Field("age", "number", "f.birth_date", nullable=True),
        Field("birthday", "birthday", "f.birthday", nullable=True),
        Field("birth_date", "date", "f.birth_date", nullable=True),
        Field("stays", "number", "f.stays"),
        Field("nights", "number", "f.nights"),
        Field("last_stay", "date", "f.last_stay", nullable=True),
        Field("next_arrival", "date", "f.next_arrival", nullable=True),
        Field("first_arrival", "date", "f.first_arrival", nullable=True),
        Field("cancelled", "number", "f.cancelled"),
        Field("no_shows", "number", "f.no_shows"),
        Field("stays.count", "number", rows=STAYS, sum="count(*)", days="f.arrivals"),
        Field("stays.nights", "number", rows=STAYS, sum="sum(s.departure - s.arrival)"),
        Field("stays.amount", "money", rows=STAYS_PAID, sum="sum(s.amount)", currency="s.currency"),
        Field("value", "money", "f.value_minor"),
        Field("value_12_months", "money", "f.value_12_months"),
        Field("value_this_year", "money", "f.value_this_year"),
        Field("value_rank", "rank", "f.value_minor"),
        Field("purchases.count", "number", rows=PURCHASES, sum="count(*)"),
        Field("purchases.amount", "money", rows=PURCHASES, sum="sum(b.amount)", currency="b.currency"),
        Field("invoices.count", "number", rows=INVOICES, sum="count(*)"),
        Field("invoices.amount", "money", rows=INVOICES, sum="sum(i.amount)", currency="i.currency"),
        Field("last_activity", "date", "f.last_activity", nullable=True),
        Field("activities.count", "number", rows=ACTIVITIES, sum="count(*)"),
        Field("opened", "date", "f.last_opened", nullable=True),
        Field("clicked", "date", "f.last_clicked", nullable=True),
        *(
            Field(f"consent.{name}", "choice", str(bit), options=CONSENT_STATES)
            for bit, name in enumerate(consents)
        ),
        Field("email_reach", "choice", "f.email_reach", options=tuple(codes), codes=codes),
        Field("sms_reach", "choice", "f.sms_reach", options=tuple(codes), codes=codes),
        Field("email_state", "choice", "f.email_state", options=address),
        Field("phone_state", "choice", "f.phone_state", options=address),
        Field("do_not_contact", "flag", "f.do_not_contact"),
        Field("restricted", "flag", "f.is_restricted"),
        Field("deceased", "flag", "f.is_deceased"),
        Field("segment", "segment"),
        *(_own(each, of_stay=False) for each in guest_fields),
        *(_own(each, of_stay=True) for each in stay_fields),
    ]  # fmt: skip
    return Catalogue(built)


_OWN_KINDS: Final[Mapping[str, Kind]] = {
    "text": "text",
    "number": "number",
    "date": "date",
    "choice": "choice",
    "yes_no": "flag",
}


def _own(own: OwnField, *, of_stay: bool) -> Field:
    kind = _OWN_KINDS[own.kind]
    return Field(
        f"{'stay_own' if of_stay else 'own'}.{own.key}",
        kind,
        options=own.options if kind == "choice" else None,
        nullable=kind in ("number", "date"),
        own=own,
        of_stay=of_stay,
    )
