"""The pages of dry runs and trials."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from automations.models import Automation, DryRun, DryRunStep
from automations.rehearsal.services import dry_run_work
from messaging.outbox.models import Message
from tests.automations.houses import automation_on, definition, wait
from tests.automations.rehearsal.stages import DAY, about_stays, dry_run, mail, stay_of
from tests.cast import House
from tests.messaging.campaigns.houses import letter, open_all_day, signed_in
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(fjordstuen: House) -> Client:
    open_all_day()
    return signed_in(fjordstuen.marketing)


def page(house: House, name: str, made: Automation, **more: int) -> str:
    """The address of a page."""
    return reverse(name, kwargs={"slug": house.slug, "automation_id": made.pk, **more})


def test_from_the_days_to_what_would_come(fjordstuen: House, marketer: Client) -> None:
    kari, barred = guest(given_name="Kari"), guest(given_name="Nils", consents=False)
    for each in (kari, barred):
        stay_of(each, arrives_in=10)
    made = automation_on(mail(letter()), wait(days=2), mail(about_stays()))
    shown = marketer.get(page(fjordstuen, "automation_dry_run", made))
    assert shown.context["form"].initial == {"span": "coming"}
    answer = marketer.post(page(fjordstuen, "automation_dry_run", made), {"span": "coming"})
    run = DryRun.objects.get()
    today = timezone.localdate(timezone=fjordstuen.business.zone)
    assert (run.first, run.last, run.member_id) == (today, today + 29 * DAY, fjordstuen.marketing.pk)
    result = page(fjordstuen, "automation_dry_result", made, dry_id=run.pk)
    assert answer["Location"] == result
    working = marketer.get(result).content.decode()
    assert "Waiting for its turn" in working and "every 2s" in working
    dry_run_work(business_id=fjordstuen.pk, run_id=run.pk)
    state = marketer.get(page(fjordstuen, "automation_dry_state", made, dry_id=run.pk), headers={"HX-Request": "true"})
    content = state.content.decode()
    assert "every 2s" not in content
    assert "Kari" in content and "Nils" in content and "Would come to its end" in content
    refused = marketer.get(f"{result}?step=s1&outcome=refused").context["lines"]
    assert [line["guest"] for line in refused] == [barred]
    assert marketer.get(page(fjordstuen, "automation_dry_state", made, dry_id=run.pk))["Location"] == result
    listed = marketer.get(page(fjordstuen, "automation_dry_run", made)).content.decode()
    assert result in listed


def test_each_message_opens_as_its_guest_would_get_it(fjordstuen: House, marketer: Client) -> None:
    stay_of(guest(given_name="Kari"), arrives_in=10)
    run = dry_run(automation_on(mail(letter())))
    row = DryRunStep.objects.get(run=run, step="s1")
    made = Automation.objects.get()
    shown = marketer.get(page(fjordstuen, "automation_dry_message", made, dry_id=run.pk, dry_step_id=row.pk))
    assert "Snow, Kari" in shown.content.decode()
    gone = page(fjordstuen, "automation_dry_message", made, dry_id=run.pk, dry_step_id=2**40)
    assert marketer.get(gone).status_code == 404


def test_what_is_missing_is_told_with_the_step_it_is_about(fjordstuen: House, marketer: Client) -> None:
    half = Automation.objects.create(
        name="Half", draft={**definition({"do": "stop"}), "steps": [{"id": "a", "do": "email"}]}
    )
    answer = marketer.post(page(fjordstuen, "automation_dry_run", half), {"span": "past"})
    assert answer.status_code == 422
    assert "Choose a template." in answer.content.decode()
    tried = marketer.get(page(fjordstuen, "automation_try", half) + f"?guest={guest().pk}").content.decode()
    assert "Choose a template." in tried
    assert not DryRun.objects.exists()
    made = automation_on({"do": "stop"})
    answer = marketer.post(page(fjordstuen, "automation_dry_run", made), {"span": "own", "first": "", "last": ""})
    assert answer.context["form"].errors == {"first": ["Choose a day."], "last": ["Choose a day."]}
    answer = marketer.post(
        page(fjordstuen, "automation_dry_run", made), {"span": "own", "first": "2026-03-02", "last": "2026-03-01"}
    )
    assert answer.context["form"].errors == {"last": ["The last day is before the first."]}


def test_it_is_removed(fjordstuen: House, marketer: Client) -> None:
    run = dry_run(automation_on({"do": "stop"}))
    made = Automation.objects.get()
    answer = marketer.post(page(fjordstuen, "automation_dry_remove", made, dry_id=run.pk))
    assert answer["Location"] == page(fjordstuen, "automation_dry_run", made)
    assert not DryRun.objects.exists()


def test_one_that_failed_says_why(fjordstuen: House, marketer: Client) -> None:
    made = automation_on({"do": "stop"})
    today = timezone.localdate()
    run = DryRun.objects.create(
        automation=made, definition=made.draft, first=today, last=today, state="failed", problem="busy"
    )
    shown = marketer.get(page(fjordstuen, "automation_dry_result", made, dry_id=run.pk)).content.decode()
    assert "Try again in a moment." in shown


def test_a_trial_shows_the_days_and_goes_to_oneself(fjordstuen: House, marketer: Client) -> None:
    kari = guest(given_name="Kari")
    stay_of(kari, arrives_in=10)
    made = automation_on(mail(letter()), wait(days=2), mail(about_stays()))
    shown = marketer.get(page(fjordstuen, "automation_try", made) + f"?guest={kari.pk}")
    content = shown.content.decode()
    assert "Snow, Kari" in content and "Would come to its end" in content
    assert [each["outcome"] for each in shown.context["steps"]] == ["Would be sent", "Waited", "Would be sent"]
    assert not Message.objects.exists()
    own = fjordstuen.marketing.user.email
    sent = {"guest": kari.pk, "email": own, "token": "once"}
    answer = marketer.post(page(fjordstuen, "automation_try_send", made), sent)
    assert answer["Location"] == page(fjordstuen, "automation_try", made) + f"?guest={kari.pk}"
    assert list(Message.objects.values_list("origin", "address")) == [("test", own)] * 2
    refused = marketer.post(page(fjordstuen, "automation_try_send", made), {**sent, "email": "x@example.com"})
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"email": ["A test goes only to you and your colleagues here."]}


def test_without_guests_there_is_nobody_to_try_it_on(fjordstuen: House, marketer: Client) -> None:
    made = automation_on({"do": "stop"})
    assert "No guest yet" in marketer.get(page(fjordstuen, "automation_try", made)).content.decode()
    assert marketer.get(page(fjordstuen, "automation_try", made) + "?guest=x").status_code == 200
