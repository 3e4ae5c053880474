"""Dry runs: what they tell, that nothing of them stays, and what stands in their way."""

import datetime as dt
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from automations.building.services import DefinitionRefused
from automations.models import Automation, DryRun, DryRunStep, Journey
from automations.rehearsal import services, stage
from automations.rehearsal.selectors import journeys_page
from automations.rehearsal.services import dry_run_remove, dry_run_start, dry_run_work, dry_runs_expire
from automations.rehearsal.stage import InTheWay
from automations.rehearsal.tasks import dry_run_carry_on, dry_runs_sweep
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay
from messaging.texts.checking import Draft
from messaging.texts.services import template_create
from tests.automations.houses import automation_on, definition, wait
from tests.automations.rehearsal.stages import DAY, about_stays, dry_run, mail, stay_of
from tests.cast import Cast, House
from tests.factories import InvoiceFactory, TagFactory
from tests.furniture import contents, furnish
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db

THANKS: dict[str, Any] = {"kind": "after_departure", "days": 1, "at": "10:00"}


def ends(run: DryRun) -> dict[str, int]:
    """How the journeys ended."""
    found: dict[str, int] = run.counts.get("", {})
    return found


def test_it_tells_whom_what_when_and_why_not(fjordstuen: House) -> None:
    open_all_day()
    gets, barred, restricted = (
        guest(given_name="Kari"),
        guest(consents=False),
        guest(given_name="Nils", is_restricted=True),
    )
    for each in (gets, barred, restricted):
        stay_of(each, arrives_in=10)
    stay_of(guest(), arrives_in=10, status="cancelled")
    made = automation_on(mail(letter()), wait(days=1), {"do": "tag", "tag": TagFactory().pk})
    run = dry_run(made)
    assert (run.state, run.guests, run.problem) == (DryRun.State.DONE, 3, "")
    assert ends(run) == {"done.": 2, "out.restricted": 1}
    assert run.counts["s1"] == {"done.": 1, "refused.no_consent": 1}
    assert run.counts["s3"] == {"done.": 2}
    got = DryRunStep.objects.get(run=run, customer=gets, step="s1")
    day = timezone.localdate() + 7 * DAY
    assert got.at.astimezone(fjordstuen.business.zone) == dt.datetime.combine(
        day, dt.time(10), fjordstuen.business.zone
    )
    assert (got.sends_at, got.text_id is not None) == (got.at, True)
    assert DryRunStep.objects.get(run=run, customer=barred, step="s1").outcome == "refused"


def test_a_message_that_waits_says_until_when(fjordstuen: House) -> None:
    kari = guest(given_name="Kari")
    stay_of(kari, arrives_in=10)
    made = automation_on(mail(letter(), expires=48), trigger={"kind": "before_arrival", "days": 3, "at": "22:00"})
    run = dry_run(made)
    row = DryRunStep.objects.get(run=run, step="s1")
    assert (row.outcome, row.reason) == ("done", "quiet")
    zone = fjordstuen.business.zone
    assert row.sends_at is not None and row.sends_at.astimezone(zone).time() == dt.time(9)
    assert row.sends_at.astimezone(zone).date() == row.at.astimezone(zone).date() + DAY


def test_what_one_message_says_counts_for_the_next(fjordstuen: House) -> None:
    kari = guest(given_name="Kari")
    stay_of(kari, arrives_in=10)
    run = dry_run(automation_on(mail(letter(), expires=1), wait(hours=2), mail(letter("More"), expires=1)))
    assert [(row.step, row.outcome, row.reason) for row in DryRunStep.objects.filter(run=run).exclude(step="s2")][
        1:
    ] == [("s1", "done", ""), ("s3", "refused", "late_capped")]


def test_a_hole_is_told(fjordstuen: House) -> None:
    open_all_day()
    holed = template_create(
        name="Holed",
        channel="email",
        purpose="stay",
        texts={"en": Draft(subject="Dear {guest.company}", blocks=({"kind": "paragraph", "text": "Welcome."},))},
    )
    stay_of(guest(company_name=""), arrives_in=10)
    run = dry_run(automation_on(mail(holed)))
    assert run.counts["s1"] == {"refused.missing": 1}


def test_days_that_have_passed_are_looked_back_at(fjordstuen: House) -> None:
    open_all_day()
    came, coming = guest(), guest()
    stay_of(came, arrives_in=-5, status="checked_out")
    stay_of(guest(), arrives_in=-5, status="no_show")
    stay_of(coming, arrives_in=10)
    words = mail(about_stays())
    run = dry_run(automation_on(words), -30, -1)
    assert [row.customer_id for row in DryRunStep.objects.filter(run=run, step="")] == [came.pk]
    assert ends(run) == {"done.": 1}
    after = dry_run(automation_on(words, name="Thanks", trigger=THANKS), -30, -1)
    assert [row.customer_id for row in DryRunStep.objects.filter(run=after, step="")] == [came.pk]


