"""A business's settings and properties, and a user's own."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.browsers import browser_name
from accounts.countries import country_choices, country_defaults, currency_choices, time_zone_choices
from accounts.models import AuditEntry, Business, Property, User
from accounts.tenancy import business_scope
from tests.accounts.conftest import SignIn
from tests.cast import Cast

SETTINGS = "/b/fjordstuen/settings/"
FORM = {
    "name": "Fjordstuen Hotell",
    "country": "NO",
    "currency": "NOK",
    "time_zone": "Europe/Oslo",
    "language": "nb",
    "languages": ["nb", "en"],
    "sensitive_roles": ["reception", "admin", "owner"],
}


def test_the_owner_changes_the_business(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    page = client.get(SETTINGS).content.decode()
    assert "http://testserver/b/fjordstuen/" in page
    answer = client.post(SETTINGS, FORM | {"currency": "EUR", "language": "da", "languages": ["nl"]})
    assert answer.headers["Location"] == SETTINGS
    business = Business.objects.get(slug="fjordstuen")
    assert (business.name, business.currency) == ("Fjordstuen Hotell", "EUR")
    assert business.languages == ["da", "nl"], "the default language is always among them"
    with business_scope(cast.fjordstuen.pk):
        changes = AuditEntry.objects.get(action="business.changed").data["changes"]
    assert changes == {
        "name": ["Fjordstuen", "Fjordstuen Hotell"],
        "currency": ["NOK", "EUR"],
        "language": ["nb", "da"],
        "languages": [["en", "nb"], ["da", "nl"]],
    }


def test_the_postal_address_is_kept_in_its_lines(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    client.post(SETTINGS, FORM | {"postal_address": "  Fjordveien  12 \r\n\r\n6800 Førde\r\n"})
    business = Business.objects.get(slug="fjordstuen")
    assert business.postal_address == "Fjordveien 12\n6800 Førde"
    assert business.address_line == "Fjordveien 12, 6800 Førde"
    assert "Fjordveien 12\n6800 Førde</textarea>" in client.get(SETTINGS).content.decode()
    refused = client.post(SETTINGS, FORM | {"postal_address": "www.fjordstuen.example"})
    assert refused.status_code == 422
    assert "www.fjordstuen.example" in refused.content.decode(), "what was typed stays"


def test_saving_without_a_change_logs_nothing(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    client.post(SETTINGS, FORM | {"name": "Fjordstuen"})
    with business_scope(cast.fjordstuen.pk):
        assert not AuditEntry.objects.filter(action="business.changed").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("country", "XX"), ("currency", "ABC"), ("time_zone", "Mars/Olympus"), ("language", "xx")],
)
def test_what_cannot_be_is_refused(client: Client, cast: Cast, field: str, value: str) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    answer = client.post(SETTINGS, FORM | {field: value})
    assert answer.status_code == 422
    assert Business.objects.get(slug="fjordstuen").name == "Fjordstuen"


def test_the_address_and_the_other_business_stay(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    client.post(SETTINGS, FORM | {"slug": "duinzicht", "public_id": str(cast.duinzicht.business.public_id)})
    assert Business.objects.get(pk=cast.fjordstuen.pk).slug == "fjordstuen"
    assert Business.objects.get(pk=cast.duinzicht.pk).name == "Duinzicht"


@pytest.mark.parametrize("path", ["", "properties/new/"])
def test_an_admin_is_told_to_ask_an_owner(client: Client, cast: Cast, path: str) -> None:
    client.force_login(cast.fjordstuen.admin.user)
    answer = client.post(SETTINGS + path, FORM | {"kind": "hotel"})
    assert answer.status_code == 403
    assert "Owner of Fjordstuen" in answer.content.decode()


def test_properties_are_added_and_renamed(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    new = SETTINGS + "properties/new/"
    assert client.post(new, {"name": "Strandcamping", "kind": "campsite"}).headers["Location"] == SETTINGS
    again = client.post(new, {"name": "Strandcamping", "kind": "hotel"})
    assert again.status_code == 422
    assert "already called Strandcamping" in again.content.decode()
    with business_scope(cast.fjordstuen.pk):
        pk = Property.objects.get(name="Strandcamping").pk
    edit = f"{SETTINGS}properties/{pk}/"
    assert "Strandcamping" in client.get(edit).content.decode()
    client.post(edit, {"name": "Sjøcamping", "kind": "campsite"})
    taken = client.post(edit, {"name": "Fjordstuen", "kind": "campsite"})
    assert taken.status_code == 422
    with business_scope(cast.fjordstuen.pk):
        assert list(Property.objects.order_by("name").values_list("name", "kind")) == [
            ("Fjordstuen", "hotel"),
            ("Sjøcamping", "campsite"),
        ]
        assert AuditEntry.objects.get(action="property.changed").data == {
            "name": "Sjøcamping",
            "changes": {"name": ["Strandcamping", "Sjøcamping"]},
        }


def test_a_property_of_another_business_is_not_there(client: Client, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        pk = Property.objects.get().pk
    client.force_login(cast.fjordstuen.owner.user)
    for answer in (
        client.get(f"{SETTINGS}properties/{pk}/"),
        client.post(f"{SETTINGS}properties/{pk}/", {"name": "Mine", "kind": "hotel"}),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("country", "currency", "zone", "language"),
    [
        ("NO", "NOK", "Europe/Oslo", "nb"),
        ("DK", "DKK", "Europe/Copenhagen", "da"),
        ("NL", "EUR", "Europe/Amsterdam", "nl"),
        ("SE", "SEK", "Europe/Stockholm", "en"),
        ("GB", "GBP", "Europe/London", "en"),
        ("PT", "EUR", "Europe/Lisbon", "en"),
        ("US", "USD", "America/New_York", "en"),
        ("PA", "PAB", "America/Panama", "en"),
        ("ZZ", "EUR", "Europe/Amsterdam", "en"),
    ],
)
def test_a_country_brings_money_time_and_language(country: str, currency: str, zone: str, language: str) -> None:
    assert country_defaults(country) == (currency, zone, language)


def test_every_default_can_be_chosen() -> None:
    currencies, zones = dict(currency_choices()), dict(time_zone_choices())
    assert country_choices()[:2] == [("NO", "Norway"), ("DK", "Denmark")]
    for code, _name in country_choices():
        defaults = country_defaults(code)
        assert defaults.currency in currencies, code
        assert defaults.time_zone in zones, code


# A user's own


def test_preferences_on_their_page(client: Client, cast: Cast) -> None:
    user = cast.fjordstuen.reception.user
    client.force_login(user)
    page = client.get("/preferences/").content.decode()
    assert "Fjordstuen" in page
    chosen = {"form": "page", "name": "Rita", "language": "nb", "theme": "dark", "density": "compact"}
    assert client.post("/preferences/", chosen).headers["Location"] == "/preferences/"
    user.refresh_from_db()
    assert (user.name, user.language, user.theme, user.density, user.shortcuts) == (
        "Rita",
        "nb",
        "dark",
        "compact",
        False,
    )
    bad = client.post("/preferences/", chosen | {"theme": "pink"})
    assert bad.status_code == 422


@pytest.mark.parametrize(
    ("sent", "field", "value"),
    [
        ({"theme": "light"}, "theme", "light"),
        ({"density": "compact"}, "density", "compact"),
        ({"shortcuts": "off"}, "shortcuts", False),
        ({"language": "da"}, "language", "da"),
        ({"theme": "pink"}, "theme", "system"),
        ({"name": "Hacked"}, "name", "Reception of Fjordstuen"),
    ],
)
def test_single_preferences_from_the_menu_come_back(
    client: Client, cast: Cast, sent: dict[str, str], field: str, value: Any
) -> None:
    user = cast.fjordstuen.reception.user
    client.force_login(user)
    answer = client.post("/preferences/", sent | {"next": "/b/fjordstuen/guests/?q=kari"})
    assert answer.headers["Location"] == "/b/fjordstuen/guests/?q=kari"
    user.refresh_from_db()
    assert getattr(user, field) == value


def test_a_visitor_chooses_a_language(client: Client, db: None) -> None:
    answer = client.post("/preferences/", {"language": "nb", "next": "/accounts/login/"})
    assert answer.headers["Location"] == "/accounts/login/"
    assert 'lang="nb"' in client.get("/accounts/login/").content.decode()
    assert client.get("/preferences/").headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("asked", "spoken"), [("nb-NO,nb;q=0.9", "nb"), ("no", "nb"), ("nn-NO", "nb"), ("da", "da"), ("fr", "en")]
)
def test_a_visitor_is_spoken_to_as_the_browser_asks(client: Client, db: None, asked: str, spoken: str) -> None:
    page = client.get("/accounts/login/", headers={"accept-language": asked}).content.decode()
    assert f'lang="{spoken}"' in page


def test_devices_are_listed_and_signed_out(cast: Cast, signed_in: SignIn) -> None:
    user = cast.fjordstuen.reception.user
    here, there, third = signed_in(user), signed_in(user), signed_in(user)
    stranger = signed_in(cast.stranger)
    page = here.get("/accounts/devices/").content.decode()
    assert page.count('name="session"') == 3
    assert page.count("this one") == 1
    theirs = UserSession.objects.get(user=cast.stranger).pk
    assert here.post("/devices/sign-out/", {"session": theirs}).status_code == 404
    assert stranger.get("/preferences/").status_code == 200

    one = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post("/devices/sign-out/", {"session": one.pk}).headers["Location"] == "/accounts/devices/"
    assert there.get("/preferences/").status_code == 302
    assert third.get("/preferences/").status_code == 200
    here.post("/devices/sign-out/")
    assert third.get("/preferences/").status_code == 302
    assert here.get("/preferences/").status_code == 200
    mine = UserSession.objects.get(user=user)
    assert here.post("/devices/sign-out/", {"session": mine.pk}).headers["Location"] == "/accounts/login/"
    assert here.get("/preferences/").status_code == 302
    with business_scope(cast.fjordstuen.pk):
        assert AuditEntry.objects.filter(action="session.ended").count() == 2


def test_a_device_is_noted_now_and_then(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(cast.stranger)
    client.get("/preferences/")
    first = UserSession.objects.get().last_seen_at
    client.get("/preferences/")
    assert UserSession.objects.get().last_seen_at == first
    monkeypatch.setattr("accounts.middleware.SEEN_EVERY", 0)
    client.get("/preferences/")
    assert UserSession.objects.get().last_seen_at > first


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18 Safari/605", "Safari, Mac"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "?"),
    ],
)
def test_browsers_are_named(agent: str, name: str) -> None:
    assert browser_name(agent) == name


def test_names_are_for_people(db: None) -> None:
    assert str(User(email="a@b.example")) == "a@b.example"
