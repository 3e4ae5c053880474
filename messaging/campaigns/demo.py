"""What the demo's Campaigns begin with: a letter in four languages, in a draft that is ready for its review.

Nothing of it has been sent: a message stays on its guest's card, and the demo's guests are to go away by one undo.
"""

import tomllib
from pathlib import Path
from typing import Any

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.segments.models import Segment
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import campaign_create
from messaging.texts.checking import Draft
from messaging.texts.models import Channel, MessagePurpose, Template
from messaging.texts.services import template_create

FILE = Path(__file__).with_name("demo.toml")
HOLDOUT = 10
"""Percent: so that the results show what it brought."""


def demo_campaign_ensure(*, business: Business) -> int:
    """Give a business of the demo a campaign to be sent to its regulars, unless it has any; how many."""
    with business_scope(business.pk):
        regulars = Segment.objects.filter(code=Segment.Code.REGULARS).first()
        if regulars is None or Campaign.objects.exists():
            return 0
        told = tomllib.loads(FILE.read_text(encoding="utf-8"))
        name = told.get(business.language, told["en"])["name"]
        if Template.objects.filter(name=name).exists():
            return 0
        template = template_create(
            name=name,
            channel=Channel.EMAIL.value,
            purpose=MessagePurpose.NEWSLETTER.value,
            texts={language: _draft(text, business) for language, text in told.items()},
        )
        campaign_create(name=name, segment_id=regulars.pk, template_id=template.pk, holdout=HOLDOUT)
    return 1


def _draft(text: dict[str, Any], business: Business) -> Draft:
    house = f"https://{business.slug}.example/"
    blocks = [
        dict(zip(("kind", "text", "link"), (part.replace("{house}", house) for part in parts), strict=False))
        for parts in text["parts"]
    ]
    return Draft(text["subject"], text["preheader"], blocks)
