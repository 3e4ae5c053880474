"""The rows of a preview: opening a group of them, deciding what becomes of them, and how the file goes in."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from imports.forms import PolicyForm
from imports.models import ImportRun
from imports.selectors import row_groups
from imports.services import DecisionRefused, RunRefused, rows_decide, run_policy_set
from imports.services.mappings import mapping_follow
from imports.tasks import import_run_check
from imports.views.pages import is_partial, run_address, run_or_404, run_page
from imports.views.preview import Opened, group_shown, pressed_row, query_of


@requires(Capability.IMPORT)
@require_safe
def import_rows(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """One group of rows, opened or closed; without script, the page with it."""
    run = run_or_404(run_id)
    opened = Opened.of(request.GET)
    if not is_partial(request) or run.state != ImportRun.State.READY:
        asked = query_of(opened.outcome, opened.cause, opened.after, line=opened.line)
        return redirect(f"{run_address(request, run)}{asked}")
    key = (opened.outcome, opened.cause)
    group = next((one for one in row_groups(run=run) if (one.outcome, one.cause) == key), None)
    if group is None:
        raise Http404
    shown = group_shown(request, run, group, Opened() if request.GET.get("close") else opened)
    return render(request, "imports/_group.html", {"run": run, "group": shown})


@requires(Capability.IMPORT)
@require_POST
def import_decide(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Say what becomes of a row, or of the whole group that the address names."""
    run = run_or_404(run_id)
    opened = Opened.of(request.GET)
    line, decision, card = pressed_row(request.POST)
    lines = [line] if line is not None else None
    try:
        rows_decide(
            run_id=run_id,
            lines=lines,
            outcome=None if lines else opened.outcome,
            cause=None if lines else opened.cause,
            decision=decision if lines else request.POST.get("all", "?"),
            customer_id=card,
        )
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
    except DecisionRefused:
        messages.error(
            request,
            _("This guest is not in the register any more.")
            if card is not None
            else _("Not all of these rows have a card they could be. Decide row by row."),
        )
    except ValueError:
        return run_page(request, run, status=422, fragment=is_partial(request))
    else:
        if is_partial(request):
            return run_page(request, run_or_404(run_id), fragment=True)
    query = query_of(opened.outcome, opened.cause, opened.after) if opened.outcome else ""
    return redirect(f"{run_address(request, run)}{query}{f'#row-{lines[0]}' if lines else ''}")


@requires(Capability.IMPORT)
@require_POST
def import_policy(request: BusinessRequest, slug: str, run_id: int) -> HttpResponse:
    """Say how the file and the register are brought together; the file is looked through again."""
    run = run_or_404(run_id)
    form = PolicyForm(request.POST, run=run, business=request.business)
    if not form.is_valid():
        return run_page(request, run, status=422, fragment=is_partial(request), policy=form)
    try:
        run = run_policy_set(run_id=run_id, policy=form.policy())
    except RunRefused:
        messages.info(request, _("This import has been started already, or put away."))
    else:
        mapping_follow(run=run)
        nudge(import_run_check, run)
        if is_partial(request):
            return run_page(request, run_or_404(run_id), fragment=True)
    return redirect(run_address(request, run))
