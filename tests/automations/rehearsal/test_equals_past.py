"""A dry run over days behind is what the planner and the runner did in them, had the automation been on: random acts,
an automation of every trigger, with conditions, branches, exits, goals and every rule of entry."""

import datetime as dt
import random
from functools import partial
from typing import Any

import pytest

from automations.definition import Trigger
from automations.definition.model import NOBODY_YET
from automations.models import Automation, DryRun
from messaging.gate.services import settings_save
from messaging.texts.models import Template
from tests.automations.houses import automation_on, wait
from tests.automations.rehearsal.histories import KINDS, Act, Past, in_order, past, read_once
from tests.automations.rehearsal.stages import DAY, Told, about_stays, dry_run, mail, really, told_of
from tests.cast import House
from tests.customers.acts import example
from tests.factories import TagFactory
from tests.messaging.campaigns.houses import letter
from tests.messaging.outbox.letters import local

pytestmark = pytest.mark.django_db

AGO, DAYS, AFTER = 30, 12, 5
"""So many days ago it begins, so many days are rehearsed, and so many more there are acts. All of them are planned from
the first day on: nothing comes near at midnight."""
SEEDS, MORE = 3, 8
OPENED = (Trigger.MESSAGE_OPENED, Trigger.MESSAGE_CLICKED)
"""Nobody opens what was not sent."""
STARTS: dict[Trigger, dict[str, Any]] = {
    Trigger.TAG_ADDED: {"tag": "tag"},
    Trigger.PURCHASE: {"product": "product"},
    Trigger.SEGMENT_ENTERED: {"segment": "segment"},
    Trigger.CONSENT_GIVEN: {"purpose": "profiling"},
    Trigger.EVENT: {"name": "spa"},
    Trigger.DATE: {"field": "anniversary", "at": "08:30"},
}
TRIGGERS = [each for each in Trigger if each not in {*NOBODY_YET, *OPENED, Trigger.BY_HAND}]
EXITS = ("cancelled", "booked", "paid", "tag_added", "tag_removed", "matches")
GOALS = ("books", "buys", "pays", "tagged", None, None)


@pytest.fixture
def ways() -> None:
    """Nothing stands between: as many messages as there may be."""
    settings_save(open_from=dt.time(9), open_until=dt.time(21), cap_day=10, cap_week=50)


class Words:
    """What automations name."""

    def __init__(self, register: Past) -> None:
        self.register = register
        self.news: Template = letter()
        self.word: Template = about_stays()

    def made(self, kind: Trigger, number: int, chance: random.Random) -> Automation:
        """An automation of a trigger; the rest is chance."""
        a, b, c, d = (chance.randrange(100) for _each in range(4))
        start: dict[str, Any] = {"kind": kind.value, **STARTS.get(kind, {})}
        for name in ("tag", "product", "segment"):
            if name in start:
                start[name] = getattr(self.register, name).pk
        if kind in (Trigger.BEFORE_ARRIVAL, Trigger.AFTER_DEPARTURE, Trigger.AFTER_LAST_STAY, Trigger.BIRTHDAY):
            start |= {"days": a % 5, "at": ("02:30", "10:00", "20:50")[b % 3]}
        if kind == Trigger.INVOICE_DUE:
            start |= {"days": a % 7 - 3, "at": "10:00"}
        own = TagFactory(name=f"Own {number}")
        steps = [
            {"do": "task", "title": "Call"},
            wait(days=b % 3, hours=1 + a % 9),
            mail(self.news, expires=(1, 24)[c % 2]),
            *self._middle(number, own.pk, d),
            wait(until="time", at="12:00"),
            {"do": "task", "title": "Call again"},
        ]
        values: dict[str, Any] = {"entry": ({"rule": "each"}, {"rule": "once"}, {"rule": "after", "days": 4})[c % 3]}
        values["exits"] = [self._exit(EXITS[each % len(EXITS)]) for each in {a % 6, d % 6}]
        if (goal := GOALS[b % len(GOALS)]) is not None:
            values["goal"] = {"kind": goal} | ({"tag": self.register.tag.pk} if goal == "tagged" else {})
        if a % 3 == 0:
            values["only"] = _language("nb")
        return automation_on(*steps, trigger=start, name=f"{number} {kind.value}", **values)

    def _middle(self, number: int, tag: int, draw: int) -> list[dict[str, Any]]:
        """Every fourth one tags: a guest carries nine tags at most."""
        if number % 4:
            yes, no = {"id": "y1", "do": "task", "title": "Yes"}, {"id": "n1", **wait(days=1)}
            return [{"do": "branch", "tree": _language("en"), "yes": [yes], "no": [no]}]
        return [
            {"do": "tag", "tag": tag},
            wait(hours=2),
            {"do": "untag", "tag": tag},
            {"do": "only_if", "tree": _language("en")},
        ]

    def _exit(self, kind: str) -> dict[str, Any]:
        if kind == "matches":
            return {"kind": kind, "tree": {"version": 1, "match": "all", "rules": [_rule("language", ["da"])]}}
        return {"kind": kind} | ({"tag": self.register.tag.pk} if kind.startswith("tag") else {})


def _language(code: str) -> dict[str, Any]:
    return {"version": 1, "match": "all", "rules": [_rule("language", [code])]}


def _rule(name: str, value: list[Any]) -> dict[str, Any]:
    return {"field": name, "operator": "any_of", "value": value}


def rehearsed(made: list[Automation], register: Past, happened: list[tuple[int, Act]]) -> dict[int, list[Told]]:
    """What dry runs tell, once all of it is over."""
    with example():
        for number, act in happened:
            register.happen(number, act)
        found = {}
        for each in made:
            run = dry_run(each, -AGO, -AGO + DAYS - 1)
            assert (run.state, run.problem) == (DryRun.State.DONE, ""), each.name
            found[each.pk] = _told(told_of(run), register)
    register.stays.clear()
    register.invoices.clear()
    return found


def _told(told: list[Told], register: Past) -> list[Told]:
    names = register.names()
    return sorted((guest, names.get(stay, ""), *rest) for guest, stay, *rest in told)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_days_behind_were_as_they_are_rehearsed(fjordstuen: House, ways: None, seed: int) -> None:
    chance = random.Random(seed)
    local(fjordstuen.business)
    register = past(days=AGO, born=chance.randrange(12))
    words = Words(register)
    triggers = TRIGGERS[seed % SEEDS :: SEEDS]
    made = [words.made(kind, number, chance) for number, kind in enumerate(triggers)]
    happened = in_order([_act(kind, chance) for kind in (*KINDS, *chance.choices(KINDS, k=MORE))])
    told = rehearsed(made, register, happened)
    start = dt.datetime.combine(register.first.date(), dt.time(0), fjordstuen.business.zone)
    acts = [(register.moment(act), partial(register.happen, place, act)) for place, act in happened]
    with read_once():
        was = really(made, fjordstuen, now=start, days=DAYS, every=DAYS, happens=acts, before=start + DAYS * DAY)
    for each in made:
        assert told[each.pk] == _told(was[each.pk], register), each.name


def _act(kind: str, chance: random.Random) -> Act:
    """What begins something comes early, what follows it later, some of it when all of it is over."""
    days = range(9) if kind in ("book", "import", "walk_in", "bill") else range(1, DAYS + AFTER)
    day, minute, who = chance.choice(days), chance.randrange(1, 1_438), chance.choice((0, 0, 1, 1, 2))
    return day, minute, kind, who, chance.randrange(100), chance.randrange(100)
