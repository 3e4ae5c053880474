"""Ways of sending and the local inbox by API."""

import uuid
from typing import Any

import pytest

from accounts.tenancy import business_scope
from messaging.transports import tasks
from messaging.transports.domain import Sender, domain_check
from messaging.transports.models import Caught, Transport
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.messaging.transports.making import transport_made
from tests.messaging.transports.test_domain import Told

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(cast: Cast) -> Caller:
    """A system that may do everything at Fjordstuen."""
    return caller_make(cast.fjordstuen)


@pytest.fixture
def transport(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Transport:
    for task in (tasks.transport_try, tasks.transport_check):
        monkeypatch.setattr(task, "delay", lambda *ids: None)
    with business_scope(cast.fjordstuen.pk):
        return transport_made(
            business=cast.fjordstuen.business, kind="brevo", name="Brevo", secrets={"api_key": "canary"}
        )


def test_read_and_checked_but_never_changed(caller: Caller, cast: Cast, transport: Transport) -> None:
    listed = caller.get("transports/")
    assert listed.status == 200 and "canary" not in listed.text and "callback" not in listed.text
    (told,) = listed.body["items"]
    assert (told["id"], told["kind"], told["channel"], told["is_default"]) == (transport.pk, "brevo", "email", True)
    assert caller.get(f"transports/{transport.pk}/").body == told and told["domain_findings"] == []
    found = domain_check(Sender("fjordstuen.no", include="spf.brevo.com"), Told())
    with business_scope(cast.fjordstuen.pk):
        Transport.objects.update(domain=found.stored(), check_asked_at=None)
    checked = caller.post(f"transports/{transport.pk}/check/").body
    spf = checked["domain_findings"][0]
    assert (spf["topic"], spf["code"], spf["tone"]) == ("spf", "missing", "bad") and "fjordstuen.no" in spf["words"]
    assert spf["record"] == {"kind": "TXT", "name": "fjordstuen.no", "value": "v=spf1 include:spf.brevo.com ~all"}
    with business_scope(cast.fjordstuen.pk):
        assert Transport.objects.get().check_asked_at is not None
    for method in ("post", "patch", "put", "delete"):
        assert caller.call(method, f"transports/{transport.pk}/", {"name": "Mine"}).status == 405
    assert caller.post("transports/", {"kind": "smtp"}).status == 405


def test_a_test_message(caller: Caller, transport: Transport) -> None:
    path = f"transports/{transport.pk}/tests/"
    made = caller.post(path, {"address": "owner@fjordstuen.no"})
    assert (made.status, made.body["state"], made.body["reason"]) == (201, "waiting", "")
    assert caller.get(path).body == {"items": [made.body]}
    assert caller.post(path, {"address": "nobody"}).errors == {"address": "This is not an e-mail address."}
    assert caller.post("transports/999999/tests/", {"address": "a@b.no"}).status == 404
    for _ in range(19):
        caller.post(path, {"address": "owner@fjordstuen.no"})
    assert caller.post(path, {"address": "owner@fjordstuen.no"}).status == 409


def test_the_local_inbox(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        inbox = transport_made(business=cast.fjordstuen.business)
        rows: list[Any] = [
            Caught.objects.create(
                transport=inbox,
                ref=uuid.uuid4(),
                channel="email",
                address=f"guest{number}@example.no",
                subject="Hei",
                html="<p>Hei</p>",
                headers={"X-One": "1"},
            )
            for number in range(2)
        ]
    listed = caller.get("inbox/").body
    assert [each["address"] for each in listed["items"]] == ["guest1@example.no", "guest0@example.no"]
    assert listed["older"] == "" and "html" not in listed["items"][0]
    assert [each["id"] for each in caller.get("inbox/?q=guest0&channel=email").body["items"]] == [rows[0].pk]
    assert caller.get("inbox/?channel=pigeon").status == 422
    whole = caller.get(f"inbox/{rows[0].pk}/").body
    assert (whole["html"], whole["headers"], whole["ref"]) == ("<p>Hei</p>", {"X-One": "1"}, str(rows[0].ref))
    with business_scope(cast.duinzicht.pk):
        theirs = transport_made(business=cast.duinzicht.business)
    assert caller.get(f"transports/{theirs.pk}/").status == 404
