"""What the columns of a file mean: which of its tables is meant, and what each column becomes."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from imports.answers import Answers, Layout, answers_of, layout_of
from imports.mapping import MappingError, OwnField, Suggestion, lay, unknown_words
from imports.models import ImportRun
from imports.readers import FileError, SourceFile, Table, TableInfo, open_source
from imports.returned import returned
from imports.selectors import own_fields, words_met
from imports.services import RunRefused, run_layout_set, run_table_set
from imports.services.arriving import run_recognise, suggestion_for, tables_to_choose
from imports.services.mappings import mapping_keep
from imports.services.sources import SAMPLE_ROWS
from imports.store import FileGone, store_opener
from imports.tasks import import_run_check
from imports.views.asked import answers_read, is_more_to_tell, renewed
from imports.views.columns_page import columns_page
from imports.views.pages import is_partial, run_address, run_or_404, run_page
from imports.views.questions import Question, questions_of
from imports.wording import error_sentence

_OPEN = (ImportRun.State.MAPPING, ImportRun.State.CHECKING, ImportRun.State.READY)


@dataclass(frozen=True, slots=True)
class Opened:
    """A run's file, opened at its table, with what its columns may become."""

    file: SourceFile
    info: TableInfo
    table: Table
    sample: Sequence[Sequence[str]]
    fields: Sequence[OwnField]


