"""Reads of nightly imports."""

from dataclasses import dataclass
from datetime import timedelta

from accounts.tenancy.runs import runs_due
from imports.models import ImportFeed, ImportFetch, ImportMapping, ImportRun

SILENT_AFTER = timedelta(minutes=15)
"""A fetch is over after five; a worker that has not been heard of for longer is dead."""
MOVES_AFTER = timedelta(seconds=20)
SWEPT_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Model:
    """By what a nightly import may read its files: a saved mapping, or an earlier import whose file is still kept."""

    key: str
    label: str
    is_saved: bool


def feed_list() -> list[ImportFeed]:
    """All nightly imports by name."""
    return list(ImportFeed.objects.select_related("mapping").order_by("name", "id"))


def feed_get(*, feed_id: int) -> ImportFeed:
    """One of them. Raises ``ImportFeed.DoesNotExist``."""
    return ImportFeed.objects.select_related("mapping", "member__user").get(pk=feed_id)


def fetch_list(*, feed: ImportFeed, limit: int = 30) -> list[ImportFetch]:
    """The latest fetches of a feed, newest first, with what was imported."""
    return list(
        ImportFetch.objects.filter(feed=feed).select_related("run__change_set").order_by("-begun_at", "-id")[:limit]
    )


def model_list() -> list[Model]:
    """Saved mappings by name, then the latest imports that went well and whose file is still kept."""
    saved = [
        Model(f"mapping-{mapping.pk}", mapping.name, True) for mapping in ImportMapping.objects.order_by("name", "id")
    ]
    runs = ImportRun.objects.filter(state=ImportRun.State.DONE, feed__isnull=True).exclude(upload="")
    shaped = runs.exclude(layout={}).order_by("-created_at", "-id")[:10]
    return saved + [Model(f"run-{run.pk}", run.file_name, False) for run in shaped]


def feeds_due() -> list[tuple[int, int]]:
    """(business, feed) of nightly imports of any business whose time has come, or whose worker has died."""
    return runs_due("import_feeds_due", silent=SILENT_AFTER, most=SWEPT_AT_ONCE)


def fetches_due() -> list[tuple[int, int]]:
    """(business, fetch) of fetches of any business whose import waits for its next step."""
    return runs_due("import_fetches_due", silent=MOVES_AFTER, most=SWEPT_AT_ONCE)
