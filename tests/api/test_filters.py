"""Filters by API: what can be asked, and counts."""

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator

from accounts.tenancy import business_scope
from customers.facts.models import CustomerFacts
from customers.filters.catalogue import code
from tests.api.calling import Caller
from tests.cast import Cast
from tests.customers.filter_register import fill_register

pytestmark = pytest.mark.django_db
DUTCH = {"version": 1, "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}


@pytest.fixture
def dutch(cast: Cast) -> set[int]:
    house = cast.fjordstuen
    with business_scope(house.pk):
        today = timezone.localdate(timezone=house.business.zone)
        fill_register(seed=6, guests=40, today=today, currency=house.business.currency)
        return set(CustomerFacts.objects.filter(language=code("nl")).values_list("customer_id", flat=True))


@pytest.mark.parametrize("exact", [False, True])
def test_count_reach_and_sample_of_a_filter(caller: Caller, dutch: set[int], exact: bool) -> None:
    answer = caller.post("filters/count/", {"tree": DUTCH, "exact": exact})
    assert answer.status == 200, answer.text
    counted = answer.body
    assert counted["guests"] == counted["low"] == counted["high"] == len(dutch) > 0
    assert counted["is_exact"] is True
    assert set(counted["sample"]) <= dutch
    assert len(counted["sample"]) == min(10, len(dutch))
    assert [each["channel"] for each in counted["reach"]] == ["email", "sms"]
    for channel in counted["reach"]:
        assert channel["reachable"] + sum(each["guests"] for each in channel["why_not"]) == len(dutch)


def test_a_filter_that_makes_no_sense_is_refused_by_condition(caller: Caller) -> None:
    tree = {
        "version": 1,
        "rules": [{"field": "stays", "operator": "at_least", "value": 1}, {"field": "x", "operator": "is"}],
    }
    answer = caller.post("filters/count/", {"tree": tree})
    assert answer.status == 422
    assert list(answer.errors) == ["tree.rules.1"]


def test_the_language_of_filters_can_be_read(caller: Caller) -> None:
    answer = caller.get("filters/schema/")
    assert answer.status == 200
    Draft202012Validator.check_schema(answer.body["schema"])
    Draft202012Validator(answer.body["schema"]).validate(DUTCH)
    fields = {each["field"]: each for each in answer.body["fields"]}
    assert fields["stays.count"]["takes_period"] is True
    assert fields["stays.count"]["where"]["status"][0] == "booked"
    assert fields["stays.count"]["where"]["property"] is None
    assert {"operator": "any_of", "label": "is any of", "label_not": "is none of"} in fields["language"]["operators"]
    assert fields["kind"]["options"] == ["person", "company"]
