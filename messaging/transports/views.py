"""Pages of how messages leave: all ways of sending, a new one, one with its test messages and its sender's domain."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from accounts.tenancy.runs import nudge
from messaging.transports.forms import TransportForm, TryForm, kind_of
from messaging.transports.kinds import KINDS, Kind, Way, kinds_of
from messaging.transports.models import Channel, Transport
from messaging.transports.selectors import transport_get, transport_list, try_list
from messaging.transports.services import (
    check_ask,
    transport_create,
    transport_make_default,
    transport_remove,
    transport_update,
)
from messaging.transports.shown import transport_shown, try_shown
from messaging.transports.tasks import transport_check, transport_try
from messaging.transports.trying import try_ask

GET_POST = ["GET", "HEAD", "POST"]


@requires(Capability.SET_UP)
@require_safe
def transport_list_page(request: BusinessRequest, slug: str) -> HttpResponse:
    """All ways of sending by channel, and what is missing."""
    shown = [transport_shown(each) for each in transport_list()]
    channels = [
        {
            "code": channel.value,
            "label": channel.label,
            "rows": [each for each in shown if each.transport.channel == channel],
            "has_default": any(each.transport.is_default for each in shown if each.transport.channel == channel),
        }
        for channel in Channel
    ]
    return render(request, "messages/transports/list.html", {"channels": channels})


@requires(Capability.SET_UP)
@never_cache
@require_http_methods(GET_POST)
def transport_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """A new one. GET ``kind``: of which kind; without one, the kinds to choose from."""
    kind = kind_of(request.GET.get("kind", ""))
    if kind is None:
        return _kinds_page(request)
    form = TransportForm(request.POST or None, kind=kind, business=request.business)
    if request.method == "POST" and form.is_valid():
        try:
            transport = transport_create(business=request.business, values=form.values(), member=request.member)
        except Refused as refused:
            form.refuse(refused)
        else:
            _nudge_check(transport)
            messages.success(request, _("%(name)s is set up. Send yourself a test.") % {"name": transport.name})
            return redirect("transport", slug=slug, transport_id=transport.pk)
    return _form_page(request, form, kind)


@requires(Capability.SET_UP)
@require_safe
def transport_page(request: BusinessRequest, slug: str, transport_id: int) -> HttpResponse:
    """One way of sending: what it is, tests, the sender's domain."""
    return _page(request, _transport(transport_id))


@requires(Capability.SET_UP)
@require_safe
def transport_state(request: BusinessRequest, slug: str, transport_id: int) -> HttpResponse:
    """The part of its page that changes by itself; without script, the page."""
    transport = _transport(transport_id)
    if not request.htmx:
        return redirect("transport", slug=slug, transport_id=transport_id)
    return render(request, "messages/transports/_state.html", _context(request, transport))


@requires(Capability.SET_UP)
@never_cache
@require_http_methods(GET_POST)
def transport_edit(request: BusinessRequest, slug: str, transport_id: int) -> HttpResponse:
    """Change one."""
    transport = _transport(transport_id)
    kind = KINDS[transport.kind]
    form = TransportForm(
        request.POST or None,
        kind=kind,
        business=request.business,
        transport=transport,
        initial=TransportForm.told(transport),
    )
    if request.method == "POST" and form.is_valid():
        try:
            transport = transport_update(
                transport_id=transport_id, business=request.business, values=form.values(), member=request.member
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            _nudge_check(transport)
            messages.success(request, _("%(name)s is changed.") % {"name": transport.name})
            return redirect("transport", slug=slug, transport_id=transport_id)
    return _form_page(request, form, kind, transport)


@requires(Capability.SET_UP)
@require_POST
def transport_try_page(request: BusinessRequest, slug: str, transport_id: int) -> HttpResponse:
    """Send a test message to oneself. POST ``address``."""
    transport = _transport(transport_id)
    form = TryForm(request.POST, channel=transport.channel)
    if form.is_valid():
        try:
            asked = try_ask(
                transport_id=transport_id,
                business=request.business,
                address=form.cleaned_data["address"],
                member=request.member,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            nudge(transport_try, asked)
            return redirect("transport", slug=slug, transport_id=transport_id)
    return _page(request, transport, form)


@requires(Capability.SET_UP)
@require_POST
def transport_check_page(request: BusinessRequest, slug: str, transport_id: int) -> HttpResponse:
    """Have the sender's domain looked at now."""
    _transport(transport_id)
    _nudge_check(check_ask(transport_id=transport_id))
    return redirect("transport", slug=slug, transport_id=transport_id)


@requires(Capability.SET_UP)
@require_POST
def transport_default_page(request: BusinessRequest, slug: str, transport_id: int) -> HttpResponse:
    """Let the messages of its channel leave here from now on."""
    _transport(transport_id)
    try:
        transport = transport_make_default(transport_id=transport_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Messages leave through %(name)s from now on.") % {"name": transport.name})
    return redirect("transport", slug=slug, transport_id=transport_id)


@requires(Capability.SET_UP)
@require_http_methods(GET_POST)
def transport_remove_page(request: BusinessRequest, slug: str, transport_id: int) -> HttpResponse:
    """Ask, then remove one."""
    transport = _transport(transport_id)
    error = ""
    if request.method == "POST":
        try:
            transport_remove(transport_id=transport_id, member=request.member)
        except Refused as refused:
            error = str(refused)
        else:
            messages.success(request, _("%(name)s is removed.") % {"name": transport.name})
            return redirect("transport_list", slug=slug)
    context = {"shown": transport_shown(transport), "transport": transport, "error": error}
    return render(request, "messages/transports/remove.html", context, status=422 if error else 200)


def _transport(transport_id: int) -> Transport:
    try:
        return transport_get(transport_id=transport_id)
    except Transport.DoesNotExist as error:
        raise Http404 from error


def _nudge_check(transport: Transport) -> None:
    if transport.check_asked_at is not None:
        nudge(transport_check, transport)


def _kinds_page(request: BusinessRequest) -> HttpResponse:
    chosen = request.GET.get("channel", "")
    channel = Channel(chosen) if chosen in Channel else Channel.EMAIL
    kinds = kinds_of(channel)
    context = {
        "channel": channel,
        "channels": list(Channel),
        "own": [kind for kind in kinds if kind.way in (Way.SMTP, Way.LOCAL)],
        "services": [kind for kind in kinds if kind.way not in (Way.SMTP, Way.LOCAL)],
    }
    return render(request, "messages/transports/kinds.html", context)


def _form_page(
    request: BusinessRequest, form: TransportForm, kind: Kind, transport: Transport | None = None
) -> HttpResponse:
    context = {"form": form, "kind": kind, "transport": transport}
    return render(request, "messages/transports/form.html", context, status=422 if form.errors else 200)


def _page(request: BusinessRequest, transport: Transport, form: TryForm | None = None) -> HttpResponse:
    context = _context(request, transport)
    own = request.user.email if transport.channel == Channel.EMAIL else ""
    context["form"] = form or TryForm(channel=transport.channel, initial={"address": own})
    return render(request, "messages/transports/transport.html", context, status=422 if form is not None else 200)


def _context(request: BusinessRequest, transport: Transport) -> dict[str, Any]:
    tries = [try_shown(each) for each in try_list(transport=transport)]
    shown = transport_shown(transport)
    keys = {"slug": request.business.slug, "transport_id": transport.pk}
    return {
        "transport": transport,
        "shown": shown,
        "tries": tries,
        "is_working": shown.is_checking or any(each.is_open for each in tries),
        "refresh_url": reverse("transport_state", kwargs=keys),
    }
