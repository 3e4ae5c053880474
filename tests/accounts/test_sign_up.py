"""Signing a business up."""

import re
import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connections
from django.test import Client

from accounts.models import AuditEntry, Business, Member, Property, Role, User
from accounts.selectors import membership_list
from accounts.services import business_create
from accounts.tenancy import business_scope
from tests.accounts.conftest import PASSWORD
from tests.accounts.post import PostOffice
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("no_limits")

FORM = {
    "name": "Ingrid Sørensen",
    "email": "Ingrid@Fjordgaard.example",
    "password1": PASSWORD,
    "business_name": "Fjordgård",
    "country": "NO",
    "property_kind": "campsite",
}


def sign_up(browser: Client, **changes: str) -> Any:
    return browser.post("/accounts/signup/", FORM | changes)


def test_one_form_makes_user_and_business_and_opens_on_three_steps(client: Client, db: None) -> None:
    response = sign_up(client)
    assert response.status_code == 302
    user = User.objects.get(email="ingrid@fjordgaard.example")
    assert user.name == "Ingrid Sørensen"
    (membership,) = membership_list(user_id=user.pk)
    business = membership.business
    assert (business.name, business.slug, business.country, business.currency, business.time_zone) == (
        "Fjordgård",
        "fjordgard",
        "NO",
        "NOK",
        "Europe/Oslo",
    )
    with business_scope(business.pk):
        assert Member.objects.get().role == Role.OWNER
        assert list(Property.objects.values_list("name", "kind")) == [("Fjordgård", "campsite")]
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["business.created", "session.signed_in"]
    page = client.get("/", follow=True)
    assert page.redirect_chain == [("/b/fjordgard/", 302)]
    for step in ("Import a file", "Add a guest", "Try sample data"):
        assert step in page.content.decode()


def test_nothing_is_left_when_the_business_fails(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**values: Any) -> Business:
        raise RuntimeError("no business today")

    monkeypatch.setattr("accounts.forms.sign_in.business_create", fail)
    client.raise_request_exception = False
    assert sign_up(client).status_code == 500
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()


