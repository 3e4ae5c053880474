"""What came too late, or may have gone before a backup was read in, is sent when a member says so, and never else."""

import datetime as dt
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from automations.planning.services import enter_by_hand
from automations.running.services import run_business
from customers.permission.services import restriction_set
from messaging.gate.models import GateSettings
from messaging.gate.services import settings_save
from messaging.outbox.late import late_leave, late_send
from messaging.outbox.models import Message
from messaging.outbox.selectors import LATE, Asked, late_count, message_list
from messaging.outbox.services import plan, send_due
from messaging.transports.models import Caught
from tests.api.calling import caller_make
from tests.automations.houses import automation_on, wait
from tests.cast import Cast, House
from tests.messaging.campaigns.houses import letter
from tests.messaging.outbox.letters import draft, guest, local

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


@pytest.fixture
def house(transactional_cast: Cast) -> House:
    """Fjordstuen with a local inbox, whose messages may go at any hour."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business)
        settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=10, cap_week=50)
    return house


def sent(house: House) -> int:
    """Send what may go; how many went."""
    return send_due(business_id=house.pk).taken


def waiting(house: House, *hours_ago: int, useful: int = 1000) -> list[int]:
    """Messages that were due so many hours ago, planned before that."""
    now = timezone.now()
    with business_scope(house.pk):
        drafts = [
            draft(guest(), f"due {number}", due_at=now - each * HOUR, expires_at=now + (useful - each) * HOUR)
            for number, each in enumerate(hours_ago)
        ]
        planned = plan(drafts=drafts, at=now - 4 * DAY)
        assert not planned.refused
        return [planned.ids[each.key] for each in drafts]


def test_a_backup_of_three_days_ago_sends_nothing_unasked(house: House) -> None:
    expired = waiting(house, 70, 60, useful=24)
    now = timezone.now()
    with business_scope(house.pk):
        Message.objects.filter(pk__in=expired).update(expires_at=now - HOUR)
    with business_scope(house.pk):
        held = [
            plan(drafts=[draft(guest(), f"held {each}", due_at=now - each * HOUR)], at=now - 4 * DAY)
            for each in (50, 2)
        ]
        made = automation_on(
            wait(hours=1), {"do": "email", "template": letter().pk}, trigger={"kind": "by_hand"}, entry={"rule": "once"}
        )
        entered = enter_by_hand(
            automation_id=made.pk, customer_ids=[guest().pk for _each in range(3)], now=now - 3 * DAY
        )
        assert entered.entered == 3
    call_command("restored", "--business", "fjordstuen", verbosity=0)
    run_business(business_id=house.pk, batches=None, now=now - 3 * DAY)
    run_business(business_id=house.pk, batches=None)
    assert sent(house) == 0
    with business_scope(house.pk):
        assert Caught.objects.count() == 0
        found = message_list(asked=Asked(state=LATE))
        assert set(found.values_list("reason", flat=True)) == {"expired", "restored"}
        assert late_count() == found.count() == len(expired) + len(held) + 3
        chosen = [*expired[:1], *(pk for each in held for pk in each.ids.values())]
        assert late_send(ids=chosen, member=house.owner) == 3
        assert late_send(ids=chosen, member=house.admin) == 0
    assert sent(house) == 3
    assert sent(house) == 0
    with business_scope(house.pk):
        assert Caught.objects.count() == 3
        assert set(Message.objects.filter(state="sent").values_list("pk", flat=True)) == set(chosen)
        assert late_leave(member=house.owner) == 4
        assert late_count() == 0
        assert AuditEntry.objects.filter(action__startswith="message.late_").count() == 2
        # What comes from now on goes as ever.
        plan(drafts=[draft(guest(), "new", due_at=timezone.now())])
    assert sent(house) == 1


def test_only_the_business_that_was_named_is_held(house: House, transactional_cast: Cast) -> None:
    call_command("restored", "--business", "fjordstuen", verbosity=0)
    with business_scope(transactional_cast.duinzicht.pk):
        assert not GateSettings.objects.exists()
    call_command("restored", verbosity=0)
    with business_scope(transactional_cast.duinzicht.pk):
        assert GateSettings.objects.get().restored_at is not None
    with pytest.raises(CommandError, match="no business nowhere"):
        call_command("restored", "--business", "nowhere")


def test_who_may_not_be_written_to_any_more_gets_nothing(house: House) -> None:
    (pk,) = waiting(house, 3)
    with business_scope(house.pk):
        Message.objects.update(expires_at=timezone.now() - HOUR)
    assert sent(house) == 0
    with business_scope(house.pk):
        restriction_set(
            customer_id=Message.objects.get(pk=pk).customer_id, restricted=True, reason="asked", member=house.owner
        )
        assert late_send(member=house.owner) == 1
    assert sent(house) == 0
    with business_scope(house.pk):
        assert Message.objects.get(pk=pk).state == "skipped"


def late(house: House) -> list[int]:
    """Two that have come too late."""
    found = waiting(house, 3, 4)
    with business_scope(house.pk):
        Message.objects.update(expires_at=timezone.now() - HOUR)
    assert sent(house) == 0
    return found


def test_the_page_asks_and_does_what_is_said(house: House, client: Client) -> None:
    first, second = late(house)
    client.force_login(house.marketing.user)
    room = "/b/fjordstuen/messages/outbox/"
    assert "2 messages came too late" in client.get(room).text
    page = client.get(f"{room}?state=late").text
    assert page.count('name="message" value="') == 3
    assert "Not sent: it came too late." in client.get(f"{room}{first}/").text
    answers: list[Any] = [
        client.post(f"{room}late/", given, follow=True).text
        for given in (
            {"decision": "send"},
            {"message": first, "decision": "eat"},
            {"message": first, "decision": "send"},
            {"message": first, "decision": "leave"},
            {"message": "all", "decision": "leave"},
        )
    ]
    for answer, told in zip(
        answers,
        (
            "Choose messages",
            "Choose messages",
            "1 message is sent now",
            "decided about them already",
            "1 message stays",
        ),
        strict=True,
    ):
        assert told in answer
    with business_scope(house.pk):
        assert Message.objects.get(pk=second).reason == "cancelled"
        assert late_count() == 0
    client.force_login(house.reception.user)
    assert client.post(f"{room}late/", {"message": "all", "decision": "send"}).status_code == 403


def test_the_interface_lists_and_decides(house: House) -> None:
    first, second = late(house)
    caller = caller_make(house)
    assert {each["id"] for each in caller.get("messages/?late=true").body["items"]} == {first, second}
    sent_now = caller.post(f"messages/{first}/decide/", {"decision": "send"})
    assert (sent_now.status, sent_now.body["state"]) == (200, "planned")
    left = caller.post(f"messages/{second}/decide/", {"decision": "leave"})
    assert (left.body["state"], left.body["reason"]) == ("skipped", "cancelled")
    assert caller.post(f"messages/{second}/decide/", {"decision": "send"}).status == 409
