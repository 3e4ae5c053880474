"""Writes on nightly imports: made, changed, paused, asked for, removed."""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.outgoing import OutgoingError, address_read
from accounts.services.refusals import Refused
from accounts.tenancy import current_actor
from imports.feeds.clock import next_time
from imports.feeds.folder import folder_name_fits
from imports.feeds.keys import key_seal
from imports.models import ImportFeed, ImportFetch, ImportMapping, ImportRun
from imports.readers import FileError, open_source
from imports.returned import returned
from imports.services.mappings import mapping_keep
from imports.store import store_opener

FEEDS_MAX = 20
"""Nightly imports of a business: more of them are a mistake, and all of them run at night."""
WATCH_EVERY = dt.timedelta(minutes=5)
"""How often a watched folder is looked at."""
KEY_MAX = 2_000
_Source = ImportFeed.Source
_State = ImportFeed.State


@dataclass(frozen=True, slots=True)
class FeedValues:
    """What a member says of a nightly import. `key`: None leaves the one there is, an empty one removes it."""

    name: str
    source: str
    address: str
    mapping: ImportMapping
    at: dt.time = dt.time(3, 0)
    key: str | None = None
    is_on: bool = True


def feed_create(*, business: Business, values: FeedValues, member: Member | None = None) -> ImportFeed:
    """Make a nightly import; it is fetched for the first time when its hour comes. Raises Refused."""
    if ImportFeed.objects.count() >= FEEDS_MAX:
        raise Refused(_("There are %(count)s nightly imports already, as many as can be.") % {"count": FEEDS_MAX})
    feed = ImportFeed(source=values.source, member=member)
    _take_over(feed, business, values)
    key_seal(feed, business, values.key or "")
    _save(feed)
    audit_record(
        action="feed.added", member=member, object_type="importfeed", object_id=feed.pk, data={"name": feed.name}
    )
    return feed


def feed_update(*, feed_id: int, business: Business, values: FeedValues, member: Member | None = None) -> ImportFeed:
    """Change a nightly import; from where it fetches, a folder or an address, stays. What comes next is taken as new.

    Another address gets the key only when it is typed in again: it might be somebody else's. Raises Refused,
    ``ImportFeed.DoesNotExist``.
    """
    with transaction.atomic():
        feed = ImportFeed.objects.select_for_update().get(pk=feed_id)
        before = feed.address
        _take_over(feed, business, values)
        if values.key is not None:
            key_seal(feed, business, values.key)
        elif feed.source == _Source.HTTPS and _origin(before) != _origin(feed.address):
            key_seal(feed, business, "")
        feed.etag = feed.last_sha256 = ""
        feed.attempts = 0
        _save(feed)
        audit_record(
            action="feed.changed", member=member, object_type="importfeed", object_id=feed.pk, data={"name": feed.name}
        )
    return feed


def feed_switch(*, feed_id: int, business: Business, is_on: bool, member: Member | None = None) -> ImportFeed:
    """Pause a nightly import, or let it go on. Raises ``ImportFeed.DoesNotExist``."""
    with transaction.atomic():
        feed = ImportFeed.objects.select_for_update().get(pk=feed_id)
        if feed.is_on == is_on:
            return feed
        feed.is_on = is_on
        feed.attempts = 0
        feed.next_at = next_at(feed, business)
        feed.save(update_fields=["is_on", "attempts", "next_at"])
        audit_record(
            action="feed.changed", member=member, object_type="importfeed", object_id=feed.pk, data={"name": feed.name}
        )
    return feed


def feed_ask(*, feed_id: int, member: Member | None = None) -> ImportFeed:
    """Have a feed fetched now, paused or not; one that is being fetched is left. The caller nudges the task.

    Raises ``ImportFeed.DoesNotExist``.
    """
    with transaction.atomic():
        feed = ImportFeed.objects.select_for_update().get(pk=feed_id)
        if feed.state != _State.FETCHING and not ImportFetch.objects.filter(feed=feed, state=_State.FETCHING).exists():
            ImportFetch.objects.create(feed=feed, actor=str(member or current_actor())[:200])
            feed.next_at = timezone.now()
            feed.save(update_fields=["next_at"])
    return feed


def feed_remove(*, feed_id: int, member: Member | None = None) -> None:
    """Remove a nightly import; what it has imported stays. Raises ``ImportFeed.DoesNotExist``."""
    with transaction.atomic():
        feed = ImportFeed.objects.select_for_update().get(pk=feed_id)
        audit_record(
            action="feed.removed", member=member, object_type="importfeed", object_id=feed.pk, data={"name": feed.name}
        )
        feed.delete()


def next_at(feed: ImportFeed, business: Business) -> dt.datetime | None:
    """When a feed is due next, from now on; None while it is paused."""
    if not feed.is_on:
        return None
    now = timezone.now()
    return now + WATCH_EVERY if feed.source == _Source.FOLDER else next_time(feed.at, business.zone, now)


def mapping_of_run(*, run_id: int, name: str, business: Business) -> ImportMapping:
    """Save how an earlier import was read, for a feed of that name. Raises Refused when its file is gone."""
    run = ImportRun.objects.filter(pk=run_id).exclude(layout={}).first()
    gone = Refused(_("The file of that import is not kept any more. Import one again first."), field="mapping")
    if run is None or not run.upload:
        raise gone
    try:
        file = open_source(store_opener(run.upload, business), name=run.file_name)
        header = returned(file.table(run.table)).header
    except (FileError, KeyError) as error:
        raise gone from error
    taken = set(ImportMapping.objects.values_list("name", flat=True))
    names = (f"{name[:70]}{f' ({number})' if number > 1 else ''}" for number in range(1, 10_000))
    return mapping_keep(run=run, name=next(free for free in names if free not in taken), header=header)


def _take_over(feed: ImportFeed, business: Business, values: FeedValues) -> None:
    feed.name = " ".join(values.name.split())[:80]
    if not feed.name:
        raise Refused(_("Give it a name."), field="name")
    feed.address = values.address.strip()
    if feed.source == _Source.HTTPS:
        try:
            address_read(feed.address)
        except OutgoingError as error:
            raise Refused(_(error.template) % error.params, field="address") from error
    elif not folder_name_fits(feed.address):
        raise Refused(
            _("Write the name of one folder: letters, digits, spaces, hyphens, points and underscores."),
            field="address",
        )
    feed.mapping = values.mapping
    feed.at = values.at.replace(second=0, microsecond=0)
    feed.is_on = values.is_on
    feed.next_at = next_at(feed, business)


def _origin(address: str) -> tuple[str, int]:
    target = address_read(address)
    return target.host, target.port


def _save(feed: ImportFeed) -> None:
    others = ImportFeed.objects.exclude(pk=feed.pk)
    if feed.source == _Source.FOLDER and others.filter(source=_Source.FOLDER, address=feed.address).exists():
        raise Refused(_("Another nightly import takes its files from this folder."), field="address")
    try:
        with transaction.atomic():
            feed.save()
    except IntegrityError as error:
        raise Refused(_("There is a nightly import of this name already."), field="name") from error
