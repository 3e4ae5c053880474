"""Every route × method × caller, at home and at the neighbour's: no row, file or count crosses from one business to
another, and nobody does what their role does not allow. Routes, ids and forms are discovered, not listed."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from accounts.access import Access
from accounts.models import CAPABILITIES, Capability, Role, User
from accounts.services.members import member_add
from accounts.tenancy import business_scope
from tests.accounts.catalogue import tenant_tables
from tests.cast import Cast
from tests.factories import UserFactory
from tests.forms import Form, forms_of
from tests.furniture import contents, empty_tables, furnish
from tests.routes import Route, all_routes
from tests.walking import groups, naming

METHODS = ("get", "post", "put", "patch", "delete")
"""All are tried where nobody has said yet which of them a route answers; a method that it answers with 405 to who may
everything does nothing for anybody, whatever else the address says, and is not tried again."""
CANARY = "Zilverkanarie"
"""Stands in every text of the neighbour; must never be read at home."""
OWN = "Fjellrype"
"""Stands in every text at home."""

ROUTES = all_routes()
BY_KEY = [route for route in ROUTES if route.access and route.access.level == "key"]
"""The interface, which no session opens; tests/api/test_operations.py walks over it, from its own description."""
OF_A_BUSINESS = [route for route in ROUTES if "slug" in route.kwargs and route not in BY_KEY]
WITH_IDS = [route for route in OF_A_BUSINESS if len(route.kwargs) > 1]
OUTSIDE = [route for route in ROUTES if "slug" not in route.kwargs]
SECRETS = {"token": "not-a-token", "key": "not-a-key", "uidb36": "zz9", "pk": 2**40}
"""Values of what stands in addresses outside a business: secrets that nobody has been given."""


@pytest.fixture
def home(cast: Cast) -> dict[str, Any]:
    """What the address names at Fjordstuen."""
    return furnish(cast.fjordstuen, OWN)


@pytest.fixture
def neighbour(cast: Cast) -> dict[str, Any]:
    """What the address names at Duinzicht."""
    return furnish(cast.duinzicht, CANARY)


Call = Callable[..., Any]


@pytest.fixture
def call() -> Call:
    """Call a route, follow one redirect, and take back whatever it did. Answers (status, body, where it led)."""

    def called(client: Client, method: str, path: str, data: Any = None) -> tuple[int, str, str]:
        client.raise_request_exception = False
        with transaction.atomic():
            answer = getattr(client, method)(path, *([data] if data is not None else []))
            seen, led = body(answer), answer.headers.get("Location", "")
            if led.startswith("/"):
                followed = client.get(led)
                assert followed.status_code < 500, (method, path, led)
                seen += body(followed)
            transaction.set_rollback(True)
        return answer.status_code, seen, led

    return called


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(route: Route, values: dict[str, Any]) -> str:
    """The route's path. A name that has no value is a ``KeyError``: give it one in ``tests.furniture``."""
    return reverse(route.name, kwargs={name: values[name] for name in route.kwargs})


def callers(cast: Cast) -> Iterator[tuple[Client, frozenset[Capability]]]:
    """The four members of the house, with what each may do."""
    for role, member in cast.fjordstuen.members.items():
        yield signed_in(member.user), CAPABILITIES[role]


def allowed(route: Route, capabilities: frozenset[Capability]) -> bool:
    assert route.access is not None
    return route.access.capability in capabilities


def test_every_route_says_who_may_call_it() -> None:
    assert [str(route) for route in ROUTES if not isinstance(route.access, Access)] == []
    assert [str(route) for route in OF_A_BUSINESS if route.access and route.access.level != "member"] == []
    assert [str(route) for route in OF_A_BUSINESS if route.access and not route.access.capability] == []
    assert [str(route) for route in OUTSIDE if route.access and route.access.level in ("member", "key")] == []
    assert [str(route) for route in BY_KEY if not route.pattern.startswith("api/v1/b/<slug:slug>/")] == []
    assert [str(route) for route in OF_A_BUSINESS if route.pattern.startswith("api/")] == []
    assert len(OF_A_BUSINESS) > 30
    assert CAPABILITIES[Role.OWNER] == frozenset(Capability)


def test_every_route_has_a_name_of_its_own() -> None:
    names = [route.name for route in ROUTES]
    assert "" not in names
    assert len(names) == len(set(names))


