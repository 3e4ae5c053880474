"""How long the files of imports are kept: sealed, for a while after their run has ended, then no more.

What a run needs of its file goes with it: the rows of its preview, from which the rows left out are told.
"""

import time
from collections import defaultdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.keyring import CannotOpen
from accounts.models import Business
from accounts.sealed_files import sealed_header, sealed_sweep
from accounts.tenancy import business_scope
from accounts.tenancy.runs import runs_due
from imports.mapping import is_sensitive
from imports.models import ImportRow, ImportRun
from imports.spool import SUFFIX as SPOOL_SUFFIX
from imports.spool import spool_path, spool_remove
from imports.store import SUFFIX, store_remove

SENSITIVE_DAYS = 1
"""A file with columns of sensitive details is not kept longer, whatever the operator says."""
NOBODYS_AFTER = timedelta(days=1)
"""A file that no run knows by then belongs to a request or a fetch that broke off."""
EXPIRED_AT_ONCE = 1_000
_OPEN = (ImportRun.State.CHECKING, ImportRun.State.READY, ImportRun.State.RUNNING, ImportRun.State.STOPPED)


def file_retain(*, run: ImportRun) -> None:
    """Note, on a run that ends and is about to be saved, until when its file is kept; if not at all, it goes now."""
    if not run.upload:
        return
    days = settings.INNKEEPER_IMPORT_KEEP_DAYS
    if run_has_details(run=run):
        days = min(days, SENSITIVE_DAYS)
    if days > 0:
        run.kept_until = timezone.localdate() + timedelta(days=days)
        return
    transaction.on_commit(partial(store_remove, run.upload))
    transaction.on_commit(partial(spool_remove, run, run.business))
    run.upload = ""


def run_has_details(*, run: ImportRun) -> bool:
    """Whether a run's file has columns of sensitive details."""
    told = [meaning for _column, meaning in run.extras]
    told += [reading.get("meaning", "") for reading in run.layout.get("readings", [])]
    return any(is_sensitive(meaning) for meaning in told)


def files_expire() -> int:
    """Remove the files whose time is over, of any business, and the rows of their previews; returns how many."""
    removed = 0
    for business_id, run_id in runs_due("import_files_due", silent=timedelta(0), most=EXPIRED_AT_ONCE):
        with business_scope(business_id), transaction.atomic():
            run = ImportRun.objects.select_for_update().filter(pk=run_id, kept_until__lte=timezone.localdate()).first()
            if run is None or not run.upload:
                continue
            transaction.on_commit(partial(store_remove, run.upload))
            transaction.on_commit(partial(spool_remove, run, run.business))
            run.upload = ""
            run.save(update_fields=["upload"])
            ImportRow.objects.filter(run_id=run.pk).delete()
            removed += 1
    return removed


def nobodys_files_remove() -> int:
    """Remove files that no run knows: of requests and fetches that broke off; returns how many."""
    folder = Path(settings.INNKEEPER_UPLOADS)
    removed = sealed_sweep(folder, older_than=NOBODYS_AFTER)
    old: dict[UUID | None, list[Path]] = defaultdict(list)
    limit = time.time() - NOBODYS_AFTER.total_seconds()
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            if path.stat().st_mtime < limit:
                old[sealed_header(path).business].append(path)
        except FileNotFoundError:
            continue
        except CannotOpen:
            old[None].append(path)
    removed += _spools_remove(folder, limit)
    for public_id, paths in old.items():
        known = _known(public_id, [path.name for path in paths])
        for path in paths:
            if path.name not in known:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _known(public_id: UUID | None, names: list[str]) -> set[str]:
    business = Business.objects.filter(public_id=public_id).first() if public_id else None
    if business is None:
        return set()
    with business_scope(business.pk):
        return set(ImportRun.objects.filter(upload__in=names).values_list("upload", flat=True))


def _spools_remove(folder: Path, limit: float) -> int:
    """Remove what previews have planned for runs that are over, or are not there any more."""
    removed = 0
    for path in folder.glob(f"*{SPOOL_SUFFIX}"):
        try:
            if path.stat().st_mtime < limit and not _is_open(sealed_header(path).business, path):
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
        except CannotOpen:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_open(public_id: UUID, path: Path) -> bool:
    business = Business.objects.filter(public_id=public_id).first()
    if business is None:
        return False
    with business_scope(business.pk):
        runs = ImportRun.objects.filter(state__in=_OPEN).exclude(upload="")
        return any(path == spool_path(run, business) for run in runs)
