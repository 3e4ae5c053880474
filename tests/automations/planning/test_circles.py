"""Automations that begin one another: a guest goes round so many times a day, then stays outside; people are told."""

import datetime as dt

from automations.models import Automation, Journey
from automations.planning.entering import CIRCLE, ROUNDS_A_DAY
from automations.running.services import run_batch
from customers.card.models import CustomerTag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Todo
from tests.automations.houses import automation_on
from tests.automations.planning.houses import DAY, NOON, passed
from tests.cast import House
from tests.factories import CustomerFactory, CustomerTagFactory, TagFactory
from tests.messaging.campaigns.houses import open_all_day

MINUTE = dt.timedelta(minutes=1)


def both() -> tuple[Automation, Automation, int]:
    """Each takes its own tag away and gives the other's; and the first tag."""
    ping, pong = TagFactory(name="Ping").pk, TagFactory(name="Pong").pk
    first, second = (
        automation_on(
            {"do": "untag", "tag": own},
            {"do": "tag", "tag": other},
            trigger={"kind": "tag_added", "tag": own},
            entry={"rule": "each"},
            name=f"From {own}",
        )
        for own, other in ((ping, pong), (pong, ping))
    )
    return first, second, ping


def rounds(start: dt.datetime) -> dt.datetime:
    """Plan and run until nothing happens any more; when that was."""
    for turn in range(10 * ROUNDS_A_DAY):
        now = start + turn * MINUTE
        entered = passed(now).entered
        while run_batch(now=now).taken:
            pass
        if not entered:
            return now
    raise AssertionError("It never ends.")


def test_two_that_begin_one_another_come_to_an_end(fjordstuen: House) -> None:
    open_all_day()
    first, second, ping = both()
    guest = CustomerFactory()
    with change_set(kind=ChangeSet.Kind.EDIT, title="Tagged"):
        CustomerTagFactory(customer=guest, tag_id=ping, slot=3)
    ended = rounds(NOON)
    done = {each.pk: Journey.objects.filter(automation=each, state="done").count() for each in (first, second)}
    assert sum(done.values()) == 2 * ROUNDS_A_DAY
    outside = Journey.objects.get(reason=CIRCLE)
    assert (outside.state, outside.began_at, outside.due_at, outside.automation_id) == ("left", None, None, first.pk)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.trouble, second.trouble) == (CIRCLE, "")
    assert first.name in Todo.objects.get(origin="automation").title
    # Somebody else is not concerned, nor is the guest the day after; people are told once.
    for later, whom in ((ended, CustomerFactory()), (ended + DAY, guest)):
        with change_set(kind=ChangeSet.Kind.EDIT, title="Tagged"):
            CustomerTag.objects.filter(customer=guest).delete()
            CustomerTagFactory(customer=whom, tag_id=ping, slot=3)
        rounds(later)
    assert Journey.objects.filter(reason=CIRCLE).count() == 3
    assert Todo.objects.filter(origin="automation").count() == 1
