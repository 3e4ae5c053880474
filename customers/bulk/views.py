"""Pages of bulk actions: what an action would do, how far it has come, what came of it."""

from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, forbidden, requires
from accounts.models import CAPABILITIES, Capability
from accounts.tenancy.runs import nudge
from customers.bulk.asked import CHOSEN, AskedFor, SelectionRefused, asked_for, list_address, list_query
from customers.bulk.models import BulkRun
from customers.bulk.registry import Action, Leading, ValuesRefused, action_get, allowed, leading_get
from customers.bulk.selection import guests_count, guests_preview
from customers.bulk.selectors import run_get, skipped_groups, undo_progress_of
from customers.bulk.services import SMALL, RunRefused, bulk_cancel, bulk_start
from customers.bulk.tasks import bulk_run_work
from customers.bulk.undoing import UNDO
from customers.bulk.wording import run_sentence, sentence
from customers.changes.messages import undoable
from customers.changes.models import ChangeSet
from customers.changes.views import may_undo
from customers.filters import TreeError

EXPORT = "export"
TOLD = 3
"""Guests that a message names, for each reason to leave some as they are."""


@requires(Capability.TAG)
@require_safe
def bulk_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Choose what to do with a selection, and see what it would do before it is done."""
    try:
        asked = asked_for(request, request.GET)
    except SelectionRefused as refused:
        return _back_with(request, str(refused))
    return _guarded(request, asked) or _review(request, asked)


@requires(Capability.TAG)
@require_POST
def bulk_do(request: BusinessRequest, slug: str) -> HttpResponse:
    """Do it: a few guests at once, many in the background, all that match after they were counted and shown."""
    try:
        asked = asked_for(request, request.POST)
    except SelectionRefused as refused:
        return _back_with(request, str(refused))
    denied = _guarded(request, asked)
    if denied is not None:
        return denied
    if asked.given.get("action") == EXPORT:
        return _export(request, asked)
    leading = leading_get(asked.given.get("action", ""))
    if leading is not None:
        return _led(request, asked, leading)
    is_sure = bool(asked.given.get("sure"))
    if asked.selection.is_everyone and not is_sure:
        return redirect(f"{reverse('bulk_new', kwargs={'slug': slug})}?{asked.query}")
    try:
        run = bulk_start(
            business=request.business,
            action=asked.given.get("action", ""),
            values=asked.given,
            ids=asked.selection.ids,
            tree=asked.selection.tree,
            text=asked.selection.text,
            member=request.member,
            token=asked.given.get("token", ""),
        )
    except ValuesRefused as refused:
        if not is_sure:
            # The bar of the list holds no more than the action: what it needs is asked for on a page of its own.
            return redirect(f"{reverse('bulk_new', kwargs={'slug': slug})}?{asked.query}")
        return _review(request, asked, errors=refused.errors)
    if run.is_open:
        nudge(bulk_run_work, run)
        return redirect(_run_address(request, run))
    if run.total > SMALL:
        return redirect(_run_address(request, run))
    _tell(request, run)
    return redirect(list_address(slug, request.POST))


@requires(Capability.TAG)
@require_safe
def bulk_run(request: BusinessRequest, slug: str, bulk_id: int) -> HttpResponse:
    """One action, at whatever point it is."""
    return render(request, "bulk/run.html", _context(request, _run(bulk_id)))


@requires(Capability.TAG)
@require_safe
def bulk_state(request: BusinessRequest, slug: str, bulk_id: int) -> HttpResponse:
    """The part of the page that changes by itself; without script, the page."""
    run = _run(bulk_id)
    if not request.htmx:
        return redirect(_run_address(request, run))
    return render(request, "bulk/_state.html", _context(request, run))


@requires(Capability.TAG)
@require_POST
def bulk_stop(request: BusinessRequest, slug: str, bulk_id: int) -> HttpResponse:
    """Cancel a run; what is written stays."""
    run = _run(bulk_id)
    if not _may_stop(request, run):
        return forbidden(request, Capability.UNDO)
    try:
        bulk_cancel(run_id=run.pk, member=request.member)
    except RunRefused as refused:
        messages.info(request, str(refused))
    return redirect(_run_address(request, run))


def _guarded(request: BusinessRequest, asked: AskedFor) -> HttpResponse | None:
    """The page for a member who may not: single edits need the same, and a whole list needs more."""
    key = asked.given.get("action", "")
    action = action_get(key)
    offered = action or leading_get(key)
    needed = Capability.EXPORT if key == EXPORT else offered.capability if offered else None
    if needed is not None and not request.member.can(needed):
        return forbidden(request, needed)
    if asked.selection.is_everyone and key != EXPORT and not request.member.can(Capability.BULK):
        return forbidden(request, Capability.BULK)
    return None


def _review(request: BusinessRequest, asked: AskedFor, errors: dict[str, str] | None = None) -> HttpResponse:
    """The page that says what would happen; it acts on nothing."""
    key = asked.given.get("action", "")
    action = action_get(key)
    context: dict[str, Any] = {
        "action": action,
        "actions": [
            (each, urlencode([("action", each.key), *asked.hidden]))
            for each in allowed(CAPABILITIES[request.member.role])
        ],
        "hidden": asked.hidden,
        "given": asked.given,
        "errors": errors or {},
        "is_everyone": asked.selection.is_everyone,
        "list_filtered": bool(asked.state),
        "value_given": asked.given.get("value", ""),
        "list_url": list_address(request.business.slug, request.GET or request.POST),
        "token": token_urlsafe(16),
    }
    try:
        context |= _looked_through(request, action, asked, errors)
    except TreeError:
        return _back_with(
            request, _("A part of the filter could not be read. Nothing was changed; choose the guests again.")
        )
    return render(request, "bulk/new.html", context, status=422 if errors else 200)


def _looked_through(
    request: BusinessRequest, action: Action | None, asked: AskedFor, errors: dict[str, str] | None
) -> dict[str, Any]:
    """How many guests are meant and, once it is known what is to be done, how many would change and why others not."""
    if action is None:
        return {"total": guests_count(selection=asked.selection, business=request.business)}
    context = {"inputs": action.context(asked.given)}
    try:
        ready = action.read(asked.given) if not errors else None
    except ValuesRefused as refused:
        ready = None
        if any(asked.given.get(name) for name in refused.errors):
            context["errors"] = refused.errors
    if ready is None:
        return context | {"total": guests_count(selection=asked.selection, business=request.business)}
    found = guests_preview(action=action, values=ready.values, selection=asked.selection, business=request.business)
    return context | {
        "total": found.total,
        "preview": found,
        "sentence": sentence(ready.title, ready.values),
        "skipped": skipped_groups(kind=action.key, skipped=found.left, examples={}),
        "chosen": [(name, value) for name, value in asked.given.items() if name in CHOSEN],
    }


def _led(request: BusinessRequest, asked: AskedFor, leading: Leading) -> HttpResponse:
    """The selection goes to the page of what is to be done with it."""
    chosen = asked.selection.ids
    if chosen is None:
        return _back_with(request, _("Choose the guests one by one for this."))
    if len(chosen) < leading.fewest:
        text = ngettext("Choose at least %(number)d guest.", "Choose at least %(number)d guests.", leading.fewest)
        return _back_with(request, text % {"number": leading.fewest})
    return redirect(leading.address(request.business.slug, chosen))


def _export(request: BusinessRequest, asked: AskedFor) -> HttpResponse:
    """The selection goes to the page where a file is put together."""
    chosen = asked.selection.ids
    pairs = asked.state.whom() if chosen is None else [("guests", ",".join(map(str, chosen)))]
    address = reverse("export_new", kwargs={"slug": request.business.slug})
    return redirect(f"{address}?{urlencode(pairs)}" if pairs else address)


def _tell(request: BusinessRequest, run: BulkRun) -> None:
    """What was done at once, with a way back, and who was left as they are."""
    if run.changed:
        changed = ngettext("%(number)d guest was changed.", "%(number)d guests were changed.", run.changed)
        undoable(request, f"{run_sentence(run)}. {changed % {'number': run.changed}}", run.change_set)
    else:
        messages.info(request, _("Nothing had to be changed."))
    for group in skipped_groups(kind=run.kind, skipped=run.skipped, examples=run.examples):
        names = ", ".join(name for _id, name in group.examples[:TOLD])
        more = group.number - len(group.examples[:TOLD])
        if names and more > 0:
            names = ngettext("%(names)s and %(number)d more", "%(names)s and %(number)d more", more) % {
                "names": names,
                "number": more,
            }
        messages.info(request, f"{group.sentence}: {names or group.number}")


def _back_with(request: BusinessRequest, text: str) -> HttpResponse:
    messages.error(request, text)
    return redirect(list_address(request.business.slug, request.GET or request.POST))


def _run(bulk_id: int) -> BulkRun:
    try:
        return run_get(run_id=bulk_id)
    except BulkRun.DoesNotExist as error:
        raise Http404 from error


def _run_address(request: BusinessRequest, run: BulkRun) -> str:
    state = list_query(request.POST or request.GET)
    address = reverse("bulk_run", kwargs={"slug": request.business.slug, "bulk_id": run.pk})
    return f"{address}?{state}" if state else address


def _may_stop(request: BusinessRequest, run: BulkRun) -> bool:
    return run.member_id == request.member.pk or request.member.can(Capability.UNDO)


def _context(request: BusinessRequest, run: BulkRun) -> dict[str, Any]:
    act = run.change_set
    state = list_query(request.GET)
    refresh = reverse("bulk_state", kwargs={"slug": request.business.slug, "bulk_id": run.pk})
    return {
        "run": run,
        "is_undo": run.kind == UNDO,
        "undo": undo_progress_of(run=run) if run.kind == UNDO else None,
        "is_working": run.is_open,
        "sentence": run_sentence(run),
        "skipped": skipped_groups(kind=run.kind, skipped=run.skipped, examples=run.examples),
        "unchanged": sum(run.skipped.values()),
        "remaining": run.total - run.done,
        "can_stop": run.is_open and run.kind != UNDO and _may_stop(request, run),
        "can_undo": act is not None and act.state == ChangeSet.State.DONE and may_undo(request, act),
        "is_undone": act is not None and act.state == ChangeSet.State.UNDONE,
        "refresh_url": f"{refresh}?{state}" if state else refresh,
        "list_state": state,
        "list_url": list_address(request.business.slug, request.GET),
    }
