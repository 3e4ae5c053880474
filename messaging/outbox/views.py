"""The outbox: every message and its state, what stands in the way, and what is in doubt."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from messaging.gate.selectors import settings_get
from messaging.gate.services import settings_save
from messaging.outbox.deciding import cancel, retry_unknown, settle_unknown
from messaging.outbox.forms import LEAVE, RETRY, SEND, SETTLE, GateForm
from messaging.outbox.labels import reason_of, tone, words
from messaging.outbox.late import late_leave, late_messages, late_send
from messaging.outbox.models import Message
from messaging.outbox.selectors import (
    COUNTED,
    LATE,
    LATELY,
    Asked,
    late_count,
    message_get,
    message_page,
    obstacles,
    state_counts,
    unknown_count,
)
from messaging.outbox.writing import message_rendered
from messaging.rendering import BlockError
from messaging.tasks import outbox_nudge
from messaging.texts.models import Channel
from messaging.texts.showing import words_filled

_BIGGEST = 2**63 - 1


@requires(Capability.MESSAGE)
@require_safe
def outbox_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """Messages, newest first. ``?state=``, ``?channel=`` and ``?guest=`` narrow them; ``before`` and ``after`` page."""
    asked = _asked(request)
    page = message_page(asked=asked, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    now = timezone.now()
    counts = state_counts(since=now - LATELY)
    kept = {
        key: value
        for key, value in (("state", asked.state), ("channel", asked.channel), ("guest", asked.customer_id or ""))
        if value
    }
    context = {
        "lines": [_line(each) for each in page.messages],
        "older": urlencode({**kept, "before": page.older}) if page.older else "",
        "newer": urlencode({**kept, "after": page.newer}) if page.newer else "",
        "asked": asked,
        "is_narrowed": bool(kept),
        "states": [
            ("", _("Every state")),
            *((code, _counted(label, counts[code])) for code, label in _states()),
            (LATE, _("Came too late")),
        ],
        "channels": [("", _("Every channel")), *Channel.choices],
        "obstacles": [
            {"told": each, "trouble": words(each.trouble), "label": Channel(each.channel).label}
            for each in obstacles(at=now)
        ],
        "unknown": unknown_count(),
        "late": late_count(),
        "shows_late": asked.state == LATE,
        "can_settle": request.member.can(Capability.CAMPAIGN),
        "can_set_up": request.member.can(Capability.SET_UP),
    }
    return render(request, "messages/outbox/list.html", context)


@requires(Capability.MESSAGE)
@require_safe
def outbox_message(request: BusinessRequest, slug: str, message_id: int) -> HttpResponse:
    """One message: to whom, what it says, and what became of it."""
    message = _message(message_id)
    try:
        rendered = message_rendered(message=message, business=request.business)
    except BlockError:
        rendered = None
    context = {
        "line": _line(message),
        "message": message,
        "rendered": rendered,
        "can_cancel": _may_cancel(message),
        "can_settle": message.state == Message.State.UNKNOWN and request.member.can(Capability.CAMPAIGN),
        "is_late": request.member.can(Capability.CAMPAIGN) and late_messages().filter(pk=message.pk).exists(),
    }
    return render(request, "messages/outbox/message.html", context)


@requires(Capability.MESSAGE)
@require_POST
def outbox_cancel(request: BusinessRequest, slug: str, message_id: int) -> HttpResponse:
    """Take one message back, if it has not left."""
    message = _message(message_id)
    if cancel(ids=[message.pk], member=request.member):
        messages.success(request, _("The message is cancelled."))
    else:
        messages.info(request, _("It was too late to cancel: the message is no longer waiting."))
    return redirect("outbox_message", slug=slug, message_id=message.pk)


@requires(Capability.CAMPAIGN)
@require_POST
def outbox_decide(request: BusinessRequest, slug: str) -> HttpResponse:
    """Decide of messages in doubt. POST ``message`` (ids; ``all`` for every one of them) and ``decision``."""
    decision = request.POST.get("decision", "")
    if decision not in (RETRY, SETTLE):
        messages.error(request, _("Choose what to do with them."))
        return redirect("outbox_list", slug=slug)
    ids = _ids(request)
    if decision == RETRY:
        count = retry_unknown(ids=ids, member=request.member)
        outbox_nudge(business_id=request.business.pk)
        said = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", count)
    else:
        count = settle_unknown(ids=ids, member=request.member)
        said = ngettext("%(count)d message is taken for sent.", "%(count)d messages are taken for sent.", count)
    if count:
        messages.success(request, said % {"count": count})
    else:
        messages.info(request, _("Nothing was in doubt any more."))
    return redirect("outbox_list", slug=slug)


@requires(Capability.CAMPAIGN)
@require_POST
def outbox_late(request: BusinessRequest, slug: str) -> HttpResponse:
    """Decide of messages that came too late. POST ``message`` (ids; ``all`` for every one of them) and ``decision``."""
    decision, given = request.POST.get("decision", ""), request.POST.getlist("message")
    ids = None if given == ["all"] else _numbers(given)
    if decision not in (SEND, LEAVE) or ids == []:
        messages.error(request, _("Choose messages, and what to do with them."))
        return redirect(f"{reverse('outbox_list', kwargs={'slug': slug})}?state={LATE}")
    if decision == SEND:
        count = late_send(ids=ids, member=request.member)
        outbox_nudge(business_id=request.business.pk)
        said = ngettext("%(count)d message is sent now.", "%(count)d messages are sent now.", count)
    else:
        count = late_leave(ids=ids, member=request.member)
        said = ngettext("%(count)d message stays unsent.", "%(count)d messages stay unsent.", count)
    if count:
        messages.success(request, said % {"count": count})
    else:
        messages.info(request, _("Somebody has decided about them already."))
    return redirect("outbox_list", slug=slug)


@requires(Capability.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def message_times(request: BusinessRequest, slug: str) -> HttpResponse:
    """Quiet hours, and how often one guest hears from the business."""
    kept = settings_get()
    initial = {name: getattr(kept, name) for name in GateForm.base_fields}
    form = GateForm(request.POST or None, initial=initial)
    if form.is_valid():
        settings_save(**form.cleaned_data, member=request.member)
        messages.success(request, _("Saved. Messages that wait follow it, too."))
        return redirect("message_times", slug=slug)
    return render(request, "messages/outbox/times.html", {"form": form}, status=422 if form.errors else 200)


def _asked(request: BusinessRequest) -> Asked:
    state, channel = request.GET.get("state", ""), request.GET.get("channel", "")
    guest = request.GET.get("guest", "")
    known = guest.isascii() and guest.isdigit() and int(guest) <= _BIGGEST
    return Asked(
        state if state in (*Message.State.values, LATE) else "",
        channel if channel in Channel.values else "",
        int(guest) if known else None,
    )


def _message(message_id: int) -> Message:
    try:
        return message_get(message_id=message_id)
    except Message.DoesNotExist as error:
        raise Http404 from error


def _ids(request: BusinessRequest) -> list[int]:
    given = request.POST.getlist("message")
    if given == ["all"]:
        return list(Message.objects.filter(state=Message.State.UNKNOWN).values_list("id", flat=True))
    return _numbers(given)


def _numbers(given: list[str]) -> list[int]:
    return [int(each) for each in given if each.isascii() and each.isdigit() and int(each) <= _BIGGEST]


def _line(message: Message) -> dict[str, Any]:
    template = message.template_text.template if message.template_text else None
    return {
        "message": message,
        "tone": tone(message.state),
        "state": message.get_state_display(),
        "reason": reason_of(message),
        "what": template.name if template else _own_words(message),
        "about": message.get_origin_display(),
        "icon": "smartphone" if message.channel == Channel.SMS else "mail",
        "at": message.sent_at or message.attempted_at or message.due_at,
        "is_due": message.sent_at is None and message.state in (Message.State.PLANNED, Message.State.CLAIMED),
        "fate": _fate(message),
    }


def _own_words(message: Message) -> str:
    kept = {"kept": message.values, "language": message.language, "channel": message.channel}
    return words_filled(message.subject or message.body, **kept)[:80]


def _fate(message: Message) -> str:
    """What the guest did with it."""
    if message.replied_at:
        return pgettext("message", "Answered")
    if message.clicked_at:
        return pgettext("message", "Link opened")
    return pgettext("message", "Opened") if message.opened_at else ""


def _may_cancel(message: Message) -> bool:
    return message.state in (Message.State.PLANNED, Message.State.CLAIMED) and message.attempted_at is None


def _states() -> list[tuple[str, Any]]:
    return list(Message.State.choices)


def _counted(label: Any, count: int) -> str:
    if not count:
        return str(label)
    return f"{label} ({count})" if count < COUNTED else f"{label} ({COUNTED}+)"
