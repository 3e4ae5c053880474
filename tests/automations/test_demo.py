"""What the demo's Automations begin with has been planned and run by the planner and the runner themselves."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from automations.demo import BY_HAND, DATES, DRAFT, FEW, demo_automations_ensure
from automations.models import Automation, Journey, JourneyStep
from customers.history.models import Stay
from messaging.outbox.models import Message
from tests.cast import Cast
from tests.factories import CustomerFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


def test_two_are_on_with_guests_and_one_is_a_draft(cast: Cast) -> None:
    house, now = cast.fjordstuen, timezone.now()
    with business_scope(house.pk):
        near = (now + dt.timedelta(days=5)).date().replace(year=1980)
        celebrates = CustomerFactory(birth_date=near)
        for days in range(FEW + 1):
            stay = StayFactory(
                status=Stay.Status.NO_SHOW,
                arrival=now.date() - dt.timedelta(days=days + 2),
                departure=now.date() - dt.timedelta(days=days + 1),
            )
            StayParticipantFactory(stay=stay, is_booker=True)
    assert demo_automations_ensure(business=house.business) == 3
    assert demo_automations_ensure(business=house.business) == 0
    with business_scope(house.pk):
        assert dict(Automation.objects.values_list("recipe", "state")) == {DATES: "on", BY_HAND: "on", DRAFT: "draft"}
        (planned,) = Journey.objects.filter(automation__recipe=DATES)
        assert (planned.customer_id, planned.state, planned.anchor) == (
            celebrates.pk,
            "planned",
            near.replace(year=planned.anchor.year),
        )
        missed = Journey.objects.filter(automation__recipe=BY_HAND)
        assert [each.state for each in missed] == ["done"] * FEW
        assert JourneyStep.objects.filter(automation__recipe=BY_HAND, outcome="done").count() == 2 * FEW
        assert not Message.objects.exists()
