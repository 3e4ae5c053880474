"""Signing up, in and out, members and settings, in a browser; passkeys with a virtual authenticator."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from playwright.sync_api import Page, expect

from accounts.models import AuditEntry, Member, Role, User
from accounts.services import invitation_create
from accounts.tenancy import business_scope
from tests.cast import Cast, cast_assemble
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch

PASSWORD = "a quiet reception desk"

SIGNED_OUT = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/sent/"]
OWN = [
    "/",
    "/preferences/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/second-step/",
    "/accounts/passkeys/",
    "/accounts/devices/",
    "/accounts/logout/",
    "/businesses/new/",
]
BUSINESS = [
    "",
    "members/",
    "members/invite/",
    "members/{reception}/",
    "members/{reception}/remove/",
    "members/leave/",
    "settings/",
    "settings/properties/new/",
    "activity/",
]
SCREENS = pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["desk", "phone, dark"])


@pytest.fixture
def cast(transactional_db: None, settings: Any) -> Cast:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    return cast_assemble()


def with_password(user: User) -> User:
    user.password = make_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def look(watch: Watch, paths: list[str]) -> None:
    """Every page is open to everybody and fits."""
    for path in paths:
        watch.page.goto(path, wait_until="load")
        expect(watch.page.locator("h1")).to_have_count(1)
        watch.assert_accessible()
        watch.assert_fits()
        watch.assert_calm()


@SCREENS
def test_pages_before_sign_in(visit: OpenBrowser, cast: Cast, width: int, dark: bool) -> None:
    with business_scope(cast.fjordstuen.pk):
        offer = invitation_create(email="kari@example.com", role=Role.RECEPTION, by=cast.fjordstuen.owner)
    look(visit("/accounts/login/", width=width, dark=dark), [*SIGNED_OUT, f"/join/{offer.token}/"])


@SCREENS
def test_pages_of_ones_own(visit: OpenBrowser, cast: Cast, width: int, dark: bool) -> None:
    user = cast.fjordstuen.owner.user
    with business_scope(cast.duinzicht.pk):
        Member.objects.create(user=user, role=Role.RECEPTION)
    look(visit("/", user=user, width=width, dark=dark), OWN)


@SCREENS
def test_pages_of_a_business(visit: OpenBrowser, cast: Cast, width: int, dark: bool) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        for email in ("kari@example.com", "a.rather.long.address.that.must.break@some-hotel-company.example"):
            invitation_create(email=email, role=Role.RECEPTION, by=house.owner)
    paths = [f"/b/fjordstuen/{path}".format(reception=house.reception.pk) for path in BUSINESS]
    look(visit("/", user=house.owner.user, width=width, dark=dark), paths)


@SCREENS
def test_refused_forms_and_roles(visit: OpenBrowser, cast: Cast, width: int, dark: bool) -> None:
    watch = visit("/accounts/signup/", width=width, dark=dark)
    page = watch.page
    page.locator("form[action='/accounts/signup/']").evaluate("form => { form.noValidate = true; }")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Nothing was saved yet.")).to_be_visible()
    watch.assert_accessible()
    reception = visit("/", user=cast.fjordstuen.reception.user, width=width, dark=dark)
    with reception.expecting("403"):
        reception.page.goto("/b/fjordstuen/members/")
        expect(reception.page.get_by_text("Owner of Fjordstuen")).to_be_visible()
        reception.assert_accessible()
        reception.assert_fits()


def test_from_sign_up_to_three_steps_without_script(
    without_script: Callable[..., Watch], cast: Cast, live_server: Any
) -> None:
    page = without_script("/accounts/login/").page
    page.get_by_role("link", name="Create an account for your business").click()
    page.get_by_label("Your name").fill("Ingrid Sørensen")
    page.get_by_label("E-mail").fill("ingrid@fjordgaard.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Name of the business").fill("Fjordgård")
    page.get_by_label("Country").select_option("NO")
    page.get_by_label("What kind of place is it?").select_option("campsite")
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{live_server.url}/b/fjordgard/")
    expect(page.get_by_role("heading", name="Welcome to Fjordgård")).to_be_visible()
    for step in ("Import a file", "Add a guest", "Try sample data"):
        expect(page.get_by_role("heading", name=step)).to_be_visible()


def test_an_invited_colleague_joins(visit: OpenBrowser, cast: Cast) -> None:
    owner = visit("/b/fjordstuen/members/", user=cast.fjordstuen.owner.user).page
    owner.get_by_role("link", name="Invite somebody").click()
    owner.get_by_label("E-mail").fill("kari@example.com")
    owner.get_by_role("button", name="Make the link").click()
    link = owner.get_by_label("Link").input_value()

    kari = visit(re.sub(r"^https?://[^/]+", "", link)).page
    kari.get_by_label("Your name").fill("Kari Nordmann")
    kari.get_by_label("Password").fill(PASSWORD)
    kari.get_by_role("button", name="Create account and join").click()
    expect(kari.get_by_text("Welcome to Fjordstuen.")).to_be_visible()
    owner.goto("/b/fjordstuen/members/")
    expect(owner.get_by_role("link", name="Kari Nordmann")).to_be_visible()


def virtual_authenticator(page: Page) -> None:
    """A device with a fingerprint reader that always recognises its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def sign_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page, name: str, *, alone: bool) -> None:
    page.goto("/accounts/passkeys/add/")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Sign in with this passkey alone").set_checked(alone)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_passkey_alone_signs_in(visit: OpenBrowser, cast: Cast, live_server: Any) -> None:
    user = with_password(cast.fjordstuen.reception.user)
    watch = visit("/accounts/login/")
    page = watch.page
    virtual_authenticator(page)
    sign_in(page, user)
    add_passkey(page, "Front desk", alone=True)
    watch.assert_accessible()
    page.goto("/accounts/passkeys/")
    expect(page.get_by_role("link", name="Front desk", exact=True)).to_be_visible()
    watch.assert_accessible()

    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{live_server.url}/b/fjordstuen/")
    with business_scope(cast.fjordstuen.pk):
        entry = AuditEntry.objects.filter(action="session.signed_in").latest("id")
        assert entry.data == {"methods": ["passkey"]}
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None

    page.goto("/accounts/passkeys/")
    page.get_by_role("link", name="Remove Front desk").click()
    page.get_by_role("link", name="With a passkey").click()
    page.get_by_role("button", name="Use your passkey").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No passkey yet")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_a_passkey_is_the_second_step(visit: OpenBrowser, cast: Cast, live_server: Any) -> None:
    user = with_password(cast.fjordstuen.reception.user)
    watch = visit("/accounts/login/")
    page = watch.page
    virtual_authenticator(page)
    sign_in(page, user)
    add_passkey(page, "Phone", alone=False)
    sign_out(page)
    sign_in(page, user)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    watch.assert_accessible()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page).to_have_url(f"{live_server.url}/b/fjordstuen/")


