"""Pages of webhooks: set up with a secret shown once, looked at, tried, delivered again, removed."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.tenancy import business_scope
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.secrets import secrets_open
from tests.cast import Cast, House
from tests.factories import CustomerFactory
from tests.messaging.webhooks.hooks import endpoint_made, planned
from tests.pages import address, client_of, told

pytestmark = pytest.mark.django_db

FORM = {"name": "Door locks", "url": "https://hooks.example.org/in"}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture
def house(cast: Cast, nudged: list[int]) -> Iterator[House]:
    cache.clear()
    yield cast.fjordstuen


@pytest.fixture
def owner(house: House) -> Client:
    # Whoever has no password to say needs not say it.
    return client_of(house.owner)


@pytest.fixture
def endpoint(house: House) -> WebhookEndpoint:
    with business_scope(house.pk):
        return endpoint_made(business=house.business)


def stands(house: House) -> WebhookEndpoint:
    with business_scope(house.pk):
        return WebhookEndpoint.objects.get()


def test_set_up_changed_given_a_new_secret_and_removed(owner: Client, house: House) -> None:
    assert "No webhook yet" in owner.get(address(house, "webhook_list")).content.decode()
    made = owner.post(address(house, "webhook_new"), FORM)
    (secret,) = SECRET.findall(made.content.decode())
    assert "no-store" in made.headers["Cache-Control"]
    endpoint = stands(house)
    with business_scope(house.pk):
        assert secrets_open(endpoint, house.business).secret == secret
    at = {"webhook_id": endpoint.pk}
    for name in ("webhook_list", "webhook", "webhook_edit", "webhook_secret", "webhook_remove"):
        page = owner.get(address(house, name, **({} if name == "webhook_list" else at))).content.decode()
        assert "Door locks" in page and secret not in page
    changed = FORM | {"name": "Locks", "is_on": "on", "version": "1"}
    answer = owner.post(address(house, "webhook_edit", **at), changed)
    assert (answer.status_code, stands(house).name, stands(house).is_on) == (302, "Locks", True)
    rotated = owner.post(address(house, "webhook_secret", **at)).content.decode()
    (newer,) = SECRET.findall(rotated)
    assert newer != secret and "24 hours" in rotated
    assert owner.post(address(house, "webhook_remove", **at)).status_code == 302
    with business_scope(house.pk):
        assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("name", ["webhook_new", "webhook_edit", "webhook_secret"])
def test_one_says_first_who_one_is(house: House, endpoint: WebhookEndpoint, name: str) -> None:
    house.owner.user.set_password("a quiet reception desk")
    house.owner.user.save()
    browser = client_of(house.owner)
    path = address(house, name, **({} if name == "webhook_new" else {"webhook_id": endpoint.pk}))
    for answer in (browser.get(path), browser.post(path, FORM)):
        assert answer.status_code == 302 and "/b/" in answer.headers["Location"].partition("next=")[2].replace(
            "%2F", "/"
        )
    assert (stands(house).name, stands(house).version) == ("Locks", 1)


@pytest.mark.parametrize("role", ["reception", "marketing", "admin"])
def test_connecting_systems_is_for_owners(house: House, endpoint: WebhookEndpoint, role: str) -> None:
    browser = client_of(getattr(house, role))
    assert browser.get(address(house, "webhook_list")).status_code == 403
    assert browser.post(address(house, "webhook_test", webhook_id=endpoint.pk)).status_code == 403


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"url": "http://hooks.example.org/"}, "begin with https://"),
        ({"url": "https://10.0.0.1/"}, "open internet"),
        ({"name": ""}, "required"),
        ({"name": "locks"}, "with this name already"),
    ],
)
def test_what_was_typed_is_kept_and_why_it_was_refused_told(
    owner: Client, house: House, endpoint: WebhookEndpoint, values: dict[str, str], message: str
) -> None:
    answer = owner.post(address(house, "webhook_new"), FORM | values)
    assert answer.status_code == 422 and message in answer.content.decode()
    assert (values.get("url") or FORM["url"]) in answer.content.decode()


def test_an_editor_who_comes_too_late_sees_how_it_stands(
    owner: Client, house: House, endpoint: WebhookEndpoint
) -> None:
    with business_scope(house.pk):
        WebhookEndpoint.objects.update(name="Gates", version=2)
    answer = owner.post(address(house, "webhook_edit", webhook_id=endpoint.pk), FORM | {"version": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Somebody changed this meanwhile" in page
    assert 'value="Gates"' in page and 'name="version" value="2"' in page
    assert stands(house).name == "Gates"


def test_a_test_is_on_its_way(owner: Client, house: House, endpoint: WebhookEndpoint, nudged: list[int]) -> None:
    at = {"webhook_id": endpoint.pk}
    assert "Nothing delivered yet" in owner.get(address(house, "webhook", **at)).content.decode()
    page = owner.post(address(house, "webhook_test", **at), follow=True).content.decode()
    assert "Waiting" in page and 'hx-trigger="every 2s"' in page
    part = owner.get(address(house, "webhook_state", **at), HTTP_HX_REQUEST="true").content.decode()
    assert part.lstrip().startswith('<div class="stack" id="webhook-state"') and "<html" not in part
    assert owner.get(address(house, "webhook_state", **at)).status_code == 302
    with business_scope(house.pk):
        WebhookEndpoint.objects.update(is_on=False)
    assert told(owner.post(address(house, "webhook_test", **at))) == ["It is switched off. Switch it on first."]


def test_deliveries_with_what_became_of_them(owner: Client, house: House, endpoint: WebhookEndpoint) -> None:
    with business_scope(house.pk):
        failed, again = planned(endpoint, *CustomerFactory.create_batch(2, family_name="Nord"))
        now = timezone.now()
        WebhookDelivery.objects.filter(pk=failed.pk).update(
            state="failed", attempts=8, status=503, reason="busy", detail="<b>Full</b>", settled_at=now
        )
        WebhookDelivery.objects.filter(pk=again.pk).update(
            attempts=1, reason="slow", due_at=now + dt.timedelta(hours=1)
        )
        WebhookEndpoint.objects.update(failures=2, trouble="busy", rests_until=now + dt.timedelta(minutes=9))
    at = {"webhook_id": endpoint.pk}
    page = owner.get(address(house, "webhook", **at)).content.decode()
    assert "Webhooks do not get through." in page and "The server takes no more right now." in page
    assert "503" in page and "The answer took too long." in page and "Again from" in page
    assert "every 2s" not in page
    only = owner.get(address(house, "webhook", **at) + "?state=sent").content.decode()
    assert "No delivery in this state" in only
    one = owner.get(address(house, "webhook_delivery", **at, delivery_id=failed.pk)).content.decode()
    assert failed.webhook_id in one and "&lt;b&gt;Full&lt;/b&gt;" in one and "&quot;type&quot;: &quot;t&quot;" in one
    listed = owner.get(address(house, "webhook_list")).content.decode()
    assert "Not getting through" in listed
    answer = owner.post(address(house, "webhook_delivery_resend", **at, delivery_id=failed.pk))
    assert told(answer) == ["1 webhook is delivered again."]
    assert told(client_of(house.owner).post(address(house, "webhook_resend", **at))) == []
    with business_scope(house.pk):
        assert WebhookDelivery.objects.get(pk=failed.pk).state == "planned"


def test_older_deliveries_are_a_page_away(owner: Client, house: House, endpoint: WebhookEndpoint) -> None:
    with business_scope(house.pk):
        rows = planned(endpoint, *CustomerFactory.create_batch(27))
    path = address(house, "webhook", webhook_id=endpoint.pk)
    page = owner.get(path).content.decode()
    oldest = address(house, "webhook_delivery", webhook_id=endpoint.pk, delivery_id=rows[0].pk)
    assert oldest not in page and f"before={rows[2].pk}" in page
    assert oldest in owner.get(f"{path}?before={rows[2].pk}").content.decode()
    assert owner.get(f"{path}?before=x&state=y").status_code == 200


def test_another_business_is_not_there(owner: Client, cast: Cast, house: House) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = endpoint_made(business=cast.duinzicht.business)
        (row,) = planned(theirs, CustomerFactory())
    with business_scope(house.pk):
        ours = endpoint_made(business=house.business)
    for name in ("webhook", "webhook_edit", "webhook_secret", "webhook_remove", "webhook_state"):
        assert owner.get(address(house, name, webhook_id=theirs.pk)).status_code == 404
    for name in ("webhook_test", "webhook_resend", "webhook_remove", "webhook_secret"):
        assert owner.post(address(house, name, webhook_id=theirs.pk)).status_code == 404
    for endpoint_id in (theirs.pk, ours.pk):
        at = {"webhook_id": endpoint_id, "delivery_id": row.pk}
        assert owner.get(address(house, "webhook_delivery", **at)).status_code == 404
        assert owner.post(address(house, "webhook_delivery_resend", **at)).status_code == 404
