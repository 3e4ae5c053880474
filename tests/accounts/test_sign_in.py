"""Signing in and out, and what is asked of whom."""

from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import allauth_urls
from accounts.access import Access
from accounts.allauth_access import ALLAUTH_ACCESS
from accounts.models import AuditEntry, User
from accounts.tenancy import business_scope
from tests.accounts.conftest import PASSWORD, SignIn
from tests.accounts.post import free_port
from tests.cast import Cast
from tests.factories import MemberFactory

pytestmark = pytest.mark.usefixtures("no_limits")


def test_signing_in_leads_to_the_business_and_is_logged_in_each(cast: Cast, signed_in: SignIn) -> None:
    user = cast.fjordstuen.reception.user
    with business_scope(cast.duinzicht.pk):
        MemberFactory(user=user)
    browser = signed_in(user)
    assert browser.get("/").status_code == 200, "two businesses: a choice"
    for house in (cast.fjordstuen, cast.duinzicht):
        with business_scope(house.pk):
            entry = AuditEntry.objects.get(action="session.signed_in")
            assert entry.actor == str(user)
            assert entry.data == {"methods": ["password"]}
            assert entry.address == "127.0.0.1"
            assert entry.member_id is not None


def test_the_session_ends_with_the_browser_unless_one_wants_to_stay(cast: Cast, with_password: Any) -> None:
    user = with_password(cast.stranger)
    for remember, lasts in (("", True), ("on", False)):
        browser = Client()
        browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "remember": remember})
        assert browser.session.get_expire_at_browser_close() is lasts


@pytest.mark.parametrize("address", ["owner@fjordstuen.example", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    client: Client, cast: Cast, with_password: Any, address: str
) -> None:
    with_password(cast.fjordstuen.owner.user)
    page = client.post("/accounts/login/", {"login": address, "password": "wrong and wrong"}).content.decode()
    assert "E-mail and password do not match" in page


def test_five_wrong_passwords_are_enough(client: Client, cast: Cast, with_password: Any) -> None:
    user = with_password(cast.fjordstuen.owner.user)
    for _ in range(5):
        client.post("/accounts/login/", {"login": user.email, "password": "wrong and wrong"})
    page = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "Too many tries" in page.content.decode()
    assert client.get("/").status_code == 302


def test_a_closed_account_does_not_get_in(client: Client, cast: Cast, with_password: Any) -> None:
    user = with_password(cast.stranger)
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[0][0] == "/accounts/inactive/"
    assert "This account is closed" in answer.content.decode()


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/b/fjordstuen/members/", "/b/fjordstuen/members/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("https:evil.example", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_next_leads_to_pages_of_ours_only(
    client: Client, cast: Cast, with_password: Any, wanted: str, reached: str
) -> None:
    user = with_password(cast.fjordstuen.owner.user)
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == reached


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", "/\\evil.example"]
)
def test_preferences_go_back_to_pages_of_ours_only(client: Client, db: None, wanted: str) -> None:
    assert client.post("/preferences/", {"language": "nb", "next": wanted}).headers["Location"] == "/"


def test_signing_out_is_a_post(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.stranger)
    assert "Sign out?" in browser.get("/accounts/logout/").content.decode()
    assert browser.get("/preferences/").status_code == 200
    assert browser.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert browser.get("/preferences/").status_code == 302


def test_a_form_from_elsewhere_is_refused_with_our_page(cast: Cast, with_password: Any) -> None:
    user = with_password(cast.stranger)
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()
    strict.get("/accounts/login/")
    token = strict.cookies["innkeeper_csrf"].value
    allowed = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert strict.post("/accounts/login/", allowed).status_code == 302


def test_without_the_limits_counter_nobody_gets_in(
    client: Client, cast: Cast, with_password: Any, settings: Any
) -> None:
    user = with_password(cast.stranger)
    gone = settings.CACHES["default"] | {"LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    client.raise_request_exception = False
    with override_settings(CACHES={"default": gone}):
        answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert client.get("/preferences/").status_code == 302, "still signed out"


def test_every_address_of_allauth_is_classified_and_no_other_is_reachable() -> None:
    names = {str(pattern.name) for pattern in allauth_urls.urlpatterns}
    assert names - {"usersessions_list", "account_confirm_email"} == set(ALLAUTH_ACCESS)

    def views(resolver: URLResolver) -> Any:
        for pattern in resolver.url_patterns:
            yield from views(pattern) if isinstance(pattern, URLResolver) else [pattern]

    foreign = [one for one in views(get_resolver()) if one.callback.__module__.startswith("allauth")]
    assert foreign
    assert {one.name for one in foreign if isinstance(one, URLPattern)} <= set(ALLAUTH_ACCESS)


@pytest.mark.parametrize(
    "name", sorted(name for name, access in ALLAUTH_ACCESS.items() if access == Access("signed_in"))
)
def test_signed_in_addresses_ask_for_sign_in(client: Client, db: None, name: str) -> None:
    (pattern,) = [one for one in allauth_urls.urlpatterns if one.name == name]
    path = "/accounts/" + str(pattern.pattern).replace("<int:pk>", "1")
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/accounts/login/")
