"""How far a run that is being looked through has come, and that it is alive.

A try-out is one transaction, which cannot tell anybody of its progress before it ends; so it tells the cache. Without
the cache the page only says that work is going on.
"""

from django.core.cache import cache
from redis.exceptions import RedisError

_KEPT_SECONDS = 90


def progress_tell(*, run_id: int, rows: int) -> None:
    """Say that the run has come to this row."""
    try:
        cache.set(_key(run_id), rows, _KEPT_SECONDS)
    except RedisError:
        return


def progress_read(*, run_id: int) -> int | None:
    """The row the run had come to in the last minute and a half; None when nothing was heard of it."""
    try:
        return cache.get(_key(run_id))
    except RedisError:
        return None


def progress_forget(*, run_id: int) -> None:
    """The run has ended."""
    try:
        cache.delete(_key(run_id))
    except RedisError:
        return


def _key(run_id: int) -> str:
    return f"import-progress:{run_id}"
