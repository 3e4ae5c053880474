"""What providers tell: in any order, however often, the same in the end; and nothing of what never left."""

import datetime as dt
import random
import uuid
from itertools import permutations

import pytest

from messaging.outbox.models import Message
from messaging.outbox.services import Event, outcome_record
from tests.cast import House
from tests.messaging.outbox.letters import NOON, draft, guest, local, planned

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)
KINDS = ("delivered", "bounced", "complained", "failed", "opened", "clicked", "replied")


def sent(house: House, count: int = 1) -> list[Message]:
    """Messages that have left a moment ago."""
    transport = local(house.business)
    found = planned(*(draft(guest()) for _each in range(count)))
    for number, each in enumerate(found):
        each.state, each.attempted_at, each.sent_at = "sent", NOON, NOON
        each.transport, each.provider_id = transport, f"provider-{number}"
        each.save()
    return found


def fate(message: Message) -> tuple[object, ...]:
    message.refresh_from_db()
    times = (message.sent_at, message.delivered_at, message.opened_at, message.clicked_at, message.replied_at)
    return message.state, message.reason, message.detail, *times


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (("delivered",), "delivered"),
        (("delivered", "bounced"), "bounced"),
        (("delivered", "bounced", "complained"), "complained"),
        (("opened", "clicked"), "delivered"),
        (("failed", "delivered"), "delivered"),
        (("failed",), "failed"),
        (("replied", "complained"), "complained"),
    ],
)
def test_the_order_does_not_matter(fjordstuen: House, kinds: tuple[str, ...], state: str) -> None:
    orders = list(permutations(kinds))
    messages = sent(fjordstuen, len(orders))
    moments = {kind: NOON + n * MINUTE for n, kind in enumerate(KINDS, 1)}
    for message, order in zip(messages, orders, strict=True):
        for kind in order:
            outcome_record(events=[Event(kind, moments[kind], ref=message.ref, detail=f"said {kind}")])
    assert {fate(message) for message in messages} == {fate(messages[0])}
    assert fate(messages[0])[0] == state


def test_told_five_times_shuffled_it_is_the_same(fjordstuen: House) -> None:
    chance = random.Random("outcomes")
    messages = sent(fjordstuen, 20)
    events = [
        Event(chance.choice(KINDS), NOON + chance.randrange(1, 90) * MINUTE, ref=message.ref)
        for message in messages
        for _each in range(4)
    ]
    outcome_record(events=events)
    once = [fate(message) for message in messages]
    for _turn in range(5):
        chance.shuffle(events)
        for start in range(0, len(events), 7):
            outcome_record(events=events[start : start + 7])
    assert [fate(message) for message in messages] == once
    assert outcome_record(events=events) == 0


def test_of_what_is_told_no_address_is_kept(fjordstuen: House) -> None:
    (message,) = sent(fjordstuen)
    said = "550 5.1.1 <kari@example.com> and 91234567 are nobody's"
    outcome_record(events=[Event("bounced", NOON, ref=message.ref, detail=said)])
    assert fate(message)[2] == "550 5.1.1 <…@…> and … are nobody's"


def test_a_message_is_found_by_what_the_provider_calls_it(fjordstuen: House) -> None:
    first, second = sent(fjordstuen, 2)
    told = [Event("delivered", NOON, transport_id=first.transport_id, provider_id="provider-0")]
    assert outcome_record(events=told) == 1
    assert (fate(first)[0], fate(second)[0]) == ("delivered", "sent")
    assert outcome_record(events=[Event("bounced", NOON, provider_id="provider-0")]) == 0
    assert outcome_record(events=[Event("bounced", NOON, ref=uuid.uuid4())]) == 0
    assert outcome_record(events=[]) == 0


def test_nothing_is_told_of_what_never_left(fjordstuen: House) -> None:
    local(fjordstuen.business)
    (message,) = planned(draft(guest()))
    assert outcome_record(events=[Event("delivered", NOON, ref=message.ref)]) == 0
    Message.objects.update(state="skipped", reason="cancelled")
    assert outcome_record(events=[Event("complained", NOON, ref=message.ref)]) == 0
    assert fate(message)[:2] == ("skipped", "cancelled")


def test_what_was_in_doubt_is_known_once_it_is_delivered(fjordstuen: House) -> None:
    (message,) = sent(fjordstuen)
    Message.objects.update(state="unknown", reason="killed", sent_at=None)
    assert outcome_record(events=[Event("opened", NOON + MINUTE, ref=message.ref)]) == 1
    assert fate(message) == ("delivered", "", "", NOON, NOON + MINUTE, NOON + MINUTE, None, None)


def test_a_kind_that_there_is_not_is_refused(fjordstuen: House) -> None:
    (message,) = sent(fjordstuen)
    with pytest.raises(ValueError, match="eaten"):
        outcome_record(events=[Event("eaten", NOON, ref=message.ref)])
