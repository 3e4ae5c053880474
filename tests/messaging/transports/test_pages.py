"""Pages of how messages leave and of the local inbox."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.tenancy import business_scope
from messaging.transports import tasks
from messaging.transports.domain import Sender, domain_check
from messaging.transports.kinds import KINDS
from messaging.transports.models import Caught, Transport, TransportTry
from messaging.transports.secrets import secrets_open
from tests.cast import Cast, House
from tests.messaging.transports.making import transport_made
from tests.messaging.transports.test_domain import Told

pytestmark = pytest.mark.django_db

SECRET = "canary-secret"
FORM = {
    "name": "Fjordmail",
    "sender_address": "post@fjordstuen.no",
    "sender_name": "Fjordstuen",
    "host": "smtp.fjordstuen.no",
    "security": "starttls",
    "port": "587",
    "user": "fjord",
    "password": SECRET,
    "per_minute": "60",
}


@pytest.fixture
def house(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    cache.clear()
    # No worker runs here; what it would be told is of no interest.
    for task in (tasks.transport_try, tasks.transport_check):
        monkeypatch.setattr(task, "delay", lambda *ids: None)
    yield cast.fjordstuen


@pytest.fixture
def admin(client: Client, house: House) -> Client:
    client.force_login(house.admin.user)
    return client


def at(house: House, path: str = "") -> str:
    return f"/b/{house.slug}/messages/{path}"


def one(house: House, **values: Any) -> Transport:
    with business_scope(house.pk):
        return transport_made(business=house.business, **values)


def test_set_up_looked_at_changed_and_removed(admin: Client, house: House) -> None:
    assert "Mail server" in admin.get(at(house, "sending/new/")).content.decode()
    assert 'name="host"' in admin.get(at(house, "sending/new/?kind=smtp")).content.decode()
    made = admin.post(at(house, "sending/new/?kind=smtp"), FORM, follow=True)
    assert made.status_code == 200 and SECRET not in made.content.decode()
    with business_scope(house.pk):
        transport = Transport.objects.get()
    assert transport.is_default and transport.per_minute == 60
    page = admin.get(at(house, f"sending/{transport.pk}/")).content.decode().replace("<wbr>", "")
    assert "kept sealed" in page and "smtp.fjordstuen.no" in page and SECRET not in page
    edit = admin.get(at(house, f"sending/{transport.pk}/edit/")).content.decode()
    assert 'value="smtp.fjordstuen.no"' in edit and SECRET not in edit
    told = FORM | {"password": "", "name": "Other"}
    assert admin.post(at(house, f"sending/{transport.pk}/edit/"), told).status_code == 302
    with business_scope(house.pk):
        transport.refresh_from_db()
    assert transport.name == "Other" and secrets_open(transport)["password"] == SECRET
    assert "Other" in admin.get(at(house, "sending/")).content.decode()
    assert admin.get(at(house, f"sending/{transport.pk}/remove/")).status_code == 200
    assert admin.post(at(house, f"sending/{transport.pk}/remove/")).status_code == 302
    with business_scope(house.pk):
        assert not Transport.objects.exists()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"host": "10.0.0.1"}, "open internet"),
        ({"port": "22"}, "Port 22 is not open"),
        ({"sender_address": "nobody"}, "not an e-mail address"),
        ({"name": ""}, "required"),
    ],
)
def test_what_was_typed_is_kept_and_why_it_was_refused_told(
    admin: Client, house: House, told: dict[str, str], message: str
) -> None:
    answer = admin.post(at(house, "sending/new/?kind=smtp"), FORM | told)
    page = answer.content.decode()
    assert answer.status_code == 422 and message in page and 'value="fjord"' in page
    # A password is typed again rather than sent back.
    assert SECRET not in page


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_has_its_form(admin: Client, house: House, kind: str) -> None:
    page = admin.get(at(house, f"sending/new/?kind={kind}"))
    assert page.status_code == 200
    for option in KINDS[kind].options:
        assert f'name="{option.name}"' in page.content.decode()


def test_a_test_is_asked_for_and_waits(admin: Client, house: House) -> None:
    transport = one(house)
    path = at(house, f"sending/{transport.pk}/test/")
    assert admin.post(path, {"address": "nobody"}).status_code == 422
    page = admin.post(path, {"address": "admin@fjordstuen.no"}, follow=True).content.decode()
    assert "On its way" in page and 'hx-trigger="every 2s"' in page
    part = admin.get(at(house, f"sending/{transport.pk}/state/"), HTTP_HX_REQUEST="true").content.decode()
    assert part.lstrip().startswith('<div class="stack" id="transport-state"') and "<html" not in part
    with business_scope(house.pk):
        TransportTry.objects.update(state="refused", error={"reason": "address", "words": "550 <b>No</b>"})
    part = admin.get(at(house, f"sending/{transport.pk}/state/"), HTTP_HX_REQUEST="true").content.decode()
    assert "does not deliver to this address" in part and "&lt;b&gt;" in part and "hx-trigger" not in part


def test_what_was_found_of_the_domain_is_told_with_what_to_do(admin: Client, house: House) -> None:
    transport = one(house, kind="brevo", secrets={"api_key": "k"})
    page = admin.get(at(house, f"sending/{transport.pk}/")).content.decode()
    assert "DNS is being asked" in page
    found = domain_check(Sender("fjordstuen.no", include="spf.brevo.com"), Told())
    with business_scope(house.pk):
        Transport.objects.update(domain=found.stored(), check_asked_at=None)
    page = admin.get(at(house, f"sending/{transport.pk}/")).content.decode()
    assert "v=spf1 include:spf.brevo.com ~all" in page.replace("<wbr>", "")
    assert "v=DMARC1; p=none; rua=mailto:postmaster@fjordstuen.no" in page.replace("<wbr>", "")
    assert "Needs a look" in admin.get(at(house, "sending/")).content.decode()
    assert admin.post(at(house, f"sending/{transport.pk}/check/")).status_code == 302
    assert "DNS is being asked" in admin.get(at(house, f"sending/{transport.pk}/")).content.decode()


def test_another_one_takes_over(admin: Client, house: House) -> None:
    first, second = one(house), one(house, name="Other")
    refused = admin.post(at(house, f"sending/{first.pk}/remove/"))
    assert refused.status_code == 422 and "Choose another one" in refused.content.decode()
    admin.post(at(house, f"sending/{second.pk}/default/"))
    with business_scope(house.pk):
        assert Transport.objects.get(is_default=True) == second
    assert admin.post(at(house, f"sending/{first.pk}/remove/")).status_code == 302


def test_who_does_not_set_up_the_house_sees_the_inbox_alone(client: Client, house: House) -> None:
    client.force_login(house.marketing.user)
    assert client.get(at(house, "sending/")).status_code == 403
    assert client.get(at(house, "inbox/")).status_code == 200
    assert client.post(at(house, "inbox/empty/")).status_code == 403


def caught(house: House, transport: Transport, **values: Any) -> Caught:
    told: dict[str, Any] = {
        "channel": transport.channel,
        "address": "kari@example.no",
        "subject": "Velkommen",
        "html": "<html><head></head><body><script>alert(1)</script><p>Hei <b>Kari</b></p><img alt='' src='https://e.no/a.png'></body></html>",
        "text": "Hei Kari https://fjordstuen.no",
        **values,
    }
    with business_scope(house.pk):
        return Caught.objects.create(transport=transport, ref=uuid.uuid4(), **told)


def test_an_e_mail_is_shown_whole_and_runs_nothing(admin: Client, house: House) -> None:
    row = caught(house, one(house), name="Kari <Nordmann>", headers={"X-One": "<1>"})
    page = admin.get(at(house, f"inbox/{row.pk}/")).content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page and "alert(1)" not in page
    assert "Kari &lt;Nordmann&gt;" in page
    frame = admin.get(at(house, f"inbox/{row.pk}/html/"))
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "img-src data:;" in policy + ";"
    assert "frame-ancestors 'self'" in policy and "form-action 'none'" in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<head><base target="_blank">' in frame.content.decode()
    assert "data-src='https://e.no/a.png'" in frame.content.decode()
    fetched = admin.get(at(house, f"inbox/{row.pk}/html/images/"))
    assert " src='https://e.no/a.png'" in fetched.content.decode()
    with_images = fetched.headers["Content-Security-Policy"]
    assert "img-src data: https: http:" in with_images and "default-src 'none'" in with_images
    plain = admin.get(at(house, f"inbox/{row.pk}/?view=text")).content.decode()
    assert '<a href="https://fjordstuen.no"' in plain and "<iframe" not in plain
    assert "&lt;1&gt;" in admin.get(at(house, f"inbox/{row.pk}/?view=headers")).content.decode()


def test_sms_to_one_number_stand_together(admin: Client, house: House) -> None:
    transport = one(house, kind="local_sms")
    phone = {"address": "+4791234567", "subject": "", "html": ""}
    first = caught(house, transport, text="Velkommen <i>hit</i>", **phone)
    caught(house, transport, text="Takk for sist", **phone)
    caught(house, transport, text="Til en annen", **phone | {"address": "+4799999999"})
    page = admin.get(at(house, f"inbox/{first.pk}/")).content.decode()
    assert page.index("Velkommen &lt;i&gt;") < page.index("Takk for sist") and "Til en annen" not in page


def test_the_inbox_is_searched_and_emptied(admin: Client, house: House) -> None:
    mail, sms = one(house), one(house, kind="local_sms")
    caught(house, mail)
    caught(house, mail, address="ole@example.no", subject="Takk")
    caught(house, sms, address="+4791234567", subject="", html="", text="Hei på SMS")

    def shown(query: str) -> list[str]:
        page = admin.get(at(house, f"inbox/{query}")).content.decode()
        return [each for each in ("Velkommen", "Takk", "Hei på SMS") if each in page]

    assert shown("") == ["Velkommen", "Takk", "Hei på SMS"]
    assert shown("?channel=sms") == ["Hei på SMS"]
    assert shown("?q=OLE@") == ["Takk"]
    assert shown("?q=nobody") == []
    assert admin.get(at(house, "inbox/empty/")).status_code == 200
    page = admin.post(at(house, "inbox/empty/"), follow=True).content.decode()
    assert "3 messages are removed." in page
    assert shown("") == []


def shown_page(client: Client, house: House, transport: Transport) -> str:
    return client.get(at(house, f"sending/{transport.pk}/")).content.decode()


@pytest.mark.parametrize(
    ("kind", "secrets", "key"),
    [
        ("mailgun", {"api_key": "k"}, "signing_key"),
        ("sendgrid", {"api_key": "k"}, "signing_key"),
        ("resend", {"api_key": "k"}, "signing_key"),
        ("gatewayapi", {"token": "t"}, "callback_key"),
    ],
)
def test_reports_that_could_be_signed_and_are_not(
    admin: Client, house: House, kind: str, secrets: dict[str, str], key: str
) -> None:
    told = {"kind": kind, "sender_address": "Fjordstuen" if kind == "gatewayapi" else "post@fjordstuen.no"}
    unsigned = one(house, secrets=secrets, **told)
    signed = one(house, name="Signed", secrets=secrets | {key: base64.b64encode(b"x" * 24).decode()}, **told)
    assert "Reports are not signed." in shown_page(admin, house, unsigned)
    assert "Reports are not signed." not in shown_page(admin, house, signed)


def test_services_that_sign_nothing_or_always_are_not_warned_of(admin: Client, house: House) -> None:
    for kind, secrets in (("postmark", {"server_token": "t"}), ("ses", {"secret_key": "s"}), ("local", {})):
        options = {"access_key": "AKIA1", "region": "eu-north-1"} if kind == "ses" else {}
        made = one(house, kind=kind, options=options, secrets=secrets)
        assert "Reports are not signed." not in shown_page(admin, house, made)


@pytest.mark.parametrize("kind", ["brevo", "resend", "ses", "mailgun", "postmark", "smtp", "twilio", "local"])
def test_the_form_says_where_tracking_is_to_be_turned_off(admin: Client, house: House, kind: str) -> None:
    page = admin.get(at(house, f"sending/new/?kind={kind}")).content.decode()
    assert ("Turn tracking off in your account." in page) is (kind in ("brevo", "resend", "ses"))
