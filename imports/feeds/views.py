"""Pages of nightly imports: all of them, a new one, one with what came of it, changing, pausing, asking for it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from accounts.tenancy.runs import nudge
from imports.feeds.folder import folder_of
from imports.feeds.forms import FeedForm
from imports.feeds.problems import FolderMissing
from imports.feeds.selectors import feed_get, feed_list, fetch_list
from imports.feeds.services import feed_ask, feed_create, feed_remove, feed_switch, feed_update
from imports.feeds.shown import feed_shown, fetch_shown
from imports.feeds.tasks import import_feed_fetch
from imports.models import ImportFeed

GET_POST = ["GET", "HEAD", "POST"]
_Source = ImportFeed.Source


@requires(Capability.IMPORT)
@require_safe
def import_feeds(request: BusinessRequest, slug: str) -> HttpResponse:
    """All nightly imports: from where, when, and how the last one went."""
    return render(request, "imports/feeds/list.html", {"feeds": [feed_shown(feed) for feed in feed_list()]})


@requires(Capability.IMPORT)
@never_cache
@require_http_methods(GET_POST)
def import_feed_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """A new one. GET ``source``: from an address or a folder."""
    source = request.GET.get("source", "")
    source = source if source in _Source else _Source.HTTPS
    form = FeedForm(request.POST or None, source=source, business=request.business)
    if request.method == "POST" and form.is_valid():
        try:
            # A mapping that was made for it goes with it when it is refused.
            with transaction.atomic():
                feed = feed_create(business=request.business, values=form.values(), member=request.member)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("%(name)s is set up.") % {"name": feed.name})
            return redirect("import_feed", slug=slug, feed_id=feed.pk)
    return _form_page(request, form)


@requires(Capability.IMPORT)
@require_safe
def import_feed(request: BusinessRequest, slug: str, feed_id: int) -> HttpResponse:
    """One nightly import, and what came of it night by night."""
    return render(request, "imports/feeds/feed.html", _context(request, _feed(feed_id)))


@requires(Capability.IMPORT)
@require_safe
def import_feed_state(request: BusinessRequest, slug: str, feed_id: int) -> HttpResponse:
    """The part of its page that changes by itself; without script, the page."""
    feed = _feed(feed_id)
    if not request.htmx:
        return redirect("import_feed", slug=slug, feed_id=feed_id)
    return render(request, "imports/feeds/_state.html", _context(request, feed))


@requires(Capability.IMPORT)
@never_cache
@require_http_methods(GET_POST)
def import_feed_edit(request: BusinessRequest, slug: str, feed_id: int) -> HttpResponse:
    """Change one."""
    feed = _feed(feed_id)
    form = FeedForm(
        request.POST or None, source=feed.source, business=request.business, feed=feed, initial=FeedForm.told(feed)
    )
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                feed = feed_update(
                    feed_id=feed_id, business=request.business, values=form.values(), member=request.member
                )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("%(name)s is changed.") % {"name": feed.name})
            return redirect("import_feed", slug=slug, feed_id=feed_id)
    return _form_page(request, form, feed)


@requires(Capability.IMPORT)
@require_POST
def import_feed_switch(request: BusinessRequest, slug: str, feed_id: int) -> HttpResponse:
    """Pause one, or let it go on. POST ``on``: ``1`` or nothing."""
    _feed(feed_id)
    is_on = request.POST.get("on") == "1"
    feed = feed_switch(feed_id=feed_id, business=request.business, is_on=is_on, member=request.member)
    told = _("%(name)s goes on.") if is_on else _("%(name)s is paused. Nothing is fetched until you let it go on.")
    messages.success(request, told % {"name": feed.name})
    return redirect("import_feed", slug=slug, feed_id=feed_id)


@requires(Capability.IMPORT)
@require_POST
def import_feed_run(request: BusinessRequest, slug: str, feed_id: int) -> HttpResponse:
    """Have one fetched now."""
    _feed(feed_id)
    nudge(import_feed_fetch, feed_ask(feed_id=feed_id, member=request.member))
    return redirect("import_feed", slug=slug, feed_id=feed_id)


@requires(Capability.IMPORT)
@require_http_methods(GET_POST)
def import_feed_remove(request: BusinessRequest, slug: str, feed_id: int) -> HttpResponse:
    """Ask, then remove one."""
    feed = _feed(feed_id)
    if request.method != "POST":
        return render(request, "imports/feeds/remove.html", {"feed": feed})
    feed_remove(feed_id=feed_id, member=request.member)
    messages.success(request, _("%(name)s is removed. What it has imported stays.") % {"name": feed.name})
    return redirect("import_feeds", slug=slug)


def _feed(feed_id: int) -> ImportFeed:
    try:
        return feed_get(feed_id=feed_id)
    except ImportFeed.DoesNotExist as error:
        raise Http404 from error


def _form_page(request: BusinessRequest, form: FeedForm, feed: ImportFeed | None = None) -> HttpResponse:
    context = {
        "form": form,
        "feed": feed,
        "source": form.source,
        "has_folder": bool(settings.INNKEEPER_FEED_FOLDER),
        "folder": _folder(request, ""),
    }
    return render(request, "imports/feeds/form.html", context, status=422 if form.errors else 200)


def _folder(request: BusinessRequest, name: str) -> str:
    """Where files are laid down on the server, as somebody must be told who lays them there."""
    try:
        folder = folder_of(request.business, name or "x")
    except FolderMissing:
        return ""
    return str(folder if name else folder.parent)


def _context(request: BusinessRequest, feed: ImportFeed) -> dict[str, Any]:
    fetches = [fetch_shown(fetch) for fetch in fetch_list(feed=feed)]
    shown = feed_shown(feed)
    return {
        "shown": shown,
        "feed": feed,
        "fetches": fetches,
        "folder": _folder(request, feed.address) if feed.source == _Source.FOLDER else "",
        "is_working": any(each.is_open for each in fetches),
        "refresh_url": reverse("import_feed_state", kwargs={"slug": request.business.slug, "feed_id": feed.pk}),
    }
