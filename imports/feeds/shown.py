"""Nightly imports as the pages show them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from imports.models import ImportFeed, ImportFetch, ImportRun
from imports.wording import stored_sentence

_State = ImportFeed.State
_TONES = {_State.IMPORTED: "ok", _State.FAILED: "bad", _State.FETCHING: "info"}


@dataclass(frozen=True, slots=True)
class FeedShown:
    """A feed. `place` is its host or folder, `error` the sentence of a failure.

    `address` is without what stands behind its question mark: that may be a key.
    """

    feed: ImportFeed
    place: str
    address: str
    state: str
    tone: str
    error: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class FetchShown:
    """One time that a feed was fetched. `counts` of its import; None where nothing was imported."""

    fetch: ImportFetch
    state: str
    tone: str
    error: str
    counts: dict[str, int] | None
    is_open: bool
    is_undone: bool


def feed_shown(feed: ImportFeed) -> FeedShown:
    """A feed in words of the active language."""
    is_folder = feed.source == ImportFeed.Source.FOLDER
    place = feed.address if is_folder else urlsplit(feed.address).netloc
    address, mark, _query = feed.address.partition("?")
    state, tone = str(_State(feed.state).label), _TONES.get(_State(feed.state), "")
    if not feed.is_on and feed.state != _State.FETCHING:
        state, tone = _("Paused"), "warn"
    return FeedShown(feed, place, f"{address}{mark and '?…'}", state, tone, _sentence(feed.error), is_folder)


def fetch_shown(fetch: ImportFetch) -> FetchShown:
    """A fetch in words of the active language."""
    state = _State(fetch.state)
    run = fetch.run
    counts = None
    if run is not None and run.state in (ImportRun.State.DONE, ImportRun.State.STOPPED):
        parts = [part for part in run.counts.values() if isinstance(part, dict)]
        counts = {
            name: sum(int(part.get(name, 0)) for part in parts)
            for name in ("created", "updated", "unchanged", "invalid")
        }
    undone = run is not None and run.change_set is not None and run.change_set.state == "undone"
    return FetchShown(
        fetch=fetch,
        state=_("Undone") if undone else str(state.label),
        tone="" if undone else _TONES.get(state, ""),
        error=_sentence(fetch.error),
        counts=counts,
        is_open=state == _State.FETCHING,
        is_undone=undone,
    )


def _sentence(stored: dict[str, Any]) -> str:
    return stored_sentence(stored)