def test_a_passkey_that_is_not_given_says_so(visit: OpenBrowser, cast: Cast) -> None:
    watch = visit("/accounts/login/")
    page = watch.page
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("That did not work with the passkey.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()
    watch.assert_accessible()


def test_a_bare_number_in_the_address_has_no_passkeys(visit: OpenBrowser, cast: Cast, live_server: Any) -> None:
    page = visit("/accounts/login/").page
    page.goto(live_server.url.replace("localhost", "127.0.0.1") + "/accounts/login/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


def test_connecting_an_app(visit: OpenBrowser, cast: Cast) -> None:
    user = with_password(cast.fjordstuen.reception.user)
    for dark in (False, True):
        watch = visit("/accounts/login/", dark=dark, width=390 if dark else 1280)
        page = watch.page
        sign_in(page, user)
        page.goto("/accounts/second-step/app/connect/")
        watch.assert_accessible()
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("img", name="The key as a QR code")).to_be_visible()
        watch.assert_accessible()
        watch.assert_fits()


def test_choosing_a_look_and_a_language(visit: OpenBrowser, cast: Cast) -> None:
    page = visit("/b/fjordstuen/members/", user=cast.fjordstuen.owner.user).page
    page.get_by_role("button", name="Your menu").click()
    page.locator("#user-menu").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Your menu").click()
    page.locator("#user-menu").get_by_role("button", name="Dansk").click()
    expect(page.locator("html")).to_have_attribute("lang", "da")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert cookies[django_settings.LANGUAGE_COOKIE_NAME] == "da"
