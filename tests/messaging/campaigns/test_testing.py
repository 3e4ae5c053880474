"""Tests of a campaign: to members alone, so many an hour, in a guest's words."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Member
from customers.permission.suppressing import suppress
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import testing
from messaging.outbox.models import Message
from tests.cast import House
from tests.messaging.campaigns.houses import at, campaign, letter
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db


def test_a_test_goes_to_oneself_alone(fjordstuen: House, marketer: Client) -> None:
    kari = guest(given_name="Kari")
    made = campaign()
    own = fjordstuen.marketing.user.email
    sent = {"address": own, "token": "once"}
    for _twice in range(2):
        answer = marketer.post(at(fjordstuen, "campaign_test", made), sent)
        assert answer.status_code == 302
    message = Message.objects.get()
    assert (message.origin, message.origin_id, message.address) == ("test", made.pk, own)
    assert message.customer_id == kari.pk, "filled in as for a guest it would reach"
    assert Campaign.objects.get().is_draft
    refused = marketer.post(at(fjordstuen, "campaign_test", made), {"address": "nobody", "token": "two"})
    assert refused.status_code == 422
    assert refused.context["test"].errors == {"address": ["That is not an e-mail address."]}
    assert Message.objects.count() == 1


def test_a_test_goes_to_members_alone(fjordstuen: House, marketer: Client) -> None:
    kari = guest()
    made = campaign()
    for address in (kari.contact_points.get().value, "stranger@example.com"):
        answer = marketer.post(at(fjordstuen, "campaign_test", made), {"address": address, "token": "one"})
        assert answer.context["test"].errors == {"address": ["A test goes only to you and your colleagues here."]}
    colleague = fjordstuen.owner.user.email
    suppress(kind="email", normalised=colleague, reason="manual")
    answer = marketer.post(at(fjordstuen, "campaign_test", made), {"address": colleague, "token": "one"})
    assert answer.context["test"].errors == {"address": ["This address is suppressed: nothing is sent to it any more."]}
    reception = fjordstuen.reception
    Member.objects.filter(pk=reception.pk).update(is_active=False)
    answer = marketer.post(at(fjordstuen, "campaign_test", made), {"address": reception.user.email, "token": "one"})
    assert answer.status_code == 422, "no colleague any more"
    assert not Message.objects.exists()


def test_so_many_tests_an_hour_and_no_more(
    fjordstuen: House, marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "TESTS_MAX", 2)
    guest()
    made, own = campaign(), fjordstuen.marketing.user.email

    def tried(token: str) -> int:
        sent = {"address": own.upper(), "token": token}
        return marketer.post(at(fjordstuen, "campaign_test", made), sent).status_code

    assert [tried(token) for token in ("one", "two", "two", "three")] == [302, 302, 302, 422]
    assert Message.objects.count() == 2
    Message.objects.update(created_at=timezone.now() - dt.timedelta(minutes=61))
    assert tried("three") == 302


def test_a_test_by_sms_goes_to_no_guest(fjordstuen: House, marketer: Client) -> None:
    kari = guest(phone=True)
    made = campaign(template_id=letter(channel="sms").pk)
    number = kari.contact_points.get(kind="phone").normalised
    answer = marketer.post(at(fjordstuen, "campaign_test", made), {"address": number, "token": "one"})
    assert answer.context["test"].errors["address"][0].startswith("This is a guest's number.")
    suppress(kind="phone", normalised="+4791234567", reason="stop")
    answer = marketer.post(at(fjordstuen, "campaign_test", made), {"address": "912 34 567", "token": "one"})
    assert answer.context["test"].errors == {"address": ["This address is suppressed: nothing is sent to it any more."]}
    assert not Message.objects.exists()


def test_a_test_by_sms_goes_to_a_number(fjordstuen: House, marketer: Client) -> None:
    guest(phone=True)
    made = campaign(template_id=letter(channel="sms").pk)
    refused = marketer.post(at(fjordstuen, "campaign_test", made), {"address": "me@example.com"})
    assert refused.context["test"].errors == {"address": ["That is not a phone number."]}
    marketer.post(at(fjordstuen, "campaign_test", made), {"address": "912 34 567", "token": "once"})
    assert Message.objects.get().address == "+4791234567"
