"""Every operation of the interface × every kind of caller, taken from its own description: no id, key or scope opens
another business, and nothing but a key with the right scope opens anything."""

import json
import re
from typing import Any, NamedTuple

import pytest
from django.db import transaction

from accounts.tenancy import business_scope
from crm.api import api_schema
from tests.api.calling import EVERYTHING, Answer, Caller, caller_make
from tests.cast import Cast
from tests.furniture import contents, furnish
from tests.walking import groups, naming

pytestmark = pytest.mark.django_db

CANARY = "Zilverkanarie"
OWN = "Fjellrype"
METHODS = ("get", "post", "put", "patch", "delete")


class Operation(NamedTuple):
    """A method at an address, with what the description says of it."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """What stands in the address beside the business."""
        return [name for name in re.findall(r"{(\w+)}", self.path) if name != "slug"]

    @property
    def example(self) -> Any:
        """A body that is right, as the description shows it."""
        content = self.told.get("requestBody", {}).get("content", {})
        shown = content.get("application/json") or content.get("application/octet-stream", {})
        return next(iter(shown.get("examples", {}).values()), {}).get("value")

    def __str__(self) -> str:
        return str(self.told["operationId"])

    def address(self, values: dict[str, Any]) -> str:
        return self.path.format(**values)


def operations() -> list[Operation]:
    schema: Any = api_schema()
    return [
        Operation(method, path, told)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
        if method in METHODS
    ]


OPERATIONS = operations()
READING = [operation for operation in OPERATIONS if operation.method == "get"]
WITH_IDS = [operation for operation in OPERATIONS if operation.names]
each = groups("operations", OPERATIONS)


@pytest.fixture
def home(cast: Cast) -> dict[str, Any]:
    return furnish(cast.fjordstuen, OWN)


@pytest.fixture
def neighbour(cast: Cast) -> dict[str, Any]:
    return furnish(cast.duinzicht, CANARY)


def tried(caller: Caller, method: str, path: str, body: Any = None) -> Answer:
    """Call, and take back whatever it did."""
    with transaction.atomic():
        answer = caller.call(method, path, body)
        transaction.set_rollback(True)
    return answer


def numbers(value: Any, put: int) -> Any:
    """A body in which every id is another."""
    if isinstance(value, dict):
        return {
            name: put
            if name.endswith("_id") and name != "external_id"
            else [*each[:-1], put]
            if name.endswith("_ids")
            else numbers(each, put)
            for name, each in value.items()
        }
    return [numbers(each, put) for each in value] if isinstance(value, list) else value


READS = {
    *("count_guests", "look_up_guest", "preview_merge", "preview_template", "check_suppression"),
    *("check_automation", "try_automation"),
}
"""Operations that write nothing although they are sent: what they ask is too long for an address."""


def scope_wanted(operation: Operation) -> str:
    """``read`` to read, ``write`` for the rest; consents and sensitive details have scopes of their own."""
    if operation.path.endswith("/sensitive/"):
        return "sensitive"
    if operation.method == "post" and ("/consents/" in operation.path or operation.path.endswith("/lift/")):
        return "consents"
    return "read" if operation.method == "get" or operation.told["operationId"] in READS else "write"


def test_the_description_is_whole() -> None:
    names = [operation.told["operationId"] for operation in OPERATIONS]
    assert len(names) == len(set(names)) > 10
    for operation in OPERATIONS:
        assert operation.told["summary"], operation.path
        assert operation.told["tags"], operation.path
        assert operation.told["security"] == [{"key": []}], operation.path
        assert operation.told["x-scope"] == scope_wanted(operation), operation.path
        if "requestBody" in operation.told:
            assert operation.example is not None, f"{operation.method} {operation.path} shows no example"
        assert [status for status in operation.told["responses"] if status < "300"], operation.path
        assert {"401", "403", "404", "422", "429"} <= set(operation.told["responses"])


@each
def test_without_a_key_nothing_opens(cast: Cast, home: dict[str, Any], operations: list[Operation]) -> None:
    stranger = Caller(cast.fjordstuen, "", None)
    for operation in operations:
        with naming(operation):
            answer = tried(stranger, operation.method, operation.address(home), operation.example)
            assert (answer.status, answer.code) == (401, "no_valid_key")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert OWN not in answer.text


@each
def test_a_key_without_the_scope_is_told_which(cast: Cast, home: dict[str, Any], operations: list[Operation]) -> None:
    callers = {
        wanted: caller_make(cast.fjordstuen, [scope for scope in EVERYTHING if scope != wanted])
        for wanted in EVERYTHING
    }
    before = contents(cast.fjordstuen)
    for operation in operations:
        with naming(operation):
            wanted = operation.told["x-scope"]
            answer = tried(callers[wanted], operation.method, operation.address(home), operation.example)
            assert (answer.status, answer.code, answer.body["scope"]) == (403, "scope_missing", wanted)
            assert OWN not in answer.text
    assert {**contents(cast.fjordstuen), "accounts_apikey": ""} == {**before, "accounts_apikey": ""}


@each
def test_another_businesss_address_is_not_there(
    cast: Cast, neighbour: dict[str, Any], operations: list[Operation]
) -> None:
    """The same answer for a business that exists and for one that does not."""
    caller = caller_make(cast.fjordstuen)
    before = contents(cast.duinzicht)
    for operation in operations:
        with naming(operation):
            answers = [
                tried(caller, operation.method, operation.address({**neighbour, "slug": slug}), operation.example)
                for slug in (cast.duinzicht.slug, "nowhere")
            ]
            assert [answer.status for answer in answers] == [404, 404]
            assert answers[0].body == answers[1].body
            assert CANARY not in answers[0].text
    assert contents(cast.duinzicht) == before


@groups("operations", WITH_IDS)
def test_another_businesss_ids_are_nobodys(
    cast: Cast, home: dict[str, Any], neighbour: dict[str, Any], operations: list[Operation]
) -> None:
    """Each id of the address by itself and all together: 404, the same as for an id that no row has."""
    caller = caller_make(cast.fjordstuen)
    before = contents(cast.duinzicht)
    for operation in operations:
        with naming(operation):
            _ids_are_nobodys(cast, home, neighbour, caller, operation)
    assert contents(cast.duinzicht) == before


def _ids_are_nobodys(
    cast: Cast, home: dict[str, Any], neighbour: dict[str, Any], caller: Caller, operation: Operation
) -> None:
    texts = {"system", "value", "language"}
    if set(operation.names) <= texts:
        answer = tried(
            caller, operation.method, operation.address({**home, **{name: neighbour[name] for name in texts}})
        )
        assert answer.status in ({404} if operation.method == "get" else {422})
    else:
        strangers = [{**home, name: neighbour[name]} for name in operation.names if name not in texts]
        last = [name for name in operation.names if name not in texts][-1]
        strangers += [{**neighbour, "slug": cast.fjordstuen.slug}, {**home, last: 2**63}]
        unknown = tried(caller, operation.method, operation.address({**home, operation.names[0]: 0}), operation.example)
        assert unknown.status == 404
        for values in strangers:
            answer = tried(caller, operation.method, operation.address(values), operation.example)
            assert (answer.status, answer.body) == (404, unknown.body), values


@each
def test_another_businesss_ids_in_a_body_reach_nothing(
    cast: Cast, home: dict[str, Any], neighbour: dict[str, Any], operations: list[Operation]
) -> None:
    caller = caller_make(cast.fjordstuen)
    before = contents(cast.duinzicht)
    for operation in operations:
        with naming(operation):
            _ids_in_a_body_reach_nothing(home, neighbour, caller, operation)
    assert contents(cast.duinzicht) == before


def _ids_in_a_body_reach_nothing(
    home: dict[str, Any], neighbour: dict[str, Any], caller: Caller, operation: Operation
) -> None:
    path = operation.address(home)
    foreign = {value for name, value in neighbour.items() if isinstance(value, int)}
    own = {value for name, value in home.items() if isinstance(value, int)}
    bodies = [numbers(operation.example, value) for value in sorted(foreign - own)]
    for body in {json.dumps(body) for body in bodies} - {json.dumps(operation.example)}:
        answer = tried(caller, operation.method, path, body)
        assert answer.status in (404, 409, 422), (body, answer.text)
        assert CANARY not in answer.text
    for query in ("guest", "tag", "property", "email", "external_id"):
        value = neighbour["customer_id"] if query == "guest" else f"{CANARY}@example.com"
        assert CANARY not in tried(caller, operation.method, f"{path}?{query}={value}", operation.example).text


@each
def test_at_home_every_operation_answers(cast: Cast, home: dict[str, Any], operations: list[Operation]) -> None:
    """With its own ids and the example of the description: done, or refused for a reason; never an error of ours."""
    caller = caller_make(cast.fjordstuen)
    for operation in operations:
        with naming(operation):
            _answers_at_home(cast, home, caller, operation)


def _answers_at_home(cast: Cast, home: dict[str, Any], caller: Caller, operation: Operation) -> None:
    with business_scope(cast.fjordstuen.pk):
        body = numbers_at_home(operation.example, home)
    answer = tried(caller, operation.method, operation.address(home), body)
    assert answer.status in (200, 201, 204, 409), answer.text
    assert str(answer.status) in operation.told["responses"]
    for wrong in ("[]", '"text"', "{", "null", '{"x": ' * 100_000, b"\xff\xfe"):
        refused = tried(caller, operation.method, operation.address(home), wrong)
        assert refused.status in (200, 204, 400, 409, 422), (wrong[:20], refused.text)
        if "requestBody" in operation.told:
            assert refused.status in (400, 422), (wrong[:20], refused.text)


def test_what_is_sent_to_be_read_writes_nothing(cast: Cast, home: dict[str, Any]) -> None:
    reading = [operation for operation in OPERATIONS if operation.told["operationId"] in READS]
    assert len(reading) == len(READS)
    caller = caller_make(cast.fjordstuen, ["read"])
    before = contents(cast.fjordstuen)
    for operation in reading:
        answer = caller.call(operation.method, operation.address(home), numbers_at_home(operation.example, home))
        assert answer.status == 200, answer.text
    # But that the key was used, and who looked at whom.
    noted = {"accounts_apikey": "", "accounts_auditentry": ""}
    assert {**contents(cast.fjordstuen), **noted} == {**before, **noted}


def numbers_at_home(value: Any, home: dict[str, Any]) -> Any:
    """An example with the house's own ids, by the names they have in addresses: ``guest_id`` is the guest's."""
    if isinstance(value, dict):
        named = {
            **home,
            "guest_id": home["customer_id"],
            "other_id": home["other_id"],
            "assignee_id": home["member_id"],
            "survivor_id": home["customer_id"],
            "guest_ids": [home["customer_id"], home["other_id"]],
        }
        return {
            name: named.get(name, numbers_at_home(each, home))
            if name.endswith(("_id", "_ids")) and name != "external_id"
            else dict.fromkeys(each, home["other_id"])
            if name == "choices"
            else numbers_at_home(each, home)
            for name, each in value.items()
        }
    return [numbers_at_home(each, home) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", ["", "nothing/", "guests/x/", "guests/1/nothing/"])
def test_an_unknown_address_is_a_problem_too(cast: Cast, path: str) -> None:
    answer = caller_make(cast.fjordstuen).get(path)
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_other_methods_and_other_media(cast: Cast) -> None:
    caller = caller_make(cast.fjordstuen)
    answer = caller.delete("guests/")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}
    form = caller.post("guests/", "given_name=Ingrid", content_type="application/x-www-form-urlencoded")
    assert (form.status, form.code) == (415, "unsupported_media_type")
    large = caller.post("guests/", '{"note": "' + "x" * 3_000_000 + '"}')
    assert (large.status, large.code) == (413, "too_large")
    assert caller.call("OPTIONS", "guests/").status == 204
    assert caller.call("HEAD", "guests/").status == 200


@groups("operations", READING)
def test_head_needs_the_scope_of_get(cast: Cast, home: dict[str, Any], operations: list[Operation]) -> None:
    for operation in operations:
        with naming(operation):
            wanted = operation.told["x-scope"]
            others = caller_make(cast.fjordstuen, [scope for scope in EVERYTHING if scope != wanted])
            assert tried(others, "HEAD", operation.address(home)).status == 403
            answer = tried(caller_make(cast.fjordstuen, [wanted]), "HEAD", operation.address(home))
            assert answer.status == 200 or (answer.status == 409 and "409" in operation.told["responses"])
