"""The page of suppressed addresses: what is on the list, never as an address; asked about, added, let go."""

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.permission.models import Suppression
from customers.permission.suppressing import suppress
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/b/fjordstuen/messages/suppressed/"
MAIL = "kari@example.com"


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


def listed(cast: Cast) -> list[tuple[str, str]]:
    with business_scope(cast.fjordstuen.pk):
        return sorted(Suppression.objects.values_list("kind", "reason"))


def test_the_list_says_why_and_whence_and_no_address(desk: Client, cast: Cast) -> None:
    assert "No address is suppressed" in desk.get(PAGE).text
    with business_scope(cast.fjordstuen.pk):
        suppress(kind="email", normalised=MAIL, reason="bounce", source="Postmark")
        suppress(kind="phone", normalised="+4791234567", reason="stop", source="message 1")
    with business_scope(cast.duinzicht.pk):
        suppress(kind="email", normalised="somebody@example.com", reason="complaint", source="Zilver")
    page = desk.get(PAGE).text
    assert "Postmark" in page and "A link in a message" in page
    assert MAIL not in page and "91234567" not in page and "Zilver" not in page
    assert "Postmark" not in desk.get(f"{PAGE}?reason=stop").text
    assert "Postmark" in desk.get(f"{PAGE}?reason=nothing&page=99").text


def test_asked_about_added_and_let_go(desk: Client, cast: Cast) -> None:
    asked = desk.post(f"{PAGE}ask/", {"address": " KARI@example.com"})
    assert "It is not on the list." in asked.text
    assert listed(cast) == []
    said = desk.post(f"{PAGE}add/", {"address": MAIL}, follow=True)
    assert said.redirect_chain == [(PAGE, 302)]
    assert "Nothing is sent to kari@example.com any more." in said.text
    assert "was on the list already" in desk.post(f"{PAGE}add/", {"address": MAIL}, follow=True).text
    assert listed(cast) == [("email", "manual")]
    asked = desk.post(f"{PAGE}ask/", {"address": MAIL})
    assert "Entered by a member" in asked.text and "Allow again" in asked.text
    refused = desk.post(f"{PAGE}let-go/", {"address": MAIL, "of": "manual", "reason": ""})
    assert refused.status_code == 422
    assert "<details open>" in refused.text
    desk.post(f"{PAGE}let-go/", {"address": MAIL, "of": "manual", "reason": "A mistake"})
    assert listed(cast) == []
    with business_scope(cast.fjordstuen.pk):
        told = {entry.action: entry for entry in AuditEntry.objects.filter(action__startswith="suppression")}
    assert told["suppression.lifted"].data["reason"] == "A mistake"
    assert told["suppression.added"].actor == told["suppression.lifted"].actor == "Reception of Fjordstuen"


def test_who_unsubscribed_is_not_let_go(desk: Client, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        suppress(kind="email", normalised=MAIL, reason="unsubscribed")
    asked = desk.post(f"{PAGE}ask/", {"address": MAIL}).text
    assert "Only a consent that the guest gives anew lifts it." in asked and "Allow again" not in asked
    forced = desk.post(f"{PAGE}let-go/", {"address": MAIL, "of": "unsubscribed", "reason": "We want to"})
    assert forced.status_code == 422
    assert listed(cast) == [("email", "unsubscribed")]


@pytest.mark.parametrize("act", ["ask", "add", "let-go"])
def test_what_is_no_address_stays_typed(desk: Client, cast: Cast, act: str) -> None:
    answer = desk.post(f"{PAGE}{act}/", {"address": "kari at <b>", "of": "bounce", "reason": "x"})
    assert answer.status_code == 422
    assert "This is no e-mail address or phone number." in answer.text
    assert "kari at &lt;b&gt;" in answer.text
    assert listed(cast) == []
    assert desk.get(f"{PAGE}{act}/").status_code == 405
