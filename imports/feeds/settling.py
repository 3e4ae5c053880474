"""What came of a nightly import: noted on it, and told in one staff task that is never doubled."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, override

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.history.models import Todo
from customers.history.services import todo_add, todo_done, todo_update
from imports.feeds.problems import ColumnsChanged, RunHalted, RunPutAway
from imports.models import ImportFeed, ImportFetch, ImportRow, ImportRun
from imports.wording import stored_sentence

ATTEMPTS = 3
"""How often a fetch that may go well a little later is tried in one night."""
FETCHES_KEPT = 100
_State = ImportFeed.State
_Run = ImportRun.State


def fetch_settle(*, business_id: int, fetch_id: int) -> None:
    """Note what came of a fetch whose import has ended; one that was noted already is left. Opens its own scope."""
    business = Business.objects.get(pk=business_id)
    with business_scope(business_id):
        fetch = ImportFetch.objects.select_related("run").filter(pk=fetch_id).first()
        feed = _locked(fetch.feed_id) if fetch else None
    if fetch is None or feed is None or fetch.run is None:
        return
    error = _error_of(fetch.run, feed)
    if error is not None:
        fetch_fail(
            business=business, feed_id=feed.pk, feed_name=feed.name, fetch_id=fetch_id, error=error, is_passing=False
        )
        return
    with business_scope(business_id, None, feed.name):
        feed = _locked(feed.pk)
        if feed is None or not _finish(fetch_id, _State.IMPORTED, {}):
            return
        found = _problems(fetch.run)
        if not found:
            failed_no_more(feed)
        feed.state, feed.error, feed.attempts, feed.last_at = _State.IMPORTED, {}, 0, timezone.now()
        if found and not _same_as_before(fetch):
            _tell(
                feed,
                business,
                title=gettext_noop("Nightly import %(name)s: look at what was left out"),
                sentences=found,
            )
        feed.save(update_fields=["state", "error", "attempts", "last_at", "todo_id"])
        _prune(feed)


def fetch_fail(
    *,
    business: Business,
    feed_id: int,
    feed_name: str,
    fetch_id: int | None,
    error: dict[str, Any],
    is_passing: bool,
    again_at: dt.datetime | None = None,
) -> None:
    """Note that a fetch failed. One that may go well later is tried again, and told when it has failed for the night.

    Opens its own scope.
    """
    with business_scope(business.pk, None, feed_name):
        feed = _locked(feed_id)
        if feed is None:
            return
        if fetch_id is not None:
            if not _finish(fetch_id, _State.FAILED, error):
                return
        elif feed.error != error:
            # A folder that fails is looked at every few minutes; its history tells it once.
            ImportFetch.objects.create(feed=feed, state=_State.FAILED, error=error, finished_at=timezone.now())
        feed.state, feed.error, feed.last_at = _State.FAILED, error, timezone.now()
        feed.etag = feed.last_sha256 = ""
        feed.attempts += 1
        if is_passing and again_at is not None and feed.attempts < ATTEMPTS and feed.is_on:
            feed.next_at = again_at if feed.next_at is None else min(feed.next_at, again_at)
        else:
            feed.attempts = 0
            with override(business.language):
                sentence = stored_sentence(error)
            _tell(feed, business, title=gettext_noop("Nightly import %(name)s did not come in"), sentences=[sentence])
        feed.save(update_fields=["state", "error", "last_at", "etag", "last_sha256", "attempts", "next_at", "todo_id"])
        _prune(feed)


def failed_no_more(feed: ImportFeed) -> None:
    """What failed before works again: nobody need look at it any more. The feed is to be saved."""
    if not feed.error or not feed.todo_id:
        return
    if Todo.objects.filter(pk=feed.todo_id, done_at__isnull=True).exists():
        todo_done(todo_id=feed.todo_id, done=True)
    feed.todo_id = None


def _locked(feed_id: int) -> ImportFeed | None:
    return ImportFeed.objects.select_for_update(of=("self",)).select_related("mapping").filter(pk=feed_id).first()


def _finish(fetch_id: int, state: str, error: dict[str, Any]) -> bool:
    """Close a fetch; False when it was closed already."""
    open_still = ImportFetch.objects.filter(pk=fetch_id, state=_State.FETCHING)
    return bool(open_still.update(state=state, error=error, finished_at=timezone.now()))


def _error_of(run: ImportRun, feed: ImportFeed) -> dict[str, Any] | None:
    """Why a run that has ended did not come in; None when it did."""
    match run.state:
        case _Run.DONE:
            return None
        case _Run.FAILED:
            return run.error
        case _Run.MAPPING:
            error: Any = ColumnsChanged(file=run.file_name, mapping=feed.mapping.name)
        case _Run.STOPPED:
            error = RunHalted(file=run.file_name)
        case _:
            error = RunPutAway(file=run.file_name)
    return {"template": error.template, "params": error.params}


def _problems(run: ImportRun) -> list[str]:
    """What of a run somebody should look at, in the language of the business; empty when that is nothing."""
    left_out = sum(count.get("invalid", 0) for count in run.counts.values() if isinstance(count, dict))
    review = ImportRow.objects.filter(run=run, outcome=ImportRow.Outcome.REVIEW, decision="").count()
    with override(run.business.language):
        told = []
        if left_out:
            told.append(
                ngettext("%(count)s row was left out.", "%(count)s rows were left out.", left_out) % {"count": left_out}
            )
        if review:
            told.append(
                ngettext(
                    "%(count)s row needed a look and was imported as proposed.",
                    "%(count)s rows needed a look and were imported as proposed.",
                    review,
                )
                % {"count": review}
            )
        if run.problem_count and not left_out:
            told.append(
                ngettext("%(count)s value could not be read.", "%(count)s values could not be read.", run.problem_count)
                % {"count": run.problem_count}
            )
        return told


def _same_as_before(fetch: ImportFetch) -> bool:
    """Whether the night before had the very same problems: who has seen them need not be told every morning."""
    before = (
        ImportFetch.objects.filter(feed_id=fetch.feed_id, state=_State.IMPORTED, run__isnull=False)
        .exclude(pk=fetch.pk)
        .select_related("run")
        .order_by("-begun_at", "-id")
        .first()
    )
    if before is None or before.run is None or fetch.run is None:
        return False
    return _problems(before.run) == _problems(fetch.run) and before.run.problem_groups == fetch.run.problem_groups


def _tell(feed: ImportFeed, business: Business, *, title: str, sentences: list[str]) -> None:
    """Make the staff task of a feed, or bring the one that is open up to date."""
    with override(business.language):
        values = {
            "title": (_(title) % {"name": feed.name})[:200],
            "note": " ".join([*sentences, _("See “Nightly imports” under Import: %(name)s.") % {"name": feed.name}])[
                :2000
            ],
            "due_on": timezone.localdate(timezone=business.zone),
        }
    todo = Todo.objects.filter(pk=feed.todo_id, done_at__isnull=True).first() if feed.todo_id else None
    if todo is not None:
        todo_update(todo_id=todo.pk, values=values)
        return
    feed.todo_id = todo_add(values=values, origin=Todo.Origin.IMPORT)[0].pk


def _prune(feed: ImportFeed) -> None:
    kept = ImportFetch.objects.filter(feed=feed).order_by("-begun_at", "-id").values_list("pk", flat=True)
    last = list(kept[FETCHES_KEPT : FETCHES_KEPT + 1])
    if last:
        ImportFetch.objects.filter(feed=feed, pk__lte=last[0]).exclude(state=_State.FETCHING).delete()
