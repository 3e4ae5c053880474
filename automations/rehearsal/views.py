"""Pages of dry runs: choose the days, see what would come of it, read each message."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from automations.building.naming import Names
from automations.building.services import DefinitionRefused
from automations.definition import Definition, DefinitionError, Do, Step, definition_read
from automations.models import Automation, DryRun, DryRunStep
from automations.reasons import reason_words
from automations.rehearsal.forms import COMING, PAST, SpanForm
from automations.rehearsal.selectors import (
    Went,
    counted_of,
    definition_of,
    dry_run_get,
    dry_run_list,
    journeys_page,
    message_get,
    told_of,
)
from automations.rehearsal.services import dry_run_remove, dry_run_start
from automations.rehearsal.showing import Letter, letters_of
from automations.rehearsal.tasks import dry_run_nudge
from automations.rehearsal.wording import outcome_words, problem_words, state_words, tone
from automations.words import step_words, trigger_words

_AT_WORK = (DryRun.State.WAITING, DryRun.State.RUNNING)


@requires(Capability.AUTOMATE)
@require_http_methods(["GET", "HEAD", "POST"])
def dry_run(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Choose the days and start; below it the dry runs there are."""
    automation = automation_found(automation_id)
    problems: list[dict[str, str]] = []
    form = SpanForm(request.POST if request.method == "POST" else None, initial={"span": _usual(automation)})
    if request.method == "POST" and form.is_valid():
        first, last = form.days(timezone.localdate(timezone=request.business.zone))
        try:
            run = dry_run_start(automation_id=automation_id, first=first, last=last, member=request.member)
        except DefinitionRefused as refused:
            problems = problem_lines(automation, refused, Names(business=request.business))
            form.add_error(None, _("It cannot be tried yet."))
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            dry_run_nudge(run)
            return redirect("automation_dry_result", slug=slug, automation_id=automation_id, dry_id=run.pk)
    runs = [{"run": each, "problem": problem_words(each)} for each in dry_run_list(automation_id=automation_id)]
    context = {"automation": automation, "form": form, "runs": runs, "problems": problems}
    return render(request, "automations/dry_run.html", context, status=422 if form.errors else 200)


@requires(Capability.AUTOMATE)
@require_safe
def dry_run_result(request: BusinessRequest, slug: str, automation_id: int, dry_id: int) -> HttpResponse:
    """What would come of it. ``?step=``, ``?outcome=`` and ``?reason=`` narrow the guests, ``?after=`` pages."""
    run = _found(automation_id, dry_id)
    return render(request, "automations/dry_run_result.html", _context(request, run))


@requires(Capability.AUTOMATE)
@require_safe
def dry_run_state(request: BusinessRequest, slug: str, automation_id: int, dry_id: int) -> HttpResponse:
    """The part of the page that changes while it is at work; without script, the page."""
    run = _found(automation_id, dry_id)
    if not request.htmx:
        return redirect("automation_dry_result", slug=slug, automation_id=automation_id, dry_id=dry_id)
    return render(request, "automations/_dry_run_state.html", _context(request, run))


@requires(Capability.AUTOMATE)
@require_safe
def dry_run_message(
    request: BusinessRequest, slug: str, automation_id: int, dry_id: int, dry_step_id: int
) -> HttpResponse:
    """One message as its guest would get it."""
    run = _found(automation_id, dry_id)
    try:
        line = message_get(run_id=run.pk, line_id=dry_step_id)
    except DryRunStep.DoesNotExist as error:
        raise Http404 from error
    (shown,) = letters_of([Letter(line.customer_id, line.stay_id, None, line.text_id)], business=request.business)
    context = {"run": run, "automation": run.automation, "line": line, "shown": shown, "told": _told(line, None)}
    return render(request, "automations/dry_run_message.html", context)


@requires(Capability.AUTOMATE)
@require_POST
def dry_run_discard(request: BusinessRequest, slug: str, automation_id: int, dry_id: int) -> HttpResponse:
    """Remove it."""
    _found(automation_id, dry_id)
    dry_run_remove(automation_id=automation_id, run_id=dry_id)
    messages.success(request, _("The dry run is removed."))
    return redirect("automation_dry_run", slug=slug, automation_id=automation_id)


def automation_found(automation_id: int) -> Automation:
    """The automation, or the page that says there is none."""
    found = Automation.objects.filter(pk=automation_id).first()
    if found is None:
        raise Http404
    return found


