"""The API of exports."""

from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PageQuery
from accounts.api.pagination import page_response
from accounts.api.problems import MEDIA_TYPE, Problem, invalid
from accounts.api.views import ApiView
from accounts.tenancy.runs import nudge
from customers.conditions.selectors import filter_catalogue
from customers.export.links import link_key, link_opens
from customers.export.look import CSV, Look
from customers.export.models import ExportRun, Kind
from customers.export.selection import Chosen, of_segment
from customers.export.selectors import run_get, runs_all
from customers.export.serializers import ExportIn, ExportOut, ExportPage, FileQuery
from customers.export.services import ExportRefused, export_cancel, export_open, export_remove, export_start
from customers.export.tasks import export_run_work
from customers.export.wording import media_type
from customers.filters import EMPTY, TreeError, tree_read
from customers.segments.models import Segment


class ExportView(ApiView):
    """What the views of exports have in common: refusals become problems."""

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case ExportRun.DoesNotExist():
                exc = Http404()
            case ExportRefused(field="columns"):
                exc = invalid({"columns": str(exc)})
            case ExportRefused():
                exc = Problem(409, "refused", str(exc))
        return super().handle_exception(exc)

    def shown(self, run: ExportRun) -> dict[str, Any]:
        """A run as the API gives it."""
        return dict(ExportOut(run, context={"file_url": self.file_url}).data)

    def file_url(self, run: ExportRun) -> str | None:
        """Where its file is, for this key alone."""
        if not run.has_file:
            return None
        address = reverse("api_export_file", kwargs={"slug": self.business.slug, "export_id": run.pk})
        return self.request.build_absolute_uri(f"{address}?{urlencode({'key': link_key(run, self.holder)})}")

    @property
    def holder(self) -> str:
        """Whom links are made for."""
        return f"key:{self.caller.key.pk}"


class Exports(ExportView):
    """All exports."""

    @extend_schema(
        operation_id="list_exports",
        summary="See the exports so far",
        tags=["Exports"],
        parameters=[PageQuery],
        responses=ExportPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        return page_response(
            request, runs_all(), query=self.query(PageQuery), show=lambda runs: [self.shown(run) for run in runs]
        )

    @extend_schema(
        operation_id="start_export",
        summary="Have a file written",
        description="It is written in the background: ask again until `state` is `done`, then fetch `file_url` with "
        "the same key, which needs the scope `read` for that. Guests whose processing is restricted are left out. "
        "Every file and download is logged.",
        tags=["Exports"],
        request=ExportIn,
        responses={201: ExportOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(ExportIn)
        kind = body.get("kind", Kind.GUESTS)
        look = Look(
            body.get("format", CSV),
            body.get("delimiter", ","),
            body.get("encoding", "utf-8"),
            body.get("decimal", "."),
            body.get("header", ""),
        )
        run = export_start(
            business=self.business,
            kind=kind,
            chosen=self._chosen(body),
            columns=body.get("columns", ()),
            look=look,
            address=request.META.get("REMOTE_ADDR"),
        )
        nudge(export_run_work, run)
        return Response(self.told(self.shown(run)), status=201)

    def _chosen(self, body: dict[str, Any]) -> Chosen:
        if "guest_ids" in body:
            return Chosen(tuple(sorted(set(body["guest_ids"]))))
        if "segment_id" in body:
            if not Segment.objects.filter(pk=body["segment_id"]).exists():
                raise invalid({"segment_id": _("There is no such segment.")})
            return of_segment(body["segment_id"])
        try:
            return Chosen(tree=tree_read(body["filter"], filter_catalogue()) if "filter" in body else EMPTY)
        except TreeError as error:
            raise invalid({"filter": " ".join(_(each.message) % each.params for each in error.problems)}) from error


class Export(ExportView):
    """One of them."""

    @extend_schema(operation_id="get_export", summary="See how far a file is", tags=["Exports"], responses=ExportOut)
    def get(self, request: Request, slug: str, export_id: int) -> Response:
        return Response(self.shown(run_get(run_id=export_id)))

    @extend_schema(
        operation_id="remove_export",
        summary="Throw a file away before its time",
        tags=["Exports"],
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, export_id: int) -> Response:
        export_remove(run_id=export_id)
        return Response(status=204)


class ExportCancel(ExportView):
    """Its end before the time."""

    @extend_schema(
        operation_id="cancel_export",
        summary="Stop a file that is being written",
        tags=["Exports"],
        request=None,
        responses=ExportOut,
    )
    def post(self, request: Request, slug: str, export_id: int) -> Response:
        return Response(self.told(self.shown(export_cancel(run_id=export_id))))


class ExportFile(ExportView):
    """Its file."""

    @extend_schema(
        operation_id="get_export_file",
        summary="Download a file",
        description="At the address that `file_url` gave; 409 when that has expired, or the file is gone.",
        tags=["Exports"],
        parameters=[FileQuery],
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY,
            (409, MEDIA_TYPE): OpenApiResponse(OpenApiTypes.OBJECT, "The address has expired, or the file is gone."),
        },
    )
    def get(self, request: Request, slug: str, export_id: int) -> HttpResponse | FileResponse:
        run = run_get(run_id=export_id)
        if request.method == "HEAD":
            # Whoever only looks whether it is there has taken nothing along.
            return HttpResponse(content_type=media_type(run))
        if not link_opens(self.query(FileQuery).get("key", ""), run, self.holder):
            raise Problem(409, "refused", _("This address has expired. Ask for the export again and take its new one."))
        stream = export_open(run=run, business=self.business, address=request.META.get("REMOTE_ADDR"))
        return FileResponse(stream, as_attachment=True, filename=run.file_name, content_type=media_type(run))


urlpatterns = [
    path("exports/", Exports.as_view(), name="api_exports"),
    path("exports/<int:export_id>/", Export.as_view(), name="api_export"),
    path("exports/<int:export_id>/cancel/", ExportCancel.as_view(), name="api_export_cancel"),
    path("exports/<int:export_id>/file/", ExportFile.as_view(), name="api_export_file"),
]
