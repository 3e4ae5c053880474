"""Pages of webhooks: all of them, a new one, one with its deliveries, and what a delivery said.

Whoever sets one up sends guests' data to another system: it takes the capability of connecting systems, and where a
secret is shown or an address changed one says first who one is.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.confirmation import ask_to_confirm, confirmed_lately
from accounts.models import Capability
from accounts.services.refusals import Refused
from messaging.tasks import webhooks_nudge
from messaging.webhooks.forms import EndpointForm
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.selectors import delivery_get, delivery_page, endpoint_get, endpoint_list
from messaging.webhooks.services import (
    ENDPOINTS_MAX,
    EndpointChanged,
    deliveries_resend,
    endpoint_change,
    endpoint_create,
    endpoint_remove,
    endpoint_rotate,
    endpoint_try,
)
from messaging.webhooks.shown import body_shown, delivery_shown, endpoint_shown, endpoints_shown

GET_POST = ["GET", "HEAD", "POST"]
View = Callable[..., HttpResponse]


def _confirmed(view: View) -> View:
    """Ask first who one is."""

    @wraps(view)
    def asked(request: BusinessRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not confirmed_lately(request):
            messages.info(request, _("Confirm that it is you before you change where webhooks go."))
            return ask_to_confirm(request, then=request.path)
        return view(request, *args, **kwargs)

    return asked


@requires(Capability.KEYS)
@require_safe
def webhook_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """All webhooks, and how they stand."""
    rows = endpoints_shown(endpoint_list())
    return render(request, "messages/webhooks/list.html", {"rows": rows, "can_add": len(rows) < ENDPOINTS_MAX})


@requires(Capability.KEYS)
@never_cache
@require_http_methods(GET_POST)
@_confirmed
def webhook_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Make one; its secret is on the answer's page and nowhere else."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            made = endpoint_create(business=request.business, name=told["name"], url=told["url"], member=request.member)
        except Refused as refused:
            form.refuse(refused)
        else:
            return render(request, "messages/webhooks/secret.html", {"made": made, "is_new": True})
    return render(request, "messages/webhooks/form.html", {"form": form}, status=422 if form.errors else 200)


@requires(Capability.KEYS)
@require_safe
def webhook(request: BusinessRequest, slug: str, webhook_id: int) -> HttpResponse:
    """One webhook with its deliveries. GET ``state``, ``before``: which of them."""
    endpoint = _endpoint(webhook_id)
    return render(request, "messages/webhooks/webhook.html", _context(request, endpoint))


@requires(Capability.KEYS)
@require_safe
def webhook_state(request: BusinessRequest, slug: str, webhook_id: int) -> HttpResponse:
    """The part of its page that changes by itself; without script, the page."""
    endpoint = _endpoint(webhook_id)
    if not request.htmx:
        return redirect("webhook", slug=slug, webhook_id=webhook_id)
    return render(request, "messages/webhooks/_deliveries.html", _context(request, endpoint))


@requires(Capability.KEYS)
@never_cache
@require_http_methods(GET_POST)
@_confirmed
def webhook_edit(request: BusinessRequest, slug: str, webhook_id: int) -> HttpResponse:
    """Change one."""
    endpoint = _endpoint(webhook_id)
    form = EndpointForm(request.POST or None, endpoint=endpoint)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            changed = endpoint_change(
                endpoint_id=webhook_id,
                version=told["version"],
                name=told["name"],
                url=told["url"],
                is_on=told["is_on"],
                member=request.member,
            )
        except Refused as refused:
            form.refuse(refused)
        except EndpointChanged as changed_meanwhile:
            form = EndpointForm(endpoint=changed_meanwhile.current)
            context = {"form": form, "endpoint": changed_meanwhile.current, "is_overtaken": True}
            return render(request, "messages/webhooks/form.html", context, status=422)
        else:
            webhooks_nudge(business_id=request.business.pk)
            messages.success(request, _("%(name)s is changed.") % {"name": changed.name})
            return redirect("webhook", slug=slug, webhook_id=webhook_id)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "messages/webhooks/form.html", context, status=422 if form.errors else 200)


@requires(Capability.KEYS)
@never_cache
@require_http_methods(GET_POST)
@_confirmed
def webhook_secret(request: BusinessRequest, slug: str, webhook_id: int) -> HttpResponse:
    """Ask, then make a new secret; it is on the answer's page and nowhere else."""
    endpoint = _endpoint(webhook_id)
    if request.method == "POST":
        made = endpoint_rotate(endpoint_id=webhook_id, business=request.business, member=request.member)
        webhooks_nudge(business_id=request.business.pk)
        return render(request, "messages/webhooks/secret.html", {"made": made, "is_new": False})
    return render(request, "messages/webhooks/rotate.html", {"endpoint": endpoint})


