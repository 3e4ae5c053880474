"""The pages of the outbox, and its API."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from messaging.gate.models import GateSettings
from messaging.outbox import selectors
from messaging.outbox.models import Message, OutboxPace
from messaging.outbox.services import plan
from tests.cast import Cast, House
from tests.messaging.outbox.letters import draft, guest, local, news

pytestmark = pytest.mark.django_db


def url(house: House, tail: str = "") -> str:
    return f"/b/{house.slug}/messages/outbox/{tail}"


@pytest.fixture
def house(cast: Cast) -> House:
    """Fjordstuen with one message that waits, one that was held back and one in doubt."""
    house = cast.fjordstuen
    with business_scope(house.pk):
        kari, ola, per = (guest(given_name=name, family_name="Nordmann") for name in ("Kari", "Ola", "Per"))
        ids = plan(drafts=[draft(kari, "kari"), draft(per, "per")]).ids
        plan(drafts=[news(guest(consents=False, given_name="Ida", family_name="Dahl"))])
        Message.objects.filter(pk=ids["per"]).update(state="unknown", reason="killed", attempted_at=timezone.now())
        del ola
    return house


def get(client: Client, house: House, tail: str = "", member: Any = None) -> Any:
    client.force_login((member or house.marketing).user)
    return client.get(url(house, tail))


def test_the_list_says_where_each_message_is_and_why(client: Client, house: House) -> None:
    page = get(client, house).content.decode()
    for said in ("Kari Nordmann", "Ida Dahl", "Planned", "Not sent", "Has not consented", "Not known"):
        assert said in page
    assert "Innkeeper was stopped while it was handed over" in page
    assert "1 message by E-mail waits." in page
    assert "There is no way of sending for it yet." in page
    assert "blocktranslate" not in page


def test_a_state_narrows_the_list_and_stands_in_the_address(client: Client, house: House) -> None:
    page = get(client, house, "?state=skipped").content.decode()
    assert "Ida Dahl" in page
    assert "Kari Nordmann" not in page
    assert "No message like that" in get(client, house, "?state=bounced").content.decode()
    assert "Kari Nordmann" in get(client, house, "?state=nonsense&before=%00&guest=x").content.decode()


def test_a_way_that_takes_nothing_is_told(client: Client, house: House) -> None:
    with business_scope(house.pk):
        way = local(house.business)
        OutboxPace.objects.create(
            transport=way, trouble="unreachable", trouble_detail="refused", troubled_since=timezone.now()
        )
    page = get(client, house).content.decode()
    assert "The provider did not answer." in page
    assert "refused" in page


def test_the_list_is_walked_page_by_page_and_back(
    client: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "PAGE", 2)
    with business_scope(house.pk):
        start = timezone.now() + dt.timedelta(days=1)
        plan(drafts=[draft(guest(), f"more:{n}", due_at=start + dt.timedelta(hours=n)) for n in range(5)])
        everything = list(Message.objects.order_by("-due_at", "-id").values_list("id", flat=True))

    def walk(link: str) -> tuple[list[list[int]], str]:
        pages, tail = [], link
        while True:
            context = get(client, house, tail).context
            pages.append([line["message"].pk for line in context["lines"]])
            following = context["older"] if "after" not in tail else context["newer"]
            if not following:
                return pages, context["newer"] if "after" not in tail else ""
            tail = f"?{following}"

    forward, newer = walk("")
    assert [pk for page in forward for pk in page] == everything
    backward, _end = walk(f"?{newer}")
    assert [pk for page in reversed(backward) for pk in page] == everything[: len(everything) - len(forward[-1])]


def test_a_message_is_read_as_it_would_be_sent_and_cancelled(client: Client, house: House) -> None:
    with business_scope(house.pk):
        message = Message.objects.get(key="kari")
    page = get(client, house, f"{message.pk}/").content.decode()
    assert "Hello Kari, it is ready." in page
    assert "Cancel message" in page
    answer = client.post(url(house, f"{message.pk}/cancel/"), follow=True)
    assert "The message is cancelled." in answer.content.decode()
    with business_scope(house.pk):
        message.refresh_from_db()
        assert (message.state, message.reason) == ("skipped", "cancelled")
        assert AuditEntry.objects.filter(action="message.cancelled").count() == 1
    again = client.post(url(house, f"{message.pk}/cancel/"), follow=True)
    assert "It was too late to cancel" in again.content.decode()


@pytest.mark.parametrize(("decision", "state"), [("retry", "planned"), ("settle", "sent")])
def test_a_member_decides_of_what_is_in_doubt(client: Client, house: House, decision: str, state: str) -> None:
    with business_scope(house.pk):
        message = Message.objects.get(key="per")
    client.force_login(house.marketing.user)
    assert client.post(url(house, "decide/"), {"message": message.pk, "decision": "eat"}).status_code == 302
    with business_scope(house.pk):
        message.refresh_from_db()
        assert message.state == "unknown"
    client.post(url(house, "decide/"), {"message": message.pk, "decision": decision})
    with business_scope(house.pk):
        message.refresh_from_db()
        assert message.state == state
        assert Message.objects.exclude(key="per").filter(state=state).count() == (1 if state == "planned" else 0)


def test_reception_reads_and_does_not_decide(client: Client, house: House) -> None:
    assert get(client, house, member=house.reception).status_code == 200
    assert client.post(url(house, "decide/"), {"message": "all", "decision": "settle"}).status_code == 403
    with business_scope(house.pk):
        assert Message.objects.filter(state="unknown").count() == 1


def test_quiet_hours_are_set_and_wrong_ones_kept_for_correction(client: Client, house: House) -> None:
    client.force_login(house.admin.user)
    values = {"open_from": "08:00", "open_until": "20:30", "cap_day": "2", "cap_week": "4"}
    assert client.post(url(house, "times/"), values).status_code == 302
    with business_scope(house.pk):
        kept = GateSettings.objects.get()
        assert (kept.open_from, kept.open_until, kept.cap_day) == (dt.time(8), dt.time(20, 30), 2)
        assert AuditEntry.objects.filter(action="gate.changed").count() == 1
    answer = client.post(url(house, "times/"), values | {"open_until": "07:00", "cap_day": "99"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This must be later than the time before it" in page
    assert 'value="99"' in page


def test_the_list_costs_the_same_however_long_it_is(
    client: Client, house: House, django_assert_max_num_queries: Any
) -> None:
    with business_scope(house.pk):
        plan(drafts=[draft(guest(), f"more:{n}") for n in range(30)])
    client.force_login(house.marketing.user)
    with django_assert_max_num_queries(26):
        assert client.get(url(house)).status_code == 200


def test_the_neighbour_sees_none_of_it(client: Client, house: House, cast: Cast) -> None:
    with business_scope(house.pk):
        message = Message.objects.get(key="kari")
    client.force_login(cast.duinzicht.owner.user)
    assert "Kari" not in client.get(url(cast.duinzicht)).content.decode()
    assert client.get(url(cast.duinzicht, f"{message.pk}/")).status_code == 404
    assert client.post(url(cast.duinzicht, f"{message.pk}/cancel/")).status_code == 404
