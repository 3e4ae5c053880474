"""The guest list: every filter and order against plain Python, page by page, both ways."""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.conditions.selectors import wanted
from customers.facts.models import CustomerFacts
from customers.filters import EMPTY, Condition, Group, Period
from customers.listing.order import Order, read_order
from customers.listing.selectors import guest_count, guest_page, guest_rows, guests_found
from customers.normalise import identity_key, search_tokens, sort_key
from tests.cast import House
from tests.factories import CustomerFactory, EmailFactory, PhoneFactory

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 7, 15)
ORDERS = [f"{sign}{name}" for name in ("name", "first", "last", "stays", "value") for sign in ("", "-")]
GIVEN = ("Kari", "Per", "Åse", "Jan", "Anne-Marie")
FAMILY = ("Nordmann", "Berg", "Ødegård", "")


@pytest.fixture
def register(fjordstuen: House) -> list[Customer]:
    """Forty guests with few distinct values, so that ties, gaps and combinations all occur; the same every time."""
    dice = random.Random(7)
    with change_set(kind=ChangeSet.Kind.EDIT):
        guests = []
        for _ in range(40):
            given, family = dice.choice(GIVEN), dice.choice(FAMILY)
            guests.append(
                Customer(
                    given_name=given,
                    family_name=family,
                    language=dice.choice(["nb", "nl", ""]),
                    source=dice.choice(["", "phone", "website"]),
                    first_contact=dt.date(2024, 1, dice.randint(1, 9)),
                    sort_key=sort_key(given, family, "", language="nb"),
                    identity_key=identity_key(given, family, ""),
                    search_tokens=" ".join(search_tokens(given, family, "")),
                )
            )
        Customer.objects.bulk_create(guests)
        tags = list(Tag.objects.order_by("id")[:2])
        CustomerTag.objects.bulk_create(
            CustomerTag(customer=guest, tag=tag, slot=slot)
            for guest in guests
            for slot, tag in enumerate(tags, start=1)
            if dice.random() < 0.4
        )
    for guest in guests:
        stayed = dice.random() < 0.6
        CustomerFacts.objects.filter(customer=guest).update(
            stays=dice.randint(1, 3) if stayed else 0,
            value=Decimal(dice.choice(["0", "100", "99.95"])),
            last_stay=dt.date(2026, 1, dice.randint(1, 9)) if stayed else None,
        )
    return guests


Look = Callable[[Customer, CustomerFacts, set[int]], bool]


def expected_of(register: list[Customer], shown: Look, text: str, order: Order) -> list[int]:
    """The list in plain Python."""
    facts = {each.customer_id: each for each in CustomerFacts.objects.all()}
    tags: dict[int, set[int]] = {}
    for tagged in CustomerTag.objects.all():
        tags.setdefault(tagged.customer_id, set()).add(tagged.tag_id)

    def found(guest: Customer) -> bool:
        words = [search_tokens(word, "", "") for word in text.split()]
        held = guest.search_tokens.split()
        return shown(guest, facts[guest.pk], tags.get(guest.pk, set())) and all(
            any(token.startswith(tuple(forms)) for token in held) for forms in words
        )

    def value(guest: Customer) -> Any:
        return getattr(facts[guest.pk], order.column)

    rows = sorted((guest for guest in register if found(guest)), key=lambda guest: guest.pk)
    known = [guest for guest in rows if value(guest) is not None]
    known.sort(key=lambda guest: (value(guest), guest.pk), reverse=order.descending)
    return [guest.pk for guest in known] + [guest.pk for guest in rows if value(guest) is None]


