"""Suppressed addresses by API: asked about and never told, put on the list, let go for a reason."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.permission.models import Suppression
from customers.permission.selectors import may_contact
from customers.permission.suppressing import suppress
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory

pytestmark = pytest.mark.django_db
MAIL = "kari@example.com"
ASKED = {"kind": "email", "address": " KARI@Example.com "}


def test_put_on_the_list_asked_about_and_never_told(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        EmailFactory(customer=guest, value=MAIL, is_primary=True)
        ConsentEventFactory(customer=guest)
    assert caller.post("suppressions/check/", ASKED).body == {"items": []}
    made = caller.post("suppressions/", {**ASKED, "reason": "unsubscribed", "at": "2026-01-12T09:30:00+01:00"})
    assert made.status == 201, made.text
    assert (made.body["reason"], made.body["source"]) == ("unsubscribed", "Booking system")
    earlier = {**ASKED, "reason": "unsubscribed", "source": "Earlier", "at": "2026-01-11T09:30:00+01:00"}
    again = caller.post("suppressions/", earlier)
    assert (again.status, again.body) == (200, made.body)
    later = caller.post("suppressions/", {**ASKED, "reason": "unsubscribed", "source": "Later"})
    assert (later.status, later.body["id"], later.body["source"]) == (200, made.body["id"], "Later")
    made = later
    assert caller.post("suppressions/check/", ASKED).body["items"] == [made.body]
    listed = caller.get("suppressions/")
    assert listed.body["items"] == [made.body]
    assert MAIL not in (made.text + listed.text).lower()
    with business_scope(cast.fjordstuen.pk):
        assert not may_contact(ids=[guest.pk], purpose="newsletter", channel="email")[guest.pk].allowed
        entry = AuditEntry.objects.get(action="suppression.added")
    assert (entry.actor, entry.data["of"]) == ("Booking system", "unsubscribed")
    assert MAIL not in str(entry.data)


def test_a_number_as_anybody_writes_it(caller: Caller) -> None:
    assert caller.post("suppressions/", {"kind": "phone", "address": "912 34 567"}).body["reason"] == "manual"
    asked = caller.post("suppressions/check/", {"kind": "phone", "address": "0047 91 23 45 67"})
    assert [each["reason"] for each in asked.body["items"]] == ["manual"]


def test_the_list_by_reason_and_page_by_page(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        for number in range(5):
            suppress(kind="email", normalised=f"guest{number}@example.com", reason="bounce")
        suppress(kind="phone", normalised="+4791234567", reason="stop")
    first = caller.get("suppressions/?kind=email&reason=bounce&limit=3")
    assert len(first.body["items"]) == 3
    second = caller.get("/" + first.body["next"].split("/", 3)[3])
    assert len(second.body["items"]) == 2
    assert second.body["next"] is None
    assert [each["kind"] for each in caller.get("suppressions/?reason=stop").body["items"]] == ["phone"]
    assert caller.get("suppressions/?reason=whatever").status == 422


def test_let_go_with_a_reason_that_is_logged(caller: Caller, cast: Cast) -> None:
    lift = {**ASKED, "reason": "bounce", "why": "The mailbox works again."}
    assert caller.post("suppressions/lift/", lift).status == 409
    with business_scope(cast.fjordstuen.pk):
        suppress(kind="email", normalised=MAIL, reason="bounce")
        suppress(kind="email", normalised=MAIL, reason="objection")
    assert caller.post("suppressions/lift/", {**lift, "why": "  "}).errors.keys() == {"why"}
    answer = caller.post("suppressions/lift/", lift)
    assert (answer.status, [each["reason"] for each in answer.body["items"]]) == (200, ["objection"])
    with business_scope(cast.fjordstuen.pk):
        entry = AuditEntry.objects.get(action="suppression.lifted")
    assert (entry.actor, entry.data["reason"]) == ("Booking system", "The mailbox works again.")


def test_an_unsubscribing_is_not_let_go(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        suppress(kind="email", normalised=MAIL, reason="unsubscribed")
    refused = caller.post("suppressions/lift/", {**ASKED, "reason": "unsubscribed", "why": "We want to"})
    assert (refused.status, refused.code) == (409, "refused")
    assert "anew" in refused.body["detail"]
    with business_scope(cast.fjordstuen.pk):
        assert Suppression.objects.count() == 1


def test_the_neighbours_list_is_not_asked(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        suppress(kind="email", normalised=MAIL, reason="complaint")
    caller = caller_make(cast.fjordstuen)
    assert caller.post("suppressions/check/", ASKED).body == {"items": []}
    assert caller.get("suppressions/").body["items"] == []


def test_to_let_go_takes_the_scope_of_consents(cast: Cast) -> None:
    writer = caller_make(cast.fjordstuen, ["read", "write"])
    assert writer.post("suppressions/", ASKED).status == 201
    assert writer.post("suppressions/lift/", {**ASKED, "reason": "manual", "why": "x"}).body["scope"] == "consents"
    blind = caller_make(cast.fjordstuen, ["write"], name="Blind")
    told = blind.post("suppressions/", {**ASKED, "reason": "bounce", "source": "Tool"})
    assert set(told.body) <= {"id", "kind", "reason", "source"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "email", "address": "kari at example"}, "address"),
        ({"kind": "phone", "address": MAIL}, "address"),
        ({"kind": "post", "address": MAIL}, "kind"),
        ({**ASKED, "reason": "because"}, "reason"),
        ({**ASKED, "at": "2126-01-01T00:00:00Z"}, "at"),
        ({**ASKED, "digest": "x"}, "digest"),
        ({"kind": "email"}, "address"),
    ],
)
def test_refused(caller: Caller, wrong: dict[str, Any], field: str) -> None:
    answer = caller.post("suppressions/", wrong)
    assert answer.status == 422
    assert field in answer.errors
