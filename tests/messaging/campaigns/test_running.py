"""A campaign goes to whom it was fixed to: nobody is skipped, nobody gets it twice, each exclusion has a reason."""

import datetime as dt
from collections import Counter

import pytest

from accounts.models import AuditEntry
from accounts.services.refusals import Refused
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.consent.models import Channel
from customers.segments.services import segment_update
from dedup.merging.services import merge
from messaging.campaigns.arms import is_held_out
from messaging.campaigns.audience_sql import is_underway
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.campaigns.preview import campaign_preview
from messaging.campaigns.selectors import campaign_guests, campaign_progress
from messaging.campaigns.services import (
    campaign_cancel,
    campaign_change,
    campaign_pause,
    campaign_resume,
    campaign_step,
    running,
)
from messaging.outbox.models import Message
from messaging.texts.checking import Draft
from messaging.texts.services import template_archive, template_create
from tests.cast import House
from tests.factories import CustomerFactory, EmailFactory
from tests.messaging.campaigns.houses import NOON, arms, campaign, confirmed, everybody, letter, open_all_day, worked
from tests.messaging.outbox.letters import guest, withdraw

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _open(fjordstuen: House) -> None:
    open_all_day()


def messages(made: Campaign) -> Counter[int]:
    """How many messages of it each guest has, those not sent left out."""
    found = Message.objects.filter(origin="campaign", origin_id=made.pk).exclude(state=Message.State.SKIPPED)
    return Counter(found.values_list("customer_id", flat=True))


@pytest.mark.parametrize("timing", ["moment", "morning"])
def test_each_language_at_its_own_time(fjordstuen: House, timing: str) -> None:
    kari = guest(language="nb", country="NO")
    nina = guest(language="nn", country="NO")
    els = guest(language="nl", country="NL")
    john = guest(language="en", country="GB")
    silent = guest(language="", country="")
    when = {"timing": timing, "day": dt.date(2026, 6, 18), "hour": dt.time(12), "hours": {"nb": "9:00", "nl": "10:30"}}
    made = confirmed(NOON, **when)
    assert made.hours == {"nb": "09:00", "nl": "10:30"}
    worked(made, made.starts_at)
    due = dict(Message.objects.values_list("customer_id", "due_at"))
    local = {pk: at.astimezone(fjordstuen.business.zone).strftime("%H:%M") for pk, at in due.items()}
    assert local == {
        kari.pk: "09:00",
        nina.pk: "09:00",
        els.pk: "10:30",
        john.pk: "13:00" if timing == "morning" else "12:00",
        silent.pk: "12:00",
    }
    with pytest.raises(Refused, match="Write a time"):
        campaign_change(
            campaign_id=campaign(segment_id=made.segment_id, template_id=made.template_id).pk,
            hours={"nl": "soon"},
            timing="moment",
        )


def test_who_may_get_it_gets_one_message_and_the_others_a_reason(fjordstuen: House) -> None:
    kari, nora = guest(language="nb"), guest(language="en")
    silent, gone, nowhere = guest(consents=False), guest(), CustomerFactory()
    withdraw(gone)
    made = worked(confirmed(template_id=letter(nb="Snø, {guest.given_name}").pk))
    assert arms(made) == {
        kari.pk: ("sent", ""),
        nora.pk: ("sent", ""),
        silent.pk: ("excluded", "no_consent"),
        gone.pk: ("excluded", "withdrawn"),
        nowhere.pk: ("excluded", "no_consent"),
    }
    assert messages(made) == {kari.pk: 1, nora.pk: 1}
    assert dict(Message.objects.values_list("customer_id", "language")) == {kari.pk: "nb", nora.pk: "en"}
    assert (made.state, made.audience) == (Campaign.State.RUNNING, 5)
    progress = campaign_progress(campaign=made)
    assert (progress.audience, progress.waiting, progress.getting, progress.due) == (5, 0, 2, 2)
    assert {each.reason: each.number for each in progress.excluded} == {"no_consent": 2, "withdrawn": 1}
    assert [each.words for each in progress.excluded] == ["Has not consented", "Consent withdrawn"]


