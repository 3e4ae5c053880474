"""How often the page of a campaign at work looks again, what it counts anew, and what its review says of the sender."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.campaigns.lately import poll_seconds, results_lately
from messaging.campaigns.models import Campaign
from messaging.outbox.models import Message
from messaging.transports import tasks
from messaging.transports.domain import DomainCheck, Finding
from tests.cast import House
from tests.messaging.campaigns.houses import campaign, confirmed, letter, open_all_day, worked
from tests.messaging.outbox.letters import guest, local
from tests.messaging.transports.making import transport_made

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(tasks.transport_check, "delay", lambda *ids: None)


@pytest.mark.parametrize(
    ("ago", "seconds"), [(dt.timedelta(seconds=5), 2), (dt.timedelta(minutes=2), 10), (-dt.timedelta(days=1), 10)]
)
def test_it_looks_again_ever_more_rarely(fjordstuen: House, ago: dt.timedelta, seconds: int) -> None:
    begins = timezone.now() - ago
    assert poll_seconds(Campaign(started_at=begins)) == seconds
    assert poll_seconds(Campaign(starts_at=begins)) == seconds
    assert poll_seconds(Campaign(starts_at=begins - dt.timedelta(days=3), started_at=begins)) == seconds


def test_results_are_counted_anew_when_it_is_over(
    fjordstuen: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    open_all_day()
    local(fjordstuen.business)
    guest()
    made = worked(confirmed())
    assert made.state == Campaign.State.RUNNING
    told = {"campaign": made, "business": fjordstuen.business}
    before = results_lately(**told)
    assert before is not None and before.fates.sent == 0
    Message.objects.update(state=Message.State.SENT, sent_at=timezone.now())
    with django_assert_num_queries(0):
        assert results_lately(**told) == before
    other = results_lately(**told, days=7)
    assert other is not None and other.fates.sent == 1, "another question is another answer"
    made.state = Campaign.State.DONE
    over = results_lately(**told)
    assert over is not None and over.fates.sent == 1


def test_the_page_asks_as_often_as_it_says(fjordstuen: House) -> None:
    open_all_day()
    local(fjordstuen.business)
    guest()
    client = Client()
    client.force_login(fjordstuen.marketing.user)
    made = worked(confirmed())
    page = reverse("campaign_page", kwargs={"slug": fjordstuen.slug, "campaign_id": made.pk})
    assert 'hx-trigger="every 2s"' in client.get(page).content.decode()
    Campaign.objects.update(started_at=timezone.now() - dt.timedelta(minutes=5))
    assert 'hx-trigger="every 10s"' in client.get(page).content.decode()


def test_the_review_says_what_is_in_doubt_of_the_sender(fjordstuen: House) -> None:
    open_all_day()
    guest()
    transport = transport_made(
        business=fjordstuen.business,
        kind="smtp",
        options={"host": "smtp.fjordstuen.no", "security": "starttls", "port": 587},
    )
    client = Client()
    client.force_login(fjordstuen.admin.user)
    made = campaign()
    by_sms = letter(name="SMS", channel="sms").pk
    sms = campaign(name="SMS", segment_id=made.segment_id, template_id=by_sms)

    def review(shown: Campaign) -> str:
        path = reverse("campaign_review", kwargs={"slug": fjordstuen.slug, "campaign_id": shown.pk})
        return client.get(path).content.decode()

    way = reverse("transport", kwargs={"slug": fjordstuen.slug, "transport_id": transport.pk})
    said = review(made)
    assert "has not been checked yet" in said and way in said
    assert way not in review(sms)
    sealed = Finding("dkim", "there", "ok", {"name": "x"})
    for findings, words in (
        ((Finding("spf", "missing", "bad", {"domain": "fjordstuen.no"}), sealed), "has found faults"),
        ((Finding("dkim", "unnamed", "warn", {"domain": "fjordstuen.no"}),), "No DKIM key has been found"),
        ((sealed,), ""),
    ):
        transport.domain = DomainCheck("fjordstuen.no", findings).stored()
        transport.save(update_fields=["domain"])
        said = review(made)
        assert (words in said) and (way in said) is bool(words)
