"""Automations at work, for everybody: where guests are, what would come of it, a webhook that is told."""

import datetime as dt
import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from accounts import outgoing
from accounts.tenancy import business_scope
from automations.models import DryRunStep, Journey, JourneyStep
from messaging.webhooks import tasks
from messaging.webhooks.models import WebhookDelivery
from messaging.webhooks.sending import send_due
from tests.accounts.web import a_web
from tests.automations.houses import automation_on, journey, wait
from tests.automations.rehearsal.stages import about_stays, dry_run, mail, stay_of
from tests.cast import Cast, House, cast_assemble
from tests.factories import CustomerFactory
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch
from tests.messaging.campaigns.houses import open_all_day
from tests.messaging.outbox.letters import guest, local
from tests.messaging.webhooks.hooks import endpoint_made, planned
from tests.messaging.webhooks.receiver import Receiver, is_signed

TREE = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nb"]}]}
TASK = {"do": "task", "title": "Call before the stay, and ask about the dog"}


@pytest.fixture
def cast(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    cache.clear()
    monkeypatch.setattr(tasks.webhooks_send, "delay", lambda business_id: send_due(business_id=business_id))
    return cast_assemble()


def for_everybody(watch: Watch, addresses: Iterable[str], *, part: str = "") -> None:
    """Each page, or a part of it, is open to all, by day at a desk and by night on a phone, which it fits."""
    for address in addresses:
        watch.page.set_viewport_size({"width": 1280, "height": 800})
        watch.wear("light")
        watch.page.goto(address)
        watch.assert_accessible(include=part)
        watch.page.set_viewport_size({"width": 390, "height": 844})
        watch.wear("dark")
        watch.assert_accessible(include=part, rules=("color-contrast", "target-size"))
        watch.assert_fits()


def under_way(house: House) -> list[str]:
    """An automation with guests at several places, and the pages that tell of them."""
    local(house.business)
    open_all_day()
    arrives, waits, left = guest(given_name="Kari"), CustomerFactory(language="nb"), CustomerFactory()
    stay_of(arrives, arrives_in=10)
    branch = {"do": "branch", "tree": TREE, "yes": [{"id": "y1", **TASK}], "no": [{"id": "n1", "do": "stop"}]}
    made = automation_on(
        mail(about_stays()), wait(days=2), branch, TASK, name="Before the arrival", goal={"kind": "buys"}
    )
    stands = journey(made, waits, step="s2", waiting="s2", due_at=timezone.now() + dt.timedelta(days=2), number_done=1)
    ended = journey(made, left)
    Journey.objects.filter(pk=ended.pk).update(
        state="left", reason="cancelled", due_at=None, ended_at=timezone.now()
    )  # fmt: skip
    for each, outcome, reason in ((stands, "done", ""), (ended, "refused", "no_consent")):
        JourneyStep.objects.create(
            automation=made, customer_id=each.customer_id, journey_id=each.pk, step="s1", outcome=outcome,
            reason=reason, due_at=timezone.now(),
        )  # fmt: skip
    run = dry_run(made)
    message = DryRunStep.objects.filter(run=run, text_id__isnull=False)[0]
    room = f"/b/{house.slug}/automations/"
    own = f"{room}{made.pk}/"
    return [
        own,
        f"{own}journeys/?step=s1&outcome=refused&reason=no_consent",
        f"{room}journeys/{stands.pk}/",
        f"{own}dry-run/",
        f"{own}dry-run/{run.pk}/",
        f"{own}dry-run/{run.pk}/message/{message.pk}/",
        f"{own}try/?guest={arrives.pk}",
        f"/b/{house.slug}/guests/{waits.pk}/",
    ]


def test_pages_of_guests_under_way_are_for_everybody(cast: Cast, visit: OpenBrowser) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        addresses = under_way(house)
    *pages, card = addresses
    watch = visit(pages[0], user=house.marketing.user)
    for_everybody(watch, pages)
    for_everybody(watch, [card], part="#next-steps")
    expect(watch.page.locator("#next-steps")).to_contain_text("Call before the stay")
    watch.page.goto(pages[4])
    watch.page.get_by_role("link", name="Would be sent").click()
    expect(watch.page.get_by_role("link", name="Remove Only")).to_be_visible()
    expect(watch.page.get_by_role("link", name="Kari")).to_have_count(1)


def test_pages_of_webhooks_are_for_everybody(cast: Cast, visit: OpenBrowser) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        endpoint = endpoint_made(business=house.business)
        _waits, failed, gone = planned(endpoint, *CustomerFactory.create_batch(3))
        now = timezone.now()
        told: dict[str, Any] = {"attempts": 8, "attempted_at": now, "settled_at": now, "reason": "fault", "status": 500}
        WebhookDelivery.objects.filter(pk=failed.pk).update(state="failed", detail="No such room", **told)
        WebhookDelivery.objects.filter(pk=gone.pk).update(state="unknown", **{**told, "reason": "slow"})
        type(endpoint).objects.filter(pk=endpoint.pk).update(
            failures=3, trouble="fault", rests_until=now + dt.timedelta(hours=1)
        )
    room = f"/b/{house.slug}/settings/webhooks/"
    own = f"{room}{endpoint.pk}/"
    watch = visit(room, user=house.owner.user)
    for_everybody(watch, [room, own, f"{own}edit/", f"{own}secret/", f"{own}deliveries/{failed.pk}/"])


def test_a_webhook_is_set_up_tried_and_seen_to_arrive(
    cast: Cast, visit: OpenBrowser, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = cast.fjordstuen
    with a_web(tmp_path) as web:
        receiver = Receiver(web)
        settings.INNKEEPER_OUTGOING_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
        settings.INNKEEPER_OUTGOING_PORTS = (443, web.port)
        settings.INNKEEPER_OUTGOING_AUTHORITIES = str(web.authority)
        monkeypatch.setattr(outgoing, "_resolve", lambda host, port: [ipaddress.ip_address("127.0.0.1")])
        watch = visit(f"/b/{house.slug}/settings/webhooks/", user=house.owner.user)
        page = watch.page
        page.get_by_role("link", name="New webhook").click()
        page.get_by_label("Name").fill("Door locks")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Set it up").click()
        secret = page.get_by_label("Secret").input_value()
        watch.assert_accessible()
        page.get_by_role("link", name="Done").click()
        expect(page.get_by_text("Nothing delivered yet")).to_be_visible()
        page.get_by_role("button", name="Deliver a test").click()
        row = page.get_by_role("row", name="Test")
        expect(row).to_contain_text("Delivered")
        row.get_by_role("link", name="Test").click()
        expect(page.get_by_text("webhook.test")).to_be_visible()
        expect(page.get_by_role("definition").filter(has_text="204")).to_be_visible()
        (got,) = receiver.got
        assert is_signed(got, secret)
        expect(page.get_by_text(got.id)).to_be_visible()