@requires(Capability.KEYS)
@require_POST
def webhook_test(request: BusinessRequest, slug: str, webhook_id: int) -> HttpResponse:
    """Deliver a test."""
    _endpoint(webhook_id)
    try:
        endpoint_try(endpoint_id=webhook_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        webhooks_nudge(business_id=request.business.pk)
    return redirect("webhook", slug=slug, webhook_id=webhook_id)


@requires(Capability.KEYS)
@require_POST
def webhook_resend(request: BusinessRequest, slug: str, webhook_id: int) -> HttpResponse:
    """Deliver again all that failed or is unclear."""
    _endpoint(webhook_id)
    _resend(request, webhook_id, None)
    return redirect("webhook", slug=slug, webhook_id=webhook_id)


@requires(Capability.KEYS)
@require_http_methods(GET_POST)
def webhook_remove(request: BusinessRequest, slug: str, webhook_id: int) -> HttpResponse:
    """Ask, then remove one."""
    endpoint = _endpoint(webhook_id)
    if request.method == "POST":
        endpoint_remove(endpoint_id=webhook_id, member=request.member)
        messages.success(request, _("%(name)s is removed.") % {"name": endpoint.name})
        return redirect("webhook_list", slug=slug)
    return render(request, "messages/webhooks/remove.html", {"shown": endpoint_shown(endpoint)})


@requires(Capability.KEYS)
@require_safe
def webhook_delivery(request: BusinessRequest, slug: str, webhook_id: int, delivery_id: int) -> HttpResponse:
    """What a delivery said, and what became of it."""
    delivery = _delivery(webhook_id, delivery_id)
    context = {"row": delivery_shown(delivery), "delivery": delivery, "body": body_shown(delivery)}
    return render(request, "messages/webhooks/delivery.html", context)


@requires(Capability.KEYS)
@require_POST
def webhook_delivery_resend(request: BusinessRequest, slug: str, webhook_id: int, delivery_id: int) -> HttpResponse:
    """Deliver one again. Goes back to the webhook."""
    _delivery(webhook_id, delivery_id)
    _resend(request, webhook_id, [delivery_id])
    return redirect("webhook", slug=slug, webhook_id=webhook_id)


def _resend(request: BusinessRequest, webhook_id: int, delivery_ids: list[int] | None) -> None:
    try:
        number = deliveries_resend(endpoint_id=webhook_id, delivery_ids=delivery_ids, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
        return
    if number:
        webhooks_nudge(business_id=request.business.pk)
        told = ngettext("%(count)s webhook is delivered again.", "%(count)s webhooks are delivered again.", number)
        messages.success(request, told % {"count": number})


def _endpoint(webhook_id: int) -> WebhookEndpoint:
    try:
        return endpoint_get(endpoint_id=webhook_id)
    except WebhookEndpoint.DoesNotExist as error:
        raise Http404 from error


def _delivery(webhook_id: int, delivery_id: int) -> WebhookDelivery:
    try:
        return delivery_get(endpoint_id=webhook_id, delivery_id=delivery_id)
    except WebhookDelivery.DoesNotExist as error:
        raise Http404 from error


def _context(request: BusinessRequest, endpoint: WebhookEndpoint) -> dict[str, Any]:
    state = request.GET.get("state", "")
    state = state if state in WebhookDelivery.State else ""
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    page = delivery_page(endpoint_id=endpoint.pk, state=state, before=before)
    rows = [delivery_shown(each) for each in page.items]
    url = reverse("webhook_state", kwargs={"slug": request.business.slug, "webhook_id": endpoint.pk})
    query = request.GET.urlencode()
    shown = endpoint_shown(endpoint)
    return {
        "endpoint": endpoint,
        "shown": shown,
        "is_off": not endpoint.is_on,
        "rows": rows,
        "older": page.older,
        "state": state,
        "states": [(each.value, each.label) for each in WebhookDelivery.State],
        "is_working": shown.endpoint.is_on and not shown.is_resting and any(_is_near(row.delivery) for row in rows),
        "refresh_url": f"{url}?{query}" if query else url,
    }


def _is_near(delivery: WebhookDelivery) -> bool:
    """Whether something becomes of it in the next moments."""
    return delivery.state == WebhookDelivery.State.CLAIMED or (
        delivery.state == WebhookDelivery.State.PLANNED and not delivery.attempts
    )
