"""Templates, segments and campaigns for tests."""

import datetime as dt
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Member
from customers.segments.models import Segment
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.campaigns.services import campaign_confirm, campaign_create, campaign_step
from messaging.gate.services import settings_save
from messaging.texts.checking import Draft
from messaging.texts.models import Template
from messaging.texts.services import template_create
from tests.cast import House
from tests.factories import SegmentFactory

NOON = dt.datetime(2026, 6, 16, 10, 0, tzinfo=dt.UTC)
"""A Tuesday, 12:00 in Oslo."""


def open_all_day() -> None:
    """No quiet hours and no caps to speak of: tests run at night, too."""
    settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=10, cap_week=50)


def letter(name: str = "Winter", purpose: str = "newsletter", channel: str = "email", **texts: str) -> Template:
    """A template in English, and in the languages given with their subject."""
    if channel == "sms":
        drafts = {"en": Draft(body="Hello {guest.given_name|you}, snow is here.")}
    else:
        subjects = {"en": "Snow, {guest.given_name|dear guest}", **texts}
        drafts = {
            language: Draft(subject=subject, blocks=({"kind": "paragraph", "text": "The slopes are open."},))
            for language, subject in subjects.items()
        }
    return template_create(name=name, channel=channel, purpose=purpose, texts=drafts)


def everybody() -> Segment:
    """A segment of all guests."""
    return SegmentFactory(name="All guests")


def campaign(**values: Any) -> Campaign:
    """A draft to everybody, at once, unless told otherwise."""
    told: dict[str, Any] = {"name": "Winter letter"}
    if "segment_id" not in values and "chosen" not in values:
        told["segment_id"] = everybody().pk
    if "template_id" not in values:
        told["template_id"] = letter().pk
    return campaign_create(**{**told, **values})


def confirmed(now: dt.datetime | None = None, **values: Any) -> Campaign:
    """A campaign that has been let out."""
    return campaign_confirm(campaign_id=campaign(**values).pk, now=now)


def worked(made: Campaign, now: dt.datetime | None = None) -> Campaign:
    """The campaign after a worker has done all there is to do now, in the scope of the test."""
    after = 0
    while (step := campaign_step(campaign_id=made.pk, now=now or timezone.now(), after=after)).more:
        after = step.after
    made.refresh_from_db()
    return made


def arms(made: Campaign) -> dict[int, tuple[str, str]]:
    """What was decided for each guest, and why."""
    found = CampaignGuest.objects.filter(campaign=made).values_list("customer_id", "arm", "reason")
    return {guest: (arm, reason) for guest, arm, reason in found}


def signed_in(member: Member) -> Client:
    """A browser in which a member is signed in."""
    client = Client()
    client.force_login(member.user)
    return client


def at(house: House, name: str, made: Campaign | None = None) -> str:
    """The address of a page of campaigns."""
    kwargs: dict[str, Any] = {"slug": house.slug}
    if made is not None:
        kwargs["campaign_id"] = made.pk
    return reverse(name, kwargs=kwargs)
