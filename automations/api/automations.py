"""The API of automations: made, changed, tried out in words, removed."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PageQuery
from accounts.api.pagination import page_response
from accounts.api.schema import IF_MATCH
from automations.api.frame import AutomationView
from automations.api.serializers import (
    AutomationChange,
    AutomationIn,
    AutomationOut,
    AutomationPage,
    AutomationQuery,
    CopyIn,
    VersionOut,
    VersionPage,
)
from automations.building.services import automation_change, automation_copy, automation_create, automation_remove
from automations.models import Automation, AutomationVersion


class Automations(AutomationView):
    """All automations."""

    @extend_schema(
        operation_id="list_automations",
        summary="List automations",
        tags=["Automations"],
        parameters=[AutomationQuery],
        responses=AutomationPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(AutomationQuery)
        found = Automation.objects.select_related("current")
        if query.get("state"):
            found = found.filter(state=query["state"])
        return page_response(request, found, query=query, show=AutomationOut)

    @extend_schema(
        operation_id="create_automation",
        summary="Make an automation",
        description="It is a draft: nothing begins before it is turned on.",
        tags=["Automations"],
        request=AutomationIn,
        responses={201: AutomationOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        return self.automation(automation_create(**self.body(AutomationIn)).pk, status=201)


class AutomationOfAll(AutomationView):
    """One automation."""

    @extend_schema(
        operation_id="get_automation", summary="Read an automation", tags=["Automations"], responses=AutomationOut
    )
    def get(self, request: Request, slug: str, automation_id: int) -> Response:
        return self.automation(automation_id)

    @extend_schema(
        operation_id="update_automation",
        summary="Change the name of an automation, or what is worked on",
        description="Of one that is on, what runs stays as it is until it is published.",
        tags=["Automations"],
        parameters=[IF_MATCH],
        request=AutomationChange,
        responses=AutomationOut,
    )
    def patch(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        body: dict[str, Any] = self.body(AutomationChange)
        automation_change(automation_id=automation_id, version=self.expected_version(body), **body)
        return self.automation(automation_id)

    @extend_schema(
        operation_id="remove_automation",
        summary="Remove an automation that is off, with its history",
        tags=["Automations"],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, automation_id: int) -> Response:
        automation_remove(automation_id=automation_id)
        return Response(status=204)


class CopyOfAutomation(AutomationView):
    """Another like it."""

    @extend_schema(
        operation_id="copy_automation",
        summary="Make a draft like an automation",
        tags=["Automations"],
        request=CopyIn,
        responses={201: AutomationOut},
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        name = self.body(CopyIn).get("name")
        made = automation_copy(automation_id=automation_id)
        if name:
            automation_change(automation_id=made.pk, name=name)
        return self.automation(made.pk, status=201)


class VersionsOfAutomation(AutomationView):
    """What ran, and what runs."""

    @extend_schema(
        operation_id="list_versions_of_automation",
        summary="List the versions of an automation",
        tags=["Automations"],
        parameters=[PageQuery],
        responses=VersionPage,
    )
    def get(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        rows = AutomationVersion.objects.filter(automation_id=automation_id).select_related("automation")
        return page_response(request, rows, query=self.query(PageQuery), show=VersionOut)


urlpatterns = [
    path("automations/", Automations.as_view(), name="api_automations"),
    path("automations/<int:automation_id>/", AutomationOfAll.as_view(), name="api_automation"),
    path("automations/<int:automation_id>/copy/", CopyOfAutomation.as_view(), name="api_automation_copy"),
    path("automations/<int:automation_id>/versions/", VersionsOfAutomation.as_view(), name="api_automation_versions"),
]
