"""The rows of a file, what somebody decides about them, and the file's way into the register and out of it."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PageQuery
from accounts.api.pagination import page_response
from accounts.api.problems import Problem
from accounts.models import ApiKey
from accounts.tenancy.runs import nudge
from customers.bulk.tasks import bulk_run_work
from customers.bulk.undoing import bulk_undo, undo_is_big
from customers.changes.services import change_set_undo
from imports.api.frame import TAGS, ImportView
from imports.mapping import is_sensitive
from imports.models import ImportProblem, ImportRow
from imports.rejected import rejected_file
from imports.selectors import run_get
from imports.serializers import (
    DecisionIn,
    ImportOut,
    ProblemPage,
    RowOut,
    RowPage,
    RowProblemOut,
    RowQuery,
    StartIn,
)
from imports.services import RunRefused, rows_decide, run_start, run_stop
from imports.tasks import import_run_work
from imports.wording import meanings_of


class ImportRows(ImportView):
    """What becomes of its rows."""

    @extend_schema(
        operation_id="list_import_rows",
        summary="List what becomes of each row",
        tags=TAGS,
        parameters=[RowQuery],
        responses=RowPage,
    )
    def get(self, request: Request, slug: str, run_id: int) -> Response:
        query = self.query(RowQuery)
        rows = ImportRow.objects.filter(run_id=run_get(run_id=run_id).pk)
        chosen = {name: query[name] for name in ("outcome", "cause") if name in query}
        return page_response(
            request,
            rows.filter(**chosen),
            query=query,
            show=RowOut,
            order=("line",),
        )


class ImportDecisions(ImportView):
    """What somebody decides about them."""

    @extend_schema(
        operation_id="decide_import_rows",
        summary="Decide what becomes of rows",
        tags=TAGS,
        request=DecisionIn,
        responses=ImportOut,
    )
    def post(self, request: Request, slug: str, run_id: int) -> Response:
        run_get(run_id=run_id)
        body = self.body(DecisionIn)
        rows_decide(
            run_id=run_id,
            lines=body.get("lines"),
            outcome=body.get("outcome"),
            cause=body.get("cause"),
            decision=body["decision"],
            customer_id=body.get("guest_id"),
        )
        return self.shown(run_get(run_id=run_id))


class ImportProblems(ImportView):
    """What was not as it should be."""

    @extend_schema(
        operation_id="list_import_problems",
        summary="List what is wrong, by line, column and value",
        tags=TAGS,
        parameters=[PageQuery],
        responses=ProblemPage,
    )
    def get(self, request: Request, slug: str, run_id: int) -> Response:
        rows = ImportProblem.objects.filter(run=run_get(run_id=run_id))
        query = self.query(PageQuery)
        return page_response(request, rows, query=query, show=RowProblemOut)


class ImportRejected(ImportView):
    """The rows that are left out."""

    @extend_schema(
        operation_id="get_rejected_rows",
        summary="Read the rows that are left out, with the reason, as CSV",
        description="They can be put right and sent again. Empty once the file is deleted.",
        tags=TAGS,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, slug: str, run_id: int) -> HttpResponse:
        run = run_get(run_id=run_id)
        text = "".join(rejected_file(run=run)) if run.upload else ""
        return HttpResponse(text, content_type="text/csv; charset=utf-8")


class ImportStart(ImportView):
    """Into the register."""

    @extend_schema(
        operation_id="start_import",
        summary="Let a file into the register, or go on with one that was stopped",
        description="A file with consents or sensitive details needs a key with those scopes as well.",
        tags=TAGS,
        request=StartIn,
        responses=ImportOut,
    )
    def post(self, request: Request, slug: str, run_id: int) -> Response:
        run = run_get(run_id=run_id)
        told = meanings_of(run)
        wanted = [ApiKey.Scope.SENSITIVE] if any(map(is_sensitive, told)) else []
        wanted += [ApiKey.Scope.CONSENTS] if any(meaning.startswith("consent.") for meaning in told) else []
        for scope in wanted:
            if not self.caller.may(scope):
                detail = _("This key lacks the scope “%(scope)s”. Make one that has it under Settings, Connections.")
                raise Problem(403, "scope_missing", detail % {"scope": scope.value}, scope=scope.value)
        run = run_start(run_id=run_id, member=None, reacts=self.body(StartIn).get("reacts", False))
        nudge(import_run_work, run)
        return self.shown(run)


class ImportStop(ImportView):
    """Its end before the time."""

    @extend_schema(
        operation_id="stop_import",
        summary="Stop an import; what is written stays",
        tags=TAGS,
        request=None,
        responses=ImportOut,
    )
    def post(self, request: Request, slug: str, run_id: int) -> Response:
        run_get(run_id=run_id)
        return self.shown(run_stop(run_id=run_id))


class ImportRollback(ImportView):
    """Out of the register again."""

    @extend_schema(
        operation_id="undo_import",
        summary="Undo a whole import, updates included",
        description="What was changed or used since stays. A large one is undone behind the answer.",
        tags=TAGS,
        request=None,
        responses=ImportOut,
    )
    def post(self, request: Request, slug: str, run_id: int) -> Response:
        run = run_get(run_id=run_id)
        act = run.change_set_id
        if act is None:
            raise RunRefused
        if undo_is_big(change_set_id=act):
            nudge(bulk_run_work, bulk_undo(change_set_id=act))
        else:
            change_set_undo(change_set_id=act, member=None)
        return self.shown(run_get(run_id=run_id))
