"""Reads of the guest list: a page of it, how many there are, what can be filtered by."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from customers.card.models import ContactPoint, Customer, CustomerTag
from customers.conditions.selectors import TextMatch, Wanted, wanted
from customers.facts.models import CustomerFacts
from customers.filters import EMPTY, Group, Sql
from customers.listing.order import DEFAULT, Order, Place
from customers.listing.page_sql import count_matching, matching, page_places
from customers.permission.marks import contact_marks
from customers.search.candidates_sql import MET_MAX, Sizes
from customers.search.fetch_sql import ids
from customers.search.postings import posting_values, postings
from customers.search.selectors import guests_by_other_ways, guests_lookup, read_terms

PAGE = 50
COUNTED = 1_000
"""A list says at once how many it shows up to this number; the exact number comes later."""
RESOLVED_MAX = 2_000
GUESSES = 50


@dataclass(frozen=True)
class Row:
    """A guest as a list shows one. ``phone``: E.164 or as typed."""

    customer_id: int
    name: str
    kind: str
    phone: str
    email: str
    city: str
    country: str
    language: str
    stays: int
    value: Decimal
    currency: str
    last_stay: dt.date | None
    first_contact: dt.date
    tags: list[tuple[str, str]] = field(default_factory=list)
    marks: list[tuple[str, str]] = field(default_factory=list)
    """Contact rules that stand before the tags: restricted, deceased, do not contact."""


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the places its neighbours begin after and before, where there are any.

    ``total`` is how many guests the list has, where finding the page has told.
    """

    rows: list[Row]
    before: Place | None
    after: Place | None
    total: int | None = None


@dataclass(frozen=True)
class Found:
    """What a search text finds; ``is_guess``: nobody is called so, these are names that look like it."""

    match: TextMatch | None
    is_guess: bool = False


def guests_found(*, text: str, today: dt.date, calling_code: int | None = None) -> Found:
    """Resolve a list's search text as the palette reads it; an empty text finds everybody (``match`` is ``None``)."""
    if not text:
        return Found(None)
    terms = tuple(read_terms(text=text, calling_code=calling_code))
    other = guests_by_other_ways(text=text, calling_code=calling_code)
    sizes = Sizes().of(terms, MET_MAX)
    if terms and max(sizes) > MET_MAX and all(sizes):
        return Found(TextMatch(terms, tuple(other)))
    if terms and all(sizes):
        together = " INTERSECT ".join(f"SELECT * FROM {postings(term)} p" for term in terms)
        values = [value for term in terms for value in posting_values(term)]
        named = ids(f"SELECT customer_id FROM ({together}) m LIMIT %s", [*values, RESOLVED_MAX + 1])
        if len(named) > RESOLVED_MAX:
            return Found(TextMatch(terms, tuple(other)))
        other = sorted({*named, *other})
    if other:
        return Found(TextMatch((), tuple(other)))
    guessed = guests_lookup(text=text, today=today, calling_code=calling_code, most=GUESSES)
    return Found(TextMatch((), tuple(candidate.customer_id for candidate in guessed)), is_guess=bool(guessed))


def guest_page(
    *,
    guests: Wanted,
    order: Order = DEFAULT,
    after: Place | None = None,
    before: Place | None = None,
    size: int = PAGE,
) -> Page:
    """A page of the list: the first, the one ``after`` a place, or the one ``before`` it."""
    backwards = before is not None and after is None
    start = before if backwards else after
    places, total = page_places(guests, order, start=start, backwards=backwards, most=size + 1)
    more, places = len(places) > size, places[:size]
    if backwards:
        places.reverse()
    has_before = more if backwards else start is not None
    has_after = start is not None if backwards else more
    return Page(
        guest_rows(customer_ids=[place.id for place in places]),
        places[0] if places and has_before else None,
        places[-1] if places and has_after else None,
        total,
    )


def place_of(*, customer_id: int, order: Order) -> Place | None:
    """Where a guest stands in an order; ``None`` for a card that is not there."""
    found = CustomerFacts.objects.filter(customer_id=customer_id).values_list(order.column)
    for (value,) in found:
        return Place(value.isoformat() if isinstance(value, dt.date) else value, customer_id)
    return None


def guest_rows(*, customer_ids: Sequence[int]) -> list[Row]:
    """The rows of these guests, in this order; ids that are gone are left out."""
    customers = Customer.objects.in_bulk(customer_ids)
    facts = {each.customer_id: each for each in CustomerFacts.objects.filter(customer__in=customer_ids)}
    contacts: dict[tuple[int, str], str] = {}
    for point in ContactPoint.objects.filter(customer__in=customer_ids, is_primary=True):
        contacts[point.customer_id, point.kind] = point.normalised or point.value
    tags: dict[int, list[tuple[str, str]]] = {}
    for tagged in CustomerTag.objects.filter(customer__in=customer_ids).select_related("tag").order_by("slot"):
        tags.setdefault(tagged.customer_id, []).append((tagged.tag.tone, str(tagged.tag)))
    return [
        Row(
            pk,
            customer.name,
            customer.kind,
            contacts.get((pk, ContactPoint.Kind.PHONE), ""),
            contacts.get((pk, ContactPoint.Kind.EMAIL), ""),
            customer.city,
            customer.country,
            customer.language,
            facts[pk].stays,
            facts[pk].value,
            facts[pk].currency,
            facts[pk].last_stay,
            customer.first_contact,
            tags.get(pk, []),
            contact_marks(customer),
        )
        for pk in customer_ids
        if (customer := customers.get(pk)) is not None and pk in facts
    ]


def guest_count(*, guests: Wanted, most: int | None = None) -> int:
    """How many guests match; counted only as far as ``most`` where given."""
    match = guests.match
    if most is not None and most <= RESOLVED_MAX and match is not None and match.terms and not guests.tree:
        # Resolving the text has met more than that already.
        return most
    return count_matching(guests, most=most)


def matching_sql(*, tree: Group = EMPTY, match: TextMatch | None = None) -> Sql:
    """A statement that gives the ids of all who match, under the policy of the business in scope; to be sent while
    :func:`customers.search.fetch_sql.scanning`.

    Raises :class:`customers.filters.TreeError` for a filter that refers to a segment that is gone.
    """
    return matching(wanted(tree=tree, match=match))
