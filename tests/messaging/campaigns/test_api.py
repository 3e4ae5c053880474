"""Campaigns by API."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.tenancy import business_scope
from messaging.campaigns.models import Campaign
from messaging.campaigns.tasks import campaign_run
from messaging.outbox.models import Message
from messaging.tasks import outbox_send
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.messaging.campaigns.houses import everybody, letter, open_all_day, worked
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nudged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, ...]]]:
    """What workers were told of: business and campaign, or the business alone for its outbox."""
    found: list[tuple[int, ...]] = []
    monkeypatch.setattr(campaign_run, "delay", lambda *ids: found.append(ids))
    monkeypatch.setattr(outbox_send, "delay", lambda *ids: found.append(ids))
    yield found


@pytest.fixture
def caller(cast: Cast) -> Caller:
    return caller_make(cast.fjordstuen)


def test_from_a_draft_to_its_results(
    caller: Caller, cast: Cast, nudged: list[tuple[int, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    with business_scope(cast.fjordstuen.pk):
        open_all_day()
        kari = guest(given_name="Kari")
        guest(consents=False)
        segment, template = everybody().pk, letter().pk
    made = caller.post("campaigns/", {"name": "Winter letter", "segment_id": segment})
    assert made.status == 201, made.text
    assert (made.body["state"], made.body["template_id"], made.body["version"]) == ("draft", None, 1)
    path = f"campaigns/{made.body['id']}/"
    assert caller.get(f"{path}preview/").code == "refused"
    assert caller.post(f"{path}send/").errors == {"template_id": "Choose what they get."}
    changed = caller.patch(path, {"template_id": template, "holdout": 0, "version": 1})
    assert changed.body["version"] == 2
    stale = caller.patch(path, {"name": "x", "version": 1})
    assert (stale.status, stale.code, stale.body["current"]["version"]) == (409, "changed_meanwhile", 2)
    preview = caller.get(f"{path}preview/").body
    assert (preview["total"], preview["reached"], preview["low"], preview["high"]) == (2, 1, 1, 1)
    assert preview["excluded"] == [{"reason": "no_consent", "words": "Has not consented", "number": 1}]
    assert caller.get(f"{path}results/").code == "refused"
    assert caller.post(f"{path}send/", if_match='"1"').code == "changed_meanwhile"
    with django_capture_on_commit_callbacks(execute=True):
        sent = caller.post(f"{path}send/")
    assert (sent.body["state"], sent.body["purpose"]) == ("scheduled", "newsletter")
    assert nudged == [(cast.fjordstuen.pk, made.body["id"])]
    assert caller.delete(path).code == "changed_meanwhile"
    with business_scope(cast.fjordstuen.pk):
        worked(Campaign.objects.get())
        assert Message.objects.get().customer_id == kari.pk
    assert caller.post(f"{path}pause/").body["state"] == "paused"
    assert caller.post(f"{path}pause/").code == "refused"
    assert caller.post(f"{path}resume/").body["state"] == "running"
    results = caller.get(f"{path}results/").body
    assert results["progress"]["excluded"] == preview["excluded"]
    assert (results["progress"]["due"], results["messages"]["sent"], results["bookers"]) == (1, 0, None)
    assert caller.post(f"{path}cancel/").body["state"] == "cancelled"
    assert caller.get("campaigns/?state=cancelled").body["items"][0]["id"] == made.body["id"]
    assert caller.get("campaigns/?state=draft").body["items"] == []


def test_guests_are_named_one_by_one(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari = guest()
    made = caller.post("campaigns/", {"name": "One", "guest_ids": [kari.pk]}).body
    with business_scope(cast.fjordstuen.pk):
        assert Campaign.objects.get(pk=made["id"]).chosen == [kari.pk]
    assert caller.delete(f"campaigns/{made['id']}/").status == 204
    assert caller.get(f"campaigns/{made['id']}/").status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x", "segment_id": 2**40}, "segment_id"),
        ({"name": "x", "template_id": 2**40}, "template_id"),
        ({"name": "x", "holdout": 51}, "holdout"),
        ({"name": "x", "timing": "soon"}, "timing"),
        ({"name": "x", "state": "done"}, "state"),
    ],
)
def test_what_cannot_be_names_its_field(caller: Caller, body: dict[str, Any], field: str) -> None:
    answer = caller.post("campaigns/", body)
    assert (answer.status, list(answer.errors)) == (422, [field])


def test_a_neighbours_campaign_is_not_there(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = Campaign.objects.create(name="Theirs")
    path = f"campaigns/{theirs.pk}/"
    for act in ("send", "pause", "resume", "cancel"):
        assert caller.post(f"{path}{act}/").status == 404
    for part in ("", "preview/", "results/"):
        assert caller.get(path + part).status == 404
    assert caller.patch(path, {"name": "Mine"}).status == caller.delete(path).status == 404
    with business_scope(cast.duinzicht.pk):
        theirs.refresh_from_db()
        assert (theirs.name, theirs.state) == ("Theirs", "draft")