def filters() -> list[tuple[tuple[Condition | Group, ...], Look, str]]:
    """Conditions, the same in Python, and a search text."""
    one, two = Tag.objects.order_by("id").values_list("pk", flat=True)[:2]
    norwegian = Condition("language", "any_of", ("nb",))
    dutch = Condition("language", "any_of", ("nl", ""))
    tagged = Condition("tags", "all_of", (one, two))
    untagged = Condition("tags", "any_of", (two,), negated=True)
    first = dt.date(2026, 1, 3)
    since = Condition("last_stay", "in", Period("between", first=first))
    either = Group("any", (norwegian, untagged))
    return [
        ((), lambda guest, facts, tags: True, ""),
        ((norwegian,), lambda guest, facts, tags: guest.language == "nb", ""),
        ((dutch,), lambda guest, facts, tags: guest.language in ("nl", ""), ""),
        ((tagged,), lambda guest, facts, tags: {one, two} <= tags, ""),
        ((since,), lambda guest, facts, tags: facts.last_stay is not None and facts.last_stay >= first, ""),
        ((either, dutch), lambda guest, facts, tags: two not in tags and guest.language != "nb", ""),
        ((), lambda guest, facts, tags: True, "kari"),
        ((), lambda guest, facts, tags: True, "kari nord"),
        ((), lambda guest, facts, tags: True, "aase oe"),
        ((norwegian, untagged), lambda guest, facts, tags: guest.language == "nb" and two not in tags, "ann berg"),
        ((Condition("language", "any_of", ("fr",)),), lambda guest, facts, tags: False, ""),
    ]


@pytest.mark.parametrize("order_name", ORDERS)
@pytest.mark.parametrize("bounds", ["wide", "narrow", "unresolved"])
def test_every_filter_and_order_page_by_page_and_back(
    order_name: str, bounds: str, register: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``narrow``: the walk ends early and everything is collected; ``unresolved``: a text finds too many to list."""
    if bounds != "wide":
        monkeypatch.setattr("customers.listing.page_sql.WALK_MAX", 5)
    if bounds == "unresolved":
        monkeypatch.setattr("customers.listing.selectors.RESOLVED_MAX", 1)
        monkeypatch.setattr("customers.listing.selectors.MET_MAX", 1)
    order = read_order(order_name)
    assert order is not None
    for rules, look, text in filters():
        values = (rules, text)
        guests = wanted(tree=Group(rules=rules), match=guests_found(text=text, today=TODAY).match)
        expected = expected_of(register, look, text, order)
        seen: list[int] = []
        page = guest_page(guests=guests, order=order, size=13)
        assert page.before is None
        pages = [page]
        while page.after is not None:
            seen += [row.customer_id for row in page.rows]
            page = guest_page(guests=guests, order=order, after=page.after, size=13)
            pages.append(page)
        seen += [row.customer_id for row in page.rows]
        assert seen == expected, values
        while page.before is not None:
            page = guest_page(guests=guests, order=order, before=page.before, size=13)
            pages.pop()
            assert page.rows == pages[-1].rows, values
        assert guest_count(guests=guests) == len(expected), values


def test_counting_ends_where_it_is_told(register: list[Customer]) -> None:
    assert guest_count(guests=wanted(tree=EMPTY), most=11) == 11
    assert guest_count(guests=wanted(tree=EMPTY)) == 40


def test_texts_find_contacts_too_and_guess_when_nobody_is_called_so(fjordstuen: House) -> None:
    guest = CustomerFactory(given_name="Ragnhild", family_name="Tveit")
    EmailFactory(customer=guest, value="r.tveit@fjord.no")
    PhoneFactory(customer=guest, value="912 34 567")
    for text in ("ragn", "r.tveit@fjord.no", "912 34", "+47 912 34 567"):
        found = guests_found(text=text, today=TODAY, calling_code=47)
        assert found.match is not None
        assert (found.match.ids, found.is_guess) == ((guest.pk,), False), text
    guessed = guests_found(text="ragnild", today=TODAY)
    assert guessed.match is not None
    assert (guessed.match.ids, guessed.is_guess) == ((guest.pk,), True)
    nobody = guests_found(text="xqzzw", today=TODAY)
    assert nobody.match is not None
    assert (nobody.match.ids, nobody.is_guess) == ((), False)


def test_rows_show_the_primary_contacts(fjordstuen: House) -> None:
    guest = CustomerFactory()
    PhoneFactory(customer=guest, value="912 34 567", is_primary=True)
    PhoneFactory(customer=guest, value="912 34 568")
    EmailFactory(customer=guest, value="A@B.no", is_primary=True)
    (row,) = guest_rows(customer_ids=[guest.pk, 10**9])
    assert (row.phone, row.email) == ("+4791234567", "a@b.no")
