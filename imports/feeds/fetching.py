"""A nightly import on its way: claimed, fetched, received as a run, moved on from step to step, settled.

Nothing of it is asked of anybody: rows that need a look are imported as proposed, and one staff task tells of them.
Each step is noted before the next is taken; whoever finds a step undone takes it, and the one who comes later leaves.
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils import timezone

from accounts.models import Business
from accounts.outgoing import OutgoingError, https_open
from accounts.tenancy import business_scope
from imports.feeds.folder import DONE, FAILED, file_chunks, file_put, folder_next
from imports.feeds.keys import key_open
from imports.feeds.problems import FeedError, FolderRefused
from imports.feeds.selectors import SILENT_AFTER
from imports.feeds.services import WATCH_EVERY, next_at
from imports.feeds.settling import failed_no_more, fetch_fail, fetch_settle
from imports.mapping import MappingError, lay
from imports.models import ImportFeed, ImportFetch, ImportRun
from imports.readers import FILE_BYTES_MAX, FileError, SourceFile, open_source
from imports.returned import returned
from imports.selectors import own_fields
from imports.services import RunRefused, run_check, run_layout_set, run_policy_set, run_start, run_work
from imports.services.arriving import run_receive
from imports.services.lives import run_fail
from imports.stops import Stopped
from imports.store import store_add, store_opener, store_remove

_log = logging.getLogger(__name__)
_Source = ImportFeed.Source
_State = ImportFeed.State
_Run = ImportRun.State
_AGAIN_AFTER = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A feed that this worker fetches. A folder that is only looked at has no fetch, unless somebody asked for it."""

    feed: ImportFeed
    business: Business
    fetch_id: int | None


@dataclass(slots=True)
class _Got:
    """A file that came, sealed. `path`: where it lay in a watched folder; `more`: others wait behind it."""

    file_name: str
    etag: str = ""
    upload: str = ""
    sha256: str = ""
    size: int = 0
    path: Path | None = None
    more: bool = False


def feed_fetch(*, business_id: int, feed_id: int) -> int | None:
    """Fetch a feed that is due, and note what came as a run of imports; returns the fetch that :func:`fetch_advance`
    moves on, None when there is nothing to move. Opens its own scopes; the network is asked outside them.
    """
    business = Business.objects.get(pk=business_id)
    claim = _claim(business, feed_id)
    if claim is None:
        return None
    got: _Got | None = None
    try:
        got = _fetched(claim)
        if got is None:
            _nothing_new(claim)
            return None
        return _received(claim, got)
    except (OutgoingError, FeedError, FileError) as error:
        _failed(claim, got, error)
    except Exception:
        _failed(claim, got, FeedError())
        raise
    return None


def fetch_advance(*, business_id: int, fetch_id: int) -> None:
    """Move the import of a fetch on as far as it goes: looked through, started, written, settled."""
    while True:
        with business_scope(business_id):
            fetch = ImportFetch.objects.select_related("run", "feed").filter(pk=fetch_id).first()
        if fetch is None or fetch.state != _State.FETCHING or fetch.run is None:
            return
        run = fetch.run
        if run.state == _Run.CHECKING:
            try:
                run_check(business_id=business_id, run_id=run.pk)
            except Exception:
                # Nobody looks on who would put it away; the sweep settles it.
                run_fail(business_id, run.pk, Stopped(rows=0))
                raise
        elif run.state == _Run.READY:
            with business_scope(business_id, None, fetch.feed.name), suppress(RunRefused):
                run_start(run_id=run.pk, member=None)
        elif run.state == _Run.RUNNING:
            run_work(business_id=business_id, run_id=run.pk)
        else:
            fetch_settle(business_id=business_id, fetch_id=fetch_id)
            return
        with business_scope(business_id):
            moved = not ImportRun.objects.filter(pk=run.pk, state=run.state).exists()
        if not moved:
            # Another worker is at it; the sweep looks again.
            return


def _claim(business: Business, feed_id: int) -> _Claim | None:
    """Take a feed on that is due, so that nobody else does; when it is due next is settled now."""
    now = timezone.now()
    with business_scope(business.pk):
        feed = ImportFeed.objects.select_for_update(of=("self",)).select_related("mapping").filter(pk=feed_id).first()
        if feed is None:
            return None
        dead = feed.state == _State.FETCHING and feed.last_at is not None and feed.last_at < now - SILENT_AFTER
        due = feed.state != _State.FETCHING and feed.next_at is not None and feed.next_at <= now
        fetch = ImportFetch.objects.filter(feed=feed, state=_State.FETCHING).order_by("-id").first()
        if not (dead or due) or (fetch is not None and fetch.run_id is not None):
            return None
        feed.next_at = next_at(feed, business)
        if feed.source == _Source.HTTPS:
            fetch = fetch or ImportFetch.objects.create(feed=feed)
            feed.state, feed.last_at = _State.FETCHING, now
        feed.save(update_fields=["next_at", "state", "last_at"])
        return _Claim(feed, business, fetch.pk if fetch else None)


def _fetched(claim: _Claim) -> _Got | None:
    """What a feed has to offer, kept sealed; None when that is nothing new."""
    got = _from_folder(claim) if claim.feed.source == _Source.FOLDER else _from_address(claim)
    if got is None:
        return None
    if got.sha256 == claim.feed.last_sha256:
        store_remove(got.upload)
        if got.path is not None:
            file_put(got.path, DONE)
        return None
    return got


