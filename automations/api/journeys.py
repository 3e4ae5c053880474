"""The API of journeys: who is where, and what came of it so far."""

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from automations.api.frame import AutomationView
from automations.api.journey_serializers import (
    CountsOut,
    JourneyOut,
    JourneyPage,
    JourneyQuery,
    JourneyWhole,
    NextSteps,
    ResultsDays,
    ResultsOfAutomation,
    counts_shown,
    next_shown,
)
from automations.models import Automation, Journey
from automations.watching.selectors import RESULT_DAYS, counts_of, next_steps_of, results_of
from customers.card.models import Customer
from customers.lineage.selectors import ids_now


class Journeys(AutomationView):
    """All journeys."""

    @extend_schema(
        operation_id="list_journeys",
        summary="List journeys of guests through automations",
        tags=["Automations"],
        parameters=[JourneyQuery],
        responses=JourneyPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(JourneyQuery)
        rows: QuerySet[Journey] = Journey.objects.select_related("version")
        rows = rows.filter(**{name: query[name] for name in ("automation_id", "state", "step") if query.get(name)})
        if query.get("guest_id"):
            (guest,) = ids_now(customer_ids=[query["guest_id"]])
            rows = rows.filter(customer_id=guest)
        return page_response(request, rows, query=query, show=JourneyOut)


class JourneyView(AutomationView):
    """One journey."""

    def journey(self, journey_id: int) -> Response:
        """How it stands."""
        found = Journey.objects.select_related("version").get(pk=journey_id)
        return Response(self.told(JourneyWhole(found).data))


class JourneyOfAll(JourneyView):
    """How one stands."""

    @extend_schema(
        operation_id="get_journey",
        summary="Read a journey and what came of its steps",
        tags=["Automations"],
        responses=JourneyWhole,
    )
    def get(self, request: Request, slug: str, journey_id: int) -> Response:
        return self.journey(journey_id)


class CountsOfAutomation(AutomationView):
    """Who is where, in numbers."""

    @extend_schema(
        operation_id="get_counts_of_automation",
        summary="Tell how many journeys are where, and what came of each step",
        tags=["Automations"],
        responses=CountsOut,
    )
    def get(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        return Response(counts_shown(counts_of(automation_id=automation_id)))


class Results(AutomationView):
    """What it came to."""

    @extend_schema(
        operation_id="get_results_of_automation",
        summary="Tell what an automation came to",
        tags=["Automations"],
        parameters=[ResultsDays],
        responses=ResultsOfAutomation,
    )
    def get(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        days = self.query(ResultsDays).get("days") or RESULT_DAYS
        results = results_of(automation_id=automation_id, business=self.business, days=days)
        return Response(ResultsOfAutomation(results).data)


class NextStepsOfGuest(AutomationView):
    """What comes for one guest."""

    @extend_schema(
        operation_id="list_next_steps_of_guest",
        summary="Tell what comes next for a guest in each automation",
        tags=["Automations"],
        responses=NextSteps,
    )
    def get(self, request: Request, slug: str, customer_id: int) -> Response:
        Customer.objects.get(pk=customer_id)
        return Response({"items": next_shown(next_steps_of(customer_id=customer_id))})


urlpatterns = [
    path("automations/<int:automation_id>/counts/", CountsOfAutomation.as_view(), name="api_automation_counts"),
    path("automations/<int:automation_id>/results/", Results.as_view(), name="api_automation_results"),
    path("guests/<int:customer_id>/next-steps/", NextStepsOfGuest.as_view(), name="api_guest_next_steps"),
    path("journeys/", Journeys.as_view(), name="api_journeys"),
    path("journeys/<int:journey_id>/", JourneyOfAll.as_view(), name="api_journey"),
]
