"""Pages of the local inbox: what would have gone out, as guests would have got it."""

import re
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from messaging.transports.models import Caught, Channel
from messaging.transports.selectors import caught_get, caught_list, conversation, has_local_inbox
from messaging.transports.services import caught_empty

GET_POST = ["GET", "HEAD", "POST"]
_FETCHED = re.compile(r"(<img\b[^>]*?\s)src=(?=[\"']?(?:https?:)?/)", re.IGNORECASE)
"""A picture from elsewhere: its place is left empty rather than refused by the policy."""
_PAGE = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
}


@requires(Capability.MESSAGE)
@require_safe
def inbox_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """What was caught, newest first. GET ``channel``, ``q`` (address, name or subject), ``before``."""
    channel, text = request.GET.get("channel", ""), request.GET.get("q", "").strip()[:200]
    page = caught_list(channel=channel, text=text, before=request.GET.get("before", ""))
    context = {
        "page": page,
        "channel": channel if channel in Channel else "",
        "channels": list(Channel),
        "q": text,
        "has_inbox": bool(page.items) or has_local_inbox(),
        "is_first": not request.GET.get("before"),
        "may_empty": request.member.can(Capability.SET_UP),
    }
    return render(request, "messages/inbox/list.html", context)


@requires(Capability.MESSAGE)
@require_safe
def inbox_message(request: BusinessRequest, slug: str, caught_id: int) -> HttpResponse:
    """One message: an e-mail with its text and headers, an SMS among those to the same number. GET ``view``."""
    caught = _caught(caught_id)
    if caught.channel == Channel.SMS:
        context = {"caught": caught, "bubbles": conversation(caught=caught)}
        return render(request, "messages/inbox/sms.html", context)
    views = ["html", "text", "headers"] if caught.html else ["text", "headers"]
    view = request.GET.get("view", "")
    context = {
        "caught": caught,
        "view": view if view in views else views[0],
        "views": views,
        "headers": sorted(caught.headers.items()),
        "has_images": request.GET.get("images") == "1",
    }
    return render(request, "messages/inbox/email.html", context)


@requires(Capability.MESSAGE)
@require_safe
def inbox_html(request: BusinessRequest, slug: str, caught_id: int) -> HttpResponse:
    """The HTML of an e-mail, for a sandboxed frame: nothing runs, nothing is fetched."""
    return _framed(_FETCHED.sub(r"\1data-src=", _caught(caught_id).html), _PAGE)


@requires(Capability.MESSAGE)
@require_safe
def inbox_html_images(request: BusinessRequest, slug: str, caught_id: int) -> HttpResponse:
    """The same with pictures from elsewhere, for a member who asks for them."""
    return _framed(_caught(caught_id).html, {**_PAGE, "img-src": ["data:", "https:", "http:"]})


@requires(Capability.SET_UP)
@require_http_methods(GET_POST)
def inbox_empty(request: BusinessRequest, slug: str) -> HttpResponse:
    """Ask, then empty the inbox."""
    if request.method != "POST":
        return render(request, "messages/inbox/empty.html", {"count": Caught.objects.count()})
    count = caught_empty(member=request.member)
    told = ngettext("%(count)s message is removed.", "%(count)s messages are removed.", count)
    messages.success(request, told % {"count": count})
    return redirect("inbox_list", slug=slug)


def _caught(caught_id: int) -> Caught:
    try:
        return caught_get(caught_id=caught_id)
    except Caught.DoesNotExist as error:
        raise Http404 from error


def _framed(html: str, policy: dict[str, list[str]]) -> HttpResponse:
    """A page for a frame of ours, under a policy of its own; its links open in a window of their own, as in a mail
    program."""
    base = '<base target="_blank">'
    head = html.lower().find("<head>")
    whole = f"{html[: head + 6]}{base}{html[head + 6 :]}" if head >= 0 else f"{base}{html}"
    answer: Any = HttpResponse(whole, headers={"X-Frame-Options": "SAMEORIGIN"})
    # As django-csp's own decorator does, which takes views of Django's own requests only.
    answer._csp_config = policy
    return cast(HttpResponse, answer)
