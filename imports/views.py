"""Pages of imports: choose a file, see what it would do, let it in, see what came of it."""

import csv
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from customers.changes.models import ChangeSet
from customers.fields.models import CustomField
from imports.findings import PROBLEMS_KEPT
from imports.forms import UploadForm
from imports.mapping import formats
from imports.models import ImportRun
from imports.selectors import ProblemGroup, problem_groups, problem_rows, run_get, run_list, run_rows_done
from imports.services import RunRefused, run_create, run_discard, run_start
from imports.tasks import import_run_check, import_run_work
from imports.wording import extra_fields, extra_sentences, problem_sentence, stored_sentence

_FORMULA_SIGNS = tuple("=+-@\t\r\0")


@requires(Capability.IMPORT)
@require_safe
def import_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """Choose a file; the imports so far."""
    return _list_page(request, UploadForm())


@requires(Capability.IMPORT)
@require_POST
def import_upload(request: BusinessRequest, slug: str) -> HttpResponse:
    """Take a file in; what it would do is found out in the background."""
    form = UploadForm(request.POST, request.FILES, request=request)
    if not form.is_valid():
        return _list_page(request, form, status=422)
    run = run_create(
        source=form.source,
        file_name=form.cleaned_data["file"].name,
        upload=form.upload,
        currency=form.cleaned_data["currency"],
        member=request.member,
    )
    nudge(import_run_check, run)
    return redirect("import_run", slug=slug, run_id=run.pk)


@requires(Capability.IMPORT)
@require_safe
def import_run(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """One import, at whatever point it is."""
    return render(request, "imports/run.html", _context(request, _run(run_id)))


@requires(Capability.IMPORT)
@require_safe
def import_state(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """The part of the page that changes by itself; without script, the page."""
    run = _run(run_id)
    if not request.htmx:
        return redirect("import_run", slug=slug, run_id=run_id)
    return render(request, "imports/_state.html", _context(request, run))


@requires(Capability.IMPORT)
@require_POST
def import_start(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Let the file into the register."""
    _run(run_id)
    try:
        run = run_start(run_id=run_id, member=request.member)
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
    else:
        nudge(import_run_work, run)
    return redirect("import_run", slug=slug, run_id=run_id)


@requires(Capability.IMPORT)
@require_POST
def import_discard(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Put a file away unimported."""
    run = _run(run_id)
    try:
        run_discard(run_id=run_id)
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
        return redirect("import_run", slug=slug, run_id=run_id)
    messages.success(request, _("%(file)s was put away. Nothing was imported.") % {"file": run.file_name})
    return redirect("import_list", slug=slug)


@requires(Capability.IMPORT)
@require_safe
def import_problems(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """The problems as a file: line, column, value, reason."""
    run = _run(run_id)
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
def import_template(request: BusinessRequest, slug: str) -> HttpResponse:
    """An empty guest list to fill in."""
    own = next(known for known in formats() if known.key == "guest_list")
    names = [names[0].replace(" ", "_") for names in own.columns.values()]
    return HttpResponse(
        "\ufeff" + ",".join(names) + "\r\n",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="guests.csv"'},
    )


def _list_page(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    return render(request, "imports/list.html", {"form": form, "runs": run_list()}, status=status)


def _run(run_id: int) -> ImportRun:
    try:
        return run_get(run_id=run_id)
    except ImportRun.DoesNotExist as error:
        raise Http404 from error


def _context(request: BusinessRequest, run: ImportRun) -> dict[str, Any]:
    state = ImportRun.State(run.state)
    step = {ImportRun.State.CHECKING: 2, ImportRun.State.READY: 3, ImportRun.State.RUNNING: 4}.get(state, 5)
    done = run_rows_done(run=run)
    act = run.change_set
    fields = extra_fields(run)
    names = (
        ("created", _("New")),
        ("updated", _("Changed")),
        ("unchanged", _("Already as in the file")),
        ("invalid", _("Left out")),
    )
    return {
        "run": run,
        "steps": [{"label": label} for label in (_("File"), _("Check"), _("Preview"), _("Import"))],
        "step": step,
        "is_working": state in (ImportRun.State.CHECKING, ImportRun.State.RUNNING),
        "rows_done": done,
        "counts": [
            (label, run.counts.get("guests", {}).get(key, 0), run.counts.get("stays", {}).get(key, 0))
            for key, label in names
        ],
        "groups": [(group, _group_sentence(group, fields)) for group in problem_groups(run=run)],
        "extras": extra_sentences(run),
        "kept": PROBLEMS_KEPT,
        "error": stored_sentence(run.error),
        "can_undo": act is not None and act.state == ChangeSet.State.DONE and request.member.can(Capability.UNDO),
        "is_undone": act is not None and act.state == ChangeSet.State.UNDONE,
        "refresh_url": reverse("import_state", kwargs={"slug": request.business.slug, "run_id": run.pk}),
    }


def _group_sentence(group: ProblemGroup, fields: dict[str, CustomField]) -> str:
    value = group.examples[0].value if group.examples else ""
    return problem_sentence(group.reason, group.column, value, fields)
