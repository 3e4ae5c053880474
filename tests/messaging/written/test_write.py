"""A message to one guest: seen and ruled before it goes, in one's own words or a template's."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from customers.card.models import Customer
from messaging.gate.services import settings_save
from messaging.outbox.models import Message
from tests.cast import Cast, House
from tests.factories import CustomerFactory
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db
WORDS = {
    "channel": "email",
    "purpose": "stay",
    "template": "",
    "subject": "Your room",
    "text": "Dear {guest.given_name},\n\nit is ready.",
    "token": "once",
}


@pytest.fixture
def desk(fjordstuen: House) -> Client:
    open_all_day()
    client = Client()
    client.force_login(fjordstuen.reception.user)
    return client


def at(house: House, customer: Customer, name: str = "message_write") -> str:
    return reverse(name, kwargs={"slug": house.slug, "customer_id": customer.pk})


def test_own_words_go_out_once_however_often_they_are_sent(fjordstuen: House, desk: Client) -> None:
    kari = guest(given_name="Kari", consents=False)
    card = reverse("guest_card", kwargs={"slug": fjordstuen.slug, "customer_id": kari.pk})
    assert at(fjordstuen, kari) in desk.get(card).content.decode()
    for _twice in range(2):
        assert desk.post(at(fjordstuen, kari), WORDS)["Location"] == card
    message = Message.objects.get()
    assert (message.origin, message.purpose, message.channel, message.state) == ("card", "stay", "email", "planned")
    assert message.subject == "Your room"
    assert [block["text"] for block in message.blocks] == ["Dear {guest.given_name},", "it is ready."]
    page = desk.get(card).content.decode()
    assert "on its way" in page
    assert "Your room" in page, "on the timeline"


def test_what_the_gate_says_stands_beside_it_before_it_goes(fjordstuen: House, desk: Client) -> None:
    kari = guest(given_name="Kari", consents=False)
    page = desk.get(at(fjordstuen, kari))
    assert page.context["said"].may_go
    preview = desk.post(at(fjordstuen, kari, "message_preview"), {**WORDS, "purpose": "newsletter"})
    assert preview.status_code == 200
    assert preview.context["said"].reasons == ("Has not consented",)
    assert "Dear Kari," in preview.context["shown"].rendered.text
    refused = desk.post(at(fjordstuen, kari), {**WORDS, "purpose": "newsletter"})
    assert refused.status_code == 422
    assert "Has not consented" in refused.content.decode()
    assert "it is ready." in refused.content.decode(), "what was written is kept"
    assert not Message.objects.exists()


def test_a_hole_is_told_before_and_not_sent(fjordstuen: House, desk: Client) -> None:
    kari = guest(given_name="Kari", company_name="")
    words = {**WORDS, "text": "Dear {guest.given_name} of {guest.company},"}
    preview = desk.post(at(fjordstuen, kari, "message_preview"), words, headers={"HX-Request": "true"})
    assert "This is not sent as it is." in preview.content.decode() and "Company" in preview.content.decode()
    refused = desk.post(at(fjordstuen, kari), words)
    assert refused.status_code == 422
    assert "Something is not known of this guest: Company." in refused.content.decode()
    assert not Message.objects.exists()
    assert desk.post(at(fjordstuen, kari), {**words, "text": "Dear {guest.company|guest},"}).status_code == 302
    assert Message.objects.count() == 1


def test_a_preview_without_script_keeps_nothing(fjordstuen: House, desk: Client) -> None:
    kari = guest(given_name="Kari")
    answer = desk.post(at(fjordstuen, kari), {**WORDS, "act": "preview"})
    assert answer.status_code == 200
    assert "Dear Kari," in answer.context["shown"].rendered.text
    assert not Message.objects.exists()


def test_a_template_goes_in_the_guests_language(fjordstuen: House, desk: Client) -> None:
    kari = guest(language="nb")
    template = letter(nb="Snø, {guest.given_name}")
    sent = {"channel": "email", "template": template.pk, "text": "", "token": "once"}
    assert desk.post(at(fjordstuen, kari), sent).status_code == 302
    message = Message.objects.get()
    assert message.template_text is not None
    assert (message.template_text.template_id, message.language, message.purpose) == (template.pk, "nb", "newsletter")


def test_by_sms_with_the_parts_it_takes(fjordstuen: House, desk: Client) -> None:
    kari = guest(given_name="Kari", phone=True)
    sent = {"channel": "sms", "purpose": "stay", "template": "", "text": "Hei {guest.given_name} €", "token": "once"}
    preview = desk.post(at(fjordstuen, kari, "message_preview"), sent)
    assert preview.context["shown"].segments.units == len("Hei Kari ") + 2
    desk.post(at(fjordstuen, kari), sent)
    message = Message.objects.get()
    assert (message.channel, message.body) == ("sms", "Hei {guest.given_name} €")


@pytest.mark.parametrize(
    ("sent", "field", "told"),
    [
        ({"subject": ""}, "subject", "Write a subject: it is what guests see first."),
        ({"text": " "}, "text", "Write at least one part: a text, a heading or a button."),
        (
            {"text": "Hello {first_name}"},
            "text",
            "There is no placeholder {first_name}. Did you mean {guest.given_name}?",
        ),
    ],
)
def test_words_that_would_embarrass_are_told(
    fjordstuen: House, desk: Client, sent: dict[str, str], field: str, told: str
) -> None:
    kari = guest()
    answer = desk.post(at(fjordstuen, kari), {**WORDS, **sent})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [told]}
    assert not Message.objects.exists()


def test_at_night_news_wait_and_words_about_the_stay_go(fjordstuen: House, desk: Client) -> None:
    """Quiet hours that are now: two hours around this moment."""
    kari = guest()
    now = dt.datetime.now(fjordstuen.business.zone)
    start, end = (now + dt.timedelta(hours=2)).time(), (now + dt.timedelta(hours=3)).time()
    if start < end:
        settings_save(open_from=start, open_until=end, cap_day=1, cap_week=3)
    else:
        settings_save(open_from=dt.time(2), open_until=dt.time(3), cap_day=1, cap_week=3)
    waits = desk.post(at(fjordstuen, kari, "message_preview"), {**WORDS, "purpose": "newsletter"})
    assert waits.context["said"].waits
    assert waits.context["said"].reasons == ("Quiet hours",)
    goes = desk.post(at(fjordstuen, kari, "message_preview"), WORDS)
    assert goes.context["said"].may_go and not goes.context["said"].waits
    desk.post(at(fjordstuen, kari), {**WORDS, "purpose": "newsletter"})
    assert Message.objects.get().deferred_reason == "quiet"


def test_nobody_writes_to_a_neighbours_guest(cast: Cast, fjordstuen: House, desk: Client) -> None:
    from accounts.tenancy import business_scope

    with business_scope(cast.duinzicht.pk):
        theirs = CustomerFactory()
    assert desk.get(at(fjordstuen, theirs)).status_code == 404
    assert desk.post(at(fjordstuen, theirs), WORDS).status_code == 404
