"""What was changed, by whom, and the way back."""

from urllib.parse import urlsplit

from django.apps import apps
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, forbidden, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from customers.bulk.selectors import undo_progress
from customers.bulk.tasks import bulk_run_work
from customers.bulk.undoing import bulk_undo, undo_is_big
from customers.changes.models import ChangeSet
from customers.changes.selectors import (
    ActView,
    act_counts,
    act_is_sensitive,
    act_list,
    act_rows,
    act_view,
    kept_rows,
)
from customers.changes.services import CannotUndo, change_set_undo
from customers.sensitive.selectors import may_see_sensitive


@requires(Capability.UNDO)
@require_safe
def change_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """Every act on guests, newest first; of sensitive details only to those who may see them."""
    before = request.GET.get("before", "")
    page = act_list(
        with_sensitive=may_see_sensitive(business=request.business, member=request.member),
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    return render(request, "changes/list.html", {"page": page, "is_first": not before})


@requires(Capability.LOOK_UP)
@require_safe
def change_detail(request: BusinessRequest, slug: str, change_set_id: int) -> HttpResponse:
    """One act: what it changed, field by field; 404 for one that tells of sensitive details, to those who may not."""
    view = _seen(request, change_set_id)
    result = view.act.result if view.act.kind == ChangeSet.Kind.UNDO else {}
    kept = kept_rows(act=view.act) if result else []
    context = {
        "view": view,
        "undo": undo_progress(change_set_id=change_set_id) if view.act.kind != ChangeSet.Kind.UNDO else None,
        "kept": kept,
        "kept_more": result.get("kept", 0) - len(kept),
        "kept_used": result.get("kept", 0) - result.get("restricted", 0),
        "rows": act_rows(change_set_id=change_set_id),
        "counts": act_counts(change_set_id=change_set_id),
        "can_undo": view.act.state == ChangeSet.State.DONE and may_undo(request, view.act),
        "can_list": request.member.can(Capability.UNDO),
    }
    return render(request, "changes/detail.html", context)


@requires(Capability.LOOK_UP)
@require_safe
def change_undo_state(request: BusinessRequest, slug: str, change_set_id: int) -> HttpResponse:
    """How far the undoing of an act in the background has come; where there is none, the act's page."""
    _seen(request, change_set_id)
    undo = undo_progress(change_set_id=change_set_id)
    if undo is None:
        return redirect("change_detail", slug=slug, change_set_id=change_set_id)
    return render(request, "changes/_undo_progress.html", {"undo": undo})


@requires(Capability.TAG)
@require_POST
def change_undo(request: BusinessRequest, slug: str, change_set_id: int) -> HttpResponse:
    """Undo an act: one's own at the desk, anybody's as an admin; a large one in the background."""
    act = ChangeSet.objects.filter(pk=change_set_id).first()
    if act is None:
        raise Http404
    if not may_undo(request, act):
        return forbidden(request, Capability.UNDO)
    try:
        if undo_is_big(change_set_id=change_set_id):
            run = bulk_undo(change_set_id=change_set_id, member=request.member)
            nudge(bulk_run_work, run)
            return redirect("bulk_run", slug=slug, bulk_id=run.pk)
        undo, outcome = change_set_undo(change_set_id=change_set_id, member=request.member)
    except CannotUndo as refused:
        messages.error(request, str(refused))
        return redirect(_back(request))
    again = reverse("change_undo", kwargs={"slug": slug, "change_set_id": undo.pk})
    messages.success(request, _("Undone."), extra_tags=f"undo={again}")
    used = outcome.kept - outcome.restricted
    if used:
        text = ngettext(
            "%(count)s entry was changed or used since and was kept as it is.",
            "%(count)s entries were changed or used since and were kept as they are.",
            used,
        )
        messages.info(request, text % {"count": used})
    if outcome.restricted:
        text = ngettext(
            "%(count)s entry of a guest whose data is restricted was kept.",
            "%(count)s entries of guests whose data is restricted were kept.",
            outcome.restricted,
        )
        messages.info(request, text % {"count": outcome.restricted})
    if outcome.blocked:
        text = ngettext(
            "%(count)s removed entry could not come back: its card is gone or its place is taken.",
            "%(count)s removed entries could not come back: their cards are gone or their places are taken.",
            outcome.blocked,
        )
        messages.info(request, text % {"count": outcome.blocked})
    return redirect(_back(request))


def may_undo(request: BusinessRequest, act: ChangeSet) -> bool:
    if request.member.can(Capability.UNDO):
        return True
    own = act.member_id == request.member.pk
    return own and act.kind in (ChangeSet.Kind.EDIT, ChangeSet.Kind.BULK, ChangeSet.Kind.UNDO)


def _seen(request: BusinessRequest, change_set_id: int) -> ActView:
    """An act that the member may read of."""
    try:
        view = act_view(change_set_id=change_set_id)
    except ChangeSet.DoesNotExist as error:
        raise Http404 from error
    sees = may_see_sensitive(business=request.business, member=request.member)
    if not sees and act_is_sensitive(change_set_id=change_set_id):
        raise Http404
    return view


def _back(request: BusinessRequest) -> str:
    """Where the member was, while that page is still there; the guest list otherwise."""
    start = reverse("guest_list", kwargs={"slug": request.business.slug})
    came_from = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return start
    try:
        match = resolve(urlsplit(came_from).path)
    except Resolver404:
        return start
    guest = match.kwargs.get("customer_id")
    gone = guest is not None and not apps.get_model("customers", "Customer")._default_manager.filter(pk=guest).exists()
    return start if gone else came_from