def test_the_interface_description_names_every_route_of_the_interface() -> None:
    described = set(SchemaGenerator().get_schema(public=True)["paths"])
    assert described == {"/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.pattern) for route in BY_KEY}
    assert len(described) > 5


@pytest.mark.django_db
@groups("routes", BY_KEY)
def test_no_session_opens_the_interface(cast: Cast, neighbour: dict[str, Any], call: Call, routes: list[Route]) -> None:
    before = contents(cast.duinzicht)
    for user in (cast.stranger, cast.duinzicht.owner.user):
        client = signed_in(user)
        for route, method in product(routes, METHODS):
            with naming(route):
                status, seen, _ = call(client, method, address(route, neighbour))
                assert status == 401, (method, user.email)
                assert CANARY not in seen
    assert contents(cast.duinzicht) == before


@pytest.mark.django_db
def test_the_neighbour_has_a_row_of_everything(cast: Cast, neighbour: dict[str, Any]) -> None:
    """Otherwise what never crosses proves nothing."""
    assert empty_tables(cast.duinzicht) == set()
    assert set(contents(cast.duinzicht)) == tenant_tables()


@pytest.mark.django_db
@groups("routes", OF_A_BUSINESS)
def test_the_neighbours_addresses_do_not_exist(
    cast: Cast, neighbour: dict[str, Any], call: Call, routes: list[Route]
) -> None:
    before = contents(cast.duinzicht)
    owner = cast.fjordstuen.owner.user
    for user in [*(member.user for member in cast.fjordstuen.members.values()), cast.stranger]:
        client = signed_in(user)
        # It is refused before the view is asked which methods it answers.
        for route, method in product(routes, METHODS if user == owner else ("get", "post")):
            with naming(route):
                status, seen, _ = call(client, method, address(route, neighbour))
                assert status == 404, (method, user.email)
                assert CANARY not in seen
    for route, method in product(routes, METHODS):
        with naming(route):
            status, seen, led = call(Client(), method, address(route, neighbour))
            assert status == 302, method
            assert led.startswith(reverse("account_login")), method
            assert CANARY not in seen
    assert contents(cast.duinzicht) == before


@pytest.mark.django_db
@groups("routes", WITH_IDS)
def test_the_neighbours_ids_are_nobodys_at_home(
    cast: Cast, home: dict[str, Any], neighbour: dict[str, Any], call: Call, routes: list[Route]
) -> None:
    """All ids of the address together; for who may everything also each by itself, and ids that no row can have."""
    before = contents(cast.duinzicht)
    for client, capabilities in callers(cast):
        for route in routes:
            with naming(route):
                _ids_are_nobodys(cast, home, neighbour, call, client, capabilities, route)
    assert contents(cast.duinzicht) == before


def _ids_are_nobodys(
    cast: Cast,
    home: dict[str, Any],
    neighbour: dict[str, Any],
    call: Call,
    client: Client,
    capabilities: frozenset[Capability],
    route: Route,
) -> None:
    together = {**neighbour, "slug": cast.fjordstuen.slug}
    answers = {method: call(client, method, address(route, together)) for method in METHODS}
    expected = {404, 405} if allowed(route, capabilities) else {403}
    assert {status for status, _, _ in answers.values()} <= expected, answers.keys()
    if allowed(route, capabilities):
        assert 404 in {status for status, _, _ in answers.values()}, "a route that answers no method"
    for _, seen, _ in answers.values():
        assert CANARY not in seen
    if capabilities != frozenset(Capability):
        return
    mixed = [name for name in route.kwargs if name != "slug"]
    strangers = [
        *({**home, name: neighbour[name]} for name in mixed if len(mixed) > 1 and home[name] != neighbour[name]),
        {**home, mixed[-1]: 2**63},
        {**home, mixed[-1]: 0},
    ]
    for values, method in product(strangers, answered(answers)):
        status, seen, _ = call(client, method, address(route, values))
        assert status == 404, (values, method)
        assert CANARY not in seen


def answered(answers: dict[str, tuple[int, str, str]]) -> list[str]:
    """The methods that the route has an answer to."""
    return [method for method, (status, _, _) in answers.items() if status != 405]


@pytest.mark.django_db
@groups("routes", OF_A_BUSINESS)
def test_at_home_the_role_decides_and_the_neighbour_is_not_seen(
    cast: Cast, home: dict[str, Any], neighbour: dict[str, Any], call: Call, routes: list[Route]
) -> None:
    asking = {"q": CANARY[:-1], "search": CANARY[:-1], "tag": neighbour["tag_id"], "property": neighbour["property_id"]}
    asking |= {"before": neighbour["change_set_id"], "guest": neighbour["customer_id"], "after": neighbour["stay_id"]}
    members = sorted(callers(cast), key=lambda caller: caller[1] != frozenset(Capability))
    strangers = [signed_in(user) for user in (cast.stranger, cast.duinzicht.owner.user)]
    for route in routes:
        with naming(route):
            path = address(route, home)
            methods: Sequence[str] = METHODS
            for client, capabilities in members:
                # Which methods there are, and what an address asks for, is the same whoever may ask: found out of the
                # member who may everything, who comes first.
                everything = capabilities == frozenset(Capability)
                methods = _role_decides(call, client, capabilities, route, path, methods, asking if everything else {})
            for stranger, method in product(strangers, methods):
                status, seen, _ = call(stranger, method, path)
                assert status == 404
                assert OWN not in seen


def _role_decides(
    call: Call,
    client: Client,
    capabilities: frozenset[Capability],
    route: Route,
    path: str,
    methods: Sequence[str],
    asking: dict[str, Any],
) -> list[str]:
    answers = {method: call(client, method, path) for method in methods}
    statuses = {status for status, _, _ in answers.values()}
    for method, (_, seen, _) in answers.items():
        assert CANARY not in seen, method
    for name, value in asking.items() if "get" in answered(answers) else ():
        status, seen, _ = call(client, "get", path, {name: value})
        statuses.add(status)
        assert CANARY not in seen, name
    assert all(status < 500 for status in statuses)
    if allowed(route, capabilities):
        assert statuses - {404, 405}, f"the own row is not found: {statuses}"
        assert statuses <= {200, 302, 400, 403, 405, 409, 422}, statuses
    else:
        assert statuses == {403}
    return answered(answers)


@pytest.mark.django_db
def test_forms_sent_with_the_neighbours_ids_reach_nothing(
    cast: Cast, home: dict[str, Any], neighbour: dict[str, Any], call: Call
) -> None:
    """Every form on every page at home, with each number in it replaced by the neighbour's id of the same kind; where
    the number is no id that is known, by each of the neighbour's."""
    client = signed_in(cast.fjordstuen.owner.user)
    before = contents(cast.duinzicht)
    forms: dict[tuple[str, ...], Form] = {}
    for route in OF_A_BUSINESS:
        path = address(route, home)
        status, page, _ = call(client, "get", path)
        if status != 200 or "<form" not in page:
            continue
        for form in forms_of(page):
            form.action = form.action or path
            forms[form.action.partition("?")[0], form.method, *sorted(form.values)] = form
    sent = 0
    theirs = {each for each in neighbour.values() if isinstance(each, int)} - set(home.values())
    kinds: dict[str, set[int]] = {}
    for name, own in home.items():
        if neighbour[name] in theirs:
            kinds.setdefault(str(own), set()).add(neighbour[name])
    for form in forms.values():
        for field in form.ids:
            for value in kinds.get(form.values[field], theirs):
                status, seen, _ = call(client, form.method, form.action, {**form.values, field: value})
                assert status < 500, (form.action, field)
                assert CANARY not in seen, (form.action, field)
                sent += 1
    assert sent > 30
    assert len({form.action for form in forms.values()}) > 15
    assert contents(cast.duinzicht) == before


@pytest.mark.django_db
@pytest.mark.parametrize("route", OUTSIDE, ids=str)
def test_outside_a_business_no_row_of_one_is_read(
    cast: Cast, neighbour: dict[str, Any], call: Call, route: Route
) -> None:
    path = address(route, SECRETS)
    before = contents(cast.duinzicht)
    for client in (Client(), signed_in(cast.stranger), signed_in(cast.fjordstuen.owner.user)):
        for method in METHODS:
            status, seen, _ = call(client, method, path)
            assert status < 500, method
            assert CANARY not in seen, method
            assert "Duinzicht" not in seen, method
    assert contents(cast.duinzicht) == before
    if route.access and route.access.level == "signed_in":
        for method in METHODS:
            status, _, led = call(Client(), method, path)
            assert status == 405 or (status == 302 and led.startswith(reverse("account_login"))), method


@pytest.mark.django_db
def test_a_member_of_both_houses_sees_one_at_a_time(
    cast: Cast, home: dict[str, Any], neighbour: dict[str, Any], call: Call
) -> None:
    """Being at home in both, one still reads only the house whose address one is at."""
    both = UserFactory()
    for house in (cast.fjordstuen, cast.duinzicht):
        with business_scope(house.pk):
            member_add(user=both, role=house.owner.role)
    client = signed_in(both)
    for values, foreign in ((home, CANARY), (neighbour, OWN)):
        for route in OF_A_BUSINESS:
            _, seen, _ = call(client, "get", address(route, values))
            assert foreign not in seen, route
