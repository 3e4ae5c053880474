"""Sensitive details by API: for keys that may, while the guest consents."""

import json

import pytest
from django.db import connection

from accounts.models import ApiAnswer, AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import Change
from customers.sensitive.models import SensitiveDetail
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import ConsentEventFactory, CustomerFactory

pytestmark = pytest.mark.django_db
CANARY = "Kanarienuss"


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


@pytest.fixture
def path(guest: Customer) -> str:
    return f"guests/{guest.pk}/sensitive/"


@pytest.fixture
def consented(cast: Cast, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        ConsentEventFactory(customer=guest, purpose="sensitive", channel="")


def test_without_consent_nothing_is_kept(caller: Caller, cast: Cast, path: str) -> None:
    refused = caller.patch(path, {"allergies": CANARY})
    assert (refused.status, refused.code) == (422, "consent_missing")
    assert CANARY not in refused.text
    assert caller.get(path).body["is_consented"] is False
    with business_scope(cast.fjordstuen.pk):
        assert not SensitiveDetail.objects.exists()


@pytest.mark.usefixtures("consented")
def test_kept_shown_logged_and_nowhere_in_clear(caller: Caller, cast: Cast, path: str, guest: Customer) -> None:
    changed = caller.patch(path, {"allergies": CANARY, "food": "Vegetarian"})
    assert changed.status == 200, changed.text
    assert (changed.body["allergies"], changed.body["food"], changed.body["wishes"]) == (CANARY, "Vegetarian", "")
    assert caller.patch(path, {"food": ""}).body["food"] == ""
    assert caller.get(path).body["allergies"] == CANARY
    assert CANARY not in caller.get(f"guests/{guest.pk}/").text
    with business_scope(cast.fjordstuen.pk):
        viewed = AuditEntry.objects.filter(action="sensitive.viewed")
        assert {(entry.actor, entry.object_id) for entry in viewed} == {("Booking system", guest.pk)}
        assert not ApiAnswer.objects.exists()
        assert CANARY not in json.dumps(list(Change.objects.values_list("data", flat=True)))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM customers_sensitivedetail d WHERE d::text LIKE %s", [f"%{CANARY}%"])
            assert cursor.fetchone() == (0,)


@pytest.mark.usefixtures("consented")
def test_withdrawn_by_api_it_is_gone_at_once(caller: Caller, path: str, guest: Customer) -> None:
    caller.patch(path, {"allergies": CANARY})
    withdrawn = caller.post(f"guests/{guest.pk}/consents/events/", {"purpose": "sensitive", "is_granted": False})
    assert withdrawn.status == 201
    assert caller.get(path).body == {
        "version": 1,
        "is_consented": False,
        "allergies": "",
        "food": "",
        "wishes": "",
        "spouse": "",
        "children": "",
    }


@pytest.mark.usefixtures("consented")
def test_of_two_writers_the_second_must_have_seen_what_the_first_wrote(caller: Caller, cast: Cast, path: str) -> None:
    seen = caller.get(path).body["version"]
    other = caller_make(cast.fjordstuen, ["sensitive"], name="Kitchen")
    assert other.patch(path, {"allergies": CANARY, "version": seen}).status == 200
    for headers, body in (({}, {"version": seen}), ({"if_match": f'"{seen}"'}, {})):
        late = caller.patch(path, {"allergies": "", **body}, **headers)
        assert (late.status, late.code, late.body["current"]["allergies"]) == (409, "changed_meanwhile", CANARY)
    newest = late.body["current"]["version"]
    assert caller.patch(path, {"food": "Vegetarian"}, if_match=f'"{newest}"').body["version"] > newest
    assert caller.get(path).body["allergies"] == CANARY


@pytest.mark.usefixtures("consented")
def test_refusals(caller: Caller, cast: Cast, path: str, guest: Customer) -> None:
    assert "allergies" in caller.patch(path, {"allergies": "x" * 1001}).errors
    assert "illness" in caller.patch(path, {"illness": "x"}).errors
    others = caller_make(cast.fjordstuen, ["read", "write", "consents"])
    for answer in (others.get(path), others.patch(path, {"allergies": "x"})):
        assert (answer.status, answer.body["scope"]) == (403, "sensitive")
    with business_scope(cast.fjordstuen.pk):
        Customer.objects.get(pk=guest.pk)
