"""Every route × method × caller, at home and at the neighbour's: no row, file or count crosses from one business to
another, and nobody does what their role does not allow."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.access import Access
from accounts.models import CAPABILITIES, Property, Role, User
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from imports.models import ImportRun
from tests.cast import Cast, House
from tests.factories import (
    ActivityFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    InvitationFactory,
    PropertyFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)
from tests.routes import Route, all_routes

METHODS = ("get", "post", "put", "patch", "delete")
CANARY = "Zilverkanarie"
"""Stands in every text of the neighbour; must never be read at home."""

ROUTES = all_routes()
OF_A_BUSINESS = [route for route in ROUTES if "slug" in route.kwargs]
WITH_IDS = [route for route in OF_A_BUSINESS if len(route.kwargs) > 1]
OUTSIDE = [route for route in ROUTES if "slug" not in route.kwargs]


def furnished(house: House) -> dict[str, Any]:
    """A house with one row of everything a route may name: the value for each name that stands in an address.

    A route with a new name fails here until the name has a value.
    """
    with business_scope(house.pk):
        guest = CustomerFactory(given_name=CANARY, family_name=CANARY, city=CANARY)
        EmailFactory(customer=guest, value=f"{CANARY}@example.com")
        CustomerTagFactory(customer=guest, tag=TagFactory(name=CANARY), slot=1)
        place = PropertyFactory(name=CANARY)
        stay = StayFactory(property=place, reference=CANARY, unit=CANARY[:8])
        StayParticipantFactory(stay=stay, customer=guest)
        ActivityFactory(customer=guest, text=CANARY)
        run = ImportRun.objects.create(state=ImportRun.State.READY, file_name=f"{CANARY}.csv")
        invitation = InvitationFactory(invited_by=house.owner, email=f"{CANARY.lower()}@example.com")
        return {
            "slug": house.slug,
            "customer_id": guest.pk,
            "stay_id": stay.pk,
            "change_set_id": ChangeSet.objects.latest("id").pk,
            "member_id": house.reception.pk,
            "property_id": place.pk,
            "invitation_id": invitation.pk,
            "run_id": run.pk,
        }


@pytest.fixture
def neighbour(cast: Cast) -> dict[str, Any]:
    """What the address names at Duinzicht."""
    return furnished(cast.duinzicht)


@pytest.fixture
def call() -> Callable[..., Any]:
    """Call a route and take back whatever it did."""

    def called(client: Client, method: str, path: str) -> Any:
        with transaction.atomic():
            client.raise_request_exception = False
            answer = getattr(client, method)(path)
            transaction.set_rollback(True)
        return answer

    return called


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(route: Route, values: dict[str, Any]) -> str:
    return reverse(route.name, kwargs={name: values[name] for name in route.kwargs})


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


def test_every_route_says_who_may_call_it() -> None:
    assert [str(route) for route in ROUTES if not isinstance(route.access, Access)] == []
    assert [str(route) for route in OF_A_BUSINESS if route.access and route.access.level != "member"] == []
    assert [str(route) for route in OUTSIDE if route.access and route.access.level == "member"] == []
    assert len(OF_A_BUSINESS) > 30


def test_every_route_has_a_name_of_its_own() -> None:
    names = [route.name for route in ROUTES]
    assert "" not in names
    assert len(names) == len(set(names))


@pytest.mark.django_db
@pytest.mark.parametrize("route", OF_A_BUSINESS, ids=str)
def test_the_neighbours_addresses_do_not_exist(
    cast: Cast, neighbour: dict[str, Any], call: Callable[..., Any], route: Route
) -> None:
    path = address(route, neighbour)
    callers = [*(member.user for member in cast.fjordstuen.members.values()), cast.stranger]
    for user in callers:
        client = signed_in(user)
        for method in METHODS:
            answer = call(client, method, path)
            assert answer.status_code == 404, (method, user.email)
            assert CANARY not in body(answer).replace(path, "")
    for method in METHODS:
        answer = call(Client(), method, path)
        assert answer.status_code == 302, method
        assert answer.url.startswith(reverse("account_login")), method


@pytest.mark.django_db
@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_the_neighbours_ids_are_nobodys_at_home(
    cast: Cast, neighbour: dict[str, Any], call: Callable[..., Any], route: Route
) -> None:
    before = snapshot(cast.duinzicht)
    path = address(route, {**neighbour, "slug": cast.fjordstuen.slug})
    for role, member in cast.fjordstuen.members.items():
        client = signed_in(member.user)
        assert route.access is not None
        allowed = route.access.capability in CAPABILITIES[role]
        for method in METHODS:
            answer = call(client, method, path)
            assert answer.status_code in ((404, 405) if allowed else (403,)), (method, role)
            assert CANARY not in body(answer), (method, role)
    assert snapshot(cast.duinzicht) == before


@pytest.mark.django_db
@pytest.mark.parametrize("route", OF_A_BUSINESS, ids=str)
def test_at_home_the_role_decides(cast: Cast, call: Callable[..., Any], route: Route) -> None:
    furnished(cast.duinzicht)
    values = furnished(cast.fjordstuen)
    for role, member in cast.fjordstuen.members.items():
        client = signed_in(member.user)
        assert route.access is not None
        allowed = route.access.capability in CAPABILITIES[role]
        for method in METHODS:
            answer = call(client, method, address(route, values))
            assert answer.status_code < 500, (method, role)
            assert allowed or answer.status_code == 403, (method, role)


@pytest.mark.django_db
@pytest.mark.parametrize("route", [one for one in OUTSIDE if not one.kwargs], ids=str)
def test_outside_a_business_no_row_of_one_is_read(cast: Cast, call: Callable[..., Any], route: Route) -> None:
    furnished(cast.duinzicht)
    for client in (Client(), signed_in(cast.stranger), signed_in(cast.fjordstuen.owner.user)):
        for method in METHODS:
            answer = call(client, method, reverse(route.name))
            assert answer.status_code < 500, method
            assert CANARY not in body(answer), method
    if route.access and route.access.level == "signed_in":
        answer = call(Client(), "get", reverse(route.name))
        assert answer.status_code in (302, 405)


def snapshot(house: House) -> tuple[Any, ...]:
    """What a neighbour could have changed."""
    with business_scope(house.pk):
        return (
            list(Customer.objects.order_by("id").values_list()),
            list(ChangeSet.objects.order_by("id").values_list("id", "state")),
            list(Property.objects.order_by("id").values_list()),
            list(ImportRun.objects.order_by("id").values_list("id", "state")),
            sorted((role, member.role, member.is_active) for role, member in house.members.items()),
            Role.OWNER,
        )