def test_what_has_happened_begins_when_it_did(fjordstuen: House) -> None:
    open_all_day()
    tag = TagFactory()
    kari, imported = guest(), guest()
    with change_set(kind=ChangeSet.Kind.EDIT):
        stay = stay_of(kari, arrives_in=10)
    with change_set(kind=ChangeSet.Kind.IMPORT):
        stay_of(imported, arrives_in=10)
    begun = timezone.now() - 3 * DAY
    ChangeSet.objects.update(created_at=begun)
    made = automation_on({"do": "tag", "tag": tag.pk}, trigger={"kind": "stay_booked"})
    run = dry_run(made, -10, -1)
    row = DryRunStep.objects.get(run=run, step="")
    assert (row.customer_id, row.stay_id, row.at) == (kari.pk, stay.pk, begun)
    assert DryRunStep.objects.get(run=run, step="s1").outcome == "done"


def test_an_invoice_paid_since_was_unpaid_then(fjordstuen: House) -> None:
    today = timezone.localdate()
    due = today - 10 * DAY
    late = InvoiceFactory(customer=guest(), issued_on=due - 20 * DAY, due_on=due, paid_on=today - 2 * DAY)
    InvoiceFactory(customer=guest(), issued_on=due - 20 * DAY, due_on=due, paid_on=due - DAY)
    made = automation_on(
        {"do": "task", "title": "Call"}, trigger={"kind": "invoice_due", "days": 3, "at": "10:00"}, name="Due"
    )
    run = dry_run(made, -30, -1)
    assert [row.customer_id for row in DryRunStep.objects.filter(run=run, step="")] == [late.customer_id]


def test_who_has_been_through_it_does_not_begin_again(fjordstuen: House) -> None:
    kari = guest()
    stay_of(kari, arrives_in=10)
    made = automation_on({"do": "stop"}, entry={"rule": "once"})
    Journey.objects.create(
        automation=made,
        version_id=made.current_id,
        customer=kari,
        occurrence="once",
        state="done",
        began_at=timezone.now() - 30 * DAY,
        ended_at=timezone.now() - 30 * DAY,
    )
    assert ends(dry_run(made)) == {"out.once": 1}
    assert ends(dry_run(made, -60, -40)) == {}, "it had not been then"


def test_nothing_else_is_written(cast: Cast) -> None:
    furnish(cast.fjordstuen, "Fjellrype")
    with business_scope(cast.fjordstuen.pk):
        open_all_day()
        for _number in range(3):
            stay_of(guest(given_name="Kari"), arrives_in=10)
        made = automation_on(
            mail(letter()),
            {"do": "tag", "tag": TagFactory().pk},
            {"do": "task", "title": "Call"},
            wait(days=2),
            mail(about_stays()),
        )
        today = timezone.localdate()
        run = dry_run_start(automation_id=made.pk, first=today, last=today + 20 * DAY)
    before = contents(cast.fjordstuen)
    assert not dry_run_work(business_id=cast.fjordstuen.pk, run_id=run.pk)
    after = contents(cast.fjordstuen)
    assert {table for table in after if after[table] != before[table]} == {
        "automations_dryrun",
        "automations_dryrunstep",
    }
    with business_scope(cast.fjordstuen.pk):
        run.refresh_from_db()
        assert ends(run) == {"done.": 3}


