"""Every page of the application, found by the resolver: open to everybody, on every screen, in four languages."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import Property
from accounts.tenancy import business_scope
from customers.card.models import Customer, Tag
from customers.changes.models import ChangeSet
from customers.history.models import Stay
from dedup.register.models import Match, MatchRun
from dedup.register.runs import register_run
from tests.cast import Cast, cast_assemble
from tests.factories import (
    ActivityFactory,
    ApiKeyFactory,
    CompanyFactory,
    ConsentEventFactory,
    ConsentWordingFactory,
    CustomerFactory,
    CustomerTagFactory,
    CustomFieldFactory,
    EmailFactory,
    GuestFieldValueFactory,
    InvitationFactory,
    InvoiceFactory,
    PhoneFactory,
    ProductFactory,
    PurchaseFactory,
    RelationFactory,
    StayFactory,
    StayParticipantFactory,
    TodoFactory,
)
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch

SHARES = 3
"""Parts that the pages are tried in, so that workers can share them."""
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe that look at colours."""
HTML_CARD, HTML_LIST = 15 * 1024, 25 * 1024
JS, CSS = 30 * 1024, 15 * 1024
COLD, WARM = 130 * 1024, 30 * 1024


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[str]:
    """Every route of the site as its pattern."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def ids(cast: Cast) -> dict[str, str]:
    """A register with something of everything, and the id each route asks for."""
    today = timezone.localdate()
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(
            given_name="Maximiliane-Wilhelmina",
            family_name="van der Westerhuyzen-Kristoffersen",
            city="’s-Hertogenbosch",
        )
        EmailFactory(customer=guest, value="maximiliane.wilhelmina.van.der.westerhuyzen@kristoffersen-familien.example")
        PhoneFactory(customer=guest)
        for code in (Tag.Code.PROBLEM, Tag.Code.VIP):
            slot = 1 if code == Tag.Code.VIP else 2
            CustomerTagFactory(customer=guest, tag=Tag.objects.get(code=code), slot=slot)
        house = Property.objects.get()
        for days, status in ((-40, Stay.Status.CHECKED_OUT), (-1, Stay.Status.CHECKED_IN), (20, Stay.Status.BOOKED)):
            arrival = today + dt.timedelta(days=days)
            stay = StayFactory(
                property=house, arrival=arrival, departure=arrival + dt.timedelta(days=3), status=status, unit="214"
            )
            StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
        note = ActivityFactory(customer=guest, text="Comes with a dog. " * 12, is_pinned=True)
        employer = CompanyFactory(company_name="Kristoffersen & Westerhuyzen Familieeiendommer Holding AS")
        relation = RelationFactory(customer=guest, other=employer)
        product = ProductFactory(name="Badstue med havutsikt og vinterbading")
        purchase = PurchaseFactory(customer=guest, product=product)
        invoice = InvoiceFactory(customer=guest)
        todo = TodoFactory(customer=guest, title="Ring om barneseng, vugge og bilplass ved hovedinngangen")
        own_field = CustomFieldFactory(label="Medlemskap i Kystfriluftslivsforeningen")
        GuestFieldValueFactory(customer=guest, field=own_field, text="Gull")
        wording = ConsentWordingFactory()
        ConsentEventFactory(customer=guest, wording=wording)
        key = ApiKeyFactory(name="Bookingsystem")
        for _number in range(60):
            CustomerFactory()
        again = CustomerFactory(
            given_name="Maximiliane", family_name="van der Westerhuyzen Kristoffersen", language="nl"
        )
        EmailFactory(customer=again, value="maximiliane.wilhelmina.van.der.westerhuyzen@kristoffersen-familien.example")
        search = MatchRun.objects.create()
        merging = MatchRun.objects.create(
            kind=MatchRun.Kind.MERGE, state=MatchRun.State.DONE, minimum=0.99, found=12, skipped={"tags": 2}
        )
        invitation = InvitationFactory(invited_by=cast.fjordstuen.owner)
    register_run(business_id=cast.fjordstuen.pk, run_id=search.pk)
    with business_scope(cast.fjordstuen.pk):
        return {
            "<slug:slug>": "fjordstuen",
            "<int:customer_id>": str(guest.pk),
            "<int:stay_id>": str(stay.pk),
            "<int:change_set_id>": str(ChangeSet.objects.latest("id").pk),
            "<int:member_id>": str(cast.fjordstuen.reception.pk),
            "<int:property_id>": str(house.pk),
            "<int:invitation_id>": str(invitation.pk),
            "<int:activity_id>": str(note.pk),
            "<int:relation_id>": str(relation.pk),
            "<int:product_id>": str(product.pk),
            "<int:purchase_id>": str(purchase.pk),
            "<int:invoice_id>": str(invoice.pk),
            "<int:todo_id>": str(todo.pk),
            "<int:field_id>": str(own_field.pk),
            "<int:wording_id>": str(wording.pk),
            "<int:key_id>": str(key.pk),
            "<int:match_id>": str(Match.objects.get(left_id=guest.pk, right_id=again.pk).pk),
            "<int:search_id>": str(merging.pk),
            "<slug:part>": "address",
        }


_found: dict[bool, list[str]] = {}


def pages(client: Client, ids: dict[str, str]) -> list[str]:
    """The addresses that answer a GET with a whole page; routes with ids nobody made here have tests of their own.

    Every route is asked once in a process, of a member (with ``ids``) and of nobody; which of them are pages does not
    depend on the ids.
    """
    known = bool(ids)
    if known not in _found:
        _found[known] = [route for route in routes() if _is_page(client, _path(route, ids))]
    return [_path(route, ids) for route in _found[known]]


def _path(route: str, ids: dict[str, str]) -> str:
    path = "/" + route.removeprefix("/")
    for part, value in ids.items():
        path = path.replace(part, value)
    return path


def _is_page(client: Client, path: str) -> bool:
    if "<" in path or "(" in path or path.startswith(("/static", "/styleguide")):
        return False
    answer = client.get(path)
    assert answer.status_code < 500, path
    if answer.status_code != 200 or not answer.text.lstrip().lower().startswith("<!doctype html"):
        return False
    assert "<c-" not in answer.text, path
    return True


def opened(watch: Watch, path: str) -> None:
    """Go to one of the pages, which is there."""
    answer = watch.page.goto(path, wait_until="load")
    assert answer is not None and answer.status == 200, path


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_open_to_everybody(
    cast: Cast, ids: dict[str, str], client: Client, visit: OpenBrowser, width: int, share: int
) -> None:
    """In the light and, where the window is wide, in the dark, which differs from it in nothing but its colours."""
    owner = cast.fjordstuen.owner.user
    client.force_login(owner)
    signed_in, signed_out = pages(client, ids), pages(Client(), {})
    assert len(signed_in) > 60
    assert "/accounts/login/" in signed_out
    for user, paths in ((owner, signed_in[share::SHARES]), (None, signed_out[share::SHARES])):
        watch = visit(paths[0], user=user, width=width, touch=width < 760)
        for path in paths:
            opened(watch, path)
            watch.assert_accessible()
            watch.assert_fits()
            if width > 760:
                watch.wear("dark")
                watch.assert_accessible(rules=COLOURS)
                watch.assert_fits()
                watch.page.emulate_media(color_scheme="light")


@pytest.mark.parametrize(
    ("language", "share"), [*(("nl", share) for share in range(SHARES)), ("en", 0), ("nb", 1), ("da", 2)]
)
def test_every_page_fits_a_small_phone_and_large_text(
    cast: Cast, ids: dict[str, str], client: Client, visit: OpenBrowser, language: str, share: int
) -> None:
    """Every page in Dutch, whose words are the longest, and in one of the other languages."""
    owner = cast.fjordstuen.owner.user
    owner.language = language
    owner.save()
    client.force_login(owner)
    paths = pages(client, ids)[share::SHARES]
    watch = visit(paths[0], user=owner, width=320, touch=True)
    for path in paths:
        opened(watch, path)
        watch.assert_fits()
        watch.page.evaluate("document.documentElement.style.fontSize = '200%'")
        watch.assert_fits()


def test_pages_stay_light(cast: Cast, ids: dict[str, str], visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() > 50
    watch = visit(f"/b/fjordstuen/guests/{ids['<int:customer_id>']}/", user=cast.fjordstuen.owner.user)
    watch.page.wait_for_load_state("networkidle")
    assert watch.transferred <= COLD
    assert watch.bytes_by_kind["Script"] <= JS
    assert watch.bytes_by_kind["Stylesheet"] <= CSS
    assert watch.html_gz() <= HTML_CARD
    watch.reset()
    watch.page.goto("/b/fjordstuen/guests/")
    watch.page.wait_for_load_state("networkidle")
    assert watch.transferred <= WARM
    assert watch.html_gz() <= HTML_LIST
