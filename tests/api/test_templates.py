"""Templates by the API."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from messaging.texts.models import Template
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db

ENGLISH: dict[str, Any] = {
    "subject": "Hi {guest.given_name|dear guest}",
    "blocks": [{"kind": "heading", "text": "Welcome {guest.company}"}, {"kind": "divider"}],
}
WELCOME: dict[str, Any] = {
    "name": "Welcome",
    "channel": "email",
    "purpose": "stay",
    "texts": [{"language": "en", **ENGLISH}],
}


def test_a_template_is_made_read_and_changed(caller: Caller) -> None:
    made = caller.post("templates/", WELCOME)
    assert made.status == 201
    path = f"templates/{made.body['id']}/"
    (text,) = made.body["texts"]
    assert (text["language"], text["version"], text["blocks"]) == ("en", 1, ENGLISH["blocks"])
    assert caller.get(path).body == made.body
    changed = caller.patch(path, {"name": "Hello", "is_archived": True})
    assert (changed.body["name"], changed.body["is_archived"]) == ("Hello", True)
    assert caller.get("templates/").body["items"] == []
    assert [each["name"] for each in caller.get("templates/?is_archived=true").body["items"]] == ["Hello"]


def test_lists_are_narrowed(caller: Caller) -> None:
    caller.post("templates/", WELCOME)
    caller.post("templates/", {"name": "Key", "channel": "sms", "purpose": "offer"})
    for query, names in (("", ["Welcome", "Key"]), ("?channel=sms", ["Key"]), ("?purpose=stay", ["Welcome"])):
        assert [each["name"] for each in caller.get(f"templates/{query}").body["items"]] == names
    assert caller.get("templates/?channel=fax").status == 422


def test_a_text_is_written_once_more(caller: Caller) -> None:
    path = f"templates/{caller.post('templates/', WELCOME).body['id']}/texts/"
    written = caller.put(f"{path}nb/", {**ENGLISH, "subject": "Hei", "version": 0})
    assert {text["language"]: text["subject"] for text in written.body["texts"]} == {
        "en": ENGLISH["subject"],
        "nb": "Hei",
    }
    stale = caller.put(f"{path}nb/", {**ENGLISH, "subject": "Hallo", "version": 0})
    assert (stale.status, stale.body["code"], stale.body["current"]["subject"]) == (409, "changed_meanwhile", "Hei")
    assert caller.delete(f"{path}nb/").status == 204
    assert caller.delete(f"{path}nb/").status == 404


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"name": ""}, "name"),
        ({"channel": "fax"}, "channel"),
        ({"colour": "red"}, "colour"),
        ({"texts": [{"language": "en", "subject": "x"}]}, "blocks"),
        ({"texts": [{"language": "en", **ENGLISH, "subject": "{first_name}"}]}, "subject"),
        ({"texts": [{"language": "en", "subject": "x", "blocks": [{"kind": "button", "text": "x"}]}]}, "blocks.0.link"),
        ({"texts": [{"language": "en", **ENGLISH}] * 2}, "texts"),
    ],
)
def test_what_is_refused(caller: Caller, cast: Cast, values: dict[str, Any], path: str) -> None:
    answer = caller.post("templates/", {**WELCOME, **values})
    assert answer.status == 422
    assert any(field.startswith(path) for field in answer.errors), answer.body
    with business_scope(cast.fjordstuen.pk):
        assert not Template.objects.exists()


def test_a_preview_is_what_the_guest_would_get(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT, title="x"):
        guest = CustomerFactory(given_name="Kari", company_name="", language="nb")
    template = caller.post("templates/", WELCOME).body["id"]
    shown = caller.post(f"templates/{template}/preview/", {"guest_id": guest.pk}).body
    assert (shown["language"], shown["subject"], shown["missing"]) == ("en", "Hi Kari", ["guest.company"])
    assert shown["text"] == "Welcome\n\n———\n" and "<h1" in shown["html"] and shown["segments"] is None
    sms = caller.post(
        "templates/",
        {
            "name": "S",
            "channel": "sms",
            "purpose": "stay",
            "texts": [{"language": "en", "body": "Hi {guest.given_name}"}],
        },
    ).body["id"]
    counted = caller.post(f"templates/{sms}/preview/", {"guest_id": guest.pk}).body
    assert (counted["text"], counted["segments"]["parts"]) == ("Hi Kari", 1)
    with business_scope(cast.fjordstuen.pk):
        assert AuditEntry.objects.filter(action="guest.viewed", object_id=guest.pk).count() == 2
    assert caller.post(f"templates/{template}/preview/", {"guest_id": guest.pk + 1}).status == 404


def test_a_neighbour_sees_none(caller: Caller, cast: Cast) -> None:
    template = caller.post("templates/", WELCOME).body["id"]
    neighbour = caller_make(cast.duinzicht)
    assert neighbour.get("templates/").body["items"] == []
    for path in (f"templates/{template}/", f"templates/{template}/texts/en/", f"templates/{template}/preview/"):
        assert neighbour.get(path).status in (404, 405), path
    assert neighbour.put(f"templates/{template}/texts/en/", ENGLISH).status == 404
