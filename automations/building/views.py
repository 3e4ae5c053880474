"""Pages of automations: all of them, a new one, what to know before one is turned on, its versions, its state."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Business, Capability
from accounts.services.refusals import Refused
from automations.building.labels import ICONS, TONES
from automations.building.naming import Names
from automations.building.recipes import recipe_use, recipes
from automations.building.selectors import (
    automation_get,
    automation_list,
    facts_of,
    names_of,
    readable,
    version_list,
)
from automations.building.services import (
    NAME_MAX,
    AutomationChanged,
    automation_copy,
    automation_create,
    automation_pause,
    automation_publish,
    automation_remove,
    automation_resume,
    automation_turn_off,
    automation_turn_on,
    version_restore,
)
from automations.building.shown import definition_told, doubt_words, problems_of, told
from automations.building.warnings import Doubt, warnings_of
from automations.definition import Definition, Do
from automations.models import Automation, AutomationVersion
from automations.planning.selectors import occurrences_between
from automations.planning.services import present_count
from automations.tasks import automations_nudge
from automations.words import step_words, trigger_words

BLANK: Final[dict[str, Any]] = {"trigger": {"kind": "before_arrival", "days": 3, "at": "10:00"}, "steps": []}
AHEAD: Final = dt.timedelta(days=14)
SHOWN: Final = 10


@requires(Capability.AUTOMATE)
@require_safe
def automation_index(request: BusinessRequest, slug: str) -> HttpResponse:
    """All automations."""
    names = Names(business=request.business)
    lines = [
        {
            "line": line,
            "automation": line.automation,
            "tone": TONES[Automation.State(line.automation.state)],
            "words": trigger_words(line.definition.trigger, names) if line.definition is not None else "",
            "steps": sum(step.is_response for step in line.definition.walk()) if line.definition is not None else 0,
        }
        for line in automation_list()
    ]
    return render(request, "automations/list.html", {"lines": lines})


@requires(Capability.AUTOMATE)
@require_http_methods(["GET", "HEAD", "POST"])
def automation_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Make one of a recipe, or an empty one."""
    language = request.LANGUAGE_CODE
    chosen = request.POST.get("recipe", request.GET.get("recipe", next(iter(recipes()))))
    error, name = None, request.POST.get("name", "")
    if request.method == "POST":
        try:
            if chosen in recipes():
                made = recipe_use(key=chosen, business=request.business, name=name.strip(), member=request.member)
            else:
                made = automation_create(name=name, definition=BLANK, member=request.member)
        except Refused as refused:
            error = refused
        else:
            return redirect("automation_edit", slug=slug, automation_id=made.pk)
    offered = [
        {
            "recipe": recipe,
            "name": recipe.name_in(language),
            "about": recipe.about_in(language),
            "icons": [ICONS[Do(step["do"])] for step in recipe.definition["steps"]],
        }
        for recipe in recipes().values()
    ]
    context = {"recipes": offered, "chosen": chosen, "name": name, "name_max": NAME_MAX, "refused": error}
    return render(request, "automations/recipes.html", context, status=422 if error else 200)


