"""The guest list: every filter and order against plain Python, pages both ways, and the page itself."""

import datetime as dt
import random
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.filters import GuestFilter
from customers.history.models import CustomerFacts
from customers.listing.order import Order, read_order
from customers.listing.selectors import guest_count, guest_page, guest_rows, guests_found, languages_spoken
from customers.normalise import identity_key, search_tokens, sort_key
from tests.cast import Cast, House
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


def facts_of(guest: Customer) -> CustomerFacts:
    return CustomerFacts.objects.get(customer=guest)


def wanted(register: list[Customer], guests: GuestFilter, order: Order) -> list[int]:
    """The list in plain Python."""
    facts = {each.customer_id: each for each in CustomerFacts.objects.all()}
    tags: dict[int, set[int]] = {}
    for tagged in CustomerTag.objects.all():
        tags.setdefault(tagged.customer_id, set()).add(tagged.tag_id)

    def shown(guest: Customer) -> bool:
        last = facts[guest.pk].last_stay
        words = [search_tokens(word, "", "") for word in guests.text.split()]
        held = guest.search_tokens.split()
        return (
            set(guests.tags) <= tags.get(guest.pk, set())
            and (not guests.languages or guest.language in guests.languages)
            and (not guests.sources or guest.source in guests.sources)
            and (not guests.stayed_from or (last is not None and last >= guests.stayed_from))
            and (not guests.stayed_until or (last is not None and last <= guests.stayed_until))
            and all(any(token.startswith(tuple(forms)) for token in held) for forms in words)
        )

    def value(guest: Customer) -> Any:
        return getattr(facts[guest.pk] if order.on_facts else guest, order.column)

    rows = sorted((guest for guest in register if shown(guest)), key=lambda guest: guest.pk)
    known = [guest for guest in rows if value(guest) is not None]
    known.sort(key=lambda guest: (value(guest), guest.pk), reverse=order.descending)
    return [guest.pk for guest in known] + [guest.pk for guest in rows if value(guest) is None]


def filters() -> list[dict[str, Any]]:
    return [
        {},
        {"languages": ("nb",)},
        {"languages": ("nl", "")},
        {"sources": ("phone",)},
        {"tags": 1},
        {"tags": 2},
        {"stayed_from": dt.date(2026, 1, 3)},
        {"stayed_until": dt.date(2026, 1, 7)},
        {"stayed_from": dt.date(2026, 1, 3), "stayed_until": dt.date(2026, 1, 7)},
        {"text": "kari"},
        {"text": "kari nord"},
        {"text": "aase oe"},
        {"text": "ann berg", "languages": ("nb", "nl"), "sources": ("phone", ""), "tags": 1},
        {"languages": ("nb",), "tags": 1, "stayed_from": dt.date(2026, 1, 2)},
        {"languages": ("fr",)},
    ]


def asked(values: dict[str, Any]) -> GuestFilter:
    tags = tuple(Tag.objects.order_by("id").values_list("pk", flat=True)[: values.get("tags", 0)])
    return GuestFilter(**{**values, "tags": tags})


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
    for values in filters():
        guests = asked(values)
        match = guests_found(text=guests.text, today=TODAY).match
        expected = wanted(register, guests, order)
        seen: list[int] = []
        page = guest_page(guests=guests, match=match, order=order, size=13)
        assert page.before is None
        pages = [page]
        while page.after is not None:
            seen += [row.customer_id for row in page.rows]
            page = guest_page(guests=guests, match=match, order=order, after=page.after, size=13)
            pages.append(page)
        seen += [row.customer_id for row in page.rows]
        assert seen == expected, values
        while page.before is not None:
            page = guest_page(guests=guests, match=match, order=order, before=page.before, size=13)
            pages.pop()
            assert page.rows == pages[-1].rows, values
        assert guest_count(guests=guests, match=match) == len(expected), values


def test_counting_ends_where_it_is_told(register: list[Customer]) -> None:
    assert guest_count(guests=GuestFilter(), most=11) == 11
    assert guest_count(guests=GuestFilter()) == 40


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


def test_languages_spoken(register: list[Customer]) -> None:
    assert languages_spoken() == ["", "nb", "nl"]


def test_rows_show_the_primary_contacts(fjordstuen: House) -> None:
    guest = CustomerFactory()
    PhoneFactory(customer=guest, value="912 34 567", is_primary=True)
    PhoneFactory(customer=guest, value="912 34 568")
    EmailFactory(customer=guest, value="A@B.no", is_primary=True)
    (row,) = guest_rows(customer_ids=[guest.pk, 10**9])
    assert (row.phone, row.email) == ("+4791234567", "a@b.no")


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


def page_of(client: Client, address: str = "", **headers: str) -> str:
    answer = client.get(f"/b/fjordstuen/guests/{address}", headers=headers)
    assert answer.status_code == 200, address
    text: str = answer.content.decode()
    assert "<c-" not in text
    return text


def test_an_empty_register_says_what_to_do(cast: Cast, desk: Client) -> None:
    page = page_of(desk)
    assert "No guests yet" in page
    assert "/b/fjordstuen/guests/new/" in page
    assert "Import a file" not in page, "reception may not import"
    desk.force_login(cast.fjordstuen.admin.user)
    assert "Import a file" in page_of(desk)


