"""Looking through the whole register: start it, see how far it has come, stop it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from customers.changes.models import ChangeSet
from customers.changes.views import may_undo
from dedup.register import selectors
from dedup.register.fields import names
from dedup.register.models import MatchRun
from dedup.register.services import RunRefused, run_cancel, run_start
from dedup.register.tasks import match_run_work
from dedup.review.wording import SKIPPED, field_words, percent_words


@requires(Capability.MERGE)
@require_POST
def match_run_start(request: BusinessRequest, slug: str) -> HttpResponse:
    """Look through the whole register, or go on with what is under way."""
    nudge(match_run_work, run_start(member=request.member))
    return redirect("match_list", slug=slug)


@requires(Capability.PROPOSE)
@require_safe
def match_run_state(request: BusinessRequest, slug: str, search_id: int) -> HttpResponse:
    """How far a search or a merging of many has come; without script, its page."""
    run = run_of(search_id)
    page = "match_bulk_run" if run.kind == MatchRun.Kind.MERGE else ""
    if not request.htmx:
        return redirect(page, slug=slug, search_id=run.pk) if page else redirect("match_list", slug=slug)
    if page:
        return render(request, "duplicates/_bulk_state.html", merging_context(request, run))
    if not run.is_open:
        # What it found is in the list: the page comes anew.
        return redirect("match_list", slug=slug)
    return render(request, "duplicates/_run.html", {"run": run, "can_merge": request.member.can(Capability.MERGE)})


@requires(Capability.MERGE)
@require_POST
def match_run_cancel(request: BusinessRequest, slug: str, search_id: int) -> HttpResponse:
    """Stop a search or a merging; what it has done stays."""
    run = run_of(search_id)
    try:
        run_cancel(run_id=run.pk, member=request.member)
    except RunRefused as refused:
        messages.info(request, str(refused))
    else:
        messages.success(request, _("Stopped."))
    if run.kind == MatchRun.Kind.MERGE:
        return redirect("match_bulk_run", slug=slug, search_id=run.pk)
    return redirect("match_list", slug=slug)


def run_of(search_id: int) -> MatchRun:
    """One run of the business, or 404."""
    run = selectors.run_get(run_id=search_id)
    if run is None:
        raise Http404
    return run


def merging_context(request: BusinessRequest, run: MatchRun) -> dict[str, Any]:
    """What the page of a merging of many needs."""
    act = ChangeSet.objects.filter(pk=run.change_set_id).first() if run.change_set_id else None
    skipped = [(SKIPPED.get(reason, reason), number) for reason, number in run.skipped.items()]
    return {
        "run": run,
        "is_working": run.is_open,
        "skipped": sorted(skipped, key=lambda each: -each[1]),
        "percent": percent_words(run.minimum or 0),
        "agree_words": field_words(names(run.agrees)),
        "act": act,
        "can_undo": act is not None and act.state == ChangeSet.State.DONE and may_undo(request, act),
        "is_undone": act is not None and act.state == ChangeSet.State.UNDONE,
    }
