"""From a template to a guest who unsubscribes: written, sent to a segment, caught by the local inbox, stopped by one
click, and told as the reason by the next campaign."""

import datetime as dt
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Dialog, expect

from accounts.tenancy import business_scope
from customers.card.models import Customer
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import campaign_work
from messaging.gate.services import settings_save
from messaging.outbox.services import send_due
from messaging.transports.models import Caught
from tests.cast import Cast, cast_assemble
from tests.factories import SegmentFactory
from tests.journeys.conftest import OpenBrowser
from tests.messaging.campaigns.houses import letter
from tests.messaging.outbox.letters import guest, local


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def kari(cast: Cast) -> Customer:
    """Two who have consented and one who has not, a segment of all, and a local inbox; it is never night."""
    with business_scope(cast.fjordstuen.pk):
        settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=10, cap_week=50)
        local(cast.fjordstuen.business)
        SegmentFactory(name="Everybody")
        made = guest(given_name="Kari", family_name="Nordmann", language="en")
        guest(given_name="Ola", family_name="Dahl", language="nb")
        guest(given_name="Per", family_name="Moe", consents=False)
    return made


def work(cast: Cast) -> None:
    """What the workers would do."""
    with business_scope(cast.fjordstuen.pk):
        ids = list(Campaign.objects.values_list("id", flat=True))
    for campaign_id in ids:
        campaign_work(business_id=cast.fjordstuen.pk, campaign_id=campaign_id)
    while send_due(business_id=cast.fjordstuen.pk).more:
        pass
    for campaign_id in ids:
        campaign_work(business_id=cast.fjordstuen.pk, campaign_id=campaign_id)


def test_a_newsletter_reaches_a_segment_until_a_guest_unsubscribes(
    cast: Cast, kari: Customer, visit: OpenBrowser, settings: Any
) -> None:
    settings.INNKEEPER_URL = "https://register.fjordstuen.example"
    watch = visit("/b/fjordstuen/messages/templates/new/", user=cast.fjordstuen.marketing.user)
    page = watch.page
    page.get_by_label("Name").fill("Winter news")
    page.locator("input[name=start][value=newsletter]").check()
    page.get_by_role("button", name="Make the template").click()
    page.wait_for_url("**/messages/templates/*/**")

    def campaign(name: str) -> None:
        page.goto("/b/fjordstuen/segments/")
        page.get_by_role("link", name="Everybody").first.click()
        page.get_by_role("link", name="New campaign").click()
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Next: the message").click()
        page.get_by_label("Winter news").check()
        page.get_by_role("button", name="Next: the time").click()
        page.get_by_label("At once").check()
        page.get_by_role("button", name="Next: review").click()
        expect(page.get_by_role("heading", name="Who gets it")).to_be_visible()

    campaign("First letter")
    watch.assert_accessible()
    expect(page.locator("#audience")).to_contain_text("Has not consented")
    page.locator("#audience summary", has_text="Kari Nordmann").click()
    watch.assert_framed("#audience details[open] iframe", "Kari")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("It begins in a moment.")).to_be_visible()
    work(cast)
    expect(page.locator("#campaign-state")).to_contain_text("Sent.")
    watch.assert_accessible()

    page.goto("/b/fjordstuen/messages/inbox/")
    expect(page.locator("main")).to_contain_text("Nordmann")
    with business_scope(cast.fjordstuen.pk):
        caught = Caught.objects.get(customer_id=kari.pk)
        assert Caught.objects.count() == 2
        address = kari.contact_points.get().normalised
    assert caught.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = caught.headers["List-Unsubscribe"].strip("<>")
    here = link.split("/g/", 1)[1]
    # What a mail program does on one click (RFC 8058): a POST without cookies that is answered at once.
    answer = urllib.request.urlopen(
        urllib.request.Request(f"{page.url.split('/b/')[0]}/g/{here}", data=b"List-Unsubscribe=One-Click")
    )
    assert (answer.status, answer.url.split("/g/", 1)[1]) == (200, here)

    page.goto(f"/b/fjordstuen/guests/{kari.pk}/")
    expect(page.locator("#timeline-entries")).to_contain_text("Winter news")
    expect(page.locator("#timeline-entries")).to_contain_text(address)
    expect(page.locator("#timeline-entries")).to_contain_text("Withdrawn")

    campaign("Second letter")
    expect(page.locator("#audience .why")).to_contain_text("Consent withdrawn")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("It begins in a moment.")).to_be_visible()
    work(cast)
    expect(page.locator("#campaign-state")).to_contain_text("Sent.")
    page.get_by_role("link", name="Consent withdrawn").click()
    expect(page.get_by_role("link", name="Kari Nordmann")).to_be_visible()
    with business_scope(cast.fjordstuen.pk):
        assert Caught.objects.filter(customer_id=kari.pk).count() == 1
        assert Caught.objects.count() == 3


