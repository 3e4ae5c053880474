"""The API of bulk actions."""

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import Problem, invalid
from accounts.api.views import ApiView
from accounts.tenancy.runs import nudge
from customers.bulk.models import BulkRun
from customers.bulk.registry import ValuesRefused
from customers.bulk.selectors import run_get
from customers.bulk.serializers import BulkIn, BulkOut
from customers.bulk.services import RunRefused, bulk_cancel, bulk_start
from customers.bulk.tasks import bulk_run_work
from customers.bulk.undoing import bulk_undo
from customers.changes.services import CannotUndo
from customers.conditions.selectors import filter_catalogue
from customers.filters import Condition, Group, TreeError, tree_read


class BulkView(ApiView):
    """What the views of bulk actions have in common: refusals become problems."""

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case BulkRun.DoesNotExist():
                exc = Http404()
            case ValuesRefused():
                names = {
                    "tag": "values.tag_id",
                    "field": "values.field",
                    "value": "values.value",
                    "automation": "values.automation_id",
                }
                exc = invalid({names.get(name, name): text for name, text in exc.errors.items()})
            case RunRefused() | CannotUndo():
                exc = Problem(409, "refused", str(exc))
        return super().handle_exception(exc)

    def shown(self, run: BulkRun, status: int = 200) -> Response:
        """The run; whoever may not read gets its id."""
        if run.is_open:
            nudge(bulk_run_work, run)
        return Response(self.told(BulkOut(run).data), status=status)


class BulkActions(BulkView):
    """All bulk actions."""

    @extend_schema(
        operation_id="start_bulk_action",
        summary="Change many guests at once",
        description="Up to 200 guests are changed before the answer comes. More are changed in the background: ask "
        "again until `state` is `done`. It is one act in the history, and can be undone as one.",
        tags=["Bulk actions"],
        request=BulkIn,
        responses={201: BulkOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(BulkIn)
        values = body["values"]
        if "tag_id" in values:
            values["tag"] = str(values.pop("tag_id"))
        if "automation_id" in values:
            values["automation"] = str(values.pop("automation_id"))
        whom = "filter" if "filter" in body else "segment_id"
        try:
            run = bulk_start(
                business=self.business,
                action=body["action"],
                values=values,
                ids=body.get("guest_ids"),
                tree=self._tree(body),
            )
        except TreeError as error:
            raise invalid({whom: " ".join(_(each.message) % each.params for each in error.problems)}) from error
        return self.shown(run, 201)

    def _tree(self, body: dict[str, Any]) -> Group | None:
        if "segment_id" in body:
            return Group(rules=(Condition("segment", "any_of", (body["segment_id"],)),))
        return tree_read(body["filter"], filter_catalogue()) if "filter" in body else None


class BulkAction(BulkView):
    """One of them."""

    @extend_schema(
        operation_id="get_bulk_action",
        summary="See how far a bulk action has come",
        tags=["Bulk actions"],
        responses=BulkOut,
    )
    def get(self, request: Request, slug: str, bulk_id: int) -> Response:
        return Response(BulkOut(run_get(run_id=bulk_id)).data)


class BulkCancel(BulkView):
    """Its end before the time."""

    @extend_schema(
        operation_id="cancel_bulk_action",
        summary="Stop a bulk action; what is written stays",
        tags=["Bulk actions"],
        request=None,
        responses=BulkOut,
    )
    def post(self, request: Request, slug: str, bulk_id: int) -> Response:
        return self.shown(bulk_cancel(run_id=bulk_id))


class BulkUndo(BulkView):
    """Its undo."""

    @extend_schema(
        operation_id="undo_bulk_action",
        summary="Undo a bulk action",
        description="What was changed since stays. A large one is undone in the background, as a bulk action of its "
        "own, which this answers with; undoing that one brings the first back.",
        tags=["Bulk actions"],
        request=None,
        responses={201: BulkOut},
    )
    def post(self, request: Request, slug: str, bulk_id: int) -> Response:
        run = run_get(run_id=bulk_id)
        return self.shown(bulk_undo(change_set_id=run.change_set_id or 0), 201)


urlpatterns = [
    path("bulk/", BulkActions.as_view(), name="api_bulk_actions"),
    path("bulk/<int:bulk_id>/", BulkAction.as_view(), name="api_bulk_action"),
    path("bulk/<int:bulk_id>/cancel/", BulkCancel.as_view(), name="api_bulk_cancel"),
    path("bulk/<int:bulk_id>/undo/", BulkUndo.as_view(), name="api_bulk_undo"),
]
