"""The pages of automations that run, and what the card shows of them."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from automations.models import Automation, AutomationVersion, Journey, JourneyStep
from automations.tasks import automations_run
from tests.automations.houses import automation_on, definition, journey, wait
from tests.cast import House
from tests.factories import CustomerFactory
from tests.messaging.campaigns.houses import signed_in

pytestmark = pytest.mark.django_db
TASK = {"do": "task", "title": "Call"}


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automations_run, "delay", lambda business_id: None)


@pytest.fixture
def marketer(fjordstuen: House) -> Client:
    return signed_in(fjordstuen.marketing)


@pytest.fixture
def house(fjordstuen: House) -> Automation:
    return automation_on(wait(days=2), TASK)


def at(name: str, **ids: int) -> str:
    return reverse(name, kwargs={"slug": "fjordstuen", **ids})


def seen(client: Client, name: str, query: str = "", **ids: int) -> str:
    answer = client.get(at(name, **ids) + query)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def refused(made: Journey, reason: str) -> None:
    JourneyStep.objects.create(
        automation_id=made.automation_id, customer_id=made.customer_id, journey_id=made.pk, step="s1",
        outcome="refused", reason=reason, due_at=timezone.now(),
    )  # fmt: skip


def test_the_overview_tells_how_many_are_where(marketer: Client, house: Automation) -> None:
    refused(journey(house, CustomerFactory(), step="s2"), "no_consent")
    journey(house, CustomerFactory(), step="s1")
    left = journey(house, CustomerFactory())
    Journey.objects.filter(pk=left.pk).update(state="left", reason="booked", due_at=None, ended_at=timezone.now())
    page = seen(marketer, "automation_page", automation_id=house.pk)
    for words in ("3 days before arrival, at 10:00", "Wait 2 days", "Task: Call", "1 waits here", "Not sent: 1"):
        assert words in page, words
    assert "Has not consented" in page
    assert "?step=s1&amp;outcome=refused&amp;reason=no_consent" in page
    assert "The guest has booked" in page
    assert at("automation_pause", automation_id=house.pk) in page
    Automation.objects.filter(pk=house.pk).update(state="paused", trouble="gone")
    page = seen(marketer, "automation_page", "?days=90", automation_id=house.pk)
    assert at("automation_resume", automation_id=house.pk) in page
    assert "Something that begins it is gone" in page
    assert "within 90 days" in page


def test_one_that_never_ran_is_shown_in_the_builder(marketer: Client) -> None:
    draft = Automation.objects.create(name="Draft", draft=definition())
    assert marketer.get(at("automation_page", automation_id=draft.pk))["Location"].endswith("/edit/")


def test_the_guests_in_it_are_listed_and_narrowed(marketer: Client, house: Automation) -> None:
    here = journey(house, CustomerFactory(given_name="Kari"), step="s1")
    refused(journey(house, CustomerFactory(given_name="Ola"), step="s2"), "no_consent")
    page = seen(marketer, "automation_journeys", automation_id=house.pk)
    assert "Kari" in page and "Ola" in page
    assert at("journey_page", journey_id=here.pk) in page
    page = seen(marketer, "automation_journeys", "?step=s1", automation_id=house.pk)
    assert "Kari" in page and "Ola" not in page
    page = seen(marketer, "automation_journeys", "?step=s1&outcome=refused&reason=no_consent", automation_id=house.pk)
    assert "Kari" not in page and "Ola" in page and "Has not consented" in page
    assert "Nobody here" in seen(marketer, "automation_journeys", "?state=goal", automation_id=house.pk)


def test_a_guests_way_is_told_and_steered(marketer: Client, house: Automation) -> None:
    made = journey(house, CustomerFactory(given_name="Kari"), step="s1", waiting="s1")
    page = seen(marketer, "journey_page", journey_id=made.pk)
    assert "Kari" in page and "Wait 2 days" in page and "Task: Call" in page and "Nothing yet." in page
    marketer.post(at("journey_skip", journey_id=made.pk), {"step": "s1"})
    page = seen(marketer, "journey_page", journey_id=made.pk)
    assert "Skipped by hand" in page
    marketer.post(at("journey_end", journey_id=made.pk))
    made.refresh_from_db()
    assert made.state == "stopped"
    page = seen(marketer, "journey_page", journey_id=made.pk)
    assert "Stopped by hand" in page
    assert at("journey_end", journey_id=made.pk) not in page
    answer = marketer.post(at("journey_skip", journey_id=made.pk), follow=True)
    assert "has ended already" in answer.content.decode()


def test_older_journeys_are_moved_from_the_pages(marketer: Client, house: Automation) -> None:
    made, other = (journey(house, CustomerFactory(), step="s1", waiting="s1") for _each in range(2))
    newer = AutomationVersion.objects.create(automation=house, number=2, definition=definition(wait(days=1)))
    Automation.objects.filter(pk=house.pk).update(current=newer)
    assert "2 guests are under way on an earlier version" in seen(marketer, "automation_page", automation_id=house.pk)
    marketer.post(at("journey_move", journey_id=made.pk))
    assert Journey.objects.filter(version=newer).count() == 1
    marketer.post(at("automation_move", automation_id=house.pk))
    other.refresh_from_db()
    assert other.version_id == newer.pk
    answer = marketer.post(at("automation_move", automation_id=house.pk), follow=True)
    assert "they finish as they began" in answer.content.decode()


def test_the_card_shows_what_comes_next(fjordstuen: House, marketer: Client, house: Automation) -> None:
    guest = CustomerFactory()
    assert 'id="next-steps"' not in seen(marketer, "guest_card", customer_id=guest.pk)
    made = journey(house, guest, step="s1", waiting="s1", due_at=timezone.now() + dt.timedelta(days=2))
    page = seen(marketer, "guest_card", customer_id=guest.pk)
    assert 'id="next-steps"' in page and "Task: Call" in page and at("journey_end", journey_id=made.pk) in page
    page = seen(signed_in(fjordstuen.reception), "guest_card", customer_id=guest.pk)
    assert "Task: Call" in page and at("journey_end", journey_id=made.pk) not in page
    answer = marketer.post(at("journey_end", journey_id=made.pk), {"back": "card"})
    assert answer["Location"] == at("guest_card", customer_id=guest.pk)
    page = seen(marketer, "guest_card", customer_id=guest.pk)
    assert 'id="next-steps"' not in page
    assert "Stopped by hand" in page, "on the timeline"


def test_what_never_began_is_not_on_the_timeline(marketer: Client, house: Automation) -> None:
    guest = CustomerFactory()
    made = journey(house, guest, state="planned", began_at=None)
    Journey.objects.filter(pk=made.pk).update(state="left", reason="only", due_at=None, ended_at=timezone.now())
    page = seen(marketer, "guest_card", "?kind=journey", customer_id=guest.pk)
    assert "Did not match the filter" not in page


def test_the_desk_may_not_steer(fjordstuen: House, house: Automation) -> None:
    made = journey(house, CustomerFactory())
    desk = signed_in(fjordstuen.reception)
    assert desk.get(at("automation_page", automation_id=house.pk)).status_code == 403
    assert desk.post(at("journey_end", journey_id=made.pk)).status_code == 403
