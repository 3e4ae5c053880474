"""Links and pictures of messages: that one was opened is noted only while the guest consents to it."""

import base64
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.views.decorators.http import require_safe

from accounts.access import public, unlisted
from accounts.models import Business
from accounts.tenancy import business_scope
from messaging.links.addresses import leads_to, token_find
from messaging.links.selectors import trackable
from messaging.links.tokens import MessageToken
from messaging.outbox.models import Message
from messaging.outbox.services import Event, Kind, outcome_record

PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@public
@unlisted
@require_safe
def message_link(request: HttpRequest, token: str) -> HttpResponse:
    """On to where a link of a message leads. Only there: the address is signed for the message."""
    named, url = token_find(token), request.GET.get("to", "")
    if named is None or not leads_to(url, request.GET.get("s", ""), named):
        return HttpResponse(status=404)
    if request.method == "GET":
        _note(named, Kind.CLICKED, url)
    # Not Django's own: the address may be any that the business has put into its message.
    return HttpResponse(status=302, headers={"Location": _header(url)})


@public
@unlisted
@require_safe
def message_pixel(request: HttpRequest, token: str) -> HttpResponse:
    """A picture of one dot, for whoever asks."""
    named = token_find(token)
    if named is None:
        return HttpResponse(status=404)
    if request.method == "GET":
        _note(named, Kind.OPENED, "")
    return HttpResponse(PIXEL, content_type="image/gif")


def _note(named: MessageToken, kind: Kind, detail: str) -> None:
    business = Business.objects.filter(public_id=named.public_id).first()
    if business is None:
        return
    with business_scope(business.pk):
        message = Message.objects.filter(ref=named.ref).exclude(origin=Message.Origin.TEST).first()
        if message is not None and trackable(customer_ids=[message.customer_id]):
            outcome_record(events=[Event(kind=kind, at=timezone.now(), ref=named.ref, detail=detail)])


def _header(url: str) -> str:
    """As a header takes it: without a line's end, in ASCII."""
    return iri_to_uri("".join(url.splitlines()))
