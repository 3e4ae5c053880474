"""Webhooks by API."""

import pytest
from django.utils import timezone

from accounts.models import ApiAnswer
from accounts.tenancy import business_scope
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.secrets import secrets_open
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory
from tests.messaging.webhooks.hooks import endpoint_made, planned

pytestmark = pytest.mark.django_db

BODY = {"name": "Door locks", "url": "https://hooks.example.org/in"}


@pytest.fixture
def caller(cast: Cast, nudged: list[int]) -> Caller:
    """A system that may do everything at Fjordstuen."""
    return caller_make(cast.fjordstuen)


@pytest.fixture
def endpoint(cast: Cast) -> WebhookEndpoint:
    with business_scope(cast.fjordstuen.pk):
        return endpoint_made(business=cast.fjordstuen.business)


def test_made_changed_and_removed(caller: Caller, cast: Cast) -> None:
    made = caller.post("webhooks/", BODY)
    secret = made.body.pop("secret")
    assert (made.status, made.body["name"], made.body["is_on"], made.body["version"]) == (201, "Door locks", True, 1)
    with business_scope(cast.fjordstuen.pk):
        endpoint = WebhookEndpoint.objects.get()
        assert secrets_open(endpoint, cast.fjordstuen.business).secret == secret
    path = f"webhooks/{endpoint.pk}/"
    assert caller.get("webhooks/").body == {"items": [made.body]} and caller.get(path).body == made.body
    changed = caller.call("patch", path, {"is_on": False}, if_match='"1"')
    assert (changed.status, changed.body["is_on"], changed.body["version"]) == (200, False, 2)
    late = caller.call("patch", path, {"name": "Gates", "version": 1})
    assert (late.status, late.code, late.body["current"]["version"]) == (409, "changed_meanwhile", 2)
    rotated = caller.post(f"{path}secret/")
    assert rotated.status == 200 and rotated.body["secret"] not in ("", secret)
    assert "secret" not in caller.get(path).body
    assert caller.call("delete", path).status == 204 and caller.get(path).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"url": "https://192.168.1.1/"}, "url"),
        ({"name": ""}, "name"),
        ({"name": "LOCKS"}, "name"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_refusals_name_the_field(caller: Caller, endpoint: WebhookEndpoint, body: dict[str, str], field: str) -> None:
    answer = caller.post("webhooks/", BODY | body)
    assert answer.status == 422 and set(answer.errors) == {field}


def test_a_secret_is_kept_for_no_repetition(caller: Caller, cast: Cast) -> None:
    first = caller.post("webhooks/", BODY, idempotency_key="one")
    again = caller.post("webhooks/", BODY, idempotency_key="one")
    secret = first.body.pop("secret")
    assert secret.startswith("whsec_") and again.body == first.body
    with business_scope(cast.fjordstuen.pk):
        assert WebhookEndpoint.objects.count() == 1
        assert secret not in str(list(ApiAnswer.objects.values()))


def test_whoever_says_where_guests_go_may_read_them(cast: Cast, endpoint: WebhookEndpoint) -> None:
    writer = caller_make(cast.fjordstuen, ["write"])
    path = f"webhooks/{endpoint.pk}/"
    for answer in (
        writer.post("webhooks/", BODY),
        writer.call("patch", path, {"url": "https://evil.example.org/"}),
        writer.post(f"{path}secret/"),
    ):
        assert (answer.status, answer.code, answer.body["scope"]) == (403, "scope_missing", "read")


def test_tried_looked_at_and_delivered_again(
    caller: Caller, cast: Cast, endpoint: WebhookEndpoint, nudged: list[int]
) -> None:
    path = f"webhooks/{endpoint.pk}/"
    tried = caller.post(f"{path}test/")
    assert (tried.status, tried.body["kind"], tried.body["guest_id"]) == (200, "webhook.test", None)
    with business_scope(cast.fjordstuen.pk):
        (failed,) = planned(endpoint, CustomerFactory())
        over = {"state": "failed", "settled_at": timezone.now(), "status": 500, "reason": "fault", "attempts": 8}
        WebhookDelivery.objects.filter(pk=failed.pk).update(**over)
    listed = caller.get(f"{path}deliveries/?state=failed").body["items"]
    assert [each["id"] for each in listed] == [failed.pk] and "body" not in listed[0]
    told = caller.get(f"{path}deliveries/{failed.pk}/").body
    assert (told["body"], told["webhook_id"]) == (failed.body, failed.webhook_id)
    assert (told["reason"], told["reason_words"]) == ("fault", "The server has a fault of its own.")
    page = caller.get(f"{path}deliveries/?limit=1").body
    assert [each["id"] for each in page["items"]] == [tried.body["id"]] and page["next"]
    assert caller.post(f"{path}deliveries/{failed.pk}/resend/").body == {"resent": 1}
    assert caller.post(f"{path}deliveries/{failed.pk}/resend/").body == {"resent": 0}
    assert caller.post(f"{path}resend/").body == {"resent": 0}
    caller.call("patch", path, {"is_on": False})
    for act in ("test/", "resend/"):
        assert (caller.post(f"{path}{act}").status, caller.post(f"{path}{act}").code) == (409, "refused")


def test_another_business_is_not_there(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = endpoint_made(business=cast.duinzicht.business)
        (row,) = planned(theirs, CustomerFactory())
    path = f"webhooks/{theirs.pk}/"
    asked = [("get", path), ("patch", path), ("delete", path), ("post", f"{path}secret/"), ("post", f"{path}test/")]
    asked += [("get", f"{path}deliveries/"), ("get", f"{path}deliveries/{row.pk}/"), ("post", f"{path}resend/")]
    for method, where in asked:
        assert caller.call(method, where, {} if method == "patch" else None).status == 404
    assert caller.get("webhooks/").body == {"items": []}
