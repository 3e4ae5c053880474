"""Pages of automations that run: the overview, the guests in one, and one guest's way through it."""

from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from automations.building.labels import TONES
from automations.building.naming import Names
from automations.building.selectors import automation_get, readable
from automations.definition import MESSAGES, Definition
from automations.lately import lately
from automations.models import Automation, Journey, JourneyStep
from automations.reasons import STATE_TONES, reason_words
from automations.tasks import automations_run
from automations.watching.selectors import (
    RESULT_DAYS,
    ahead_for,
    counts_of,
    definition_of,
    journey_get,
    journeys_page,
    results_of,
    steps_of,
)
from automations.watching.services import journey_stop, journeys_move, step_skip
from automations.watching.shown import Overview, ahead_lines, done_lines
from automations.words import step_words, trigger_words

SPANS: Final = (7, 14, 30, 60, 90, 180, 365)
"""Days after a guest began that results are offered for."""


@requires(Capability.AUTOMATE)
@require_safe
def automation_overview(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """What it says, how many stand where, what it came to; one that never ran is shown in the builder.

    ``?days=`` counts results for so many.
    """
    automation = _automation(automation_id)
    definition = readable(automation.current.definition) if automation.current is not None else None
    if definition is None:
        return redirect("automation_edit", slug=slug, automation_id=automation_id)
    names = Names(business=request.business)
    given = request.GET.get("days", "")
    days = int(given) if given.isascii() and given.isdecimal() and int(given[:4]) in SPANS else RESULT_DAYS
    counts = lately(f"counts:{automation_id}", lambda: counts_of(automation_id=automation_id), lambda found: found.all)
    results = lately(
        f"results:{automation_id}:{days}",
        lambda: results_of(automation_id=automation_id, business=request.business, days=days),
        lambda found: found.journeys,
    )
    context = {
        "automation": automation,
        "tone": TONES[Automation.State(automation.state)],
        "works": automation.state in (Automation.State.ON, Automation.State.PAUSED),
        "differs": automation.draft != automation.current.definition if automation.current else False,
        "trigger": trigger_words(definition.trigger, names),
        "overview": Overview(automation, definition, counts, names, slug),
        "results": results,
        "has_messages": any(step.do in MESSAGES for step in definition.walk()),
        "has_goal": definition.goal is not None,
        "spans": [(each, ngettext("%(days)d day", "%(days)d days", each) % {"days": each}) for each in SPANS],
    }
    return render(request, "automations/overview.html", context)


@requires(Capability.AUTOMATE)
@require_safe
def automation_people(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """The guests in it: ``?state=``, ``?step=`` with ``?outcome=``, and ``?reason=`` narrow them."""
    automation = _automation(automation_id)
    names = Names(business=request.business)
    definition = readable(automation.current.definition if automation.current is not None else automation.draft)
    state, step, outcome, reason = (request.GET.get(name, "")[:24] for name in ("state", "step", "outcome", "reason"))
    state = state if state in Journey.State.values else ""
    outcome = outcome if outcome in JourneyStep.Outcome.values else ""
    page = journeys_page(
        automation_id=automation_id,
        state=state,
        step=step,
        outcome=outcome,
        reason=reason,
        after=request.GET.get("after", ""),
    )
    context = {
        "automation": automation,
        "page": page,
        "lines": [_line(each, names) for each in page.journeys],
        "state": state,
        "step": step,
        "outcome": outcome,
        "step_told": _step_told(definition, step, names) if step else "",
        "outcome_told": JourneyStep.Outcome(outcome).label if outcome else "",
        "reason_told": reason_words(reason),
        "states": [("", _("All")), *Journey.State.choices],
    }
    return render(request, "automations/journeys.html", context)


@requires(Capability.AUTOMATE)
@require_safe
def journey_page(request: BusinessRequest, slug: str, journey_id: int) -> HttpResponse:
    """One guest's way: what was done, what comes when."""
    journey = _journey(journey_id)
    names, definition = Names(business=request.business), definition_of(journey)
    done = steps_of(journey_id=journey_id)
    skipped = frozenset(each.step for each in done if each.outcome == JourneyStep.Outcome.SKIPPED)
    works = journey.automation.state in (Automation.State.ON, Automation.State.PAUSED)
    context = {
        "journey": journey,
        "tone": STATE_TONES[Journey.State(journey.state)],
        "why": reason_words(journey.reason),
        "trigger": trigger_words(definition.trigger, names) if definition is not None else "",
        "done": done_lines(done, definition, names, slug=slug),
        "ahead": ahead_lines(ahead_for(journey, skipped=skipped), names) if works else [],
        "is_older": journey.state == Journey.State.RUNNING and journey.version_id != journey.automation.current_id,
    }
    return render(request, "automations/journey.html", context)


@requires(Capability.AUTOMATE)
@require_POST
def journey_end(request: BusinessRequest, slug: str, journey_id: int) -> HttpResponse:
    """Stop it for this guest."""
    journey = _journey(journey_id)
    try:
        journey_stop(journey_id=journey_id, member=request.member)
    except Refused as refused:
        messages.info(request, str(refused))
    else:
        messages.success(request, _("“%(name)s” is stopped for this guest.") % {"name": journey.automation.name})
    if request.POST.get("back") == "card":
        return redirect("guest_card", slug=slug, customer_id=journey.customer_id)
    return redirect("journey_page", slug=slug, journey_id=journey_id)


@requires(Capability.AUTOMATE)
@require_POST
def journey_skip(request: BusinessRequest, slug: str, journey_id: int) -> HttpResponse:
    """Let the guest go past a step: ``step``, else the one that comes next."""
    _journey(journey_id)
    try:
        step_skip(journey_id=journey_id, member=request.member, step=request.POST.get("step", "")[:12])
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        _go(request)
        messages.success(request, _("The step is left out for this guest."))
    return redirect("journey_page", slug=slug, journey_id=journey_id)


@requires(Capability.AUTOMATE)
@require_POST
def journey_move(request: BusinessRequest, slug: str, journey_id: int) -> HttpResponse:
    """Let one guest go on on the current version."""
    journey = _journey(journey_id)
    _moved(request, journey.automation_id, [journey_id])
    return redirect("journey_page", slug=slug, journey_id=journey_id)


@requires(Capability.AUTOMATE)
@require_POST
def automation_move(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Let everybody on an older version go on on the current one."""
    _automation(automation_id)
    _moved(request, automation_id, None)
    return redirect("automation_page", slug=slug, automation_id=automation_id)


def _moved(request: BusinessRequest, automation_id: int, journey_ids: list[int] | None) -> None:
    try:
        moved = journeys_move(automation_id=automation_id, member=request.member, journey_ids=journey_ids)
    except Refused as refused:
        messages.error(request, str(refused))
        return
    _go(request)
    told = ngettext(
        "%(number)d guest goes on on the current version.", "%(number)d guests go on on the current version.", moved
    )
    rest = _("The step that comes next is not in the current version, so they finish as they began.")
    if moved:
        messages.success(request, told % {"number": moved})
    else:
        messages.info(request, rest)


def _go(request: BusinessRequest) -> None:
    """What is due now goes on after the commit; a broker that is away loses nothing."""
    transaction.on_commit(partial(automations_run.delay, request.business.pk), robust=True)


def _line(journey: Journey, names: Names) -> dict[str, Any]:
    definition = definition_of(journey)
    place = journey.step or (definition.steps[0].id if definition is not None and definition.steps else "")
    return {
        "journey": journey,
        "tone": STATE_TONES[Journey.State(journey.state)],
        "place": _step_told(definition, place, names) if journey.is_open else "",
        "why": reason_words(journey.reason),
    }


def _step_told(definition: Definition | None, pk: str, names: Names) -> str:
    step = definition.step(pk) if definition is not None else None
    return step_words(step, names) if step is not None else _("A step of an earlier version")


def _automation(automation_id: int) -> Automation:
    try:
        return automation_get(automation_id=automation_id)
    except Automation.DoesNotExist as error:
        raise Http404 from error


def _journey(journey_id: int) -> Journey:
    try:
        return journey_get(journey_id=journey_id)
    except Journey.DoesNotExist as error:
        raise Http404 from error
