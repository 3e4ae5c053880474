"""What goes out is what was reviewed: the words, what they are about, and the guests by whatever card they have now."""

import pytest

from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from dedup.merging.services import merge
from messaging.campaigns.models import Campaign
from messaging.campaigns.preview import campaign_preview
from messaging.campaigns.services import campaign_cancel, campaign_confirm, campaign_pause, campaign_resume
from messaging.links.addresses import unsubscribe_url
from messaging.outbox.models import Message
from messaging.outbox.services import send_due
from messaging.outbox.writing import message_rendered
from messaging.texts.checking import Draft
from messaging.texts.models import Template, TemplateText
from messaging.texts.selectors import texts_of
from messaging.texts.services import template_archive, template_change, text_remove, text_save
from messaging.transports.models import Caught
from tests.cast import Cast, House
from tests.messaging.campaigns.houses import NOON, arms, campaign, confirmed, letter, open_all_day, worked
from tests.messaging.outbox.letters import draft, guest, local, news, planned

LATER = Draft(subject="Rain", blocks=({"kind": "paragraph", "text": "The slopes are closed."},))


@pytest.mark.django_db
def test_a_text_written_after_the_review_is_not_sent(fjordstuen: House) -> None:
    open_all_day()
    kari, els = guest(language="en"), guest(language="nl")
    template = letter(nl="Sneeuw")
    reviewed = {code: text.pk for code, text in texts_of(template_ids=[template.pk])[template.pk].items()}
    made = confirmed(template_id=template.pk)
    assert made.texts == reviewed
    text_save(template_id=template.pk, language="en", draft=LATER)
    text_remove(template_id=template.pk, language="nl")
    text_save(template_id=template.pk, language="nb", draft=LATER)
    campaign_pause(campaign_id=made.pk)
    campaign_resume(campaign_id=made.pk)
    worked(made)
    sent = dict(Message.objects.values_list("customer_id", "template_text_id"))
    assert sent == {kari.pk: reviewed["en"], els.pk: reviewed["nl"]}


@pytest.mark.django_db
def test_a_hole_of_a_later_text_excludes_nobody(fjordstuen: House) -> None:
    open_all_day()
    kari = guest(given_name="")
    made = confirmed()
    assert made.template_id is not None
    text_save(
        template_id=made.template_id,
        language="en",
        draft=Draft(subject="Hi {guest.given_name}", blocks=({"kind": "paragraph", "text": "Snow."},)),
    )
    assert arms(worked(made)) == {kari.pk: ("sent", "")}


@pytest.mark.django_db
def test_stopped_for_its_template_it_goes_on_with_the_texts_of_then(fjordstuen: House) -> None:
    open_all_day()
    guest()
    made = confirmed()
    assert made.template_id is not None
    template_archive(template_id=made.template_id)
    assert worked(made).trouble == "template"
    template_archive(template_id=made.template_id, archived=False)
    written = text_save(template_id=made.template_id, language="en", draft=LATER)
    campaign_resume(campaign_id=made.pk)
    worked(made)
    assert written is not None and Message.objects.get().template_text_id == written.pk


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["scheduled", "running", "done", "cancelled"])
def test_what_a_template_is_about_stands_once_a_campaign_is_confirmed(fjordstuen: House, state: str) -> None:
    made = campaign()
    assert made.template_id is not None
    template_change(template_id=made.template_id, purpose="offer")
    template_change(template_id=made.template_id, purpose="newsletter")
    campaign_confirm(campaign_id=made.pk)
    Campaign.objects.filter(pk=made.pk).update(state=state)
    with pytest.raises(Refused, match="Copy it") as refused:
        template_change(template_id=made.template_id, purpose="stay")
    assert refused.value.field == "purpose"
    assert Template.objects.get(pk=made.template_id).purpose == "newsletter"
    assert template_change(template_id=made.template_id, name="Snow", purpose="newsletter").name == "Snow"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "is_refused"), [("planned", True), ("sent", False), ("skipped", False), ("delivered", False)]
)
def test_what_a_template_is_about_stands_while_a_message_waits(fjordstuen: House, state: str, is_refused: bool) -> None:
    template = letter(purpose="stay")
    planned(draft(guest(), template_id=template.pk), at=NOON)
    Message.objects.update(state=state)
    if is_refused:
        with pytest.raises(Refused, match="Copy it"):
            template_change(template_id=template.pk, purpose="newsletter")
    else:
        assert template_change(template_id=template.pk, purpose="newsletter").purpose == "newsletter"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("before", "after"), [("newsletter", "stay"), ("stay", "newsletter")])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_message_leaves_as_it_was_planned(transactional_cast: Cast, before: str, after: str, channel: str) -> None:
    """Whatever its template says by now."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        open_all_day()
        local(house.business, channel)
        template = letter(purpose=before, channel=channel)
        make = news if before == "newsletter" else draft
        planned(make(guest(phone=True), template_id=template.pk, channel=channel))
        Template.objects.filter(pk=template.pk).update(purpose=after)
    send_due(business_id=house.pk)
    with business_scope(house.pk):
        caught = Caught.objects.get()
        message = Message.objects.select_related("template_text__template").get()
        assert message.state == "sent"
        is_marketing = before == "newsletter"
        assert ("List-Unsubscribe" in str(caught.headers)) is (is_marketing and channel == "email")
        way_out = unsubscribe_url(public_id=house.business.public_id, ref=message.ref)
        assert (way_out in caught.text) is is_marketing
        shown = message_rendered(message=message, business=house.business)
        assert shown.text == caught.text


@pytest.mark.django_db
def test_chosen_guests_who_were_merged_are_reached_by_the_card_that_carries_on(fjordstuen: House) -> None:
    open_all_day()
    kari, other, ola = guest(given_name="Kari"), guest(given_name="Kari"), guest()
    made = campaign(chosen=[other.pk, ola.pk])
    merge(customer_ids=[kari.pk, other.pk], survivor_id=kari.pk, member=fjordstuen.owner)
    preview = campaign_preview(campaign=made, business=fjordstuen.business, now=NOON)
    assert preview is not None
    assert (preview.total, set(preview.examples)) == (2, {kari.pk, ola.pk})
    begun = worked(campaign_confirm(campaign_id=made.pk))
    assert arms(begun) == {kari.pk: ("sent", ""), ola.pk: ("sent", "")}


@pytest.mark.django_db
def test_of_a_cancelled_one_the_texts_stay_as_they_were(fjordstuen: House) -> None:
    made = confirmed()
    campaign_cancel(campaign_id=made.pk)
    made.refresh_from_db()
    assert set(made.texts.values()) == set(TemplateText.objects.values_list("pk", flat=True))
