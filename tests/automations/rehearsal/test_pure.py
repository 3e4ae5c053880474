"""The clock of a rehearsal, the lives of rows, and the steps of a definition with what came of each."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from automations.definition import Start, Trigger, definition_read
from automations.models import DryRun
from automations.rehearsal.clock import Clock
from automations.rehearsal.lives import InvoiceState, Life, StayState, Turn, life_of
from automations.rehearsal.marks import Window, invoice_days, last_stay_days, marks, stay_days
from automations.rehearsal.selectors import counted_of
from tests.automations.houses import definition, wait

OSLO = ZoneInfo("Europe/Oslo")
LONDON = ZoneInfo("Europe/London")
DAY = dt.timedelta(days=1)
ARRIVAL = Start(Trigger.BEFORE_ARRIVAL, days=3)
FIRST = dt.datetime(2026, 6, 1, tzinfo=OSLO).astimezone(dt.UTC)
LAST = dt.datetime(2026, 7, 1, tzinfo=OSLO).astimezone(dt.UTC)
SPAN = Window(FIRST, LAST, OSLO, LAST, 14 * DAY)
BOOKED = StayState("booked", dt.date(2026, 6, 20), dt.date(2026, 6, 22), 1)


def at(clock: str, day: str = "2026-06-16") -> dt.datetime:
    """A moment on the clock of Oslo."""
    return dt.datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=OSLO).astimezone(dt.UTC)


def lived(now: StayState, *turns: Turn, made: str = "2026-01-10") -> Life[StayState]:
    """A stay that was written down on a day."""
    return life_of(row_id=7, now=now, made_at=at("12:00", made), turns=turns)


def was(moment: dt.datetime, *, is_event: bool = True, **before: object) -> Turn:
    """A change that replaced these values."""
    return Turn(7, moment, 1, is_event, is_new=False, before=before)


def made(moment: dt.datetime) -> Turn:
    """Its writing down, by somebody at the desk."""
    return Turn(7, moment, 1, is_event=True, is_new=True, before={})


def told(life: Life[StayState], start: Start = ARRIVAL) -> list[tuple[str, str, str]]:
    """The marks of a stay: when, for when, and why it is let go of."""
    found = marks(start, stay_days(start, life, {}, OSLO), SPAN)
    return [
        (f"{each.at.astimezone(OSLO):%d %H:%M}", f"{each.due.astimezone(OSLO):%d %H:%M}", each.reason) for each in found
    ]


def test_guests_are_taken_along_together_whatever_their_moments() -> None:
    moments = {1: at("12:00"), 2: at("09:00", "2027-01-01")}
    assert Clock().together(moments) == moments
    assert Clock((OSLO,), is_daily=True).together({}) == {}


def test_a_day_at_a_time_ends_at_the_first_midnight_there_is() -> None:
    moments = {1: at("22:00"), 2: at("23:59"), 3: at("00:00", "2026-06-17"), 4: at("00:59", "2026-06-17")}
    assert set(Clock((OSLO,), is_daily=True).together(moments)) == {1, 2}
    assert set(Clock((LONDON,), is_daily=True).together(moments)) == {1, 2, 3, 4}
    assert set(Clock((OSLO, LONDON), is_daily=True).together(moments)) == {1, 2}


def test_a_row_stood_as_its_changes_say() -> None:
    moved = was(at("10:00"), arrival=dt.date(2026, 6, 18))
    gone = was(at("12:00"), status="booked")
    life = lived(replace(BOOKED, status="cancelled"), moved, gone)
    assert life.at(at("11:00", "2026-01-10")) is None
    assert life.at(at("09:00")) == replace(BOOKED, arrival=dt.date(2026, 6, 18))
    assert life.at(at("10:00")) == BOOKED
    assert life.at(at("12:00")) == life.now == replace(BOOKED, status="cancelled")


def test_a_stay_is_planned_when_its_day_comes_near() -> None:
    assert told(lived(BOOKED)) == [("03 00:00", "17 10:00", "")]
    assert told(lived(BOOKED), replace(ARRIVAL, properties=(2,))) == []


def test_a_stay_that_moves_takes_its_journey_along() -> None:
    moved = was(at("10:00", "2026-06-10"), arrival=dt.date(2026, 6, 15))
    assert told(lived(BOOKED, moved)) == [
        ("01 00:00", "12 10:00", ""),
        ("10 10:00", "12 10:00", "changed"),
        ("10 10:00", "17 10:00", ""),
    ]


def test_a_stay_that_is_cancelled_lets_go_before_its_moment_alone() -> None:
    cancelled = replace(BOOKED, status="cancelled")
    before, after = was(at("09:00", "2026-06-17"), status="booked"), was(at("11:00", "2026-06-17"), status="booked")
    assert told(lived(cancelled, before))[-1] == ("17 09:00", "17 10:00", "cancelled")
    assert told(lived(cancelled, after)) == [("03 00:00", "17 10:00", "")]


def test_who_books_late_begins_at_once_but_for_what_is_written_down_afterwards() -> None:
    late, afterwards = at("18:00", "2026-06-19"), at("08:00", "2026-06-25")
    assert told(lived(BOOKED, made(late))) == [("19 18:00", "19 18:00", "")]
    assert told(life_of(row_id=7, now=BOOKED, made_at=late, turns=())) == [], "imported, when its moment had passed"
    came = replace(BOOKED, status="checked_out")
    assert told(lived(came, made(afterwards))) == [("03 00:00", "17 10:00", "")]
    assert told(lived(replace(BOOKED, status="no_show"), made(afterwards))) == []


def test_an_invoice_counts_until_it_is_paid() -> None:
    start = Start(Trigger.INVOICE_DUE, days=2)
    due, paid = dt.date(2026, 6, 10), dt.date(2026, 6, 11)

    def found(life: Life[InvoiceState]) -> list[str]:
        return [each.reason for each in marks(start, invoice_days(start, life, OSLO), SPAN)]

    turn = was(at("12:00", "2026-06-11"), paid_on=None)
    now = InvoiceState(due, paid)
    assert found(life_of(row_id=7, now=now, made_at=at("12:00", "2026-05-10"), turns=[turn])) == ["", "paid"]
    assert found(life_of(row_id=7, now=now, made_at=at("12:00", "2026-06-25"), turns=[])) == []
    late = replace(now, paid_on=dt.date(2026, 6, 20))
    assert found(life_of(row_id=7, now=late, made_at=at("12:00", "2026-06-25"), turns=[])) == [""]


def test_the_last_stay_is_the_last_one_that_had_taken_place() -> None:
    start = Start(Trigger.AFTER_LAST_STAY, days=5)
    old = StayState("checked_out", dt.date(2026, 6, 1), dt.date(2026, 6, 4), 1)
    new = StayState("checked_out", dt.date(2026, 6, 8), dt.date(2026, 6, 12), 1)
    history = [lived(each, made=day) for each, day in ((old, "2026-08-01"), (new, "2026-08-01"))]
    found = marks(start, last_stay_days(start, history, OSLO), SPAN)
    assert [(each.anchor.day, each.reason) for each in found] == [
        *((1, ""), (1, "changed"), (4, ""), (4, "changed"), (8, ""), (8, "changed"), (12, "")),
    ]


def test_steps_stand_as_in_the_automation_each_with_what_came_of_it() -> None:
    tree = {"match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nb"]}]}
    found = definition_read(
        definition(
            wait(days=1),
            {
                "do": "branch",
                "tree": tree,
                "yes": [{"id": "y1", "do": "stop"}],
                "no": [{"id": "n1", **wait(days=2)}, {"id": "n2", "do": "stop"}],
            },
        )
    )
    run = DryRun(business_id=1, counts={"s1": {"done.": 3}, "n1": {"done.": 2}, "s2": {"yes.": 1, "no.": 2}})
    told = [(each.step.id, each.depth, each.branch, each.number) for each in counted_of(run, found)]
    assert told == [("s1", 0, "", 3), ("s2", 0, "", 3), ("y1", 1, "yes", 0), ("n1", 1, "no", 2), ("n2", 1, "", 0)]
    second = counted_of(run, found)[1]
    assert [(each.outcome, each.number) for each in second.told] == [("no", 2), ("yes", 1)]
