"""The API of automations that run: on, paused, off, and who enters by hand."""

from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import invalid
from accounts.api.schema import IF_MATCH
from automations.api.frame import AutomationView
from automations.api.serializers import AutomationOut, EnteredOut, EnterIn, TurnOnIn
from automations.building.services import (
    automation_pause,
    automation_publish,
    automation_resume,
    automation_turn_off,
    automation_turn_on,
)
from automations.models import Automation
from automations.planning.services import enter_by_hand
from automations.reasons import reason_words
from automations.tasks import automations_nudge
from customers.lineage.selectors import ids_now


class RunningView(AutomationView):
    """What there is to do after a change is done at once."""

    def begun(self, automation_id: int) -> Response:
        """An automation that goes on now."""
        automations_nudge(business_id=self.business.pk)
        return self.automation(automation_id)


class TurnOn(RunningView):
    """Its beginning."""

    @extend_schema(
        operation_id="turn_on_automation",
        summary="Turn an automation on",
        description="Guests enter from now on. Whoever met the trigger before enters, too, with `take_present`.",
        tags=["Automations"],
        parameters=[IF_MATCH],
        request=TurnOnIn,
        responses=AutomationOut,
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        body: dict[str, Any] = self.body(TurnOnIn)
        automation_turn_on(
            automation_id=automation_id,
            take_present=body.get("take_present", False),
            version=self.expected_version({}),
        )
        return self.begun(automation_id)


class Publish(RunningView):
    """What is worked on takes the place of what runs."""

    @extend_schema(
        operation_id="publish_automation",
        summary="Let what is worked on take the place of what runs",
        description="Guests who are on their way go on as they began; those who have not begun yet are planned anew.",
        tags=["Automations"],
        parameters=[IF_MATCH],
        request=None,
        responses=AutomationOut,
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        automation_publish(automation_id=automation_id, version=self.expected_version({}))
        return self.begun(automation_id)


class Pause(AutomationView):
    """A stop for a while."""

    @extend_schema(
        operation_id="pause_automation",
        summary="Pause an automation",
        description="Nobody goes on before it is resumed; what is too late by then is not sent.",
        tags=["Automations"],
        request=None,
        responses=AutomationOut,
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        automation_pause(automation_id=automation_id)
        return self.automation(automation_id)


class Resume(RunningView):
    """Going on."""

    @extend_schema(
        operation_id="resume_automation",
        summary="Go on with a paused automation",
        tags=["Automations"],
        request=None,
        responses=AutomationOut,
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        automation_resume(automation_id=automation_id)
        return self.begun(automation_id)


class TurnOff(AutomationView):
    """Its end."""

    @extend_schema(
        operation_id="turn_off_automation",
        summary="Turn an automation off",
        description="Journeys stop where they are, and messages that wait are taken back. It can be turned on anew.",
        tags=["Automations"],
        request=None,
        responses=AutomationOut,
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        automation_turn_off(automation_id=automation_id)
        return self.automation(automation_id)


class GuestsOfAutomation(AutomationView):
    """Who enters by hand."""

    @extend_schema(
        operation_id="enter_guests",
        summary="Let guests enter an automation by hand",
        description="Its rule of entering again holds for them, too, and so do the conditions of its steps.",
        tags=["Automations"],
        request=EnterIn,
        responses={201: EnteredOut},
    )
    def post(self, request: Request, slug: str, automation_id: int) -> Response:
        Automation.objects.get(pk=automation_id)
        ids = self.body(EnterIn)["guest_ids"]
        found = enter_by_hand(automation_id=automation_id, customer_ids=ids_now(customer_ids=ids), now=timezone.now())
        if "missing" in found.refused:
            raise invalid({"guest_ids": _("Some of these guests are not in the register.")})
        automations_nudge(business_id=self.business.pk)
        refused = [
            {"reason": reason, "words": str(reason_words(reason)), "number": number}
            for reason, number in found.refused.items()
        ]
        told = {"entered": found.entered, "already": found.already, "refused": refused}
        return Response(EnteredOut(told).data, status=201)


urlpatterns = [
    path("automations/<int:automation_id>/turn-on/", TurnOn.as_view(), name="api_automation_on"),
    path("automations/<int:automation_id>/publish/", Publish.as_view(), name="api_automation_publish"),
    path("automations/<int:automation_id>/pause/", Pause.as_view(), name="api_automation_pause"),
    path("automations/<int:automation_id>/resume/", Resume.as_view(), name="api_automation_resume"),
    path("automations/<int:automation_id>/turn-off/", TurnOff.as_view(), name="api_automation_off"),
    path("automations/<int:automation_id>/guests/", GuestsOfAutomation.as_view(), name="api_automation_guests"),
]
