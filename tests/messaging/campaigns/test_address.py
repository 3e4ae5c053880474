"""Marketing by e-mail says who it is from, with a postal address; a campaign without one is warned of."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Business
from messaging.outbox.writing import message_rendered
from tests.cast import House
from tests.messaging.campaigns.houses import campaign, everybody, letter, open_all_day
from tests.messaging.outbox.letters import draft, guest, local, planned

pytestmark = pytest.mark.django_db
WARNING = "The postal address is missing"


@pytest.mark.parametrize(
    ("purpose", "channel", "is_warned"),
    [("newsletter", "email", True), ("offer", "email", True), ("newsletter", "sms", False), ("stay", "email", False)],
)
def test_the_review_warns(fjordstuen: House, client: Client, purpose: str, channel: str, is_warned: bool) -> None:
    template = letter(purpose=purpose, channel=channel)
    made = campaign(template_id=template.pk, segment_id=everybody().pk)
    review = reverse("campaign_review", kwargs={"slug": fjordstuen.business.slug, "campaign_id": made.pk})
    client.force_login(fjordstuen.marketing.user)
    assert (WARNING in client.get(review).text) is is_warned
    Business.objects.filter(pk=fjordstuen.pk).update(postal_address="Fjordveien 12\n6800 Førde")
    assert WARNING not in client.get(review).text


def test_it_stands_below_what_leaves(fjordstuen: House) -> None:
    Business.objects.filter(pk=fjordstuen.pk).update(postal_address="Fjordveien 12\n6800 Førde")
    open_all_day()
    local(fjordstuen.business)
    (message,) = planned(draft(guest().pk, "one", purpose="newsletter"))
    business = Business.objects.get(pk=fjordstuen.pk)
    seen = message_rendered(message=message, business=business)
    assert seen.text.rstrip().endswith("Fjordstuen, Fjordveien 12, 6800 Førde")
    assert "Fjordstuen, Fjordveien 12, 6800 Førde" in seen.html
    assert "business.address" not in seen.missing
