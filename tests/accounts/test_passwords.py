"""Choosing a new password, by link and by the old one."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from tests.accounts.conftest import PASSWORD, SignIn
from tests.accounts.post import PostOffice
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("no_limits")

NEW = "another quiet desk"


def ask(browser: Client, address: str) -> Any:
    return browser.post("/accounts/password/reset/", {"email": address})


def test_a_link_by_mail_gives_a_new_password(
    client: Client, cast: Cast, with_password: Any, signed_in: SignIn, post_office: PostOffice
) -> None:
    user = cast.fjordstuen.reception.user
    elsewhere = signed_in(user)
    assert ask(client, user.email).headers["Location"] == "/accounts/password/reset/sent/"
    (letter,) = post_office.to(user.email)
    assert letter.subject == "Choose a new password"
    assert f'<a href="{letter.links[0]}">' in letter.html

    page = client.get(letter.path("/password/reset/key/"))
    assert page.headers["Location"].endswith("-set-password/"), "the key leaves the address, so that no referrer has it"
    done = client.post(page.headers["Location"], {"password1": NEW})
    assert done.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/b/fjordstuen/"
    assert elsewhere.get("/preferences/").status_code == 302, "other devices are signed out"
    with business_scope(cast.fjordstuen.pk):
        actions = list(AuditEntry.objects.filter(object_type="user").order_by("id").values_list("action", flat=True))
    assert actions == ["session.signed_in", "password.reset", "session.signed_in"]
    assert post_office.to(user.email)[1].subject == "Your password was changed"

    again = Client().get(letter.path("/password/reset/key/"))
    assert "This link no longer works" in again.content.decode()


def test_the_mail_is_in_the_recipients_language(client: Client, cast: Cast, post_office: PostOffice) -> None:
    user = cast.fjordstuen.owner.user
    user.language = "nl"
    user.save()
    client.post("/accounts/password/reset/", {"email": user.email}, headers={"accept-language": "da"})
    (letter,) = post_office.to(user.email)
    assert 'lang="nl"' in letter.html


def test_an_unknown_address_gets_the_same_answer_and_a_message(
    client: Client, cast: Cast, post_office: PostOffice
) -> None:
    known, unknown = (ask(Client(), address) for address in (cast.stranger.email, "nobody@example.com"))
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    pages = [Client().get(answer.headers["Location"]).content.decode() for answer in (known, unknown)]
    hidden = [re.sub(r'value="\w{64}"|"X-CSRFToken": "\w+"', "", page) for page in pages]
    assert hidden[0] == hidden[1]
    (letter,) = post_office.to("nobody@example.com")
    assert letter.subject == "No account with this address"


def test_asking_too_often_is_stopped(cast: Cast, post_office: PostOffice) -> None:
    answers = [ask(Client(), cast.stranger.email).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]


def test_the_old_password_is_asked_and_other_devices_go(cast: Cast, signed_in: SignIn, post_office: PostOffice) -> None:
    user = cast.fjordstuen.reception.user
    here, elsewhere = signed_in(user), signed_in(user)
    wrong = here.post("/accounts/password/change/", {"oldpassword": "not it at all", "password1": NEW})
    assert "not your current password" in wrong.content.decode()
    weak = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "password12"})
    assert "too common" in weak.content.decode()
    done = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW})
    assert done.headers["Location"] == "/preferences/"
    assert here.get("/preferences/").status_code == 200
    assert elsewhere.get("/preferences/").status_code == 302
    with business_scope(cast.fjordstuen.pk):
        assert AuditEntry.objects.filter(action="password.changed").count() == 1
    (letter,) = post_office.to(user.email)
    assert "127.0.0.1" in letter.text


def test_the_address_changes_once_the_new_one_has_answered(
    cast: Cast, confirmed: SignIn, post_office: PostOffice
) -> None:
    user = cast.fjordstuen.reception.user
    old, new = user.email, "rita@new.example"
    browser = confirmed(user)
    asked = browser.post("/accounts/email/", {"email": new, "action_add": ""})
    assert asked.headers["Location"] == "/accounts/confirm-email/"
    user.refresh_from_db()
    assert user.email == old
    browser.post("/accounts/confirm-email/", {"code": post_office.to(new)[0].code})
    user.refresh_from_db()
    assert user.email == new
    assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified")) == [(new, True)]
    assert post_office.to(old)[0].subject == "Your e-mail address was changed"
    with business_scope(cast.fjordstuen.pk):
        assert AuditEntry.objects.get(action="email.changed").data == {"email": new}


def test_changing_the_address_asks_who_one_is(cast: Cast, signed_in: SignIn, post_office: PostOffice) -> None:
    browser = signed_in(cast.stranger)
    asked = browser.post("/accounts/email/", {"email": "new@example.com", "action_add": ""})
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not post_office.letters
    resumed = browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/accounts/email/"})
    assert resumed.headers["Location"] == "/accounts/confirm-email/"
    assert post_office.to("new@example.com")


def test_a_taken_address_is_not_given_away(cast: Cast, confirmed: SignIn, post_office: PostOffice) -> None:
    browser = confirmed(cast.stranger)
    taken = cast.fjordstuen.owner.user.email
    answer = browser.post("/accounts/email/", {"email": taken, "action_add": ""})
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    browser.post("/accounts/confirm-email/", {"code": post_office.to(taken)[0].code})
    cast.stranger.refresh_from_db()
    assert cast.stranger.email == "stranger@example.com"


def test_where_no_code_is_asked_a_link_confirms_the_new_address(
    cast: Cast, confirmed: SignIn, post_office: PostOffice, settings: Any
) -> None:
    """The demo, and an installation without mail: there the message is a file."""
    settings.ACCOUNT_EMAIL_VERIFICATION, settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = "none", False
    user = cast.fjordstuen.reception.user
    browser = confirmed(user)
    browser.post("/accounts/email/", {"email": "rita@new.example", "action_add": ""})
    assert "waits to be confirmed" in browser.get("/accounts/email/").content.decode()
    link = post_office.to("rita@new.example")[0].path("/confirm-email/")
    assert "becomes the address you sign in with" in browser.get(link).content.decode()
    user.refresh_from_db()
    assert user.email == "reception@fjordstuen.example", "opening a link changes nothing"
    browser.post(link)
    user.refresh_from_db()
    assert user.email == "rita@new.example"
    assert "has been used or is too old" in browser.get(link).content.decode()


def test_where_a_code_is_asked_there_are_no_links(client: Client, db: None, post_office: PostOffice) -> None:
    assert client.get("/accounts/confirm-email/MQ:1abc:def/").status_code == 404