def test_it_is_done_in_parts_and_goes_on_where_it_was(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CHUNK", 2)
    for _number in range(5):
        stay_of(guest(), arrives_in=10)
    made = automation_on({"do": "stop"})
    today = timezone.localdate()
    run = dry_run_start(automation_id=made.pk, first=today, last=today + 20 * DAY)
    assert dry_run_work(business_id=fjordstuen.pk, run_id=run.pk, steps=1)
    run.refresh_from_db()
    assert (run.state, run.guests) == (DryRun.State.RUNNING, 2)
    assert not dry_run_work(business_id=fjordstuen.pk, run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.guests, ends(run)) == (DryRun.State.DONE, 5, {"done.": 5})
    numbers = DryRunStep.objects.filter(run=run, step="").values_list("journey", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4, 5]
    assert not dry_run_work(business_id=fjordstuen.pk, run_id=run.pk), "a second worker finds nothing to do"


def test_it_gives_way_to_people_and_tries_again_with_less(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(3):
        stay_of(guest(), arrives_in=10)
    made = automation_on({"do": "stop"})
    held = iter([True, True, False])

    def give_way(looked: float) -> float:
        if next(held, False):
            raise InTheWay
        return looked

    monkeypatch.setattr(stage, "give_way", give_way)
    run = dry_run(made)
    assert (run.state, ends(run)) == (DryRun.State.DONE, {"done.": 3})


@pytest.mark.parametrize(
    ("raised", "problem"), [(InTheWay(), "busy"), (RuntimeError("no"), "error"), (OperationalError("no"), None)]
)
def test_what_goes_wrong_is_told(
    fjordstuen: House, monkeypatch: pytest.MonkeyPatch, raised: Exception, problem: str | None
) -> None:
    def broken(**_values: Any) -> None:
        raise raised

    stay_of(guest(), arrives_in=10)
    made = automation_on({"do": "stop"})
    monkeypatch.setattr(services, "play", broken)
    if problem is None:
        with pytest.raises(OperationalError):
            dry_run(made)
        assert DryRun.objects.get().state == DryRun.State.RUNNING, "the database comes back, and a sweep finds it"
        return
    run = dry_run(made)
    assert (run.state, run.problem, run.guests) == (DryRun.State.FAILED, problem, 0)


def test_there_is_an_end_to_journeys(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "JOURNEYS_MAX", 1)
    for _number in range(2):
        stay_of(guest(), arrives_in=10)
    run = dry_run(automation_on({"do": "stop"}))
    assert (run.state, run.problem) == (DryRun.State.FAILED, "many")


def test_what_cannot_run_is_not_tried(fjordstuen: House) -> None:
    today = timezone.localdate()
    half = Automation.objects.create(name="Half", draft=definition({"do": "stop"}) | {"steps": []})
    with pytest.raises(DefinitionRefused):
        dry_run_start(automation_id=half.pk, first=today, last=today)
    made = automation_on({"do": "stop"})
    with pytest.raises(Refused, match="before the first"):
        dry_run_start(automation_id=made.pk, first=today, last=today - DAY)
    with pytest.raises(Refused, match="At most 366 days"):
        dry_run_start(automation_id=made.pk, first=today, last=today + 366 * DAY)
    for _number in range(services.RUNS_MAX):
        dry_run_start(automation_id=made.pk, first=today, last=today)
    with pytest.raises(Refused, match="at work"):
        dry_run_start(automation_id=made.pk, first=today, last=today)
    by_hand = automation_on({"do": "stop"}, name="By hand", trigger={"kind": "by_hand"})
    with pytest.raises(Refused, match="by hand"):
        dry_run_start(automation_id=by_hand.pk, first=today, last=today)
    happens = automation_on({"do": "stop"}, name="Booked", trigger={"kind": "stay_booked"})
    with pytest.raises(Refused, match="beforehand"):
        dry_run_start(automation_id=happens.pk, first=today + DAY, last=today + 2 * DAY)


def test_a_stay_that_goes_meanwhile_is_not_missed(fjordstuen: House) -> None:
    stay = stay_of(guest(), arrives_in=10)
    made = automation_on({"do": "stop"})
    with change_set(kind=ChangeSet.Kind.EDIT):
        Stay.objects.filter(pk=stay.pk).update(status="cancelled")
    run = dry_run(made)
    assert (run.state, run.counts) == (DryRun.State.DONE, {})


def test_guests_by_pages_and_by_what_came_of_them(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automations.rehearsal.selectors.PAGE", 2)
    open_all_day()
    for consents in (True, False, True):
        stay_of(guest(given_name="Kari", consents=consents), arrives_in=10)
    run = dry_run(automation_on(mail(letter())))
    first = journeys_page(run_id=run.pk)
    assert ([each.row.journey for each in first.lines], first.after) == ([1, 2], 2)
    assert [each.row.journey for each in journeys_page(run_id=run.pk, after=2).lines] == [3]
    refused = journeys_page(run_id=run.pk, step="s1", outcome="refused")
    assert [each.row.journey for each in refused.lines] == [2]
    assert [step.step for step in refused.lines[0].steps] == ["s1"]


def test_they_go_after_a_month_and_silent_ones_are_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with business_scope(cast.fjordstuen.pk):
        made = automation_on({"do": "stop"})
        today = timezone.localdate()
        old, silent, fresh = (dry_run_start(automation_id=made.pk, first=today, last=today) for _number in range(3))
        DryRun.objects.filter(pk=old.pk).update(created_at=timezone.now() - 31 * DAY, state="done")
        DryRun.objects.filter(pk=silent.pk).update(seen_at=timezone.now() - dt.timedelta(minutes=5))
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(dry_run_carry_on, "delay", lambda business, run: asked.append((business, run)))
    dry_runs_sweep()
    assert sorted(asked) == sorted([(cast.fjordstuen.pk, old.pk), (cast.fjordstuen.pk, silent.pk)])
    dry_run_carry_on(cast.fjordstuen.pk, old.pk)
    dry_run_carry_on(cast.fjordstuen.pk, silent.pk)
    with business_scope(cast.fjordstuen.pk):
        assert dict(DryRun.objects.values_list("id", "state")) == {silent.pk: "done", fresh.pk: "waiting"}
        assert dry_runs_expire() == 0
        dry_run_remove(automation_id=made.pk, run_id=fresh.pk)
        with pytest.raises(DryRun.DoesNotExist):
            dry_run_remove(automation_id=made.pk, run_id=fresh.pk)