@requires(Capability.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Tell what each column becomes; with several tables, first which one is meant."""
    run = run_or_404(run_id)
    if run.state not in _OPEN:
        return redirect(run_address(request, run))
    try:
        file = _file(request, run)
        choices = tables_to_choose(file)
        if choices and not run.table and not run.layout:
            return _tables_page(request, run, file, choices)
        opened = _opened(request, run, file)
    except FileError as error:
        messages.error(request, error_sentence(error))
        return redirect("import_list", slug=slug)
    if request.method == "POST":
        return _told(request, run, opened)
    found = _suggested(request, opened, run.kind)
    base = run.layout or found.layout
    return _columns_page(request, run, opened, answers_of(base, opened.table.header), base, found)


@requires(Capability.IMPORT)
@require_POST
def import_table(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Choose the table of a file that has several."""
    run = run_or_404(run_id)
    if run.state not in _OPEN:
        return redirect(run_address(request, run))
    try:
        file = _file(request, run)
    except FileError as error:
        messages.error(request, error_sentence(error))
        return redirect("import_list", slug=slug)
    names = [table.name for table in file.tables]
    place = request.POST.get("table", "")
    if not (place.isdecimal() and len(place) < 6 and int(place) < len(names)):
        raise Http404
    try:
        run = run_table_set(run_id=run_id, table=names[int(place)])
        run = run_recognise(run=run, business=request.business, file=file)
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
    if run.state == ImportRun.State.CHECKING:
        nudge(import_run_check, run)
    return redirect(run_address(request, run))


def _file(request: BusinessRequest, run: ImportRun) -> SourceFile:
    """The run's file. Raises FileError, also where it is deleted."""
    if not run.upload:
        raise FileGone
    return open_source(store_opener(run.upload, request.business), name=run.file_name)


def _told(request: BusinessRequest, run: ImportRun, opened: Opened) -> HttpResponse:
    """What the page sent: shown again with more to tell, or kept."""
    header = opened.table.header
    made_of = request.POST.get("base", "")
    found = _suggested(request, opened, made_of)
    base = run.layout if run.layout.get("kind") == made_of else found.layout
    answers = answers_read(request.POST, header, answers_of(base, header))
    if answers.kind != base["kind"]:
        found = _suggested(request, opened, answers.kind)
        return _columns_page(request, run, opened, answers_of(found.layout, header), found.layout, found)
    if request.POST.get("act") or is_more_to_tell(request.POST, answers):
        answers = renewed(answers, more_fixed=request.POST.get("act") == "fixed")
        return _columns_page(request, run, opened, answers, base, found)
    layout = layout_of(answers, header, base)
    try:
        lay(layout, header, fields=opened.fields, sample=opened.sample)
    except MappingError:
        return _columns_page(request, run, opened, answers, base, found, is_sent=True)
    if any(question.error for question in _questions(request, run, answers, found, is_sent=True)):
        return _columns_page(request, run, opened, answers, base, found, is_sent=True)
    try:
        run = run_layout_set(run_id=run.pk, layout=layout)
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
        return redirect(run_address(request, run))
    if name := " ".join(request.POST.get("save_as", "").split())[:80]:
        mapping_keep(run=run, name=name, header=header)
    nudge(import_run_check, run)
    return redirect(run_address(request, run))


def _questions(
    request: BusinessRequest, run: ImportRun, answers: Answers, found: Suggestion, *, is_sent: bool
) -> list[Question]:
    return questions_of(found.questions, answers, request.POST, is_told=bool(run.layout), is_sent=is_sent)


def _columns_page(
    request: BusinessRequest,
    run: ImportRun,
    opened: Opened,
    answers: Answers,
    base: Layout,
    found: Suggestion,
    *,
    is_sent: bool = False,
) -> HttpResponse:
    header = opened.table.header
    plan, error = None, None
    try:
        plan = lay(layout_of(answers, header, base), header, fields=opened.fields, sample=opened.sample)
    except MappingError as wrong:
        error = wrong
    page = columns_page(
        business=request.business,
        run=run,
        header=header,
        sample=opened.sample,
        fields=opened.fields,
        answers=answers,
        plan=plan,
        questions=_questions(request, run, answers, found, is_sent=is_sent),
        unsure={one.column for one in found.questions if one.asked == "meaning"} if not run.layout else (),
        skipped=opened.info.skipped,
        save_as=request.POST.get("save_as", ""),
        error=error,
        is_sent=is_sent,
        unfolded=_unfolded(answers, answers_of(base, header)),
        unknown=unknown_words(plan, opened.sample, met=words_met(run=run)) if plan else (),
    )
    return run_page(
        request,
        run,
        status=422 if is_sent else 200,
        fragment=is_partial(request) and request.method == "POST",
        page=page,
        state_template="imports/states/columns.html",
        step=2,
        is_working=False,
    )


def _unfolded(answers: Answers, before: Answers) -> set[int]:
    """The columns that are read in another way than before: whoever says so has not said all yet."""
    pairs = enumerate(zip(answers.columns, before.columns, strict=True))
    return {place for place, (new, old) in pairs if (new.way, new.by, new.dates) != (old.way, old.by, old.dates)}


def _tables_page(
    request: BusinessRequest, run: ImportRun, file: SourceFile, choices: Sequence[TableInfo]
) -> HttpResponse:
    tables = [
        {
            "key": str(place),
            "label": table.name or _("All of them together"),
            "rows": table.rows_about,
            "columns": ", ".join(table.header[:6]) + ("…" if len(table.header) > 6 else ""),
            "hidden": table.hidden,
            "is_current": place == 0,
        }
        for place, table in enumerate(choices)
    ]
    return run_page(
        request,
        run,
        tables=tables,
        file_kind=file.kind,
        state_template="imports/states/table.html",
        step=1,
        is_working=False,
    )


def _opened(request: BusinessRequest, run: ImportRun, file: SourceFile) -> Opened:
    info = next((table for table in file.tables if table.name == run.table), file.tables[0])
    table = returned(file.table(run.table))
    fields = own_fields(language=request.business.language)
    return Opened(file, info, table, table.sample(SAMPLE_ROWS), fields)


def _suggested(request: BusinessRequest, opened: Opened, kind: str) -> Suggestion:
    return suggestion_for(
        opened.table.header, opened.sample, business=request.business, fields=opened.fields, kind=kind
    )
