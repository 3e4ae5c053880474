"""Relations by API."""

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from tests.api.calling import Caller
from tests.cast import Cast
from tests.factories import CompanyFactory, CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


@pytest.fixture
def company(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CompanyFactory()


def test_related_seen_from_both_sides_and_taken_away(caller: Caller, guest: Customer, company: Customer) -> None:
    path = f"guests/{guest.pk}/relations/"
    made = caller.post(path, {"kind": "works_at", "other_id": company.pk})
    assert made.status == 201, made.text
    assert (made.body["guest_id"], made.body["other_id"]) == (guest.pk, company.pk)
    assert caller.post(path, {"kind": "works_at", "other_id": company.pk}).status == 200
    assert caller.get(path).body["items"] == caller.get(f"guests/{company.pk}/relations/").body["items"] == [made.body]
    assert caller.delete(f"{path}{made.body['id']}/").status == 204
    assert caller.delete(f"{path}{made.body['id']}/").status == 404
    assert caller.get(path).body["items"] == []


def test_refusals(caller: Caller, cast: Cast, guest: Customer, company: Customer) -> None:
    path = f"guests/{guest.pk}/relations/"
    assert "other_id" in caller.post(path, {"kind": "household", "other_id": 999999}).errors
    assert "kind" in caller.post(path, {"kind": "married", "other_id": company.pk}).errors
    itself = caller.post(path, {"kind": "household", "other_id": guest.pk})
    assert (itself.status, itself.code) == (409, "relation_refused")
    with business_scope(cast.fjordstuen.pk):
        person = CustomerFactory()
    assert caller.post(path, {"kind": "works_at", "other_id": person.pk}).code == "relation_refused"
    made = caller.post(path, {"kind": "works_at", "other_id": company.pk}).body
    assert caller.delete(f"guests/{person.pk}/relations/{made['id']}/").status == 404
