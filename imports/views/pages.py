"""What the pages of one import have in common: finding it, and what each of its states shows."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import BusinessRequest
from accounts.models import Capability
from customers.bulk.selectors import undo_progress
from customers.changes.models import ChangeSet
from imports.findings import PROBLEMS_KEPT
from imports.forms import PolicyForm
from imports.models import ImportRun
from imports.selectors import problem_groups, rows_left_out, run_get, run_rows_done
from imports.views.preview import preview_context
from imports.wording import (
    columns_told,
    count_labels,
    counts_shown,
    extra_fields,
    format_title,
    group_sentence,
    meanings_of,
    quality_shown,
    sentences_of,
    stored_sentence,
)

State = ImportRun.State

_STEPS = {State.MAPPING: 2, State.CHECKING: 3, State.READY: 3, State.RUNNING: 4}
_TEMPLATES = {State.STOPPED: "done"}


@dataclass(frozen=True, slots=True)
class Line:
    """An import in the list of them. `counts` are those of its guests, None before it is done."""

    run: ImportRun
    state: str
    tone: str
    counts: dict[str, int] | None


def run_or_404(run_id: int) -> ImportRun:
    """One import."""
    try:
        return run_get(run_id=run_id)
    except ImportRun.DoesNotExist as error:
        raise Http404 from error


def run_address(request: BusinessRequest, run: ImportRun) -> str:
    """Where an import's page is."""
    return reverse("import_run", kwargs={"slug": request.business.slug, "run_id": run.pk})


def line_of(run: ImportRun) -> Line:
    """An import as the list shows it."""
    act = run.change_set
    if act is not None and act.state == ChangeSet.State.UNDONE:
        return Line(run, _("Undone"), "", None)
    tone = {State.DONE: "ok", State.FAILED: "bad", State.STOPPED: "warn", State.MAPPING: "warn", State.READY: "warn"}
    counts = run.counts.get("guests") if run.state in (State.DONE, State.STOPPED) else None
    return Line(run, run.get_state_display(), tone.get(State(run.state), "info"), counts)


def run_page(
    request: BusinessRequest, run: ImportRun, *, status: int = 200, fragment: bool = False, **more: Any
) -> HttpResponse:
    """The page of an import at whatever point it is, or the part of it that changes by itself."""
    template = "imports/_state.html" if fragment else "imports/run.html"
    return render(request, template, run_context(request, run) | more, status=status)


def run_context(request: BusinessRequest, run: ImportRun) -> dict[str, Any]:
    """What an import's page shows."""
    state = State(run.state)
    act = run.change_set
    fields = extra_fields(run)
    done = run_rows_done(run=run)
    context: dict[str, Any] = {
        "run": run,
        "steps": _steps(run) if state in _STEPS or state in (State.DONE, State.STOPPED) else [],
        "step": _STEPS.get(state, 5),
        "state_template": f"imports/states/{_TEMPLATES.get(state, state.value)}.html",
        "is_working": state in (State.CHECKING, State.RUNNING),
        "rows_done": done,
        "count_labels": count_labels(),
        "counts": counts_shown(run),
        "groups": [
            (group, group_sentence(group, fields))
            for group in problem_groups(run=run)
            # What leaves a row out stands among the rows.
            if not (group.leaves_out and state == State.READY)
        ],
        "problems_kept": PROBLEMS_KEPT,
        "error": stored_sentence(run.error),
        "can_undo": act is not None and act.state == ChangeSet.State.DONE and request.member.can(Capability.UNDO),
        "is_undone": act is not None and act.state == ChangeSet.State.UNDONE,
        "refresh_url": reverse("import_state", kwargs={"slug": request.business.slug, "run_id": run.pk}),
        "format_title": format_title(run),
    }
    if state == State.RUNNING:
        context["time_left"] = _time_left(run, done)
    elif state == State.READY:
        context |= preview_context(request, run)
        context["policy"] = PolicyForm(run=run, business=request.business)
    if state in (State.DONE, State.STOPPED):
        undo = undo_progress(change_set_id=run.change_set_id or 0)
        is_leaving = undo is not None and undo.is_working
        is_going = context["is_undone"] or is_leaving
        # What was taken back, or is just being, has no rows that are still to be put right.
        left_out = 0 if is_going else rows_left_out(run=run)
        context |= {"left_out": left_out, "has_rejected": bool(run.upload), "undo": undo, "is_going": is_going}
        context["can_undo"] = context["can_undo"] and not is_leaving
    if state in (State.READY, State.DONE, State.STOPPED):
        context |= {
            "columns_shown": columns_told(run),
            "quality": [] if context.get("is_going") else quality_shown(run),
            "sentences": sentences_of(run),
            "can_map": state == State.READY,
            "has_consents": any(meaning.startswith("consent.") for meaning in meanings_of(run)),
        }
    return context


def _steps(run: ImportRun) -> list[dict[str, str]]:
    return [{"label": label} for label in (_("File"), _("Columns"), _("Preview"), _("Import"))]


def _time_left(run: ImportRun, done: int | None) -> str:
    """How long it will take, from how long it has taken; nothing before the first batch is in."""
    act = run.change_set
    if not done or act is None:
        return ""
    so_far = (timezone.now() - act.created_at).total_seconds()
    left = timedelta(seconds=max(0, run.rows_about - done) * so_far / done)
    minutes = round(left.total_seconds() / 60)
    if left < timedelta(seconds=45):
        return _("Less than a minute left.")
    return ngettext("About %(number)d minute left.", "About %(number)d minutes left.", max(minutes, 1)) % {
        "number": max(minutes, 1)
    }


def is_partial(request: HttpRequest) -> bool:
    """Whether the script asked, which takes a part of a page."""
    return bool(getattr(request, "htmx", False))
