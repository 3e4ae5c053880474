"""The page on which a message to one guest is written, seen as the guest will see it, and sent."""

from secrets import token_urlsafe
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import formats
from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from customers.card.models import Customer
from customers.changes.messages import named
from customers.conditions.names import locale
from messaging.outbox.models import Message
from messaging.tasks import outbox_nudge
from messaging.texts.models import Channel, MessagePurpose
from messaging.written.forms import WriteForm
from messaging.written.services import (
    Written,
    message_send,
    said_of,
    written_shown,
    written_template,
    written_words,
)


@requires(Capability.MESSAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def message_write(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Write to a guest by ``?channel=``; ``?template=`` begins with a template. POST ``act=preview`` keeps nothing."""
    guest = _guest(customer_id)
    channel = _channel(request)
    if request.method != "POST":
        initial = {"purpose": MessagePurpose.STAY, "template": request.GET.get("template", "")}
        return _page(request, guest, channel, WriteForm(channel=channel, initial=initial))
    form = WriteForm(request.POST, channel=channel)
    if request.POST.get("act") == "preview" or not form.is_valid():
        return _page(request, guest, channel, form)
    written = _written(request, guest, form)
    try:
        message = message_send(
            written=written,
            guest=guest,
            token=request.POST.get("token", "") or token_urlsafe(12),
            member=request.member,
        )
    except Refused as refused:
        field = refused.field if refused.field in form.fields else "text" if written.problems else None
        form.add_error(field, str(refused))
        return _page(request, guest, channel, form)
    outbox_nudge(business_id=request.business.pk)
    messages.success(request, _told(request, message, guest))
    return redirect("guest_card", slug=slug, customer_id=guest.pk)


@requires(Capability.MESSAGE)
@require_POST
def message_preview(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """What stands in the form as the guest would get it, and whether it may go; keeps nothing."""
    guest = _guest(customer_id)
    form = WriteForm(request.POST, channel=_channel(request))
    form.is_valid()
    return render(request, "messages/written/_preview.html", _preview(request, guest, form))


def _page(request: BusinessRequest, guest: Customer, channel: str, form: WriteForm) -> HttpResponse:
    is_preview = request.POST.get("act") == "preview"
    if is_preview:
        form.is_valid()
    shown_errors = bool(form.errors) and not is_preview
    context = {
        "guest": guest,
        "channel": channel,
        "channels": [
            {"label": label, "url": f"?channel={value}", "is_on": value == channel} for value, label in Channel.choices
        ],
        "form": form,
        "token": request.POST.get("token", "") or token_urlsafe(12),
        "picked": str(form["template"].value() or ""),
        **_preview(request, guest, form),
    }
    return render(request, "messages/written/write.html", context, status=422 if shown_errors else 200)


def _preview(request: BusinessRequest, guest: Customer, form: WriteForm) -> dict[str, Any]:
    written = _written(request, guest, form)
    is_empty = written.template_id is None and not _value(form, "text").strip()
    return {
        "guest": guest,
        "channel": form.channel,
        "said": said_of(written=written, guest=guest),
        "shown": None if is_empty else written_shown(written=written, guest=guest, business=request.business),
        "unknown": [each.message for each in written.problems if each.is_unknown],
    }


def _written(request: BusinessRequest, guest: Customer, form: WriteForm) -> Written:
    """What the form holds, however far it has come."""
    picked = _value(form, "template")
    template = form.templates.get(int(picked)) if picked.isascii() and picked.isdecimal() and len(picked) < 19 else None
    if template is not None:
        return written_template(template=template, guest=guest)
    purpose = _value(form, "purpose")
    return written_words(
        channel=form.channel,
        purpose=purpose if purpose in MessagePurpose.values else MessagePurpose.STAY.value,
        subject=_value(form, "subject"),
        text=_value(form, "text"),
        guest=guest,
        business=request.business,
    )


def _value(form: WriteForm, name: str) -> str:
    return str(form[name].value() or "") if name in form.fields else ""


def _told(request: BusinessRequest, message: Message, guest: Customer) -> str:
    if message.deferred_reason:
        when = formats.moment(message.due_at.astimezone(request.business.zone), locale())
        return named(_("The message to %(name)s goes out %(when)s.").replace("%(when)s", when), guest.name)
    return named(_("The message to %(name)s is on its way."), guest.name)


def _channel(request: BusinessRequest) -> str:
    sent: QueryDict = request.POST if request.method == "POST" else request.GET
    given = sent.get("channel", "")
    return given if given in Channel.values else Channel.EMAIL.value


def _guest(customer_id: int) -> Customer:
    guest = Customer.objects.filter(pk=customer_id).first()
    if guest is None:
        raise Http404
    return guest
