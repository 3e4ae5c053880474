"""Where services report. The secret in the address opens the business; what a service signs is checked beside it."""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.access import public
from accounts.limits import within_limit
from accounts.models import Business
from accounts.tenancy import business_scope
from accounts.tokens import token_hash, token_public_id
from messaging.callbacks import mail, sms
from messaging.callbacks.models import RAW_MAX
from messaging.callbacks.report import Forged, Report, Unreached, Unreadable
from messaging.callbacks.services import reports_keep
from messaging.transports.models import Transport
from messaging.transports.secrets import SecretLost, secrets_open
from messaging.transports.selectors import transport_of_callback

log = structlog.get_logger(__name__)

BODY_MAX = 30_000_000
"""Bytes of a call. Reports are far below; a guest's answer by e-mail comes with its pictures."""


def _called(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @csrf_exempt
    @never_cache
    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    return told


@public
@_called
@require_http_methods(["GET", "HEAD", "POST"])
def transport_callback(request: HttpRequest, token: str) -> HttpResponse:
    """What became of messages, and answers by SMS. 404 for a wrong secret, 403 for a wrong signature, 400 for what no
    service sends. A GET says that somebody is at home, which some services ask before they report."""
    return _answer(request, token, replies=False)


@public
@_called
@require_http_methods(["GET", "HEAD", "POST"])
def transport_reply(request: HttpRequest, token: str) -> HttpResponse:
    """Answers by e-mail, of services that take them in."""
    return _answer(request, token, replies=True)


def _answer(request: HttpRequest, token: str, *, replies: bool) -> HttpResponse:
    public_id = token_public_id(token)
    business = Business.objects.filter(public_id=public_id).first() if public_id else None
    if business is None:
        return _forged(request)
    # A body comes as slowly as its sender likes, and services are asked for what they only name: nothing of that is
    # waited for in a transaction.
    with business_scope(business.pk):
        transport = transport_of_callback(token_hash=token_hash(token))
    if transport is None:
        return _forged(request)
    if request.method != "POST":
        return HttpResponse(status=200)
    with timezone.override(business.zone):
        try:
            body = _body(request)
        except UnreadablePostError:
            return HttpResponse(status=400)
        if body is None:
            return HttpResponse(status=413)
        try:
            reports = _reports(request, transport, body, replies=replies)
        except Forged:
            log.warning("callback_forged", transport=transport.pk, kind=transport.kind)
            return HttpResponse(status=403)
        except Unreadable:
            log.warning("callback_unreadable", transport=transport.pk, kind=transport.kind)
            return HttpResponse(status=400)
        except Unreached as unreached:
            # Services call again.
            log.warning("callback_unreached", transport=transport.pk, kind=transport.kind, host=str(unreached))
            return HttpResponse(status=503)
        except SecretLost:
            return HttpResponse(status=503)
        raw = body[:RAW_MAX].decode("utf-8", "replace").replace("\0", "")
        with business_scope(business.pk, actor=transport.name):
            # It may have been removed meanwhile.
            if transport_of_callback(token_hash=transport.callback_hash) is None:
                return _forged(request)
            reports_keep(transport=transport, reports=reports, raw=raw)
    # 46elks would send what stands in the body as an answer; Twilio reads it as instructions: there is none.
    return HttpResponse(status=200, content_type="text/plain")


def _body(request: HttpRequest) -> bytes | None:
    """The whole body, and the request as though nobody had read it; ``None`` where it is too large.

    Django's own limit is that of forms that people fill in: of an answer with a photograph it would read nothing.
    """
    body = request.read(BODY_MAX + 1)
    if len(body) > BODY_MAX:
        return None
    request._body = body
    request._stream = BytesIO(body)
    return body


def _reports(request: HttpRequest, transport: Transport, body: bytes, *, replies: bool) -> list[Report]:
    secrets = secrets_open(transport)
    if transport.kind in mail.KINDS:
        return mail.mail_reports(transport.kind, request, secrets, replies=replies)
    if transport.kind not in sms.READERS or replies:
        raise Http404
    call = sms.Call(
        f"{settings.INNKEEPER_URL}{request.get_full_path()}",
        body,
        request.POST.dict(),
        {name.lower(): value for name, value in request.headers.items()},
        secrets,
    )
    return sms.reports_of(transport.kind, call)


def _forged(request: HttpRequest) -> HttpResponse:
    if not within_limit(request, action="callback_forged"):
        return HttpResponse(status=429)
    return HttpResponse(status=404)
