"""The pages of campaigns: the steps to one, the review, the page it is followed on."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import campaign_change, campaign_confirm
from messaging.campaigns.uplift import wilson
from messaging.outbox.models import Message
from messaging.texts.checking import Draft as Words
from messaging.texts.services import text_save
from messaging.transports.models import Transport
from tests.cast import House
from tests.factories import CustomerFactory, InvoiceFactory, StayFactory, StayParticipantFactory
from tests.messaging.campaigns.houses import (
    arms,
    at,
    campaign,
    confirmed,
    everybody,
    letter,
    signed_in,
    worked,
)
from tests.messaging.outbox.letters import guest, local

pytestmark = pytest.mark.django_db


def test_four_steps_lead_to_a_campaign_that_is_sent(fjordstuen: House, marketer: Client) -> None:
    kari, barred = guest(given_name="Kari"), guest(consents=False)
    segment, template = everybody(), letter()
    first = marketer.get(at(fjordstuen, "campaign_new") + f"?segment={segment.pk}")
    assert f'<option value="{segment.pk}" selected>' in first.content.decode()
    answer = marketer.post(
        at(fjordstuen, "campaign_new"), {"name": "Winter letter", "segment": segment.pk, "holdout": ""}
    )
    made = Campaign.objects.get()
    assert answer["Location"] == at(fjordstuen, "campaign_what", made)
    assert (made.name, made.segment_id, made.holdout, made.member_id) == (
        "Winter letter",
        segment.pk,
        0,
        fjordstuen.marketing.pk,
    )
    assert "Winter" in marketer.get(answer["Location"]).content.decode()
    answer = marketer.post(answer["Location"], {"template": template.pk, "version": made.version})
    assert answer["Location"] == at(fjordstuen, "campaign_when", made)
    answer = marketer.post(answer["Location"], {"timing": "now", "result_days": 14, "version": 2})
    assert answer["Location"] == at(fjordstuen, "campaign_review", made)
    review = marketer.get(answer["Location"])
    assert review.context["preview"].total == 2
    assert (review.context["preview"].reached, review.context["preview"].is_exact) == (1, True)
    assert [(each.words, each.number) for each in review.context["preview"].excluded] == [("Has not consented", 1)]
    (example,) = review.context["examples"]
    assert (example.customer_id, example.shown.rendered.subject) == (kari.pk, "Snow, Kari")
    assert review.context["missing"] is None
    answer = marketer.post(at(fjordstuen, "campaign_send", made), {"version": Campaign.objects.get().version})
    assert answer["Location"] == at(fjordstuen, "campaign_page", made)
    worked(made)
    page = marketer.get(answer["Location"]).content.decode()
    assert "Has not consented" in page
    assert barred.name not in page
    people = marketer.get(at(fjordstuen, "campaign_people", made) + "?arm=excluded&reason=no_consent")
    assert barred.name in people.content.decode()
    assert kari.name not in people.content.decode()


def test_times_of_their_own_are_asked_for_each_language(fjordstuen: House, marketer: Client) -> None:
    made = campaign(template_id=letter(nl="Sneeuw", da="Sne").pk)
    address = at(fjordstuen, "campaign_when", made)
    assert [bound.name for bound in marketer.get(address).context["form"].own_hours] == [
        "hour_en",
        "hour_da",
        "hour_nl",
    ]
    when = {"timing": "morning", "day": "2030-06-18", "hour": "12:00", "result_days": 30, "version": made.version}
    wrong = marketer.post(address, {**when, "hour_nl": "soon"})
    assert wrong.status_code == 422 and "soon" in wrong.content.decode()
    review = marketer.post(address, {**when, "hour_nl": "09:30", "hour_da": ""}, follow=True)
    assert "18 Jun 2030 at 12:00, where each guest lives; Dutch 09:30" in review.content.decode()
    made.refresh_from_db()
    assert made.hours == {"nl": "09:30"}
    marketer.post(address, {"timing": "now", "result_days": 30, "version": made.version})
    made.refresh_from_db()
    assert made.hours == {}


def test_an_sms_tells_what_it_costs(fjordstuen: House, marketer: Client) -> None:
    guest(phone=True)
    made = campaign(template_id=letter(channel="sms").pk)
    page = marketer.get(at(fjordstuen, "campaign_review", made))
    assert page.context["cost"] is None, "nobody said what a part costs"
    local(fjordstuen.business, "sms", price=Decimal("0.59"))
    page = marketer.get(at(fjordstuen, "campaign_review", made))
    assert (page.context["cost"].parts, page.context["cost"].total) == (1, Decimal("0.59"))
    assert "It costs about NOK 0.59: NOK 0.59 a part" in page.content.decode().replace("\xa0", " ")


def test_results_are_counted_for_as_many_days_as_asked(fjordstuen: House, marketer: Client) -> None:
    guest()
    local(fjordstuen.business)
    made = worked(confirmed())
    Message.objects.update(state="sent", sent_at=timezone.now(), transport=Transport.objects.get())
    page = marketer.get(at(fjordstuen, "campaign_page", made))
    assert page.context["results"].days == 30
    assert "This way of sending does not tell." in page.content.decode()
    assert marketer.get(at(fjordstuen, "campaign_page", made) + "?days=7").context["results"].days == 7
    for wrong in ("0", "-3", "999", "x"):
        assert marketer.get(at(fjordstuen, "campaign_page", made) + f"?days={wrong}").context["results"].days == 30


def test_the_room_opens_on_the_first_page_one_may_use(fjordstuen: House, marketer: Client) -> None:
    assert marketer.get(at(fjordstuen, "messages"))["Location"] == at(fjordstuen, "campaign_list")
    desk = signed_in(fjordstuen.reception)
    assert desk.get(at(fjordstuen, "messages"))["Location"] == at(fjordstuen, "outbox_list")


@pytest.mark.parametrize(
    ("step", "sent", "field"),
    [
        ("campaign_whom", {"name": ""}, "name"),
        ("campaign_whom", {"name": "Winter", "holdout": "60"}, "holdout"),
        ("campaign_whom", {"name": "Winter", "segment": "999"}, "segment"),
        ("campaign_what", {"template": ""}, "template"),
        ("campaign_what", {"template": "999"}, "template"),
        ("campaign_when", {"timing": "moment", "hour": "09:00", "result_days": "30"}, "day"),
        ("campaign_when", {"timing": "moment", "day": "2031-01-01", "result_days": "30"}, "hour"),
        ("campaign_when", {"timing": "now", "result_days": "0"}, "result_days"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    fjordstuen: House, marketer: Client, step: str, sent: dict[str, str], field: str
) -> None:
    made = campaign()
    answer = marketer.post(at(fjordstuen, step, made), {**sent, "version": made.version})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    made.refresh_from_db()
    assert made.version == 1


def test_a_colleagues_change_is_told_and_the_input_kept(fjordstuen: House, marketer: Client) -> None:
    made = campaign()
    campaign_change(campaign_id=made.pk, holdout=20)
    told = {"name": "Mine", "segment": made.segment_id, "holdout": 5}
    answer = marketer.post(at(fjordstuen, "campaign_whom", made), {**told, "version": 1})
    assert answer.status_code == 422
    assert 'value="Mine"' in answer.content.decode()
    again = marketer.post(at(fjordstuen, "campaign_whom", made), {**told, "version": 2})
    assert again.status_code == 302
    made.refresh_from_db()
    assert (made.name, made.holdout) == ("Mine", 5)


def test_what_is_missing_leads_back_to_its_step(fjordstuen: House, marketer: Client) -> None:
    made = campaign(template_id=None)
    review = marketer.get(at(fjordstuen, "campaign_review", made))
    assert review.context["missing_url"] == at(fjordstuen, "campaign_what", made)
    answer = marketer.post(at(fjordstuen, "campaign_send", made), {"version": made.version})
    assert answer["Location"] == at(fjordstuen, "campaign_what", made)
    assert Campaign.objects.get().is_draft


def test_a_send_of_an_older_review_sends_nothing(fjordstuen: House, marketer: Client) -> None:
    made = campaign()
    campaign_change(campaign_id=made.pk, holdout=20)
    answer = marketer.post(at(fjordstuen, "campaign_send", made), {"version": 1})
    assert answer["Location"] == at(fjordstuen, "campaign_review", made)
    assert Campaign.objects.get().is_draft


def test_a_template_written_since_the_review_is_reviewed_again(fjordstuen: House, marketer: Client) -> None:
    guest()
    made = campaign()
    assert made.template_id is not None
    seen = marketer.get(at(fjordstuen, "campaign_review", made)).context["template_seen"]
    words = Words(subject="Rain", blocks=({"kind": "paragraph", "text": "The slopes are closed."},))
    text_save(template_id=made.template_id, language="en", draft=words)
    sent = {"version": made.version, "template_seen": seen}
    assert marketer.post(at(fjordstuen, "campaign_send", made), sent)["Location"] == at(
        fjordstuen, "campaign_review", made
    )
    assert Campaign.objects.get().is_draft
    page = marketer.get(at(fjordstuen, "campaign_review", made))
    assert f'name="template_seen" value="{page.context["template_seen"]}"' in page.content.decode()
    marketer.post(at(fjordstuen, "campaign_send", made), {**sent, "template_seen": page.context["template_seen"]})
    assert Campaign.objects.get().state == "scheduled"


def test_guests_chosen_in_the_list_become_a_campaign(fjordstuen: House, marketer: Client) -> None:
    kari, ola = guest(), guest()
    sent = {"action": "campaign", "guest": [kari.pk, ola.pk], "token": "t"}
    answer = marketer.post(reverse("bulk_do", kwargs={"slug": fjordstuen.slug}), sent)
    assert answer["Location"] == at(fjordstuen, "campaign_new") + f"?guests={kari.pk}%2C{ola.pk}"
    page = marketer.get(answer["Location"]).content.decode()
    assert "You chose 2 guests" in page
    marketer.post(at(fjordstuen, "campaign_new"), {"name": "Two", "guests": f"{kari.pk},{ola.pk}", "segment": ""})
    assert Campaign.objects.get().chosen == sorted([kari.pk, ola.pk])


def test_a_segments_page_leads_to_a_campaign(fjordstuen: House, marketer: Client) -> None:
    segment = everybody()
    page = marketer.get(reverse("segment_page", kwargs={"slug": fjordstuen.slug, "segment_id": segment.pk}))
    assert f"{at(fjordstuen, 'campaign_new')}?segment={segment.pk}" in page.content.decode()
    theirs = signed_in(fjordstuen.reception).get(page.request["PATH_INFO"])
    assert at(fjordstuen, "campaign_new") not in theirs.content.decode()


@pytest.mark.parametrize("purpose", ["stay", "invoice"])
def test_a_campaign_of_the_contract_reaches_those_it_is_about(
    fjordstuen: House, marketer: Client, purpose: str
) -> None:
    today = timezone.localdate()
    came, long_ago, never = (guest(consents=False) for _each in range(3))
    for each, day in ((came, today), (long_ago, today - dt.timedelta(days=500))):
        stay = StayFactory(status="checked_out", arrival=day - dt.timedelta(days=2), departure=day)
        StayParticipantFactory(stay=stay, customer=each)
        InvoiceFactory(customer=each, issued_on=day, paid_on=day)
    made = campaign(template_id=letter(purpose=purpose).pk)
    page = marketer.get(at(fjordstuen, "campaign_review", made))
    assert page.context["preview"].examples == (came.pk,)
    assert [(each.reason, each.number) for each in page.context["preview"].excluded] == [(f"no_{purpose}", 2)]
    assert f"No {purpose} to write about" in page.content.decode()
    assert "asks for no consent" in page.content.decode()
    begun = worked(campaign_confirm(campaign_id=made.pk))
    assert arms(begun) == {
        came.pk: ("sent", ""),
        long_ago.pk: ("excluded", f"no_{purpose}"),
        never.pk: ("excluded", f"no_{purpose}"),
    }


def test_a_newsletters_review_says_nothing_of_stays(fjordstuen: House, marketer: Client) -> None:
    guest()
    page = marketer.get(at(fjordstuen, "campaign_review", campaign()))
    assert "asks for no consent" not in page.content.decode()


def test_it_is_paused_gone_on_with_and_cancelled_by_its_page(fjordstuen: House, marketer: Client) -> None:
    for _each in range(3):
        guest()
    made = worked(confirmed())
    page = at(fjordstuen, "campaign_page", made)
    for name, state in (("campaign_halt", "paused"), ("campaign_go_on", "running"), ("campaign_halt", "paused")):
        assert marketer.post(at(fjordstuen, name, made))["Location"] == page
        assert Campaign.objects.get().state == state
    asked = marketer.get(at(fjordstuen, "campaign_stop", made))
    assert "Cancel the campaign" in asked.content.decode()
    assert Campaign.objects.get().state == "paused", "asked is not done"
    marketer.post(at(fjordstuen, "campaign_stop", made))
    assert Campaign.objects.get().state == "cancelled"
    assert "What had left until then stays sent." in marketer.get(page).content.decode()
    marketer.post(at(fjordstuen, "campaign_again", made))
    assert Campaign.objects.filter(state="draft").count() == 1


def test_the_part_that_changes_stops_asking_when_it_is_done(fjordstuen: House, marketer: Client) -> None:
    guest()
    made = worked(confirmed())
    state = at(fjordstuen, "campaign_state", made)
    part = marketer.get(state, headers={"hx-request": "true"}).content.decode()
    assert 'hx-trigger="every 2s"' in part
    assert "<html" not in part
    assert marketer.get(state)["Location"] == at(fjordstuen, "campaign_page", made)
    Message.objects.update(state="sent", sent_at=dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
    worked(made)
    assert "hx-trigger" not in marketer.get(state, headers={"hx-request": "true"}).content.decode()


def test_what_waits_for_the_morning_is_said_to(fjordstuen: House, marketer: Client) -> None:
    guest()
    made = worked(confirmed())
    morning = timezone.now() + dt.timedelta(hours=8)
    Message.objects.update(due_at=morning)
    page = marketer.get(at(fjordstuen, "campaign_state", made), headers={"HX-Request": "true"})
    assert page.context["opens_at"] == morning
    assert "What is left waits: the next message leaves" in page.content.decode()
    assert "Got it" not in page.content.decode(), "nothing has left"
    Message.objects.update(due_at=timezone.now())
    page = marketer.get(at(fjordstuen, "campaign_state", made), headers={"HX-Request": "true"})
    assert "What is left waits" not in page.content.decode()


def test_a_confirmed_one_has_no_steps_any_more(fjordstuen: House, marketer: Client) -> None:
    made = confirmed()
    page = at(fjordstuen, "campaign_page", made)
    for name in ("whom", "what", "when", "review", "discard"):
        assert marketer.get(at(fjordstuen, f"campaign_{name}", made))["Location"] == page
    for name in ("whom", "what", "when", "test", "send", "discard"):
        assert marketer.post(at(fjordstuen, f"campaign_{name}", made), {})["Location"] == page
    assert Campaign.objects.get().state == "scheduled"


def test_a_draft_opens_where_it_is_unfinished_and_is_removed(fjordstuen: House, marketer: Client) -> None:
    made = campaign(template_id=None)
    page = at(fjordstuen, "campaign_page", made)
    assert marketer.get(page)["Location"] == at(fjordstuen, "campaign_what", made)
    campaign_change(campaign_id=made.pk, template_id=letter().pk)
    assert marketer.get(page)["Location"] == at(fjordstuen, "campaign_review", made)
    assert "nobody has got anything of it" in marketer.get(at(fjordstuen, "campaign_discard", made)).content.decode()
    marketer.post(at(fjordstuen, "campaign_discard", made))
    assert not Campaign.objects.exists()
    assert marketer.get(page).status_code == 404


def test_a_large_audience_is_estimated_from_some(
    fjordstuen: House, marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.campaigns import preview

    monkeypatch.setattr(preview, "LOOKED_AT", 10)
    for _each in range(20):
        guest()
        CustomerFactory()
    found = marketer.get(at(fjordstuen, "campaign_review", campaign(holdout=10))).context["preview"]
    assert (found.total, found.looked_at, found.is_exact) == (40, 10, False)
    # Which are looked at hangs on the cards' numbers: what is said must follow from those seen, whoever they are.
    low, high = wilson(found.reached // 4, 10)
    assert (found.low, found.high) == (round(low * 40), round(high * 40))
    assert found.low <= found.reached <= found.high
    assert found.excluded_number == sum(each.number for each in found.excluded) == 40 - found.reached


@pytest.mark.parametrize("role", [Role.RECEPTION])
def test_reception_sends_no_campaigns(fjordstuen: House, role: Role) -> None:
    client = signed_in(fjordstuen.members[role])
    made = campaign()
    for name in ("campaign_list", "campaign_new"):
        assert client.get(at(fjordstuen, name)).status_code == 403
    for name in ("campaign_review", "campaign_page"):
        assert client.get(at(fjordstuen, name, made)).status_code == 403
    assert client.post(at(fjordstuen, "campaign_send", made)).status_code == 403
    assert Campaign.objects.get().is_draft
