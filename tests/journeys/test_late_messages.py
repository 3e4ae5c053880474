"""Messages that came too late: chosen, sent or left, by everybody who may, on every screen."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.tenancy import business_scope
from messaging.gate.services import settings_save
from messaging.outbox.models import Message
from messaging.outbox.services import plan, send_due
from tests.cast import Cast, cast_assemble
from tests.journeys.conftest import OpenBrowser
from tests.messaging.outbox.letters import draft, guest, local

ROOM = "/b/fjordstuen/messages/outbox/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.mark.parametrize("width", [1280, 390])
def test_some_are_sent_and_the_rest_is_left(cast: Cast, visit: OpenBrowser, width: int) -> None:
    house, now = cast.fjordstuen, timezone.now()
    with business_scope(house.pk):
        local(house.business)
        settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=10, cap_week=50)
        plan(drafts=[draft(guest(), f"late {each}") for each in range(3)])
        Message.objects.update(expires_at=now - dt.timedelta(hours=1))
        first = Message.objects.earliest("id").pk
    send_due(business_id=house.pk)
    watch = visit(f"{ROOM}{first}/", user=house.owner.user, width=width, touch=width < 760, dark=width < 760)
    watch.assert_accessible()
    watch.assert_fits()
    page = watch.page
    page.goto(ROOM)
    page.get_by_role("link", name="Show them").click()
    watch.assert_accessible()
    watch.assert_fits()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Send the chosen ones now").click()
    expect(page.get_by_text("1 message is sent now.")).to_be_visible()
    page.get_by_role("link", name="Show them").click()
    page.locator("[data-dialog=late-all]").click()
    dialog = page.get_by_role("dialog", name="All that came too late")
    expect(dialog).to_contain_text("2 messages wait")
    watch.assert_accessible()
    watch.assert_fits()
    dialog.get_by_role("button", name="Leave all unsent").click()
    expect(page.get_by_text("2 messages stay unsent.")).to_be_visible()
    with business_scope(house.pk):
        assert Message.objects.filter(state="planned").count() + Message.objects.filter(state="sent").count() == 1
