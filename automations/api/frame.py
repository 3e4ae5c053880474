"""What the views of automations have in common."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.problems import Problem, invalid
from accounts.api.views import stale
from accounts.models import Business
from accounts.services.refusals import Refused
from automations.api.serializers import automation_shown
from automations.building.selectors import facts_of
from automations.building.services import AutomationChanged, DefinitionRefused
from automations.building.shown import doubt_words
from automations.building.warnings import warnings_of
from automations.definition import Definition
from automations.definition import Problem as Fault
from automations.models import Automation, AutomationVersion, DryRun, Journey
from customers.card.api import GuestView

GONE = (Automation.DoesNotExist, AutomationVersion.DoesNotExist, Journey.DoesNotExist, DryRun.DoesNotExist)
_INPUTS = {"segment": "segment_id", "customer": "guest_id", "customer_id": "guest_id"}
"""Fields of the services as the API calls them."""


class AutomationView(GuestView):
    """Refusals of the services become problems."""

    def problem_of(self, error: Exception) -> Exception:
        match error:
            case AutomationChanged():
                return stale(self.told(automation_shown(error.current), self.request.data))
            case DefinitionRefused():
                return invalid(faults_told(error.problems))
            case Refused() if error.field:
                return invalid({_INPUTS.get(error.field, error.field): str(error)})
            case Refused():
                return Problem(409, "refused", str(error))
        return Http404() if isinstance(error, GONE) else super().problem_of(error)

    def automation(self, automation_id: int, *, status: int = 200) -> Response:
        """An automation after a change."""
        found = Automation.objects.select_related("current").get(pk=automation_id)
        return Response(self.told(automation_shown(found)), status=status)


def faults_told(faults: Sequence[Fault]) -> dict[str, str]:
    """What is wrong with a definition, by part and field: ``definition.trigger.tag``, of a step by its id."""
    told: dict[str, list[str]] = {}
    for each in faults:
        place = ".".join(part for part in ("definition", each.place, each.field) if part)
        told.setdefault(place, []).append(fault_words(each))
    return {place: " ".join(dict.fromkeys(words)) for place, words in told.items()}


def faults_listed(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """The same, one by one."""
    return [{"place": each.place, "field": each.field, "detail": fault_words(each)} for each in faults]


def doubts_told(definition: Definition, business: Business) -> list[dict[str, Any]]:
    """What is likely not meant, of a definition that could run."""
    facts = facts_of(business=business, definition=definition, reach=True)
    return [
        {"place": each.place, "code": each.code, "detail": doubt_words(each)} for each in warnings_of(definition, facts)
    ]


def fault_words(fault: Fault) -> str:
    """A fault in words."""
    return str(_(fault.message) % fault.params)
