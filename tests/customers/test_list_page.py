"""The page of the guest list: rows, chips, addresses, what is said of what cannot be read."""

import json
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from tests.cast import Cast
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


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
        CustomerFactory(given_name="Wouter", language="nl")
        vip = Tag.objects.get(code=Tag.Code.VIP)
        with change_set(kind=ChangeSet.Kind.EDIT):
            CustomerTag.objects.create(customer=guest, tag=vip, slot=1)
    page = page_of(desk, f"?language=nb&tag={vip.pk}&q=kari&sort=-last&stayed_from=2020-01-01")
    assert "Remove Last stay: from 1 Jan 2020 on" in page
    page = page_of(desk, f"?language=nb&tag={vip.pk}&q=kari&sort=-last")
    assert "Kari &lt;b&gt;Nordmann&lt;/b&gt;" in page
    assert "1 guest<" in page
    assert 'aria-sort="descending"' in page
    for removal in ("Remove Tagged VIP", "Remove Language: Norwegian Bokmål", "Remove Search"):
        assert removal in page
    (rest,) = [
        link.split('"')[0] for link in page.split('href="') if 'aria-label="Remove Language' in link.partition(">")[0]
    ]
    kept = page_of(desk, rest.replace("&amp;", "&"))
    assert "Remove Tagged VIP" in kept and "Remove Search" in kept and "Remove Language" not in kept
    assert 'aria-sort="descending"' in kept
    assert "Wouter" not in page


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
    assert 'hx-get="/b/fjordstuen/guests/count/?filter=' in counted
    assert "120 guests" in desk.get("/b/fjordstuen/guests/count/?language=nb").content.decode()


def address(page: str, rel: str) -> str:
    link = page.split(f'rel="{rel}" href="')[1].split('"')[0]
    assert link.startswith("?filter=") and "sort=-name&amp;" in link
    return link.replace("&amp;", "&")


def test_a_number_that_is_only_a_beginning_is_not_offered(
    cast: Cast, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who match are chosen, not the first thousand; where finding the page has counted them, they are told."""
    monkeypatch.setattr("customers.listing.views.COUNTED", 2)
    desk.force_login(cast.fjordstuen.marketing.user)
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory.create_batch(60, language="nl")
    page = page_of(desk)
    assert "More than 2 guests" in page and "Select all matching" in page and "Select all 2 " not in page
    page = page_of(desk, "?stayed_from=1990-01-01")
    assert "Select all" not in page, "nobody matches"
    monkeypatch.setattr("customers.listing.page_sql.WALK_MAX", 1)
    page = page_of(desk, "?language=nl")
    assert "60 guests" in page and "Select all 60 matching" in page


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
    "?filter=%7B%22version%22%3A9%7D&view=x&cols=,,,&density=",
    "?filter=" + "%5B" * 3000,
    "?view=99999999999999999999&view=all",
    "?q=tag%3A%22vip stays%3E%3D3 stay%3E0000 born%3A99",
    "?after=WyJhXHUwMDAwIiwxXQ",
    "?q=%F0%9F%8F%A8&sort=-value",
    "?" + "&".join(["q=a"] * 50),
]


@pytest.mark.parametrize("bad", BAD)
def test_no_address_is_an_error(bad: str, cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
    assert desk.get(f"/b/fjordstuen/guests/{bad}", follow=True).status_code == 200
    assert desk.get(f"/b/fjordstuen/guests/count/{bad}").status_code == 200


def test_what_could_not_be_read_is_said(cast: Cast, desk: Client) -> None:
    page = page_of(desk, "?tag=x&sort=sideways&language=nb&view=17&cols=name%3B,stays&density=huge")
    assert "The filter of this address was left out" in page
    assert "Condition 1: “x” is not a value of “Tags”." in page
    assert "A part of this address could not be read" in page
    for ignored in ("sort=sideways", "view=17", "cols=name;", "density=huge"):
        assert f"<code>{ignored}</code>" in page
    assert "Remove Language" not in page, "half a filter shows other guests than were meant"


def test_a_filter_is_told_wrong_condition_by_condition(cast: Cast, desk: Client) -> None:
    rules = [
        {"field": "nosuch", "operator": "is", "value": ["x"]},
        {"match": "any", "rules": [{"field": "stays", "operator": "at_least", "value": "many"}]},
        {"field": "segment", "operator": "any_of", "value": [999]},
    ]
    page = page_of(desk, "?" + urlencode({"filter": json.dumps({"version": 1, "rules": rules})}))
    assert "Condition 1: There is no field called “nosuch”" in page
    assert "Condition 2.1: “many” is not a value of “Stays in all”." in page
    page = page_of(desk, "?" + urlencode({"filter": json.dumps({"version": 1, "rules": rules[2:]})}))
    assert "Condition 1: The segment it refers to has been removed." in page


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
    theirs_asked = page_of(desk, f"?tag={theirs}")
    assert "Tagged a tag that is gone" in theirs_asked
    assert "No guest matches these filters" in theirs_asked
    desk.force_login(cast.stranger)
    assert desk.get("/b/fjordstuen/guests/").status_code == 404
    assert desk.get("/b/fjordstuen/guests/count/").status_code == 404
