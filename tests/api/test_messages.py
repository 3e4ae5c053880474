"""Messages through the API."""

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from messaging.outbox.models import Message
from messaging.outbox.services import plan
from messaging.texts.models import Template
from tests.api.calling import Caller
from tests.cast import Cast
from tests.messaging.outbox.letters import draft, guest, news

pytestmark = pytest.mark.django_db


def test_listed_narrowed_and_read(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari = guest()
        plan(drafts=[draft(kari), news(guest(consents=False))])
    everything = caller.get("messages/").body["items"]
    assert [each["state"] for each in everything] == ["planned", "skipped"]
    assert everything[1]["why"] == "Has not consented"
    (mine,) = caller.get(f"messages/?guest_id={kari.pk}&state=planned&channel=email").body["items"]
    assert (mine["guest_id"], mine["template_id"], mine["origin"]) == (kari.pk, None, "card")
    assert caller.get(f"messages/{mine['id']}/").body == mine
    assert caller.get("messages/?state=eaten").status == 422
    assert caller.get("messages/999999/").status == 404


def test_cancelled_once_and_twice_but_not_too_late(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        pk = plan(drafts=[draft(guest(), "first")]).ids["first"]
    for _turn in range(2):
        answer = caller.post(f"messages/{pk}/cancel/")
        assert (answer.status, answer.body["state"], answer.body["reason"]) == (200, "skipped", "cancelled")
    with business_scope(cast.fjordstuen.pk):
        Message.objects.update(state="sent", reason="")
    assert (caller.post(f"messages/{pk}/cancel/").status, caller.post("messages/999999/cancel/").status) == (409, 404)


def test_one_in_doubt_is_decided_once(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        ids = plan(drafts=[draft(guest(), "first"), draft(guest(), "second")]).ids
    for key, decision, state in (("first", "retry", "planned"), ("second", "settle", "sent")):
        path = f"messages/{ids[key]}/decide/"
        assert caller.post(path, {"decision": decision}).status == 409
        with business_scope(cast.fjordstuen.pk):
            Message.objects.filter(pk=ids[key]).update(state="unknown", reason="", attempted_at=timezone.now())
        assert caller.post(path, {"decision": "guess"}).errors.keys() == {"decision"}
        answer = caller.post(path, {"decision": decision})
        assert (answer.status, answer.body["state"]) == (200, state)
        assert caller.post(path, {"decision": decision}).status == 409


def test_times_are_read_and_changed(caller: Caller, cast: Cast) -> None:
    assert caller.get("message-times/").body == {
        "open_from": "09:00",
        "open_until": "21:00",
        "cap_day": 1,
        "cap_week": 3,
    }
    answer = caller.patch("message-times/", {"open_until": "00:00", "cap_week": 5})
    assert (answer.status, answer.body["open_until"], answer.body["cap_week"]) == (200, "00:00", 5)
    assert caller.patch("message-times/", {"open_from": "10:00"}).body["open_until"] == "00:00"
    refused = caller.patch("message-times/", {"open_from": "10:00", "open_until": "08:00"})
    assert (refused.status, list(refused.errors)) == (422, ["open_until"])
    assert caller.patch("message-times/", {"cap_day": 0}).status == 422


def test_a_guest_is_written_to_or_the_reason_told(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, silent = guest(), guest(consents=False)
        template = Template.objects.create(name="Key", channel="email", purpose="stay")
    words = {"channel": "email", "purpose": "stay", "subject": "Your key", "text": "Dear {guest.given_name|guest}"}
    answer = caller.post(f"guests/{kari.pk}/messages/", words)
    assert (answer.status, answer.body["state"], answer.body["guest_id"]) == (201, "planned", kari.pk)
    news = caller.post(f"guests/{silent.pk}/messages/", {**words, "purpose": "newsletter"})
    assert (news.status, news.body["detail"]) == (409, "Has not consented")
    assert caller.post(f"guests/{kari.pk}/messages/", {"subject": "x"}).errors.keys() == {"channel", "purpose", "text"}
    typo = caller.post(f"guests/{kari.pk}/messages/", {**words, "text": "Dear {guest.nickname}"})
    assert (typo.status, list(typo.errors)) == (422, ["text"])
    wordless = caller.post(f"guests/{kari.pk}/messages/", {"template_id": template.pk})
    assert (wordless.status, list(wordless.errors)) == (422, ["template_id"])
    assert caller.post(f"guests/{kari.pk}/messages/", {"template_id": 999999}).status == 404
    assert caller.post("guests/999999/messages/", words).status == 404