def test_the_language_on_screen_becomes_the_users(client: Client, db: None) -> None:
    client.post("/accounts/signup/", FORM, headers={"accept-language": "da"})
    assert User.objects.get().language == "da"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("password1", "short", "too short"),
        ("password1", "ingrid@fjordgaard", "too similar"),
        ("business_name", "Win at http://evil.example", "web address"),
        ("name", "www.evil.example", "web address"),
        ("country", "XX", "Select a valid choice"),
        ("property_kind", "castle", "Select a valid choice"),
        ("email", "not an address", "valid email"),
        ("business_name", "", "required"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(client: Client, db: None, field: str, value: str, told: str) -> None:
    response = sign_up(client, **{field: value})
    assert response.status_code == 200
    assert told in response.content.decode()
    assert not User.objects.exists()
    assert not Business.objects.exists()


def test_a_name_is_one_line(client: Client, db: None) -> None:
    sign_up(client, business_name="Fjord\r\nBcc: everybody@example.com")
    assert Business.objects.get().name == "Fjord Bcc: everybody@example.com"


def test_with_a_mail_server_the_address_is_confirmed_by_a_code(
    client: Client, db: None, post_office: PostOffice
) -> None:
    response = sign_up(client)
    assert response.headers["Location"] == "/accounts/confirm-email/"
    assert client.get("/").headers["Location"].startswith("/accounts/login/")
    (letter,) = post_office.to("ingrid@fjordgaard.example")
    assert letter.code in letter.html
    assert "Fjordgård" not in letter.text, "a stranger's words do not go to an unconfirmed address"

    wrong = client.post("/accounts/confirm-email/", {"code": "AAAA-AAAA"})
    assert "does not match" in wrong.content.decode()
    right = client.post("/accounts/confirm-email/", {"code": letter.code.lower().replace("-", " ")})
    assert right.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/b/fjordgard/"
    assert EmailAddress.objects.get().verified


def test_three_wrong_codes_end_it(client: Client, db: None, post_office: PostOffice) -> None:
    sign_up(client)
    for _ in range(2):
        assert client.post("/accounts/confirm-email/", {"code": "AAAA-AAAA"}).status_code == 200
    assert client.post("/accounts/confirm-email/", {"code": "AAAA-AAAA"}).headers["Location"] == "/accounts/login/"
    (letter,) = post_office.letters
    assert client.post("/accounts/confirm-email/", {"code": letter.code}).headers["Location"] == "/accounts/login/"
    assert not EmailAddress.objects.get().verified


def test_a_taken_address_looks_like_a_new_one_and_its_owner_is_told(
    client: Client, cast: Cast, post_office: PostOffice
) -> None:
    owner = cast.fjordstuen.owner.user
    before = (User.objects.count(), Business.objects.count())
    fresh, taken = Client(), Client()
    answers = [sign_up(fresh, email="new@example.com"), sign_up(taken, email=owner.email.upper())]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    pages = [browser.get("/accounts/confirm-email/") for browser in (fresh, taken)]
    shown = [
        re.sub(r'value="\w{64}"|<wbr>', "", page.content.decode().split("<main")[1].split("</main>")[0])
        for page in pages
    ]
    assert shown[0].replace("new@example.com", "") == shown[1].replace(owner.email, "")
    assert (User.objects.count(), Business.objects.count()) == (before[0] + 1, before[1] + 1)
    (letter,) = post_office.to(owner.email)
    assert letter.subject == "You already have an account with Innkeeper"


def test_without_a_mail_server_a_message_becomes_a_file(
    client: Client, cast: Cast, settings: Any, tmp_path: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    page = client.get("/accounts/password/reset/").content.decode()
    assert "No mail server is set up here" in page
    client.post("/accounts/password/reset/", {"email": cast.fjordstuen.owner.user.email})
    (kept,) = tmp_path.iterdir()
    assert "/accounts/password/reset/key/" in kept.read_text()


def test_a_mail_server_that_does_not_answer_breaks_no_page(client: Client, db: None, post_office: PostOffice) -> None:
    post_office.closed = True
    response = client.post("/accounts/signup/", FORM, follow=True)
    assert response.status_code == 200
    assert "could not be sent just now" in response.content.decode()
    post_office.closed = False
    client.post("/accounts/confirm-email/", {"action": "resend"})


def test_sign_up_can_be_closed(client: Client, db: None, settings: Any) -> None:
    settings.INNKEEPER_SIGN_UP = False
    assert "invitation only" in sign_up(client).content.decode()
    assert not User.objects.exists()
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()


def test_too_many_sign_ups_from_one_address_are_stopped(client: Client, db: None) -> None:
    answers = [sign_up(Client(), email="no") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "too often" in answers[-1].content.decode()


def test_one_name_at_once_gives_two_addresses(transactional_db: None) -> None:
    start = threading.Barrier(4)
    slugs: list[str] = []

    def create() -> None:
        try:
            start.wait(10)
            slugs.append(business_create(name="Fjord & Fjell AS", country="NO").slug)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(slugs) == ["fjord-fjell-as", "fjord-fjell-as-2", "fjord-fjell-as-3", "fjord-fjell-as-4"]


def test_a_further_business_has_the_same_owner(client: Client, cast: Cast) -> None:
    user = cast.fjordstuen.reception.user
    client.force_login(user)
    response = client.post(
        "/businesses/new/", {"business_name": "Strandhytta", "country": "DK", "property_kind": "restaurant"}
    )
    assert response.headers["Location"] == "/b/strandhytta/"
    page = client.get("/").content.decode()
    assert "Strandhytta" in page
    assert "Fjordstuen" in page
    business = Business.objects.get(slug="strandhytta")
    assert (business.currency, business.language) == ("DKK", "da")
    with business_scope(business.pk):
        assert Member.objects.get().role == Role.OWNER


def test_a_further_business_asks_for_sign_in(client: Client, db: None) -> None:
    assert client.get("/businesses/new/").headers["Location"].startswith("/accounts/login/")
