"""What the demo's Campaigns begin with is ready to be sent, in every language, and touches no guest."""

import pytest
from django.test import Client
from django.urls import reverse

from messaging.campaigns.demo import demo_campaign_ensure
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import missing_in
from messaging.outbox.models import Message
from messaging.texts.selectors import as_text, texts_of
from messaging.texts.showing import shown, values_shown
from tests.cast import House
from tests.messaging.campaigns.houses import NOON
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db


def test_the_demo_begins_with_a_campaign_to_review(fjordstuen: House, client: Client) -> None:
    guest()
    assert demo_campaign_ensure(business=fjordstuen.business) == 1
    assert demo_campaign_ensure(business=fjordstuen.business) == 0
    made = Campaign.objects.select_related("segment", "template").get()
    assert missing_in(made, NOON) is None
    assert made.template is not None
    texts = texts_of(template_ids=[made.template.pk])[made.template.pk]
    assert sorted(texts) == ["da", "en", "nb", "nl"]
    for language, text in texts.items():
        values = values_shown(guest=None, texts=[as_text(text)], business=fjordstuen.business)
        seen = shown(as_text(text), values, language=language, business=fjordstuen.business)
        assert not seen.is_unfinished and not seen.missing
        assert "https://fjordstuen.example/" in seen.rendered.text
    client.force_login(fjordstuen.marketing.user)
    review = client.get(reverse("campaign_review", kwargs={"slug": fjordstuen.slug, "campaign_id": made.pk}))
    assert review.status_code == 200 and "Vinterbrev" in review.content.decode()
    assert not Message.objects.exists()
