"""The page of suppressed addresses: what is on the list, whether an address is, one put there, one let go."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import ContactPoint
from customers.permission.forms import AddressForm, LiftForm
from customers.permission.models import Suppression
from customers.permission.selectors import can_be_lifted, suppression_counts, suppression_list, suppressions_at
from customers.permission.suppressing import CannotLift, suppression_add, suppression_lift

PAGE = 50


@requires(Capability.CONSENT)
@require_safe
def suppressed_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """What is on the list, what was recorded last first. ``?reason=`` narrows it."""
    return _page(request, AddressForm())


@requires(Capability.CONSENT)
@require_POST
def suppressed_ask(request: BusinessRequest, slug: str) -> HttpResponse:
    """Whether ``address`` is on the list. Posted, so that no address stands in an address."""
    return _page(request, AddressForm(request.POST))


@requires(Capability.CONSENT)
@require_POST
def suppressed_add(request: BusinessRequest, slug: str) -> HttpResponse:
    """Never write to ``address`` again."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    row = suppression_add(kind=form.kind, normalised=form.normalised, member=request.member, address=_ip(request))
    said = _("Nothing is sent to %(address)s any more.") if row else _("%(address)s was on the list already.")
    messages.success(request, said % {"address": form.normalised})
    return redirect("suppressed_list", slug=slug)


@requires(Capability.CONSENT)
@require_POST
def suppressed_let_go(request: BusinessRequest, slug: str) -> HttpResponse:
    """Let ``address`` go again. POST ``of`` (the reason it is on the list for) and ``reason``."""
    form, lift = AddressForm(request.POST), LiftForm(request.POST)
    if not form.is_valid() or not lift.is_valid():
        return _page(request, form, lift)
    try:
        suppression_lift(
            kind=form.kind,
            normalised=form.normalised,
            reason=lift.cleaned_data["of"],
            why=lift.cleaned_data["reason"],
            member=request.member,
            address=_ip(request),
        )
    except CannotLift as error:
        lift.add_error("reason", str(error))
        return _page(request, form, lift)
    messages.success(request, _("Messages may go to %(address)s again.") % {"address": form.normalised})
    return redirect("suppressed_list", slug=slug)


def _page(request: BusinessRequest, form: AddressForm, lift: LiftForm | None = None) -> HttpResponse:
    is_asked = form.is_bound and form.is_valid()
    found = suppressions_at(kind=form.kind, normalised=form.normalised) if is_asked else []
    counts, reason = suppression_counts(), request.GET.get("reason", "")
    known = reason if reason in Suppression.Reason.values else ""
    page = Paginator(suppression_list(reason=known).order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "form": form,
        "asked": form.normalised if is_asked else "",
        "is_phone": is_asked and form.kind == ContactPoint.Kind.PHONE,
        "found": [{"row": row, "can_be_lifted": can_be_lifted(row)} for row in found],
        "lift": lift if lift is not None and lift.errors else None,
        "lifting": lift.data.get("of", "") if lift is not None else "",
        "reasons": [("", _("All"))] + [(each.value, each.label) for each in Suppression.Reason if counts.get(each)],
        "reason": known,
        "total": sum(counts.values()),
        "page": page,
        "lines": [{"row": row, "source": _source(row)} for row in page],
    }
    status = 422 if form.errors or context["lift"] else 200
    return render(request, "consent/suppressed.html", context, status=status)


def _source(row: Suppression) -> str:
    """Where it was learned, in words; of a link in a message not which one."""
    return _("A link in a message") if row.source.startswith("message ") else row.source


def _ip(request: BusinessRequest) -> str | None:
    return get_adapter().get_client_ip(request) or None
