"""The business itself by API: read, and its postal address changed."""

import pytest

from accounts.models import AuditEntry, Business
from accounts.tenancy import business_scope
from tests.api.calling import Caller, caller_make
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_it_is_told(caller: Caller) -> None:
    told = caller.get("business/")
    assert told.status == 200
    assert (told.body["slug"], told.body["name"], told.body["postal_address"]) == ("fjordstuen", "Fjordstuen", "")
    assert "sensitive_roles" not in told.body


def test_the_postal_address_is_changed_and_logged(caller: Caller, cast: Cast) -> None:
    answer = caller.patch("business/", {"postal_address": " Fjordveien 12\n\n6800 Førde "})
    assert (answer.status, answer.body["postal_address"]) == (200, "Fjordveien 12\n6800 Førde")
    assert caller.patch("business/", {}).body == answer.body
    assert Business.objects.get(pk=cast.duinzicht.pk).postal_address == ""
    with business_scope(cast.fjordstuen.pk):
        entry = AuditEntry.objects.get(action="business.changed")
    assert (entry.actor, entry.data["changes"]) == (
        "Booking system",
        {"postal_address": ["", "Fjordveien 12\n6800 Førde"]},
    )


@pytest.mark.parametrize(
    "wrong", [{"name": "Fjord"}, {"postal_address": "x" * 301}, {"postal_address": 7}, {"postal_address": "http://a.b"}]
)
def test_what_a_key_may_not_change(caller: Caller, cast: Cast, wrong: dict[str, object]) -> None:
    assert caller.patch("business/", wrong).status == 422
    assert Business.objects.get(pk=cast.fjordstuen.pk).postal_address == ""


def test_who_reads_only_changes_nothing(cast: Cast) -> None:
    assert caller_make(cast.fjordstuen, scopes=["read"]).patch("business/", {"postal_address": "x"}).status == 403
