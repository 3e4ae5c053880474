"""A file that comes in, its tables, its columns, and how it goes in."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.fields import PageQuery
from accounts.api.pagination import page_response
from accounts.api.problems import invalid
from imports.api.frame import TAGS, ImportView
from imports.mapping import lay, meanings, samples, values
from imports.models import ImportRun
from imports.policy import policy_of
from imports.readers import FILE_BYTES_MAX, open_source
from imports.readers.errors import EmptyFile, FileTooLarge
from imports.returned import returned
from imports.selectors import own_fields, run_get
from imports.serializers import ColumnsOut, ImportOut, ImportPage, LayoutIn, PolicyIn, TableIn, UploadQuery
from imports.services import run_discard, run_layout_set, run_policy_set, run_table_set
from imports.services.arriving import run_receive, run_recognise, suggestion_for
from imports.services.mappings import mapping_follow, mapping_keep
from imports.services.sources import SAMPLE_ROWS
from imports.store import store_add, store_opener, store_remove
from imports.wording import meaning_label

_CHUNK = 1 << 20
_EXAMPLE = "Name;E-mail;Born\r\nIngrid Berg;ingrid@berg.example;31.12.1980\r\n"


class Imports(ImportView):
    """All imports, and a new one."""

    digest: bytes = b""
    upload: str = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method != "POST":
            super().initial(request, *args, **kwargs)
            return
        APIView.initial(self, request, *args, **kwargs)
        # Only now that the key is known: the file is sealed as it arrives, and stands for itself by its digest.
        raw = request._request
        self.upload, digest = _stored(raw, self)
        raw._body = digest
        self.post = self._once(request, self.post)  # type: ignore[method-assign]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.upload and (answer.status_code >= 300 or "Idempotent-Replayed" in answer):
            store_remove(self.upload)
        return answer

    @extend_schema(
        operation_id="list_imports",
        summary="List the imports",
        tags=TAGS,
        parameters=[PageQuery],
        responses=ImportPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        rows = ImportRun.objects.exclude(state=ImportRun.State.DISCARDED).select_related("change_set")
        return page_response(request, rows, query=self.query(PageQuery), show=ImportOut)

    @extend_schema(
        operation_id="create_import",
        summary="Send a file to be imported",
        description="The body is the file itself: CSV, an Excel workbook or a ZIP of them, at most 1 GB. Nothing is "
        "written yet. Ask until `state` is `ready` (then look at the rows and start it) or `mapping` (then read its "
        "columns and send a layout).",
        tags=TAGS,
        parameters=[UploadQuery],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        examples=[OpenApiExample("file", _EXAMPLE, request_only=True, media_type="application/octet-stream")],
        responses={201: ImportOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        query = self.query(UploadQuery)
        currency = query.get("currency", "")
        if currency and not values.currency(currency):
            raise invalid({"currency": _("This is not a currency code. Write for example EUR or NOK.")})
        name = query.get("name") or "import.csv"
        run = run_receive(
            business=self.business,
            file=open_source(store_opener(self.upload, self.business), name=name),
            file_name=name,
            upload=self.upload,
            kind=query.get("kind", ""),
            currency=values.currency(currency) or "" if currency else "",
            actor=self.caller.key.name,
        )
        return self.looked_through(run, 201)


class Import(ImportView):
    """One of them."""

    @extend_schema(operation_id="get_import", summary="See how far an import has come", tags=TAGS, responses=ImportOut)
    def get(self, request: Request, slug: str, run_id: int) -> Response:
        return Response(ImportOut(run_get(run_id=run_id)).data)

    @extend_schema(
        operation_id="discard_import",
        summary="Put a file away that was not started",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, run_id: int) -> Response:
        run_get(run_id=run_id)
        run_discard(run_id=run_id)
        return Response(status=204)


class ImportColumns(ImportView):
    """What its columns mean."""

    @extend_schema(
        operation_id="get_import_columns",
        summary="Read the columns of a file, and what they most likely mean",
        description="Nothing but the layout once the file is deleted.",
        tags=TAGS,
        responses=ColumnsOut,
    )
    def get(self, request: Request, slug: str, run_id: int) -> Response:
        run = run_get(run_id=run_id)
        if not run.upload:
            gone = {"tables": [], "columns": [], "layout": run.layout, "questions": [], "meanings": []}
            return Response(ColumnsOut(gone).data)
        file = self.opened(run)
        table = returned(file.table(run.table))
        sample = table.sample(SAMPLE_ROWS)
        fields = own_fields(language=self.business.language)
        found = suggestion_for(table.header, sample, business=self.business, fields=fields, kind=run.kind)
        layout = run.layout or found.layout
        shown = {
            "tables": [one.name for one in file.tables if one.name],
            "columns": [
                {"name": name, "samples": list(seen)}
                for name, seen in zip(table.header, samples(table.header, sample, n=3), strict=True)
            ],
            "layout": layout,
            "questions": [one._asdict() for one in found.questions] if not run.layout else [],
            "meanings": [
                {
                    "key": one.key,
                    "label": one.label if one.is_own else meaning_label(one.key),
                    "is_required": one.is_required,
                }
                for one in meanings(layout["kind"], fields=fields)
            ],
        }
        return Response(ColumnsOut(shown).data)

    @extend_schema(
        operation_id="set_import_columns",
        summary="Tell what the columns of a file mean",
        description="The file is looked through again. Decisions on its rows are dropped.",
        tags=TAGS,
        request=LayoutIn,
        responses=ImportOut,
    )
    def put(self, request: Request, slug: str, run_id: int) -> Response:
        run = run_get(run_id=run_id)
        body = self.body(LayoutIn)
        table = returned(self.opened(run).table(run.table))
        fields = own_fields(language=self.business.language)
        lay(body["layout"], table.header, fields=fields, sample=table.sample(SAMPLE_ROWS))
        run = run_layout_set(run_id=run_id, layout=body["layout"])
        if body.get("save_as"):
            mapping_keep(run=run, name=body["save_as"], header=table.header)
        return self.looked_through(run)


class ImportTable(ImportView):
    """Which of its tables is meant."""

    @extend_schema(
        operation_id="set_import_table",
        summary="Choose the sheet of a workbook or the file of an archive",
        tags=TAGS,
        request=TableIn,
        responses=ImportOut,
        examples=[OpenApiExample("table", {"table": ""}, request_only=True)],
    )
    def put(self, request: Request, slug: str, run_id: int) -> Response:
        run = run_get(run_id=run_id)
        name = self.body(TableIn)["table"]
        file = self.opened(run)
        if name not in {table.name for table in file.tables}:
            raise invalid({"table": _("The file holds no table of this name.")})
        run = run_table_set(run_id=run_id, table=name)
        return self.looked_through(run_recognise(run=run, business=self.business, file=file))


class ImportPolicy(ImportView):
    """How it goes in."""

    @extend_schema(
        operation_id="set_import_policy",
        summary="Say how a file and the register are brought together",
        description="The file is looked through again; decisions on its rows stand.",
        tags=TAGS,
        request=PolicyIn,
        responses=ImportOut,
    )
    def put(self, request: Request, slug: str, run_id: int) -> Response:
        run = run_get(run_id=run_id)
        body = self.body(PolicyIn)
        if day := body.get("file_date"):
            body["file_date"] = day.isoformat()
        kept = policy_of(run.policy, kind=run.kind, format_key=run.format).as_json()
        run = run_policy_set(run_id=run_id, policy=kept | body)
        mapping_follow(run=run)
        return self.looked_through(run)


def _stored(raw: HttpRequest, view: Imports) -> tuple[str, bytes]:
    """Seal the body of a request as it arrives: (name of the kept file, SHA-256). Raises FileTooLarge, EmptyFile."""
    digest = hashlib.sha256()
    size = 0

    def chunks() -> Iterator[bytes]:
        nonlocal size
        while chunk := raw.read(_CHUNK):
            size += len(chunk)
            if size > FILE_BYTES_MAX:
                raise FileTooLarge(size=size, limit=FILE_BYTES_MAX)
            digest.update(chunk)
            yield chunk

    name = store_add(chunks(), business=view.business)
    if not size:
        store_remove(name)
        raise EmptyFile
    return name, digest.digest()
