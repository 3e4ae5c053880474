"""The page on which an automation is tried on one guest: every step with its day, one below the other."""

from secrets import token_urlsafe
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from automations.building.naming import Names
from automations.building.services import DefinitionRefused
from automations.definition import Do, definition_read
from automations.models import Automation
from automations.reasons import reason_words
from automations.rehearsal.forms import SendForm
from automations.rehearsal.testing import trial_channels, trial_send
from automations.rehearsal.trial import Trial, try_on
from automations.rehearsal.views import automation_found, problem_lines
from automations.rehearsal.wording import NOTES, outcome_words, state_words, tone
from automations.words import step_words, trigger_words
from customers.card.models import Customer
from messaging.tasks import outbox_nudge
from messaging.texts.showing import guest_usual


@requires(Capability.AUTOMATE)
@require_safe
def trial(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Try it on a guest, ``?guest=``."""
    automation = automation_found(automation_id)
    return _page(request, automation, _guest(request.GET.get("guest", ""), request.member.pk))


@requires(Capability.AUTOMATE)
@require_POST
def trial_test(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """Send the messages of the trial of a guest, POST ``guest``, to oneself."""
    automation = automation_found(automation_id)
    guest = _guest(request.POST.get("guest", ""), None)
    if guest is None:
        return redirect("automation_try", slug=slug, automation_id=automation_id)
    try:
        tried = try_on(automation_id=automation_id, customer_id=guest.pk)
    except Refused:
        return _page(request, automation, guest)
    form = SendForm(request.POST, channels=trial_channels(tried))
    if form.is_valid():
        try:
            number = trial_send(
                automation=automation,
                trial=tried,
                addresses=form.cleaned_data,
                token=request.POST.get("token", "") or token_urlsafe(12),
                business=request.business,
                member=request.member,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            outbox_nudge(business_id=request.business.pk)
            said = ngettext(
                "%(count)d message is on its way to you.", "%(count)d messages are on their way to you.", number
            )
            messages.success(request, said % {"count": number})
            back = reverse("automation_try", kwargs={"slug": slug, "automation_id": automation_id})
            return redirect(f"{back}?guest={guest.pk}")
    return _page(request, automation, guest, tried=tried, form=form)


def _page(
    request: BusinessRequest,
    automation: Automation,
    guest: Customer | None,
    *,
    tried: Trial | None = None,
    form: SendForm | None = None,
) -> HttpResponse:
    names = Names(business=request.business)
    context: dict[str, Any] = {"automation": automation, "guest": guest, "token": token_urlsafe(12)}
    status = 200 if form is None else 422
    try:
        if guest is not None and tried is None:
            tried = try_on(automation_id=automation.pk, customer_id=guest.pk)
    except DefinitionRefused as refused:
        context["problems"] = problem_lines(automation, refused, names)
        context["refused"] = _("It cannot be tried yet.")
    except Refused as refused:
        context["refused"] = str(refused)
    if tried is not None:
        context |= _told(tried, automation, names)
        channels = trial_channels(tried)
        context["form"] = form or SendForm(channels=channels, initial={"email": request.user.email})
        context["has_messages"] = bool(channels)
    return render(request, "automations/try.html", context, status=status)


def _told(tried: Trial, automation: Automation, names: Names) -> dict[str, Any]:
    definition = definition_read(automation.draft)
    steps = {step.id: step for step in definition.walk()}
    found = []
    for each in tried.steps:
        step, line = steps[each.line.step], each.line
        found.append(
            {
                "words": step_words(step, names),
                "at": line.at,
                "sends_at": line.sends_at if line.sends_at is not None and line.sends_at > line.at else None,
                "outcome": outcome_words(line.outcome, is_message=step.is_message, is_wait=step.do == Do.WAIT),
                "reason": reason_words(line.reason),
                "tone": tone(line.outcome),
                "shown": each.shown,
            }
        )
    return {
        "tried": tried,
        "trigger": trigger_words(definition.trigger, names),
        "note": NOTES.get(tried.occasion.note, ""),
        "keeps_out": reason_words(tried.keeps_out),
        "steps": found,
        "ended": state_words(tried.way.state),
        "ended_reason": reason_words(tried.way.reason),
        "ended_tone": tone(tried.way.state),
    }


def _guest(asked: str, member_id: int | None) -> Customer | None:
    """The guest that was asked for, else the one this member opened last."""
    if asked.isascii() and asked.isdecimal() and len(asked) < 19:
        found = Customer.objects.filter(pk=int(asked)).first()
        if found is not None:
            return found
    return guest_usual(member_id=member_id) if member_id is not None else None