@requires(Capability.AUTOMATE)
@require_http_methods(["GET", "HEAD", "POST"])
def automation_on(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """What is to be known before it is turned on; POST turns it on, or publishes the changes of one that works."""
    automation = _found(automation_id)
    works = automation.state in (Automation.State.ON, Automation.State.PAUSED)
    if request.method == "POST":
        try:
            if works:
                automation_publish(automation_id=automation_id, member=request.member, version=_version(request))
                messages.success(request, _("The changes run from now on."))
            else:
                automation_turn_on(
                    automation_id=automation_id,
                    member=request.member,
                    take_present=request.POST.get("present") == "take",
                    version=_version(request),
                )
                messages.success(request, _("“%(name)s” is on.") % {"name": automation.name})
        except (Refused, AutomationChanged) as error:
            messages.error(request, str(error))
            return redirect("automation_turn_on", slug=slug, automation_id=automation_id)
        automations_nudge(business_id=request.business.pk)
        return redirect("automation_page", slug=slug, automation_id=automation_id)
    return render(request, "automations/turn_on.html", _review(automation, request.business) | {"works": works})


@requires(Capability.AUTOMATE)
@require_http_methods(["GET", "HEAD", "POST"])
def automation_versions(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Every version in words; POST makes one of them the draft."""
    automation = _found(automation_id)
    if request.method == "POST":
        given = request.POST.get("number", "")
        number = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
        try:
            version_restore(
                automation_id=automation_id, number=number, version=_version(request), member=request.member
            )
        except AutomationVersion.DoesNotExist:
            messages.error(request, _("Choose one of the list."))
            return redirect("automation_versions", slug=slug, automation_id=automation_id)
        except AutomationChanged as changed:
            messages.error(request, str(changed))
            return redirect("automation_versions", slug=slug, automation_id=automation_id)
        messages.success(request, _("Version %(number)d is the draft now.") % {"number": number})
        return redirect("automation_edit", slug=slug, automation_id=automation_id)
    names = Names(business=request.business)
    lines = []
    for each in version_list(automation_id=automation_id):
        definition = readable(each.definition)
        lines.append(
            {
                "version": each,
                "words": definition_told(definition, names) if definition is not None else [],
                "by": names.member(each.member_id) if each.member_id else "",
                "is_current": each.pk == automation.current_id,
                "is_draft": each.definition == automation.draft,
            }
        )
    return render(request, "automations/versions.html", {"automation": automation, "lines": lines})


@requires(Capability.AUTOMATE)
@require_http_methods(["GET", "HEAD", "POST"])
def automation_delete(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Remove it, once asked: what is known of guests' ways through it goes with it."""
    automation = _found(automation_id)
    if request.method != "POST":
        return render(request, "automations/remove.html", {"automation": automation})
    try:
        automation_remove(automation_id=automation_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("automation_page", slug=slug, automation_id=automation_id)
    messages.success(request, _("“%(name)s” is removed.") % {"name": automation.name})
    return redirect("automation_list", slug=slug)


@requires(Capability.AUTOMATE)
@require_POST
def automation_halt(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Pause it."""
    return _turned(request, automation_id, automation_pause)


@requires(Capability.AUTOMATE)
@require_POST
def automation_go_on(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Go on where it was paused."""
    answer = _turned(request, automation_id, automation_resume)
    automations_nudge(business_id=request.business.pk)
    return answer


@requires(Capability.AUTOMATE)
@require_http_methods(["GET", "HEAD", "POST"])
def automation_end(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Turn it off, once asked: whoever is under way stops there."""
    automation = _found(automation_id)
    if request.method == "POST":
        return _turned(request, automation_id, automation_turn_off)
    open_now = next((line.open for line in automation_list() if line.automation.pk == automation_id), 0)
    return render(request, "automations/turn_off.html", {"automation": automation, "open": open_now})


@requires(Capability.AUTOMATE)
@require_POST
def automation_again(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """A draft like it."""
    _found(automation_id)
    try:
        copied = automation_copy(automation_id=automation_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("automation_page", slug=slug, automation_id=automation_id)
    return redirect("automation_edit", slug=slug, automation_id=copied.pk)


def _turned(request: BusinessRequest, automation_id: int, act: Callable[..., Automation]) -> HttpResponse:
    _found(automation_id)
    try:
        act(automation_id=automation_id, member=request.member)
    except Refused as refused:
        messages.info(request, str(refused))
    return redirect("automation_page", slug=request.business.slug, automation_id=automation_id)


def _review(automation: Automation, business: Business) -> dict[str, Any]:
    """Everything of a draft in words, what is missing, what is doubtful, and whom it would meet."""
    names, now = Names(business=business), timezone.now()
    definition = readable(automation.draft)
    if definition is None:
        raise Http404
    problems = problems_of(automation.draft, names)
    facts = facts_of(business=business, definition=definition, reach=True)
    doubts = warnings_of(definition, facts, pk=automation.pk)
    found: dict[str, Any] = {
        "automation": automation,
        "words": definition_told(definition, names),
        "problems": [(each, told([each], each.place)[0]) for each in problems],
        "doubts": [(doubt_words(each), _step_told(definition, each, names)) for each in doubts],
    }
    return found if problems else found | _met(definition, business, now)


def _step_told(definition: Definition, doubt: Doubt, names: Names) -> str:
    step = definition.step(doubt.place)
    return step_words(step, names) if step is not None else ""


def _met(definition: Definition, business: Business, now: dt.datetime) -> dict[str, Any]:
    """Whom the trigger meets in the next days; of events, which nobody knows beforehand, whom it met lately."""
    ahead = definition.trigger.is_date
    first, last = (now, now + AHEAD) if ahead else (now - AHEAD, now)
    found = occurrences_between(definition=definition, first=first, last=last, now=now)
    found = sorted(found, key=lambda each: each.at, reverse=not ahead)
    guests = names_of([each.customer_id for each in found[:SHOWN]])
    return {
        "is_ahead": ahead,
        "met": [(each.customer_id, guests.get(each.customer_id, "–"), each.at) for each in found[:SHOWN]],
        "met_number": len(found),
        "present": present_count(definition=definition, now=now),
    }


def _found(automation_id: int) -> Automation:
    try:
        return automation_get(automation_id=automation_id)
    except Automation.DoesNotExist as error:
        raise Http404 from error


def _version(request: BusinessRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
