"""Reports as they come in: each event once, in any order, forged ones refused; and what follows for the guest."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.tenancy import business_scope
from accounts.tenancy.scope import current_business_id
from customers.card.models import ContactPoint
from customers.consent.models import ConsentEvent
from customers.history.models import Activity
from customers.permission.models import Suppression
from customers.permission.reasons import Reason
from customers.permission.selectors import may_contact
from messaging.callbacks import views
from messaging.callbacks.models import CallbackEvent
from messaging.callbacks.report import Report, Told, Unreached
from messaging.callbacks.services import reports_keep
from messaging.callbacks.views import BODY_MAX
from messaging.outbox.models import Message
from messaging.transports.models import Transport
from messaging.transports.services import TransportValues, transport_create
from tests.cast import Cast
from tests.factories import ConsentEventFactory
from tests.messaging.callbacks.reports import (
    BOUNCED,
    DELIVERED,
    MAIL,
    OPENED,
    PHONE,
    SPAM,
    Sent,
    elks,
    guest_of,
    posted,
    postmark,
    told_of,
    url,
)
from tests.messaging.sent import message_sent

pytestmark = pytest.mark.django_db


class TestEffects:
    def test_a_dead_address(self, sent: Sent) -> None:
        house, transport, message, guest = sent
        assert posted(url(transport), told_of(message, **BOUNCED)) == 200
        with business_scope(house.pk):
            assert Message.objects.get().state == "bounced"
            assert ContactPoint.objects.get(kind="email").state == "bounced"
            row = Suppression.objects.get()
            assert (row.reason, row.source, row.at) == (
                "bounce",
                "Postmark",
                dt.datetime(2026, 6, 16, 10, 0, 5, tzinfo=dt.UTC),
            )
            assert may_contact(ids=[guest.pk], purpose="stay", channel="email")[guest.pk].reasons == (Reason.BOUNCED,)
            assert not ConsentEvent.objects.filter(act="withdrawn").exists(), "nobody has decided anything"

    def test_a_complaint(self, sent: Sent) -> None:
        house, transport, message, guest = sent
        assert posted(url(transport), told_of(message, **SPAM)) == 200
        with business_scope(house.pk):
            assert Message.objects.get().state == "complained"
            assert ContactPoint.objects.get(kind="email").state == "opted_out"
            assert Suppression.objects.get().reason == "complaint"
            event = ConsentEvent.objects.get(act="withdrawn")
            assert (event.channel, event.source, event.by_guest) == ("email", "system", True)
            told = may_contact(ids=[guest.pk], purpose="newsletter", channel="email")[guest.pk]
            assert told.reasons == (Reason.WITHDRAWN, Reason.OPTED_OUT)

    def test_what_is_delivered_or_put_off_suppresses_nobody(self, sent: Sent) -> None:
        house, transport, message, _guest = sent
        posted(url(transport), told_of(message, RecordType="Bounce", Type="Transient", ID=5))
        posted(url(transport), told_of(message, **DELIVERED))
        with business_scope(house.pk):
            assert Message.objects.get().state == "delivered"
            assert not Suppression.objects.exists()

    @pytest.mark.parametrize("consents", [True, False])
    def test_opens_are_noted_and_kept_by_consent_only(self, sent: Sent, consents: bool) -> None:
        house, transport, message, guest = sent
        if consents:
            with business_scope(house.pk):
                ConsentEventFactory(customer=guest, purpose="tracking", channel="")
        posted(url(transport), told_of(message, **OPENED))
        with business_scope(house.pk):
            event = CallbackEvent.objects.get()
            assert (Message.objects.get().opened_at is not None) is consents
            assert bool(event.report) is consents
            assert event.raw == ""

    def test_a_test_message_bounces_without_a_word_on_the_card(self, cast: Cast) -> None:
        house = cast.fjordstuen
        with business_scope(house.pk):
            transport, guest = postmark(house), guest_of()
            message = message_sent(guest, transport=transport, provider_id="pm-1", origin="test", address="m@f.example")
        posted(url(transport), told_of(message, **SPAM))
        with business_scope(house.pk):
            assert Message.objects.get().state == "complained"
            assert not Suppression.objects.exists()
            assert not ConsentEvent.objects.filter(act="withdrawn").exists()

    def test_a_reply_by_e_mail_is_on_the_timeline(self, sent: Sent) -> None:
        house, transport, message, guest = sent
        told = {
            "FromFull": {"Email": MAIL, "Name": "Kari"},
            "From": f"Kari <{MAIL}>",
            "Subject": "Re: Your room",
            "TextBody": "Thank you!",
            "Date": "Tue, 16 Jun 2026 10:00:00 +0000",
            "Headers": [{"Name": "In-Reply-To", "Value": f"<{message.ref.hex}@fjordstuen.example>"}],
            "MessageID": "in-1",
            "ToFull": [],
            "CcFull": [],
            "BccFull": [],
            "Attachments": [],
        }
        for _time in range(3):
            assert posted(f"{url(transport)}reply/", told) == 200
        with business_scope(house.pk):
            activity = Activity.objects.get()
            assert (activity.customer_id, activity.kind, activity.actor) == (guest.pk, "email", "Postmark")
            assert activity.text == "Re: Your room\n\nThank you!"
            assert Message.objects.get().replied_at is not None


@pytest.mark.parametrize(
    ("called", "answered"),
    [
        ("8f3a-77", "<8f3a-77@mtasv.net>"),
        ("<202611@relay.example>", "<202611@relay.example>"),
        ("202611@relay.example", "<202611@relay.example>"),
    ],
)
def test_an_answer_names_the_message_as_the_service_does(cast: Cast, called: str, answered: str) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        transport, guest = postmark(house), guest_of()
        message_sent(guest, transport=transport, provider_id=called)
        other = transport_create(
            business=house.business,
            values=TransportValues(
                kind="postmark", name="Other", secrets={"server_token": "t"}, sender_address="hello@other.example"
            ),
        )
        reply = Report(Told.REPLIED, provider_id=answered, sender=MAIL, subject="Re: Your room", text="Thank you!")
        reports_keep(transport=other, reports=[reply])
        assert not Activity.objects.exists(), "another way of sending calls another message that"
        reports_keep(transport=transport, reports=[reply])
        assert Activity.objects.get(customer=guest).text == "Re: Your room\n\nThank you!"


def test_an_answer_comes_with_its_photographs(sent: Sent) -> None:
    """Larger than a form may be; one that is larger than any mail is not read."""
    house, transport, message, guest = sent
    told = {
        "From": "Kari <kari@example.com>",
        "FromFull": {"Email": MAIL, "Name": "Kari"},
        "Subject": "Re: Your room",
        "TextBody": "This is the view!",
        "Headers": [{"Name": "In-Reply-To", "Value": f"<{message.ref.hex}@fjordstuen.example>"}],
        "MessageID": "in-1",
        **{name: [] for name in ("ToFull", "CcFull", "BccFull")},
        "Attachments": [{"Name": "view.jpg", "ContentType": "image/jpeg", "Content": "QUJD" * 1_000_000}],
    }
    assert posted(f"{url(transport)}reply/", told) == 200
    with business_scope(house.pk):
        assert "This is the view!" in Activity.objects.get(customer=guest).text
    huge = Client().post(f"{url(transport)}reply/", b" " * (BODY_MAX + 1), content_type="application/json")
    assert huge.status_code == 413


def test_no_transaction_waits_for_a_body_or_a_service(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    _house, transport, message, _guest = sent
    scopes: list[int | None] = []

    def body(request: HttpRequest) -> bytes | None:
        scopes.append(current_business_id())
        return read(request)

    def reports(*args: Any, **kwargs: Any) -> list[Report]:
        scopes.append(current_business_id())
        return asked(*args, **kwargs)

    read, asked = views._body, views._reports
    monkeypatch.setattr(views, "_body", body)
    monkeypatch.setattr(views, "_reports", reports)
    assert posted(url(transport), told_of(message, **DELIVERED)) == 200
    assert scopes == [None, None]


def test_a_way_that_goes_meanwhile_is_told_nothing(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    house, transport, message, _guest = sent
    path = url(transport)

    def reports(*args: Any, **kwargs: Any) -> list[Report]:
        with business_scope(house.pk):
            Transport.objects.all().delete()
        return [Report(Told.DELIVERED, ref=message.ref)]

    monkeypatch.setattr(views, "_reports", reports)
    assert posted(path, told_of(message, **DELIVERED)) == 404


def test_a_service_that_is_away_is_to_call_again(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    house, transport, message, _guest = sent

    def reports(*args: Any, **kwargs: Any) -> list[Report]:
        raise Unreached("api.resend.com")

    monkeypatch.setattr(views, "_reports", reports)
    assert posted(url(transport), told_of(message, **DELIVERED)) == 503
    with business_scope(house.pk):
        assert not CallbackEvent.objects.exists()


def test_the_services_names_are_found_by_their_index(
    sent: Sent, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """What the index leaves out is left out of the question: the planner cannot tell it of hundreds of names."""
    house, transport, _message, _guest = sent
    told = [Report(Told.DELIVERED, provider_id=f"pm-{number}") for number in range(200)]
    with business_scope(house.pk), django_assert_max_num_queries(40) as made:
        reports_keep(transport=transport, reports=told)
        said = [each["sql"] for each in made.captured_queries]
        (asked,) = (sql for sql in said if sql.startswith("SELECT") and "'pm-199'" in sql and '"provider_id" IN' in sql)
        assert "message_provider" in planned(asked)


def planned(asked: str) -> str:
    """How the database goes about a question when it can help reading all of a table."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {asked}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_the_last_message_to_a_number_is_found_by_an_index(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk), django_assert_max_num_queries(120) as made:
        transport, guest = elks(house), guest_of()
        message_sent(guest, channel="sms", transport=transport)
        reports_keep(transport=transport, reports=[Report(Told.REPLIED, sender=PHONE, text="Hei")])
        said = [each["sql"] for each in made.captured_queries]
        (asked,) = (sql for sql in said if f"\"address\" = '{PHONE}'" in sql and sql.startswith("SELECT"))
        assert "message_number" in planned(asked)
