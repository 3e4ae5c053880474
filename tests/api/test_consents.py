"""Consents by API: recorded with their proof, by keys that may."""

from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.consent.models import ConsentEvent
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.tasks import sensitive_erase
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import ConsentWordingFactory, CustomerFactory

pytestmark = pytest.mark.django_db

YES = {"purpose": "newsletter", "channel": "email", "is_granted": True}


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


@pytest.fixture
def path(guest: Customer) -> str:
    return f"guests/{guest.pk}/consents/"


def granted(caller: Caller, path: str) -> dict[tuple[str, str], bool | None]:
    return {(each["purpose"], each["channel"]): each["is_granted"] for each in caller.get(path).body["items"]}


def test_recorded_and_in_force(caller: Caller, cast: Cast, path: str) -> None:
    assert set(granted(caller, path).values()) == {None}
    made = caller.post(
        f"{path}events/",
        {**YES, "at": "2026-01-12T09:30:00+01:00", "by_guest": True, "address": "192.0.2.17", "proof": "Form 7"},
    )
    assert made.status == 201, made.text
    assert (made.body["source"], made.body["actor"], made.body["act"]) == ("api", "Booking system", "granted")
    assert (made.body["address"], made.body["proof"], made.body["by_guest"]) == ("192.0.2.17", "Form 7", True)
    assert granted(caller, path)["newsletter", "email"] is True
    caller.post(f"{path}events/", {**YES, "is_granted": False})
    assert granted(caller, path)["newsletter", "email"] is False
    late = caller.post(f"{path}events/", {**YES, "at": "2026-01-13T00:00:00Z"})
    assert late.status == 201
    assert granted(caller, path)["newsletter", "email"] is False, "the latest decision holds, not the latest message"
    events = caller.get(f"{path}events/").body["items"]
    assert [event["act"] for event in events] == ["granted", "withdrawn", "granted"]
    assert events[0] == made.body


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"channel": ""}, "channel"),
        ({"channel": "post"}, "channel"),
        ({"purpose": "everything"}, "purpose"),
        ({"is_granted": None}, "is_granted"),
        ({"is_granted": "perhaps"}, "is_granted"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"address": "somewhere"}, "address"),
        ({"proof": "x" * 501}, "proof"),
        ({"wording_id": 999999}, "wording_id"),
        ({"source": "desk"}, "source"),
        ({"customer_id": 1}, "customer_id"),
    ],
)
def test_refusals_name_the_field(caller: Caller, cast: Cast, path: str, values: dict[str, Any], field: str) -> None:
    answer = caller.post(f"{path}events/", {**YES, **values})
    assert (answer.status, answer.code) == (422, "invalid"), answer.text
    assert field in answer.errors
    with business_scope(cast.fjordstuen.pk):
        assert not ConsentEvent.objects.exists()


def test_in_the_words_that_were_shown(caller: Caller, cast: Cast, path: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        wording = ConsentWordingFactory()
    made = caller.post(f"{path}events/", {**YES, "wording_id": wording.pk, "language": "nb"})
    assert (made.body["wording_id"], made.body["language"]) == (wording.pk, "nb")
    assert "language" in caller.post(f"{path}events/", {**YES, "wording_id": wording.pk, "language": "nl"}).errors
    other = {"purpose": "newsletter", "channel": "sms", "is_granted": True, "wording_id": wording.pk}
    assert "wording_id" in caller.post(f"{path}events/", other).errors


def test_writing_guests_is_not_recording_consents(cast: Cast, path: str) -> None:
    writer = caller_make(cast.fjordstuen, ["read", "write"])
    refused = writer.post(f"{path}events/", YES)
    assert (refused.status, refused.code, refused.body["scope"]) == (403, "scope_missing", "consents")
    recorder = caller_make(cast.fjordstuen, ["consents"])
    assert recorder.post(f"{path}events/", YES).status == 201
    assert recorder.get(path).status == 403


def test_what_a_withdrawn_consent_covered_is_erased_at_once(
    caller: Caller,
    cast: Cast,
    guest: Customer,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(sensitive_erase, "delay", sensitive_erase)
    decision = {"purpose": "sensitive", "channel": ""}
    with django_capture_on_commit_callbacks(execute=True):
        assert caller.post(f"{path}events/", {**decision, "is_granted": True}).status == 201
        assert caller.patch(f"guests/{guest.pk}/sensitive/", {"food": "Vegetarian"}).status == 200
        assert caller.post(f"{path}events/", {**YES, "is_granted": False}).status == 201
    with business_scope(cast.fjordstuen.pk):
        assert SensitiveDetail.objects.count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert caller.post(f"{path}events/", {**decision, "is_granted": False}).status == 201
    with business_scope(cast.fjordstuen.pk):
        assert not SensitiveDetail.objects.exists()