def _from_address(claim: _Claim) -> _Got | None:
    feed = claim.feed
    key = key_open(feed, claim.business)
    headers = {"Authorization": key} if key else {}
    if feed.etag:
        headers["If-None-Match"] = feed.etag
    with https_open(feed.address, headers=headers, limit=FILE_BYTES_MAX) as answer:
        if answer.is_same:
            return None
        got = _Got(_name_of(feed.address), etag=_etag(answer.headers.get("ETag") or ""))
        _keep(got, answer.chunks(), claim.business)
    return got


def _from_folder(claim: _Claim) -> _Got | None:
    found = folder_next(claim.business, claim.feed.address)
    if found is None:
        return None
    got = _Got(found.path.name, path=found.path, more=found.more)
    try:
        _keep(got, file_chunks(found.path), claim.business)
    except FileNotFoundError:
        # Somebody has taken it away again.
        return None
    except OSError as error:
        raise FolderRefused(folder=claim.feed.address, cause=error.strerror or "") from error
    return got


def _keep(got: _Got, chunks: Iterable[bytes], business: Business) -> None:
    digest = hashlib.sha256()

    def told() -> Iterator[bytes]:
        for chunk in chunks:
            digest.update(chunk)
            got.size += len(chunk)
            yield chunk

    got.upload = store_add(told(), business=business)
    got.sha256 = digest.hexdigest()


def _received(claim: _Claim, got: _Got) -> int | None:
    """Note a file as a run that is read by the feed's mapping."""
    feed, business = claim.feed, claim.business
    file = open_source(store_opener(got.upload, business), name=got.file_name)
    with business_scope(business.pk, None, feed.name):
        locked = ImportFeed.objects.select_for_update(of=("self",)).select_related("mapping").filter(pk=feed.pk).first()
        fetch = ImportFetch.objects.filter(feed_id=feed.pk, state=_State.FETCHING).order_by("-id").first()
        if locked is None or (fetch is not None and fetch.run_id is not None):
            # Removed meanwhile, or another worker was quicker.
            store_remove(got.upload)
            return None
        fetch = fetch or ImportFetch.objects.create(feed=locked)
        run = run_receive(
            business=business,
            file=file,
            file_name=got.file_name,
            upload=got.upload,
            kind=locked.mapping.kind,
            actor=feed.name,
        )
        fetch.run, fetch.size = run, got.size
        fetch.save(update_fields=["run", "size"])
        _lay(run, locked, file, business)
        locked.state, locked.last_at = _State.FETCHING, timezone.now()
        locked.etag, locked.last_sha256 = got.etag, got.sha256
        if got.more and locked.is_on:
            locked.next_at = timezone.now()
        locked.save(update_fields=["state", "last_at", "etag", "last_sha256", "next_at"])
    if got.path is not None:
        file_put(got.path, DONE)
    return fetch.pk


def _lay(run: ImportRun, feed: ImportFeed, file: SourceFile, business: Business) -> None:
    """Read a run by the feed's mapping; one that does not fit leaves the run waiting for its columns."""
    fields = own_fields(language=business.language)
    layout = feed.mapping.layout
    for info in file.tables:
        table = returned(file.table(info.name))
        try:
            lay(layout, table.header, fields=fields)
        except MappingError:
            continue
        ImportRun.objects.filter(pk=run.pk).update(feed=feed, table=info.name if len(file.tables) > 1 else run.table)
        if feed.mapping.policy:
            run_policy_set(run_id=run.pk, policy=feed.mapping.policy)
        run_layout_set(run_id=run.pk, layout=layout)
        return
    ImportRun.objects.filter(pk=run.pk).update(feed=feed, state=_Run.MAPPING)


def _nothing_new(claim: _Claim) -> None:
    with business_scope(claim.business.pk, None, claim.feed.name):
        feed = ImportFeed.objects.select_for_update().filter(pk=claim.feed.pk).first()
        if feed is None:
            return
        # A folder without a new file says nothing of how the last one went, but a failing one works again.
        if feed.source == _Source.HTTPS or feed.state in (_State.NEVER, _State.FETCHING, _State.FAILED):
            feed.state = _State.UNCHANGED
        failed_no_more(feed)
        feed.error, feed.attempts, feed.last_at = {}, 0, timezone.now()
        feed.save(update_fields=["state", "error", "attempts", "last_at", "todo_id"])
        if claim.fetch_id is not None:
            ImportFetch.objects.filter(pk=claim.fetch_id, state=_State.FETCHING).update(
                state=_State.UNCHANGED, finished_at=timezone.now()
            )


def _failed(claim: _Claim, got: _Got | None, error: OutgoingError | FeedError | FileError) -> None:
    _log.info("The nightly import %s failed: %s", claim.feed.pk, type(error).__name__)
    if got is not None:
        store_remove(got.upload)
        if got.path is not None and isinstance(error, FileError):
            with suppress(FeedError):
                file_put(got.path, FAILED)
    fetch_fail(
        business=claim.business,
        feed_id=claim.feed.pk,
        feed_name=claim.feed.name,
        fetch_id=claim.fetch_id,
        error={"template": error.template, "params": error.params},
        is_passing=getattr(error, "is_passing", False),
        again_at=timezone.now() + (WATCH_EVERY if claim.feed.source == _Source.FOLDER else _AGAIN_AFTER),
    )


def _name_of(address: str) -> str:
    """What a file at an address is called."""
    parts = urlsplit(address)
    return unquote(parts.path.rstrip("/").rpartition("/")[2])[:200] or (parts.hostname or "")


def _etag(text: str) -> str:
    """An etag that can be told back; an empty one when it cannot."""
    return text if len(text) <= 200 and text.isascii() and text.isprintable() else ""
