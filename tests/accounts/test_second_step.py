"""Two-step sign-in: authenticator app, recovery codes; passkeys are tried in a browser."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import InvalidToken
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.sealing import seal, unseal
from accounts.tenancy import business_scope
from tests.accounts.conftest import PASSWORD, SignIn
from tests.accounts.post import PostOffice
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("no_limits")


def digits(secret: str, *, ahead: int = 0) -> str:
    """What an authenticator app shows now, or ``ahead`` periods later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def connect_app(browser: Client) -> str:
    """Connect an app; its secret."""
    page = browser.get("/accounts/second-step/app/connect/")
    secret = page.context["form"].secret
    answer = browser.post("/accounts/second-step/app/connect/", {"code": digits(secret)})
    assert answer.headers["Location"] == "/accounts/second-step/codes/", answer.content
    return str(secret)


@pytest.fixture
def two_steps(transactional_cast: Cast, confirmed: SignIn) -> tuple[User, Client, str]:
    """A receptionist with a connected app, the browser it was connected in, and its secret."""
    user = transactional_cast.fjordstuen.reception.user
    browser = confirmed(user)
    return user, browser, connect_app(browser)


def test_connecting_an_app_asks_who_one_is(cast: Cast, signed_in: SignIn) -> None:
    answer = signed_in(cast.stranger).get("/accounts/second-step/app/connect/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


def test_a_wrong_code_connects_nothing(cast: Cast, confirmed: SignIn) -> None:
    browser = confirmed(cast.stranger)
    browser.get("/accounts/second-step/app/connect/")
    answer = browser.post("/accounts/second-step/app/connect/", {"code": "000000"})
    assert "does not match" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_the_secret_is_sealed_where_it_is_stored(two_steps: tuple[User, Client, str]) -> None:
    user, _browser, secret = two_steps
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert secret not in stored
    assert unseal(stored, purpose="mfa") == secret
    assert "seed" in Authenticator.objects.get(user=user, type="recovery_codes").data


def test_sign_in_asks_for_the_code_and_takes_each_once(
    two_steps: tuple[User, Client, str], transactional_cast: Cast
) -> None:
    user, _browser, secret = two_steps
    browser = Client()
    first = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert first.headers["Location"] == "/accounts/second-step/sign-in/"
    assert browser.get("/preferences/").status_code == 302, "not yet in"
    code = digits(secret, ahead=1)
    assert browser.post("/accounts/second-step/sign-in/", {"code": code}).headers["Location"] == "/"
    assert browser.get("/preferences/").status_code == 200
    with business_scope(transactional_cast.fjordstuen.pk):
        entries = AuditEntry.objects.filter(action="session.signed_in").order_by("-id")
        assert entries[0].data == {"methods": ["password", "totp"]}
        assert AuditEntry.objects.filter(action="mfa.added").count() == 2

    replay = Client()
    replay.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "does not match" in replay.post("/accounts/second-step/sign-in/", {"code": code}).content.decode()


def test_a_recovery_code_lets_in_once(two_steps: tuple[User, Client, str]) -> None:
    user, browser, _secret = two_steps
    code = browser.get("/accounts/second-step/codes/").context["unused_codes"][0]
    for expected in (302, 200):
        other = Client()
        other.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        assert other.post("/accounts/second-step/sign-in/", {"code": code}).status_code == expected
    file = browser.get("/accounts/second-step/codes/download/")
    assert file.headers["Content-Type"].startswith("text/plain")
    assert code not in file.content.decode()
    assert len(file.content.decode().split()) == 9


def test_a_new_password_does_not_skip_the_second_step(
    two_steps: tuple[User, Client, str], post_office: PostOffice
) -> None:
    user, _browser, _secret = two_steps
    other = Client()
    other.post("/accounts/password/reset/", {"email": user.email})
    page = other.get(post_office.to(user.email)[0].path("/password/reset/key/"))
    done = other.post(page.headers["Location"], {"password1": "another quiet desk"})
    assert done.headers["Location"] == "/accounts/second-step/sign-in/"
    assert other.get("/preferences/").status_code == 302


def test_disconnecting_takes_the_codes_along_and_says_so_by_mail(
    two_steps: tuple[User, Client, str], post_office: PostOffice, transactional_cast: Cast
) -> None:
    user, browser, _secret = two_steps
    assert "Disconnect" in browser.get("/accounts/second-step/app/disconnect/").content.decode()
    assert Authenticator.objects.count() == 2
    browser.post("/accounts/second-step/app/disconnect/")
    assert not Authenticator.objects.exists()
    assert post_office.to(user.email)[0].subject == "Authenticator app removed"
    with business_scope(transactional_cast.fjordstuen.pk):
        assert AuditEntry.objects.filter(action="mfa.removed").count() == 2


def test_an_unconfirmed_address_gets_no_second_step(cast: Cast, confirmed: SignIn, post_office: PostOffice) -> None:
    from allauth.account.models import EmailAddress

    browser = confirmed(cast.stranger)
    EmailAddress.objects.update(verified=False)
    answer = browser.get("/accounts/second-step/app/connect/", follow=True)
    assert "Confirm your e-mail address first" in answer.content.decode()


def test_another_users_passkey_is_not_there(cast: Cast, confirmed: SignIn) -> None:
    theirs = Authenticator.objects.create(user=cast.fjordstuen.owner.user, type="webauthn", data={"name": "Theirs"})
    browser = confirmed(cast.stranger)
    for path in (f"/accounts/passkeys/{theirs.pk}/", f"/accounts/passkeys/{theirs.pk}/remove/"):
        assert browser.get(path).status_code == 404
        assert browser.post(path, {"name": "Mine"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.data["name"] == "Theirs"


def test_a_seal_opens_only_for_its_purpose_and_survives_a_new_key(settings: Any) -> None:
    sealed = seal("hemmelig", purpose="mfa")
    assert unseal(sealed, purpose="mfa") == "hemmelig"
    with pytest.raises(InvalidToken):
        unseal(sealed, purpose="other")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"
    assert unseal(sealed, purpose="mfa") == "hemmelig"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        unseal(sealed, purpose="mfa")
