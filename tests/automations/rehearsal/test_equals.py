"""A dry run over the coming days is what really happens when they come: random registers, random automations."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automations.models import Automation, DryRun
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from messaging.gate.services import settings_save
from messaging.texts.models import Template
from tests.automations.houses import automation_on, wait
from tests.automations.rehearsal.histories import read_once
from tests.automations.rehearsal.stages import DAY, about_stays, dry_run, mail, really, stay_of, told_of
from tests.cast import House
from tests.customers.acts import example
from tests.factories import CustomerTagFactory, CustomFieldFactory, GuestFieldValueFactory, InvoiceFactory, TagFactory
from tests.messaging.campaigns.houses import letter
from tests.messaging.outbox.letters import guest, local

pytestmark = pytest.mark.django_db

FIXED = settings(
    max_examples=2,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
SPAN = 20
"""Days in which everything begins that there is in an example."""

stays = st.tuples(st.integers(-3, 10), st.integers(1, 4), st.sampled_from(("booked", "booked", "cancelled")))
guests = st.fixed_dictionaries(
    {
        "consents": st.booleans(),
        "tagged": st.booleans(),
        "named": st.booleans(),
        "restricted": st.sampled_from((False, False, False, True)),
        "birthday": st.one_of(st.none(), st.integers(0, 16)),
        "stayed": st.one_of(st.none(), st.integers(1, 8)),
        "owes": st.one_of(st.none(), st.integers(-3, 12)),
        "stays": st.lists(stays, max_size=3),
    }
)
registers = st.lists(guests, min_size=1, max_size=5)
KINDS = ("before_arrival", "after_departure", "after_last_stay", "birthday", "date", "invoice_due")
clocks = st.sampled_from(("02:30", "10:00", "20:50", "23:15"))
waits = st.one_of(
    st.builds(lambda days, hours: ("wait", {"days": days, "hours": hours}), st.integers(0, 3), st.integers(1, 9)),
    st.builds(lambda at: ("wait", {"until": "time", "at": at}), st.sampled_from(("07:00", "12:00", "22:30"))),
    st.builds(lambda day: ("wait", {"until": "weekday", "weekdays": [day], "at": "09:00"}), st.integers(0, 6)),
)
acts = st.one_of(
    waits,
    st.builds(lambda hours: ("news", hours), st.sampled_from((1, 24, 72))),
    st.just(("word", 24)),
    st.just(("tag", None)),
    st.just(("untag", None)),
    st.just(("only_if", None)),
    st.just(("branch", None)),
    st.just(("task", None)),
)
entries = st.sampled_from(({"rule": "each"}, {"rule": "once"}, {"rule": "after", "days": 5}))


class Words:
    """What the steps of an example name."""

    def __init__(self) -> None:
        self.news: Template = letter()
        self.word: Template = about_stays()
        self.tag = TagFactory(name="Welcomed")
        self.day = CustomFieldFactory(label="Anniversary", key="anniversary", target="guest", kind="date")
        self.tree = {
            "version": 1,
            "match": "all",
            "rules": [{"field": "tags", "operator": "any_of", "value": [self.tag.pk]}],
        }

    def step(self, act: tuple[str, Any]) -> dict[str, Any]:
        """A step of an automation."""
        kind, value = act
        match kind:
            case "wait":
                return wait(**value)
            case "news":
                return mail(self.news, expires=value)
            case "word":
                return mail(self.word, expires=value)
            case "tag" | "untag":
                return {"do": kind, "tag": self.tag.pk}
            case "task":
                return {"do": "task", "title": "Call", "days": 1}
            case "only_if":
                return {"do": "only_if", "tree": self.tree}
        return {
            "do": "branch",
            "tree": self.tree,
            "yes": [{"id": "y1", **mail(self.word)}],
            "no": [{"id": "n1", "do": "tag", "tag": self.tag.pk}],
        }


def furnished(register: list[dict[str, Any]], words: Words) -> None:
    """The guests of an example."""
    today = timezone.localdate()
    for each in register:
        born = today + each["birthday"] * DAY if each["birthday"] is not None else None
        made = guest(
            consents=each["consents"],
            given_name="Kari" if each["named"] else "",
            is_restricted=each["restricted"],
            birth_date=dt.date(1984, born.month, born.day) if born else None,
        )
        if born:
            GuestFieldValueFactory(customer=made, field=words.day, text="", date=born)
        if each["owes"] is not None:
            due = today + each["owes"] * DAY
            InvoiceFactory(customer=made, issued_on=due - 20 * DAY, due_on=due)
        if each["stayed"] is not None:
            stay_of(made, arrives_in=-each["stayed"] - 2, status="checked_out")
        if each["tagged"]:
            CustomerTagFactory(customer=made, tag=words.tag)
        for arrives_in, nights, status in each["stays"]:
            stay_of(made, arrives_in=arrives_in, nights=nights, status=status)


def automation(words: Words, steps: list[tuple[str, Any]], trigger: dict[str, Any], **values: Any) -> Automation:
    """One of a branch at the most: ids are an automation's own."""
    kinds: list[tuple[str, Any]] = []
    for each in steps:
        if each[0] != "branch" or all(kind != "branch" for kind, _value in kinds):
            kinds.append(each)
    return automation_on(*(words.step(each) for each in kinds), trigger=trigger, **values)


def start(kind: str, days: int, at: str, who: str) -> dict[str, Any]:
    """A trigger of dates."""
    if kind in ("before_arrival", "after_departure"):
        return {"kind": kind, "days": days, "at": at, "who": who}
    if kind == "date":
        return {"kind": kind, "field": "anniversary", "days": 1 - days, "at": at}
    return {"kind": kind, "days": days, "at": at}


@pytest.mark.parametrize("kind", KINDS)
@FIXED
@given(
    register=registers,
    days=st.integers(0, 4),
    at=clocks,
    who=st.sampled_from(("booker", "guests")),
    steps=st.lists(acts, min_size=1, max_size=5),
    entry=entries,
    asks=st.booleans(),
    leaves=st.booleans(),
    cap=st.sampled_from((1, 10)),
)
def test_the_coming_days_are_as_they_were_rehearsed(
    fjordstuen: House,
    kind: str,
    register: list[dict[str, Any]],
    days: int,
    at: str,
    who: str,
    steps: list[tuple[str, Any]],
    entry: dict[str, Any],
    asks: bool,
    leaves: bool,
    cap: int,
) -> None:
    with example():
        settings_save(open_from=dt.time(9), open_until=dt.time(21), cap_day=cap, cap_week=cap * 2)
        local(fjordstuen.business)
        words = Words()
        # What was imported does not begin late, as what was there before it was turned on does not.
        with change_set(kind=ChangeSet.Kind.IMPORT):
            furnished(register, words)
        exits = [{"kind": "tag_added", "tag": words.tag.pk}] if leaves else []
        only = {"only": {**words.tree, "not": True}} if asks else {}
        made = automation(words, steps, start(kind, days, at, who), entry=entry, exits=exits, **only)
        run = dry_run(made, 0, SPAN - 1)
        assert (run.state, run.problem) == (DryRun.State.DONE, "")
        with read_once():
            was = really([made], fjordstuen, now=run.created_at, days=SPAN, every=7)
        assert told_of(run) == was[made.pk]
