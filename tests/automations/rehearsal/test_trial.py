"""One guest in compressed time: each step with its moment and its message; and the same sent to oneself."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from automations.building.services import DefinitionRefused
from automations.models import Automation, Journey
from automations.rehearsal.testing import trial_send
from automations.rehearsal.trial import Trial, try_on
from customers.card.models import Customer, CustomerTag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Todo
from messaging.campaigns.services import testing
from messaging.outbox.models import Message
from tests.automations.houses import automation_on, definition, wait
from tests.automations.rehearsal.stages import DAY, about_stays, mail, stay_of
from tests.cast import Cast, House
from tests.factories import TagFactory
from tests.furniture import contents
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db


def told(trial: Trial) -> list[tuple[str, str, str]]:
    """What came of each step."""
    return [(each.line.step, each.line.outcome, each.line.reason) for each in trial.steps]


def test_every_step_with_its_day_and_its_message(fjordstuen: House) -> None:
    open_all_day()
    kari = guest(given_name="Kari", language="nb")
    stay = stay_of(kari, arrives_in=10)
    made = automation_on(mail(letter(nb="Snø, {guest.given_name}")), wait(days=2), mail(about_stays()))
    trial = try_on(automation_id=made.pk, customer_id=kari.pk)
    assert trial.occasion.stay == stay and trial.keeps_out == "" and trial.occasion.note == ""
    zone = fjordstuen.business.zone
    first = dt.datetime.combine(timezone.localdate() + 7 * DAY, dt.time(10), zone)
    assert told(trial) == [("s1", "done", ""), ("s2", "done", ""), ("s3", "done", "")]
    assert [each.line.at for each in trial.steps] == [first, first, first + 2 * DAY] or trial.steps[0].line.at == first
    letter_shown = trial.steps[0].shown
    assert letter_shown is not None
    assert (letter_shown.language, letter_shown.rendered.subject) == ("nb", "Snø, Kari")
    assert trial.way.state == "done"


def test_why_not_is_told_with_what_would_have_been_said(fjordstuen: House) -> None:
    open_all_day()
    kari = guest(given_name="Kari", consents=False)
    stay_of(kari, arrives_in=10)
    tag = TagFactory()
    tree = {"version": 1, "match": "all", "rules": [{"field": "tags", "operator": "any_of", "value": [tag.pk]}]}
    made = automation_on(mail(letter()), only=tree)
    trial = try_on(automation_id=made.pk, customer_id=kari.pk)
    assert trial.keeps_out == "only"
    ((_step, outcome, reason),) = told(trial)
    assert (outcome, bool(reason)) == ("refused", True)
    assert trial.steps[0].shown is not None and trial.steps[0].shown.rendered.subject == "Snow, Kari"
    with change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.filter(pk=kari.pk).update(is_restricted=True)
    assert try_on(automation_id=made.pk, customer_id=kari.pk).keeps_out == "restricted"


@pytest.mark.parametrize(
    ("trigger", "note"),
    [
        ({"kind": "before_arrival", "days": 3}, "no_stay"),
        ({"kind": "stay_booked"}, "no_stay"),
        ({"kind": "invoice_due"}, "no_invoice"),
        ({"kind": "birthday"}, "no_date"),
        ({"kind": "after_last_stay", "days": 3}, "no_date"),
        ({"kind": "by_hand"}, ""),
    ],
)
def test_without_an_occasion_it_is_tried_from_now_on(fjordstuen: House, trigger: dict[str, str], note: str) -> None:
    now = timezone.now()
    made = definition({"do": "stop"}, trigger=trigger)
    trial = try_on(definition=made, customer_id=guest().pk, now=now)
    assert (trial.occasion.note, trial.occasion.at, trial.way.state) == (note, now, "done")


def test_what_has_passed_is_tried_from_now_on(fjordstuen: House) -> None:
    now = timezone.now()
    kari = guest(birth_date=dt.date(1990, *(timezone.localdate() + 5 * DAY).timetuple()[1:3]))
    stay_of(kari, arrives_in=1)
    made = definition({"do": "stop"})
    trial = try_on(definition=made, customer_id=kari.pk, now=now)
    assert (trial.occasion.note, trial.occasion.at) == ("passed", now)
    birthday = definition({"do": "stop"}, trigger={"kind": "birthday", "at": "09:00"})
    trial = try_on(definition=birthday, customer_id=kari.pk, now=now)
    assert trial.occasion.at.astimezone(fjordstuen.business.zone).date() == timezone.localdate() + 5 * DAY


def test_nothing_is_written(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        open_all_day()
        kari = guest(given_name="Kari")
        stay_of(kari, arrives_in=10)
        made = automation_on(
            mail(letter()), {"do": "tag", "tag": TagFactory().pk}, {"do": "task", "title": "Call"}, wait(days=400)
        )
    before = contents(cast.fjordstuen)
    with business_scope(cast.fjordstuen.pk):
        trial = try_on(automation_id=made.pk, customer_id=kari.pk)
        assert [each.line.outcome for each in trial.steps] == ["done"] * 4
        assert not Journey.objects.exists() and not Todo.objects.exists()
        assert not Message.objects.exists() and not CustomerTag.objects.exists()
    assert contents(cast.fjordstuen) == before


def test_what_cannot_run_is_not_tried(fjordstuen: House) -> None:
    half = Automation.objects.create(name="Half", draft=definition({"do": "stop"}) | {"steps": []})
    with pytest.raises(DefinitionRefused):
        try_on(automation_id=half.pk, customer_id=guest().pk)


def test_its_messages_go_to_oneself(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    open_all_day()
    kari = guest(given_name="Kari", consents=False, phone=True)
    stay = stay_of(kari, arrives_in=10)
    word = letter("Text", channel="sms")
    made = automation_on(mail(letter()), {"do": "sms", "template": word.pk})
    trial = try_on(automation_id=made.pk, customer_id=kari.pk)
    own = {"email": fjordstuen.marketing.user.email, "sms": "+47 400 00 999"}
    for _twice in range(2):
        number = trial_send(automation=made, trial=trial, addresses=own, token="one", business=fjordstuen.business)
        assert number == 2
    sent = Message.objects.order_by("id")
    assert [(each.origin, each.channel, each.address, each.stay_id) for each in sent] == [
        ("test", "email", own["email"], stay.pk),
        ("test", "sms", "+4740000999", stay.pk),
    ]
    with pytest.raises(Refused, match="only to you") as refused:
        trial_send(
            automation=made,
            trial=trial,
            addresses={**own, "email": "stranger@example.com"},
            token="two",
            business=fjordstuen.business,
        )
    assert refused.value.field == "email"
    monkeypatch.setattr(testing, "TESTS_MAX", 3)
    with pytest.raises(Refused, match="tests in the last hour"):
        trial_send(automation=made, trial=trial, addresses=own, token="three", business=fjordstuen.business)