def problem_lines(automation: Automation, refused: DefinitionRefused, names: Names) -> list[dict[str, str]]:
    """What is wrong with a definition, each with the part it is about in words."""
    try:
        steps = {step.id: step for step in definition_read(automation.draft, whole=False).walk()}
    except DefinitionError:
        steps = {}
    found = []
    for each in refused.problems:
        place = step_words(steps[each.place], names) if each.place in steps else ""
        found.append({"place": place, "told": _(each.message) % each.params})
    return found


def _context(request: BusinessRequest, run: DryRun) -> dict[str, Any]:
    definition, names = definition_of(run), Names(business=request.business)
    is_working = run.state in _AT_WORK
    address = {"slug": request.business.slug, "automation_id": run.automation_id, "dry_id": run.pk}
    asked = {name: request.GET.get(name, "") for name in ("step", "outcome", "reason")}
    page = None
    if not is_working:
        after = request.GET.get("after", "")
        page = journeys_page(
            run_id=run.pk,
            step=asked["step"][:12],
            outcome=asked["outcome"][:8],
            reason=asked["reason"][:24] if "reason" in request.GET else None,
            after=int(after) if after.isascii() and after.isdecimal() and len(after) < 9 else 0,
        )
    steps = {step.id: step for step in definition.walk()} if definition is not None else {}
    return {
        "run": run,
        "automation": run.automation,
        "is_working": is_working,
        "problem": problem_words(run),
        "refresh_url": reverse("automation_dry_state", kwargs=address),
        "trigger": trigger_words(definition.trigger, names) if definition is not None else "",
        "ends": _counts(told_of(run), "", None),
        "counted": _counted(run, definition, names),
        "is_narrowed": bool(asked["outcome"]),
        "asked": _asked(asked, steps, names),
        "lines": [_line(each, steps, names) for each in page.lines] if page is not None else [],
        "after": page.after if page is not None else 0,
    }


def _counted(run: DryRun, definition: Definition | None, names: Names) -> list[dict[str, Any]]:
    if definition is None:
        return []
    return [
        {
            "words": step_words(each.step, names),
            "depth": each.depth,
            "branch": each.branch,
            "number": each.number,
            "told": _counts(each.told, each.step.id, each.step),
        }
        for each in counted_of(run, definition)
    ]


def _counts(told: Any, pk: str, step: Step | None) -> list[dict[str, Any]]:
    """What came of a step, or of the journeys, each with the query that shows whose."""
    return [
        {
            "words": _outcome(each.outcome, step) if pk else state_words(each.outcome),
            "reason": reason_words(each.reason),
            "number": each.number,
            "tone": tone(each.outcome),
            "step": pk,
            "outcome": each.outcome,
            "code": each.reason,
        }
        for each in told
    ]


def _outcome(outcome: str, step: Step | None) -> str:
    return outcome_words(
        outcome,
        is_message=step is not None and step.is_message,
        is_wait=step is not None and step.do == Do.WAIT,
    )


def _asked(asked: dict[str, str], steps: dict[str, Step], names: Names) -> str:
    """What the guests are narrowed to, in words."""
    if not asked["outcome"]:
        return ""
    step = steps.get(asked["step"])
    said = _outcome(asked["outcome"], step) if asked["step"] else state_words(asked["outcome"])
    parts = [step_words(step, names) if step is not None else "", said, reason_words(asked["reason"])]
    return " · ".join(part for part in parts if part)


def _line(went: Went, steps: dict[str, Step], names: Names) -> dict[str, Any]:
    row = went.row
    return {
        "guest": row.customer,
        "at": row.at,
        "ended": state_words(row.outcome),
        "reason": reason_words(row.reason),
        "tone": tone(row.outcome),
        "steps": [
            {"row": each, "words": step_words(steps[each.step], names) if each.step in steps else each.step}
            | _told(each, steps.get(each.step))
            for each in went.steps
        ],
    }


def _told(row: DryRunStep, step: Step | None) -> dict[str, Any]:
    """What came of a step, in words."""
    is_message = step.is_message if step is not None else row.text_id is not None
    return {
        "outcome": outcome_words(row.outcome, is_message=is_message, is_wait=step is not None and step.do == Do.WAIT),
        "reason": reason_words(row.reason),
        "tone": tone(row.outcome),
        "moves": row.sends_at is not None and row.sends_at > row.at,
    }


def _usual(automation: Automation) -> str:
    """The days to begin with: what is known beforehand is looked at ahead, what happens is looked back at."""
    try:
        return COMING if definition_read(automation.draft, whole=False).trigger.is_date else PAST
    except DefinitionError:
        return PAST


def _found(automation_id: int, dry_id: int) -> DryRun:
    try:
        return dry_run_get(automation_id=automation_id, run_id=dry_id)
    except DryRun.DoesNotExist as error:
        raise Http404 from error
