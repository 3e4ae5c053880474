"""The API of steering: one journey stopped, one step skipped, older journeys moved to what runs now."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from automations.api.frame import AutomationView
from automations.api.journey_serializers import JourneyWhole, MovedOut, SkipIn
from automations.api.journeys import JourneyView
from automations.models import Automation, Journey
from automations.tasks import automations_nudge
from automations.watching.services import journey_stop, journeys_move, step_skip


class StopOfJourney(JourneyView):
    """Its end before the time."""

    @extend_schema(
        operation_id="stop_journey",
        summary="Stop one journey of one guest",
        description="Its messages that wait are taken back; what was sent stays sent.",
        tags=["Automations"],
        request=None,
        responses=JourneyWhole,
    )
    def post(self, request: Request, slug: str, journey_id: int) -> Response:
        journey_stop(journey_id=journey_id)
        return self.journey(journey_id)


class SkipOfJourney(JourneyView):
    """One step less."""

    @extend_schema(
        operation_id="skip_step",
        summary="Let a guest go past a step",
        description="The one that comes next, or a later one. A wait that is skipped is over at once.",
        tags=["Automations"],
        request=SkipIn,
        responses=JourneyWhole,
    )
    def post(self, request: Request, slug: str, journey_id: int) -> Response:
        Journey.objects.get(pk=journey_id)
        step_skip(journey_id=journey_id, step=self.body(SkipIn).get("step", ""))
        automations_nudge(business_id=self.business.pk)
        return self.journey(journey_id)


class MoveOfJourneys(AutomationView):
    """Older journeys on what runs now."""

    @extend_schema(
        operation_id="move_journeys",
        summary="Let journeys of older versions go on on the current one",
        description="Where the step that comes next still stands in it; others finish as they began.",
        tags=["Automations"],
        request=None,
        responses=MovedOut,
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        return Response(MovedOut({"moved": journeys_move(automation_id=automation_id)}).data)


urlpatterns = [
    path("automations/<int:automation_id>/move/", MoveOfJourneys.as_view(), name="api_automation_move"),
    path("journeys/<int:journey_id>/stop/", StopOfJourney.as_view(), name="api_journey_stop"),
    path("journeys/<int:journey_id>/skip/", SkipOfJourney.as_view(), name="api_journey_skip"),
]
