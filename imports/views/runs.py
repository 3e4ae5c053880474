"""One import: how far it has come, starting, stopping and putting it away, and what it left out as files."""

import csv

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from imports.models import ImportRun
from imports.readers import FileError
from imports.rejected import rejected_file
from imports.selectors import problem_rows
from imports.services import RunRefused, run_discard, run_start, run_stop
from imports.tasks import import_run_work
from imports.views.pages import is_partial, run_address, run_or_404, run_page
from imports.wording import error_sentence, extra_fields, problem_sentence

_FORMULA_SIGNS = tuple("=+-@\t\r\0")


@requires(Capability.IMPORT)
@require_safe
def import_run(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """One import, at whatever point it is."""
    run = run_or_404(run_id)
    if run.state == ImportRun.State.MAPPING:
        return redirect("import_columns", slug=slug, run_id=run_id)
    return run_page(request, run)


@requires(Capability.IMPORT)
@require_safe
def import_state(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """The part of the page that changes by itself; without script, the page."""
    run = run_or_404(run_id)
    if not is_partial(request) or run.state == ImportRun.State.MAPPING:
        return redirect(run_address(request, run))
    return run_page(request, run, fragment=True)


@requires(Capability.IMPORT)
@require_POST
def import_start(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Let the file into the register, or go on with one that was stopped."""
    run = run_or_404(run_id)
    try:
        run = run_start(run_id=run_id, member=request.member, reacts=bool(request.POST.get("reacts")))
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
    else:
        nudge(import_run_work, run)
    return redirect(run_address(request, run))


@requires(Capability.IMPORT)
@require_POST
def import_stop(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """End an import after the batch it is at; what is written stays."""
    run = run_or_404(run_id)
    try:
        run_stop(run_id=run_id)
    except RunRefused:
        messages.info(request, _("This import has ended already."))
    return redirect(run_address(request, run))


@requires(Capability.IMPORT)
@require_POST
def import_discard(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Put a file away unimported."""
    run = run_or_404(run_id)
    try:
        run_discard(run_id=run_id)
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
        return redirect(run_address(request, run))
    messages.success(request, _("%(file)s was put away. Nothing was imported.") % {"file": run.file_name})
    return redirect("import_list", slug=slug)


@requires(Capability.IMPORT)
@require_safe
def import_problems(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """The problems as a file: line, column, value, reason."""
    run = run_or_404(run_id)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{run.pk}-problems.csv"'},
    )
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([_("Line"), _("Column"), _("Value"), _("What is wrong")])
    fields = extra_fields(run)
    for problem in problem_rows(run=run):
        value = f"'{problem.value}" if problem.value.startswith(_FORMULA_SIGNS) else problem.value
        column = f"'{problem.column}" if problem.column.startswith(_FORMULA_SIGNS) else problem.column
        sentence = problem_sentence(problem.reason, problem.column, problem.value, fields)
        writer.writerow([problem.line, column, value, sentence])
    return response


@requires(Capability.IMPORT)
@require_safe
def import_rejected(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse | StreamingHttpResponse:
    """The rows that are left out, as they stand in the file, with the reason: to put right and import again."""
    run = run_or_404(run_id)
    if not run.upload:
        messages.info(request, _("The original file is deleted, and its rows with it."))
        return redirect(run_address(request, run))
    pieces = rejected_file(run=run)
    try:
        text = "".join(pieces)
    except FileError as error:
        messages.error(request, error_sentence(error))
        return redirect(run_address(request, run))
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{run.pk}-left-out.csv"'},
    )
