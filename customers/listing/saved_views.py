"""Saved views of the guest list: keep how it looks, change, share, remove; and keep its filter as a segment."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, forbidden, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from customers.changes.messages import named
from customers.filters import TreeError
from customers.listing.chips import list_address, name_of, problems_told
from customers.listing.state import Asked
from customers.listing.views import state_in
from customers.segments.models import SavedView
from customers.segments.selectors import view_default, view_get
from customers.segments.services import (
    ViewChanged,
    segment_create,
    view_create,
    view_default_set,
    view_remove,
    view_share,
    view_update,
)
from customers.segments.services.segments import NAME_MAX as SEGMENT_NAME_MAX


@requires(Capability.LOOK_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def view_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Keep the list of ``in`` as a view: POST ``name``, ``shared`` with everybody, ``first`` to open."""
    asked = state_in(request)
    form: dict[str, Any] = {"name": name_of(asked.state, asked.names, most=60)}
    if request.method == "POST":
        try:
            view = view_create(name=request.POST.get("name", ""), member=_owner(request), **_look(asked))
            if "first" in request.POST:
                view_default_set(member=request.member, view_id=view.pk)
        except (Refused, TreeError) as error:
            return _form(request, asked, _given(request, error, asked), status=422)
        messages.success(request, named(_("The view %(name)s is saved."), view.name))
        return redirect(f"{_list(slug)}?view={view.pk}")
    return _form(request, asked, form)


@requires(Capability.LOOK_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def view_edit(request: BusinessRequest, slug: str, view_id: int) -> HttpResponse:
    """Rename, share or take back a view, or let the list open with it; with ``look`` save how the list of ``in`` looks.

    POST ``name``, ``shared``, ``first``, ``version``.
    """
    asked, view = state_in(request), _view(request, view_id)
    default = view_default(member=request.member)
    is_first = default is not None and default.pk == view.pk
    if request.method != "POST":
        return _form(request, asked, {"name": view.name, "shared": view.is_shared, "first": is_first}, view=view)
    if view.is_shared and not request.member.can(Capability.SEGMENT):
        return forbidden(request, Capability.SEGMENT)
    version = request.POST.get("version", "")
    try:
        values = _look(asked) if "look" in request.POST else {"name": request.POST.get("name", "")}
        view = view_update(
            view_id=view.pk,
            values=values,
            member=request.member,
            version=int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else None,
        )
        if "look" not in request.POST:
            if (_owner(request) is None) != view.is_shared:
                view = view_share(view_id=view.pk, member=request.member, shared=_owner(request) is None)
            if is_first != ("first" in request.POST):
                view_default_set(member=request.member, view_id=view.pk if "first" in request.POST else None)
    except (Refused, TreeError, ViewChanged) as error:
        return _form(request, asked, _given(request, error, asked), view=view, status=422)
    messages.success(request, named(_("The view %(name)s is saved."), view.name))
    return redirect(f"{_list(slug)}?view={view.pk}")


@requires(Capability.LOOK_UP)
@require_POST
def view_delete(request: BusinessRequest, slug: str, view_id: int) -> HttpResponse:
    """Remove a view; the list stays as it was, without it."""
    view = _view(request, view_id)
    if view.is_shared and not request.member.can(Capability.SEGMENT):
        return forbidden(request, Capability.SEGMENT)
    view_remove(view_id=view.pk, member=request.member)
    messages.success(request, named(_("The view %(name)s is removed."), view.name))
    return redirect(f"{_list(slug)}?view=all")


@requires(Capability.SEGMENT)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_of_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """Keep the filter of the list ``in`` as a segment: POST ``name``. A search text is no part of it."""
    asked = state_in(request)
    form: dict[str, Any] = {"name": name_of(asked.state, asked.names, most=SEGMENT_NAME_MAX)}
    status = 200
    if request.method == "POST":
        try:
            segment = segment_create(name=request.POST.get("name", ""), tree=asked.state.tree, member=request.member)
        except (Refused, TreeError) as error:
            form, status = _given(request, error, asked), 422
        else:
            messages.success(request, named(_("The segment %(name)s is saved."), segment.title))
            return redirect(list_address(asked.state, slug=slug))
    context = {**_common(request, asked), "form": form, "text": asked.state.text}
    return render(request, "guests/segment_new.html", context, status=status)


def _owner(request: BusinessRequest) -> Any:
    """Whose a view becomes: nobody's, that is everybody's, where that was asked for and may be."""
    shared = "shared" in request.POST and request.member.can(Capability.SEGMENT)
    return None if shared else request.member


def _view(request: BusinessRequest, view_id: int) -> SavedView:
    try:
        return view_get(view_id=view_id, member=request.member)
    except SavedView.DoesNotExist as error:
        raise Http404 from error


def _look(asked: Asked) -> dict[str, Any]:
    """A list as a view keeps it."""
    state = asked.state
    return {
        "tree": state.tree,
        "text": state.text,
        "sort": dict(state.whole())["sort"],
        "columns": state.columns,
        "density": state.density,
    }


def _given(request: BusinessRequest, error: Exception, asked: Asked) -> dict[str, Any]:
    """The form as it was sent, with why it was refused."""
    said = "; ".join(problems_told(error.problems, asked.names)) if isinstance(error, TreeError) else str(error)
    return {
        "name": request.POST.get("name", ""),
        "shared": "shared" in request.POST,
        "first": "first" in request.POST,
        "error": said,
    }


def _common(request: BusinessRequest, asked: Asked) -> dict[str, Any]:
    return {
        "in": asked.state.address,
        "back": list_address(asked.state, slug=request.business.slug),
        "is_part": bool(request.htmx),
    }


def _form(
    request: BusinessRequest, asked: Asked, form: dict[str, Any], *, view: SavedView | None = None, status: int = 200
) -> HttpResponse:
    can_share = request.member.can(Capability.SEGMENT)
    may = view is None or can_share or not view.is_shared
    context = {**_common(request, asked), "form": form, "view": view, "can_share": can_share, "may": may}
    return render(request, "guests/view.html", context, status=status)


def _list(slug: str) -> str:
    return reverse("guest_list", kwargs={"slug": slug})
