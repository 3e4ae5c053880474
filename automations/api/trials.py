"""The API of rehearsals: dry runs, and a try on one guest."""

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PageQuery
from accounts.api.pagination import page_response
from accounts.api.views import READ
from accounts.audit import audit_record
from automations.api.frame import AutomationView
from automations.api.trial_serializers import (
    DryRunIn,
    DryRunOut,
    DryRunPage,
    DryRunStepOut,
    DryRunStepPage,
    DryRunStepQuery,
    TrialOut,
    TryIn,
    asked_of,
    trial_shown,
)
from automations.models import Automation, DryRun, DryRunStep
from automations.rehearsal.services import dry_run_remove, dry_run_start, try_on
from automations.rehearsal.tasks import dry_run_nudge
from customers.card.models import Customer
from customers.lineage.selectors import ids_now


class DryRuns(AutomationView):
    """Those of an automation."""

    @extend_schema(
        operation_id="list_dry_runs",
        summary="List the dry runs of an automation",
        tags=["Automations"],
        parameters=[PageQuery],
        responses=DryRunPage,
    )
    def get(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        rows = DryRun.objects.filter(automation_id=automation_id)
        return page_response(request, rows, query=self.query(PageQuery), show=DryRunOut)

    @extend_schema(
        operation_id="start_dry_run",
        summary="Try an automation on the register, for days behind or ahead",
        description="What is worked on is tried, in the background: ask again until `state` is `done`. Nothing of it "
        "happens.",
        tags=["Automations"],
        request=DryRunIn,
        responses={201: DryRunOut},
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        run = dry_run_start(automation_id=automation_id, **self.body(DryRunIn))
        dry_run_nudge(run)
        return Response(self.told(DryRunOut(run).data), status=201)


class DryRunOfAll(AutomationView):
    """One of them."""

    @extend_schema(
        operation_id="get_dry_run",
        summary="Read how far a dry run has come and what it came to",
        tags=["Automations"],
        responses=DryRunOut,
    )
    def get(self, request: Request, slug: str, dry_id: int) -> Response:
        return Response(DryRunOut(DryRun.objects.get(pk=dry_id)).data)

    @extend_schema(
        operation_id="remove_dry_run",
        summary="Remove a dry run; one at work ends",
        tags=["Automations"],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, dry_id: int) -> Response:
        run = DryRun.objects.get(pk=dry_id)
        dry_run_remove(automation_id=run.automation_id, run_id=run.pk)
        return Response(status=204)


class StepsOfDryRun(AutomationView):
    """Guest by guest."""

    @extend_schema(
        operation_id="list_steps_of_dry_run",
        summary="List what a dry run would do for each guest, and why not",
        tags=["Automations"],
        parameters=[DryRunStepQuery],
        responses=DryRunStepPage,
    )
    def get(self, request: Request, slug: str, dry_id: int) -> Response:
        DryRun.objects.get(pk=dry_id)
        query = self.query(DryRunStepQuery)
        rows = DryRunStep.objects.filter(run_id=dry_id, **asked_of(query))
        return page_response(request, rows, query=query, show=DryRunStepOut)


class Try(AutomationView):
    """One guest."""

    scopes = {"POST": READ}

    @extend_schema(
        operation_id="try_automation",
        summary="Send one guest through an automation, in a moment and without anything happening",
        description="What is worked on is tried, from the moment it would begin for this guest.",
        tags=["Automations"],
        request=TryIn,
        responses=TrialOut,
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        (guest,) = ids_now(customer_ids=[self.body(TryIn)["guest_id"]])
        try:
            trial = try_on(automation_id=automation_id, customer_id=guest)
        except Customer.DoesNotExist as error:
            raise serializers.ValidationError({"guest_id": [_("This guest is not in the register.")]}) from error
        audit_record(action="guest.viewed", object_type="customer", object_id=guest)
        return Response(trial_shown(trial))


urlpatterns = [
    path("automations/<int:automation_id>/dry-runs/", DryRuns.as_view(), name="api_dry_runs"),
    path("automations/<int:automation_id>/try/", Try.as_view(), name="api_automation_try"),
    path("dry-runs/<int:dry_id>/", DryRunOfAll.as_view(), name="api_dry_run"),
    path("dry-runs/<int:dry_id>/steps/", StepsOfDryRun.as_view(), name="api_dry_run_steps"),
]
