"""Drafts: what can be said of a campaign before it goes out, and what keeps it from going."""

import datetime as dt
from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.services.refusals import Refused
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import (
    CampaignChanged,
    campaign_change,
    campaign_confirm,
    campaign_copy,
    campaign_create,
    campaign_remove,
    missing_in,
)
from messaging.texts.services import template_archive, template_create
from tests.cast import House
from tests.messaging.campaigns.houses import NOON, campaign, confirmed, everybody, letter

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"segment_id": 2**40}, "segment"),
        ({"template_id": 2**40}, "template"),
        ({"chosen": list(range(1_001))}, "segment"),
        ({"timing": "someday"}, "timing"),
        ({"holdout": 51}, "holdout"),
        ({"holdout": -1}, "holdout"),
        ({"result_days": 0}, "result_days"),
        ({"result_days": 366}, "result_days"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(fjordstuen: House, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        campaign_create(**{"name": "Winter", **values})
    assert refused.value.field == field
    assert not Campaign.objects.exists()


def test_an_unknown_field_is_a_mistake_of_ours(fjordstuen: House) -> None:
    with pytest.raises(TypeError):
        campaign_create(name="Winter", state="done")


def test_of_two_editors_the_second_is_told(fjordstuen: House) -> None:
    made = campaign()
    changed = campaign_change(campaign_id=made.pk, version=1, name="Spring letter")
    assert (changed.name, changed.version) == ("Spring letter", 2)
    with pytest.raises(CampaignChanged) as told:
        campaign_change(campaign_id=made.pk, version=1, name="Autumn letter")
    assert told.value.current.name == "Spring letter"
    assert campaign_change(campaign_id=made.pk, version=2, name="Spring letter").version == 2, "nothing was different"


def test_a_segment_takes_the_place_of_chosen_guests(fjordstuen: House) -> None:
    made = campaign(chosen=[3, 1, 3], template_id=None)
    assert made.chosen == [1, 3]
    changed = campaign_change(campaign_id=made.pk, segment_id=everybody().pk)
    assert changed.chosen is None


def test_at_once_forgets_the_day(fjordstuen: House) -> None:
    made = campaign(timing="moment", day=NOON.date(), hour=dt.time(9))
    changed = campaign_change(campaign_id=made.pk, timing="now")
    assert (changed.day, changed.hour) == (None, None)


def test_what_is_missing_names_the_step_to_go_back_to(fjordstuen: House) -> None:
    def missing(**values: Any) -> str | None:
        made = campaign(name="Missing", **{"segment_id": None, "template_id": None, **values})
        told = missing_in(Campaign.objects.get(pk=made.pk), NOON)
        if told is None:
            return None
        with pytest.raises(Refused):
            campaign_confirm(campaign_id=made.pk, now=NOON)
        return told.field

    segment, template = everybody().pk, letter().pk
    empty = template_create(name="Empty", channel="email", purpose="newsletter").pk
    away = letter(name="Away").pk
    template_archive(template_id=away)
    assert missing() == "whom"
    assert missing(chosen=[]) == "whom"
    assert missing(segment_id=segment, template_id=None) == "what"
    assert missing(segment_id=segment, template_id=empty) == "what"
    assert missing(segment_id=segment, template_id=away) == "what"
    today = {"segment_id": segment, "template_id": template, "timing": "moment", "day": NOON.date()}
    assert missing(segment_id=segment, template_id=template, timing="moment") == "when"
    assert missing(**today, hour=dt.time(12)) == "when"
    assert missing(**today, hour=dt.time(13)) is None
    assert missing(segment_id=segment, template_id=template) is None


def test_confirmed_it_says_what_it_was_and_changes_no_more(fjordstuen: House) -> None:
    made = confirmed()
    assert (made.state, made.channel, made.purpose, made.segment_name) == (
        "scheduled",
        "email",
        "newsletter",
        "All guests",
    )
    for act in (campaign_remove, campaign_confirm):
        with pytest.raises(CampaignChanged):
            act(campaign_id=made.pk)
    with pytest.raises(CampaignChanged):
        campaign_change(campaign_id=made.pk, name="Other")
    assert AuditEntry.objects.filter(action="campaign.confirmed", object_id=made.pk).count() == 1


def test_a_campaign_is_confirmed_as_it_was_reviewed(fjordstuen: House) -> None:
    made = campaign()
    campaign_change(campaign_id=made.pk, holdout=20)
    with pytest.raises(CampaignChanged):
        campaign_confirm(campaign_id=made.pk, version=1)
    assert Campaign.objects.get(pk=made.pk).is_draft


def test_a_copy_is_a_draft_to_the_same_segment(fjordstuen: House) -> None:
    made = confirmed(holdout=10)
    copy = campaign_copy(campaign_id=made.pk, member=fjordstuen.marketing)
    assert (copy.name, copy.state, copy.segment_id, copy.template_id, copy.holdout, copy.starts_at) == (
        "Winter letter (copy)",
        "draft",
        made.segment_id,
        made.template_id,
        10,
        None,
    )


def test_a_draft_is_removed(fjordstuen: House) -> None:
    made = campaign()
    campaign_remove(campaign_id=made.pk, member=fjordstuen.marketing)
    assert not Campaign.objects.exists()
    with pytest.raises(Campaign.DoesNotExist):
        campaign_remove(campaign_id=made.pk)