def test_the_audience_is_fixed_when_it_begins(fjordstuen: House) -> None:
    kari = guest()
    made = confirmed()
    ola = guest()
    assert campaign_step(campaign_id=made.pk, now=NOON + 3650 * DAY).more is False, "years late: it asks"
    Campaign.objects.filter(pk=made.pk).update(state="scheduled", trouble="")
    made.refresh_from_db()
    assert made.starts_at is not None
    assert campaign_step(campaign_id=made.pk, now=made.starts_at).more
    late = guest()
    worked(made)
    assert set(arms(made)) == {kari.pk, ola.pk}
    assert late.pk not in messages(made)


def test_chosen_guests_need_no_segment(fjordstuen: House) -> None:
    kari, ola = guest(), guest()
    made = worked(confirmed(chosen=[kari.pk]))
    assert arms(made) == {kari.pk: ("sent", "")}
    assert made.chosen is None, "forgotten once it has begun"
    assert ola.pk not in messages(made)


def test_batches_go_on_where_a_worker_was_killed(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    guests = [guest() for _each in range(7)]
    made = confirmed()
    assert made.starts_at is not None
    assert campaign_step(campaign_id=made.pk, now=made.starts_at).more
    assert campaign_step(campaign_id=made.pk, now=made.starts_at).more
    assert sum(messages(made).values()) == 2
    assert campaign_progress(campaign=made).waiting == 5
    worked(made)
    assert messages(made) == {each.pk: 1 for each in guests}


def test_a_fault_in_a_batch_leaves_nothing_of_it(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was planned and what was decided are one transaction."""
    from django.db import transaction

    kari = guest()
    made = confirmed()
    assert made.starts_at is not None
    campaign_step(campaign_id=made.pk, now=made.starts_at)

    def fail(**_given: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(running, "arms_write", fail)
        with pytest.raises(OSError), transaction.atomic():
            campaign_step(campaign_id=made.pk, now=made.starts_at)
    assert not Message.objects.exists()
    worked(made)
    assert messages(made) == {kari.pk: 1}


def test_held_out_guests_are_drawn_from_those_it_may_go_to(fjordstuen: House) -> None:
    guests = [guest() for _each in range(40)]
    barred = guest(consents=False)
    made = worked(confirmed(holdout=50))
    found = arms(made)
    held = {pk for pk, (arm, _reason) in found.items() if arm == "held"}
    assert held == {each.pk for each in guests if is_held_out(campaign_id=made.pk, customer_id=each.pk, percent=50)}
    assert 5 < len(held) < 35
    assert found[barred.pk] == ("excluded", "no_consent")
    assert set(messages(made)) == {each.pk for each in guests} - held


def test_paused_nothing_goes_on_and_resumed_nobody_is_skipped(
    fjordstuen: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    guests = [guest() for _each in range(5)]
    made = confirmed()
    assert made.starts_at is not None
    campaign_step(campaign_id=made.pk, now=made.starts_at)
    campaign_step(campaign_id=made.pk, now=made.starts_at)
    campaign_pause(campaign_id=made.pk, member=fjordstuen.marketing)
    assert campaign_step(campaign_id=made.pk, now=made.starts_at).more is False
    assert set(Message.objects.values_list("is_held", flat=True)) == {True}
    # A week goes by: what waits would be too late to be of use.
    Message.objects.update(expires_at=made.starts_at - DAY)
    with pytest.raises(Refused):
        campaign_pause(campaign_id=made.pk)
    resumed = campaign_resume(campaign_id=made.pk, member=fjordstuen.marketing)
    assert resumed.state == Campaign.State.RUNNING
    worked(made)
    assert messages(made) == {each.pk: 1 for each in guests}
    assert not Message.objects.filter(is_held=True).exists()
    assert not Message.objects.filter(expires_at__lt=made.starts_at).exists()
    said = AuditEntry.objects.filter(object_type="campaign").values_list("action", flat=True).order_by("id")
    assert list(said) == ["campaign.added", "campaign.confirmed", "campaign.paused", "campaign.resumed"]


def test_cancelled_nobody_else_gets_it_and_all_know_why(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    for _each in range(5):
        guest()
    made = confirmed()
    assert made.starts_at is not None
    campaign_step(campaign_id=made.pk, now=made.starts_at)
    campaign_step(campaign_id=made.pk, now=made.starts_at)
    went = Message.objects.order_by("id").first()
    assert went is not None
    Message.objects.filter(pk=went.pk).update(state="sent", attempted_at=NOON, sent_at=NOON)
    cancelled = campaign_cancel(campaign_id=made.pk, member=fjordstuen.marketing)
    assert cancelled.state == Campaign.State.CANCELLED
    assert campaign_step(campaign_id=made.pk, now=made.starts_at).more is False
    assert Counter(arms(made).values()) == {("sent", ""): 1, ("excluded", "cancelled"): 4}
    assert messages(made) == {went.customer_id: 1}
    with pytest.raises(Refused):
        campaign_cancel(campaign_id=made.pk)
    with pytest.raises(Refused):
        campaign_resume(campaign_id=made.pk)


def test_an_opt_out_after_it_was_planned_is_told_as_the_reason(fjordstuen: House) -> None:
    kari = guest()
    made = worked(confirmed())
    Message.objects.filter(customer=kari).update(state="skipped", reason="withdrawn")
    ended = worked(made)
    assert ended.state == Campaign.State.DONE
    assert arms(made) == {kari.pk: ("excluded", "withdrawn")}
    assert campaign_progress(campaign=made).is_settled


def test_it_is_done_when_nothing_of_it_waits(fjordstuen: House) -> None:
    guest()
    made = worked(confirmed())
    assert is_underway(campaign_id=made.pk)
    Message.objects.update(state="sent", sent_at=NOON)
    ended = worked(made)
    assert (ended.state, ended.finished_at is not None) == (Campaign.State.DONE, True)
    assert worked(made).version == ended.version


def test_what_was_confirmed_must_still_stand_when_it_begins(fjordstuen: House) -> None:
    kari = guest()
    made = confirmed()
    assert made.segment is not None
    tree = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["fi"]}]}
    segment_update(segment_id=made.segment.pk, tree=tree)
    stopped = worked(made)
    assert (stopped.state, stopped.trouble, stopped.stage) == ("paused", "segment", "scheduled")
    assert not CampaignGuest.objects.exists()
    campaign_resume(campaign_id=made.pk, member=fjordstuen.marketing)
    worked(made)
    assert arms(made) == {}, "as it is now: nobody reads Finnish"
    assert kari.pk not in messages(made)


def test_a_template_put_away_meanwhile_stops_it(fjordstuen: House) -> None:
    guest()
    made = confirmed()
    assert made.template_id is not None
    template_archive(template_id=made.template_id)
    assert worked(made).trouble == "template"
    with pytest.raises(Refused):
        campaign_resume(campaign_id=made.pk)
    template_archive(template_id=made.template_id, archived=False)
    campaign_resume(campaign_id=made.pk)
    assert worked(made).state == Campaign.State.RUNNING


def test_a_campaign_out_of_a_restored_backup_asks_first(fjordstuen: House) -> None:
    guest()
    made = confirmed(now=NOON)
    stopped = worked(made, NOON + DAY)
    assert (stopped.state, stopped.trouble) == ("paused", "late")
    assert not Message.objects.exists()
    campaign_resume(campaign_id=made.pk)
    assert sum(messages(worked(made)).values()) == 1


def test_it_waits_for_its_moment(fjordstuen: House) -> None:
    kari = guest()
    made = confirmed(now=NOON, timing="moment", day=NOON.date() + DAY, hour=dt.time(14))
    assert made.starts_at == dt.datetime(2026, 6, 17, 12, 0, tzinfo=dt.UTC)
    assert worked(made, made.starts_at - dt.timedelta(seconds=1)).state == Campaign.State.SCHEDULED
    assert worked(made, made.starts_at).state == Campaign.State.RUNNING
    assert Message.objects.get(customer=kari).due_at == made.starts_at


def test_each_guest_gets_it_in_the_morning_where_they_live(fjordstuen: House) -> None:
    oslo, london, york, unknown = (guest(country=country) for country in ("NO", "GB", "US", ""))
    made = confirmed(now=NOON, timing="morning", day=NOON.date() + DAY, hour=dt.time(9))
    assert made.starts_at == dt.datetime(2026, 6, 16, 19, 0, tzinfo=dt.UTC), "where a day begins first"
    worked(made, made.starts_at)
    assert dict(Message.objects.values_list("customer_id", "due_at")) == {
        oslo.pk: dt.datetime(2026, 6, 17, 7, tzinfo=dt.UTC),
        london.pk: dt.datetime(2026, 6, 17, 8, tzinfo=dt.UTC),
        york.pk: dt.datetime(2026, 6, 17, 13, tzinfo=dt.UTC),
        unknown.pk: dt.datetime(2026, 6, 17, 7, tzinfo=dt.UTC),
    }


def test_by_sms_the_number_counts(fjordstuen: House) -> None:
    reached, mail_only = guest(phone=True), guest()
    made = worked(confirmed(template_id=letter(channel="sms").pk))
    assert arms(made) == {reached.pk: ("sent", ""), mail_only.pk: ("excluded", "no_address")}
    assert Message.objects.get().channel == Channel.SMS


def test_guests_of_a_campaign_are_paged_and_named(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from messaging.campaigns import selectors

    monkeypatch.setattr(selectors, "PAGE", 2)
    people = [guest(family_name=name) for name in ("Aas", "Bø", "Dahl")]
    barred = guest(consents=False)
    made = worked(confirmed())
    first = campaign_guests(campaign_id=made.pk, arm="sent")
    assert [line.name for line in first.lines] == [each.name for each in people[:2]]
    assert all(line.message is not None for line in first.lines)
    rest = campaign_guests(campaign_id=made.pk, arm="sent", after=first.after or 0)
    assert ([line.customer_id for line in rest.lines], rest.after) == ([people[2].pk], None)
    (alone,) = campaign_guests(campaign_id=made.pk, arm="excluded", reason="no_consent").lines
    assert (alone.customer_id, alone.reason, alone.message) == (barred.pk, "Has not consented", None)


def test_a_guest_on_two_cards_that_were_merged_gets_it_once(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first card has its message already when the second, still waiting, is merged into it."""
    monkeypatch.setattr(running, "BATCH", 1)
    kari, twin = guest(), guest()
    made = confirmed()
    assert made.starts_at is not None
    campaign_step(campaign_id=made.pk, now=made.starts_at)
    campaign_step(campaign_id=made.pk, now=made.starts_at)
    assert messages(made) == {kari.pk: 1}
    act = merge(customer_ids=[twin.pk, kari.pk], survivor_id=twin.pk, member=fjordstuen.owner)
    worked(made)
    assert messages(made) == {twin.pk: 1}
    assert arms(made) == {twin.pk: ("sent", "")}
    # Taken apart again they are two guests, of whom one has not been come to.
    change_set_undo(change_set_id=act.pk)
    worked(made)
    assert messages(made) == {kari.pk: 1, twin.pk: 1}


def test_a_draft_is_left_alone(fjordstuen: House) -> None:
    guest()
    made = campaign()
    assert campaign_step(campaign_id=made.pk, now=NOON).more is False
    assert campaign_step(campaign_id=2**40, now=NOON).more is False
    assert not CampaignGuest.objects.exists()
    with pytest.raises(Refused):
        campaign_pause(campaign_id=made.pk)


def test_an_address_two_guests_share_is_written_to_for_each(fjordstuen: House) -> None:
    """They are two guests, with two consents; the register keeps them apart, and so do messages."""
    with change_set(kind=ChangeSet.Kind.EDIT, title="Couple"):
        couple = [guest(), guest()]
        for each in couple:
            EmailFactory(customer=each, value="both@example.com")
    assert set(messages(worked(confirmed()))) == {each.pk for each in couple}
    assert Customer.objects.count() == 2


def test_a_message_with_a_hole_is_nobodys_whichever_side_they_would_be_on(fjordstuen: House) -> None:
    """What the text needs and the card does not have excludes, with the reason; words for that case do not."""
    business = fjordstuen.business
    named, nameless = guest(given_name="Kari"), guest(given_name="", family_name="Nordmann")
    needs = template_create(
        name="Needs",
        channel="email",
        purpose="newsletter",
        texts={"en": Draft(subject="Hello {guest.given_name}", blocks=({"kind": "paragraph", "text": "Snow."},))},
    )
    everyone = everybody().pk
    draft = campaign(template_id=needs.pk, segment_id=everyone)
    preview = campaign_preview(campaign=draft, business=business, now=NOON)
    assert preview is not None
    assert (preview.total, preview.reached, preview.examples) == (2, 1, (named.pk,))
    assert [(each.reason, each.number) for each in preview.excluded] == [("missing", 1)]
    for holdout in (0, 50):
        made = worked(confirmed(template_id=needs.pk, segment_id=everyone, holdout=holdout))
        assert arms(made)[nameless.pk] == ("excluded", "missing")
    assert arms(worked(confirmed(segment_id=everyone)))[nameless.pk] == ("sent", ""), "it says dear guest"
    (said,) = [each.words for each in campaign_progress(campaign=made).excluded]
    assert said == "Something that stands in the text is not known of this guest"