def test_a_campaign_goes_out_by_the_keyboard_alone(cast: Cast, kari: Customer, visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        letter("Winter news")
    watch = visit("/b/fjordstuen/messages/", user=cast.fjordstuen.marketing.user)
    page = watch.page
    press = page.keyboard.press

    def tab_to(selector: str) -> None:
        for _each in range(60):
            press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} was not reached with Tab")

    tab_to("main a[href$='/campaigns/new/']")
    press("Enter")
    page.wait_for_url("**/new/")
    tab_to("#id_name")
    page.keyboard.type("By hand")
    tab_to("#id_segment, [role=combobox]#id_segment")
    page.keyboard.type("Every")
    tab_to("main button[type=submit]")
    press("Enter")
    page.wait_for_url("**/what/")
    tab_to("input[name=template]")
    press("Space")
    press("Enter")
    page.wait_for_url("**/when/")
    tab_to("input[name=timing]")
    press("Enter")
    page.wait_for_url("**/review/")
    tab_to("#audience summary")
    press("Enter")
    watch.assert_framed("#audience details[open] iframe", "The slopes are open.")
    tab_to("form[action$='/send/'] button")
    press("Enter")
    expect(page.get_by_text("It begins in a moment.")).to_be_visible()
    tab_to("#campaign-state form[action$='/pause/'] button")
    press("Enter")
    expect(page.locator("#campaign-state")).to_contain_text("Paused.")
    tab_to("#campaign-state form[action$='/resume/'] button")
    press("Enter")
    expect(page.get_by_text("It begins in a moment.")).to_be_visible()
    work(cast)
    expect(page.locator("#campaign-state")).to_contain_text("Sent.")
    with business_scope(cast.fjordstuen.pk):
        assert Caught.objects.count() == 2


def test_whoever_leaves_unsaved_words_is_asked(cast: Cast, kari: Customer, visit: OpenBrowser) -> None:
    page = visit(f"/b/fjordstuen/guests/{kari.pk}/message/", user=cast.fjordstuen.reception.user).page
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    subject, back = page.get_by_label("Subject"), page.locator(".list-walk a")
    subject.fill("Your room")
    back.click(no_wait_after=True)
    expect(subject).to_have_value("Your room")
    assert asked == ["beforeunload"]
    subject.fill("")
    back.click()
    page.wait_for_url(f"**/guests/{kari.pk}/")
    assert asked == ["beforeunload"], "nothing was written"
    page.goto(f"/b/fjordstuen/guests/{kari.pk}/message/")
    subject.fill("Your room")
    page.get_by_label("Text", exact=True).fill("It is ready.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("is on its way")).to_be_visible()
    assert asked == ["beforeunload"], "it was sent"


def test_one_guest_is_written_to_from_the_card(cast: Cast, kari: Customer, visit: OpenBrowser) -> None:
    watch = visit(f"/b/fjordstuen/guests/{kari.pk}/", user=cast.fjordstuen.reception.user)
    page = watch.page
    page.get_by_role("link", name="Message", exact=True).click()
    expect(page.get_by_text("This may be sent")).to_be_visible()
    page.get_by_label("Subject").fill("Your room")
    page.get_by_label("Text", exact=True).fill("Dear {guest.given_name},\n\nit is ready.")
    watch.assert_framed("#message-preview iframe", "Dear Kari,")
    # What is on its way is shown paler for a moment.
    page.wait_for_load_state("networkidle")
    watch.assert_accessible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("is on its way")).to_be_visible()
    expect(page.locator("#timeline-entries")).to_contain_text("Your room")
    work(cast)
    with business_scope(cast.fjordstuen.pk):
        assert "Dear Kari," in Caught.objects.get().text


def test_without_script_it_works_all_the_same(cast: Cast, kari: Customer, visit: OpenBrowser) -> None:
    page = visit(f"/b/fjordstuen/guests/{kari.pk}/message/", user=cast.fjordstuen.reception.user, javascript=False).page
    page.get_by_label("Subject").fill("Your room")
    page.get_by_label("Text", exact=True).fill("Dear {guest.given_name}, it is ready.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".mail-text")).to_contain_text("Dear Kari, it is ready.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("is on its way")).to_be_visible()
