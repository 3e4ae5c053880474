"""What the views of duplicates have in common: refusals of the services become problems."""

from collections.abc import Iterable
from functools import partial
from typing import Final

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.api.problems import Problem, invalid
from accounts.api.views import ApiView
from customers.changes.models import ChangeSet
from customers.changes.services import CannotUndo
from dedup.merging.services import MergeRefused
from dedup.register.models import Match, MatchRun
from dedup.register.services import DecisionRefused, RunRefused, SettingsRefused

operation: Final = partial(extend_schema, tags=["Duplicates"])
"""What the description says of one operation: ``operation_id``, ``summary``, ``request``, ``responses`` …"""
CHANGED, GONE = "changed", "gone"
FIELDS_OF = {"few": "guest_ids", "same": "guest_ids", "many": "guest_ids", GONE: "guest_ids", "choice": "choices"}
"""Which field of a request a refusal is about."""


class DuplicatesView(ApiView):
    """The base of every view of duplicates."""

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case Match.DoesNotExist() | MatchRun.DoesNotExist() | ChangeSet.DoesNotExist():
                problem: Exception = Http404()
            case MergeRefused():
                problem = merge_problem(exc)
            case SettingsRefused():
                problem = invalid(exc.errors)
            case RunRefused() | DecisionRefused() | CannotUndo():
                problem = Problem(409, "refused", str(exc))
            case _:
                problem = exc
        return super().handle_exception(problem)


def merge_problem(refused: MergeRefused) -> Problem:
    """Why cards cannot be merged: 422 where the request names the wrong ones, 409 where the cards are in the way."""
    name = FIELDS_OF.get(refused.code)
    if name is not None:
        return invalid({name: str(refused)})
    if refused.code == CHANGED:
        return Problem(409, "changed_meanwhile", str(refused))
    return Problem(409, "restricted" if refused.code == "restricted" else "merge_refused", str(refused))


def refuse_strange(fields: Iterable[str]) -> None:
    """Refuse the ``fields`` of a request, if there are any: each names what is none of the cards to merge."""
    errors = {field: _("This is none of the cards to merge.") for field in fields}
    if errors:
        raise invalid(errors)