def test_no_match_says_what_to_do(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
    assert "No guest found for “xqzzw”" in page_of(desk, "?q=xqzzw")
    assert "No guest matches these filters" in page_of(desk, "?language=fr")


def test_the_page_shows_rows_chips_and_count(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(given_name="Kari", family_name="<b>Nordmann</b>")
        CustomerFactory(given_name="Per", language="nl")
        vip = Tag.objects.get(code=Tag.Code.VIP)
        with change_set(kind=ChangeSet.Kind.EDIT):
            CustomerTag.objects.create(customer=guest, tag=vip, slot=1)
    page = page_of(desk, f"?language=nb&tag={vip.pk}&q=kari&sort=-last&stayed_from=2020-01-01")
    assert "Remove Last stay" in page
    page = page_of(desk, f"?language=nb&tag={vip.pk}&q=kari&sort=-last")
    assert "Kari &lt;b&gt;Nordmann&lt;/b&gt;" in page
    assert "1 guest<" in page
    assert 'aria-sort="descending"' in page
    for removal in ("Remove Tag", "Remove Language", "Remove Search"):
        assert removal in page
    assert f"tag={vip.pk}&amp;q=kari&amp;sort=-last" in page, "the language chip's own removal keeps the rest"
    assert "Per" not in page


def test_a_mistyped_name_shows_what_comes_close(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(given_name="Ragnhild", family_name="Tveit")
    page = page_of(desk, "?q=ragnild")
    assert "Nobody is called “ragnild”" in page
    assert "Ragnhild Tveit" in page


def test_pages_have_addresses(cast: Cast, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.bulk_create(
            Customer(given_name=f"Guest {number:03}", sort_key=f"guest {number:03}", language="nb")
            for number in range(120)
        )
    first = page_of(desk, "?language=nb&sort=-name")
    assert "Guest 119" in first and "Guest 070" in first and "Guest 069" not in first
    assert 'rel="prev"' not in first
    second = page_of(desk, address(first, "next"))
    assert "Guest 069" in second and "Guest 020" in second and "Guest 070" not in second
    third = page_of(desk, address(second, "next"))
    assert "Guest 000" in third and 'rel="next"' not in third
    assert "Guest 069" in page_of(desk, address(third, "prev"))
    monkeypatch.setattr("customers.listing.views.COUNTED", 100)
    counted = page_of(desk, "?language=nb")
    assert "More than 100 guests" in counted
    assert "/b/fjordstuen/guests/count/?language=nb" in counted
    assert "120 guests" in desk.get("/b/fjordstuen/guests/count/?language=nb").content.decode()


def address(page: str, rel: str) -> str:
    link = page.split(f'rel="{rel}" href="')[1].split('"')[0]
    assert link.startswith("?language=nb&amp;sort=-name&amp;")
    return link.replace("&amp;", "&")


def test_typing_replaces_only_the_part_below_the_box(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(given_name="Kari")
    part = page_of(desk, "?q=kar", **{"HX-Request": "true", "HX-Target": "div#guests"})
    assert part.lstrip().startswith('<div class="stack" id="guests"')
    assert "<html" not in part
    assert "<html" in page_of(desk, "?q=kar", **{"HX-Request": "true", "HX-Target": "body"})


BAD = [
    "?tag=x&tag=999999999999999999999&language=%00&source=moon&sort=sideways",
    "?stayed_from=yesterday&stayed_until=2026-02-30",
    "?after=%21%21&before=W1tb",
    "?after=WyJhIiwxXQ&sort=-last",
    "?after=WyJhIiwxXQ&before=WyJhIiwxXQ",
    "?q=%00%ff%fe",
    "?q=" + "a" * 5000,
    "?" + urlencode([("tag", n) for n in range(300)]),
    "?sort=&after=&before=&tag=&language=&source=&stayed_from=&stayed_until=&q=",
    "?filter=1",
    "?after=WyJhXHUwMDAwIiwxXQ",
    "?q=%F0%9F%8F%A8&sort=-value",
    "?" + "&".join(["q=a"] * 50),
]


@pytest.mark.parametrize("bad", BAD)
def test_no_address_is_an_error(bad: str, cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
    page_of(desk, bad)
    assert desk.get(f"/b/fjordstuen/guests/count/{bad}").status_code == 200


def test_what_could_not_be_read_is_said(cast: Cast, desk: Client) -> None:
    page = page_of(desk, "?tag=x&sort=sideways&language=nb")
    assert "could not be read" in page
    assert "tag=x" in page and "sort=sideways" in page


def test_a_page_whose_guests_are_gone_starts_anew(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(given_name="Kari", sort_key="kari")
    assert "Kari" in page_of(desk, "?after=WyJ6enoiLDFd")


def test_never_a_neighbour(cast: Cast, desk: Client) -> None:
    with business_scope(cast.duinzicht.pk):
        CustomerFactory(given_name="Wilhelmina", language="nl")
        theirs = Tag.objects.order_by("id").values_list("pk", flat=True)[0]
    assert "Wilhelmina" not in page_of(desk)
    assert "Wilhelmina" not in page_of(desk, "?q=wilhelmina").replace("“wilhelmina”", "")
    assert "could not be read" in page_of(desk, f"?tag={theirs}")
    desk.force_login(cast.stranger)
    assert desk.get("/b/fjordstuen/guests/").status_code == 404
    assert desk.get("/b/fjordstuen/guests/count/").status_code == 404
