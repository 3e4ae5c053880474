"""Today: the room the desk works in."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability, Property
from customers.changes.messages import undoable
from customers.history.found import next_or
from customers.history.models import Stay
from customers.history.services import StayRefused, stay_move
from customers.history.todo_selectors import todos_due
from customers.sensitive.selectors import allergies_of
from customers.today.days import Days
from customers.today.selectors import LISTS, Allergies, stay_rows, stays_today, today_days, today_view
from customers.today.sockets import lines_of

PAGE = 100
"""Rows of the page that shows all of a list."""


def today_page(request: BusinessRequest, **more: Any) -> HttpResponse:
    """Today at every property, or at the one the address names (GET ``property``). For a view with its own gate."""
    properties, only, days = _where(request)
    view = today_view(days=days, only=only, allergies=_allergies(request))
    tasks = todos_due(member=request.member, until=view.day, property_id=only.pk if only else None)
    context = {**_common(request, properties, only), "view": view, "today": view.day, "tasks": tasks, **more}
    context["lines"] = lines_of(request)
    return render(request, "today/today.html", context)


@requires(Capability.LOOK_UP)
@require_safe
def today_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """All of one list. GET ``list``, ``property``, ``page`` from 1."""
    properties, only, days = _where(request)
    name = request.GET.get("list", "")
    name = name if name in LISTS else LISTS[0]
    scoped = days if only is None else Days(days.home, {only.pk: days.at(only.pk)})
    page = _page(request.GET.get("page", ""))
    stays = stays_today(name, scoped, everywhere=only is None)
    ids = list(stays.values_list("pk", flat=True)[(page - 1) * PAGE : page * PAGE + 1])
    rows = stay_rows(ids=ids[:PAGE], days=days, allergies=_allergies(request))
    parameters = {"list": name} | ({"property": str(only.pk)} if only else {})
    context = {
        **_common(request, properties, only),
        "name": name,
        "rows": [rows[pk] for pk in ids[:PAGE] if pk in rows],
        "previous_url": "?" + urlencode({**parameters, "page": page - 1}) if page > 1 else "",
        "next_url": "?" + urlencode({**parameters, "page": page + 1}) if len(ids) > PAGE else "",
    }
    return render(request, "today/list.html", context)


@requires(Capability.EDIT)
@require_POST
def today_move(request: BusinessRequest, slug: str, stay_id: int) -> HttpResponse:
    """Check in, check out, mark a no-show. POST ``status``, and ``next``: where to go back to."""
    back = next_or(request, reverse("business_home", kwargs={"slug": slug}))
    if not Stay.objects.filter(pk=stay_id).exists():
        raise Http404
    try:
        status = Stay.Status(request.POST.get("status", ""))
    except ValueError:
        messages.error(request, _("Choose what happened to the stay."))
        return redirect(back)
    try:
        act = stay_move(stay_id=stay_id, status=status, member=request.member)
    except StayRefused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    if act is None:
        messages.info(request, _("This stay is “%(status)s” already.") % {"status": status.label})
    undoable(request, _("The stay is now: %(status)s.") % {"status": status.label}, act)
    return redirect(back)


def _allergies(request: BusinessRequest) -> Allergies:
    return lambda ids: allergies_of(business=request.business, ids=ids, member=request.member)


def _where(request: BusinessRequest) -> tuple[list[Property], Property | None, Days]:
    """The business's properties, the one asked for, and the day at each."""
    properties = list(Property.objects.order_by("name", "id"))
    wanted = request.GET.get("property", "")
    only = next((place for place in properties if str(place.pk) == wanted), None)
    return properties, only, today_days(business=request.business, properties=properties)


def _common(request: BusinessRequest, properties: list[Property], only: Property | None) -> dict[str, Any]:
    return {
        "properties": properties,
        "only": only,
        "several": len(properties) > 1 and only is None,
        "can_edit": request.member.can(Capability.EDIT),
        "can_write": request.member.can(Capability.TAG),
    }


def _page(text: str) -> int:
    """A page's number; what is none is the first."""
    return max(int(text), 1) if text.isdecimal() and len(text) < 6 else 1
