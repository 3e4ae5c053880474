"""Fixtures of accounts: a mail server, people with passwords, an empty rate limit."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.accounts.post import PostOffice, Server

PASSWORD = "a quiet reception desk"

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hashing that takes a third of a second guards nothing here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def no_limits() -> Iterator[None]:
    """Rate limits begin at zero, whatever other tests did."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    """A mail server is set up: addresses are confirmed by a code, messages go out over SMTP."""
    office = PostOffice()
    server = Server(office)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    settings.INNKEEPER_HAS_MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = False
    yield office
    server.stop()


@pytest.fixture
def with_password() -> Callable[[User], User]:
    """Give a user of the cast a password and a confirmed address, as somebody who signed up has."""

    def given(user: User) -> User:
        if not user.has_usable_password():
            user.password = make_password(PASSWORD)
            user.save(update_fields=["password"])
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"primary": True, "verified": True})
        return user

    return given


@pytest.fixture
def signed_in(with_password: Callable[[User], User], no_limits: None) -> SignIn:
    """A browser in which a user has signed in on the page, with their password."""

    def enter(user: User) -> Client:
        with_password(user)
        browser = Client()
        response = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        assert response.status_code == 302, response.content
        return browser

    return enter


@pytest.fixture
def confirmed(signed_in: SignIn) -> SignIn:
    """The same, and the user has just confirmed that it is them."""

    def enter(user: User) -> Client:
        browser = signed_in(user)
        response = browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert response.status_code == 302, response.content
        return browser

    return enter
