"""Drafts become messages: through the gate, in the guest's language, each once, on the card that carries on."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.lineage.models import MergedCard
from messaging.outbox.models import Message
from messaging.outbox.services import cancel, plan
from messaging.texts.models import Template, TemplateText
from tests.cast import House
from tests.messaging.outbox.letters import NOON, draft, guest, news, planned

pytestmark = pytest.mark.django_db


def newsletter(*languages: str) -> Template:
    template = Template.objects.create(name="Summer", channel="email", purpose="newsletter")
    for language in languages:
        TemplateText.objects.create(template=template, language=language, version=1, subject=f"Hello {language}")
    return template


def test_each_guest_gets_their_language_or_the_houses(fjordstuen: House) -> None:
    fjordstuen.business.language = "en"
    fjordstuen.business.save()
    template = newsletter("nb", "en")
    guests = [guest(language=language) for language in ("nb", "nl", "")]
    messages = planned(*(news(each, template_id=template.pk) for each in guests), at=NOON)
    assert [each.language for each in messages] == ["nb", "en", "en"]
    assert [each.template_text.subject for each in messages] == ["Hello nb", "Hello en", "Hello en"]


def test_a_template_without_a_text_sends_nothing(fjordstuen: House) -> None:
    (message,) = planned(news(guest(), template_id=newsletter().pk), at=NOON)
    assert (message.state, message.reason) == ("skipped", "no_text")


def test_who_may_not_be_written_to_is_written_down_with_the_reason(fjordstuen: House) -> None:
    kari = guest(consents=False)
    found = plan(drafts=[news(kari)], at=NOON)
    assert found.refused == {f"campaign:7:{kari.pk}": "no_consent"}
    assert (found.count, Message.objects.get().reason) == (0, "no_consent")


def test_a_guest_that_there_is_not_is_told_and_not_written(fjordstuen: House) -> None:
    found = plan(drafts=[draft(2**40, "nobody")])
    assert (found.unwritten, found.ids) == ({"nobody": "unknown"}, {})


def test_two_cards_of_one_guest_get_one_message(fjordstuen: House) -> None:
    kari = guest()
    with change_set(kind=ChangeSet.Kind.MERGE, title="Merged") as act:
        MergedCard.objects.create(absorbed_id=2**40, survivor_id=kari.pk, change_set_id=act.pk)
    first, second = planned(news(2**40), news(kari), at=NOON)
    assert (first.customer_id, first.state) == (kari.pk, "planned")
    assert (second.customer_id, second.state, second.reason) == (kari.pk, "skipped", "merged")


def test_at_night_it_is_planned_for_the_morning(fjordstuen: House) -> None:
    night = dt.datetime(2026, 6, 16, 22, 0, tzinfo=dt.UTC)
    (message,) = planned(news(guest(), due_at=night), at=night)
    assert (message.due_at, message.deferred_reason) == (dt.datetime(2026, 6, 17, 7, 0, tzinfo=dt.UTC), "quiet")
    assert message.zone == "Europe/Oslo"


def test_a_second_newsletter_of_the_day_is_planned_for_the_next(fjordstuen: House) -> None:
    kari = guest()
    found = planned(news(kari, 7, due_at=NOON), news(kari, 8, due_at=NOON), at=NOON)
    assert [each.due_at for each in found] == [NOON, dt.datetime(2026, 6, 17, 7, 0, tzinfo=dt.UTC)]
    assert found[1].deferred_reason == "capped"


def test_a_draft_has_either_a_template_or_words(fjordstuen: House) -> None:
    with pytest.raises(ValueError, match="either"):
        plan(drafts=[draft(guest(), blocks=())])
    with pytest.raises(ValueError, match="either"):
        plan(drafts=[draft(guest(), template_id=1, blocks=({"kind": "paragraph", "text": "Hello"},))])


def test_more_drafts_are_no_more_queries(fjordstuen: House) -> None:
    template = newsletter("nb")

    def queries(count: int, campaign: int) -> int:
        drafts = [news(guest(), campaign, template_id=template.pk) for _each in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            plan(drafts=drafts, at=NOON)
        return len(seen)

    assert queries(3, 1) == queries(30, 2)


def test_what_a_campaign_planned_is_cancelled_as_a_whole(fjordstuen: House) -> None:
    planned(news(guest(), 7), news(guest(), 7), news(guest(), 8), at=NOON)
    assert cancel(origin="campaign", origin_id=7, member=fjordstuen.owner) == 2
    assert cancel(origin="campaign", origin_id=7) == 0
    assert Message.objects.filter(state="planned").count() == 1
    with pytest.raises(ValueError, match="Name"):
        cancel(origin="campaign")
