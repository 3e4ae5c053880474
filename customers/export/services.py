"""Ask for an export, write its file, hand it out, throw it away; keep a choice of columns.

`export_work` opens its own scopes and transactions and may not be called inside a long one. Everything else works in
the caller's scope.
"""

import os
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope, current_actor
from accounts.tenancy.runs import SILENT_AFTER
from customers.export import store
from customers.export.building import Built, Stopped, export_build
from customers.export.catalogue import columns_chosen
from customers.export.look import Look
from customers.export.models import ExportRun, Kind, SavedColumns
from customers.export.selection import Chosen, chosen_read
from customers.filters import TreeError

State = ExportRun.State
TOLD_EVERY: Final = timedelta(seconds=1)
NAMES_MAX: Final = 60
SAVED_MAX: Final = 50
"""Choices of columns that a business may keep."""


class ExportRefused(Refused):
    """It cannot be, or not any more; the message says why, for people."""


def export_start(
    *,
    business: Business,
    kind: str,
    chosen: Chosen,
    columns: Sequence[str] = (),
    look: Look,
    member: Member | None = None,
    address: str | None = None,
    token: str = "",
) -> ExportRun:
    """Ask for a file. The run is ``waiting`` and the caller lets a worker know; the same ``token`` starts one run.

    Raises :class:`ExportRefused` where no column is left to write.
    """
    told = columns_chosen(kind, columns)
    if not told:
        raise ExportRefused(_("Choose at least one column."), field="columns")
    try:
        with transaction.atomic():
            return ExportRun.objects.create(
                business=business,
                kind=kind,
                selection=chosen.written(),
                columns=[column.key for column in told],
                file_name=_file_name(business, kind, look),
                token=token[:40],
                member=member,
                actor=(str(member) if member else current_actor())[:200],
                address=address,
                **look.values(),
            )
    except IntegrityError:
        return ExportRun.objects.get(token=token[:40])


def export_work(*, business_id: int, run_id: int) -> None:
    """Write a run's file, from its beginning. Two workers on one run do no harm: the one that came first leaves.

    An error is raised again after the run is marked ``failed``.
    """
    with business_scope(business_id):
        run = _taken(run_id)
        business = Business.objects.get(pk=business_id)
    if run is None:
        return
    name = store.new_name()
    try:
        with store.export_writer(name, business=business) as target:
            built = _built(business, run, target)
            size = target.tell()
    except Stopped:
        return
    except Exception as error:
        with business_scope(business_id):
            why = "filter" if isinstance(error, TreeError) else ""
            _ours(run).update(state=State.FAILED, error=why, finished_at=timezone.now(), seen_at=timezone.now())
        if why:
            return
        raise
    with business_scope(business_id, actor="" if run.member_id else run.actor):
        if not _finished(run, name, size, built):
            store.export_forget(name)


def export_write(
    *,
    business: Business,
    kind: str,
    chosen: Chosen,
    columns: Sequence[str] = (),
    look: Look,
    path: Path,
    member: Member | None = None,
) -> Built:
    """Write a file straight to ``path``, as it is, for whoever runs the server; logged like any other.

    Opens its own scopes. ``path`` is there when it is complete, and not at all after an error.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with _private(part) as target:
            built = export_build(
                business=business, kind=kind, chosen=chosen, columns=columns, look=look, target=target, tell=_nobody
            )
        with business_scope(business.pk):
            _log(kind, chosen, look, built, columns, member)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return built


def export_cancel(*, run_id: int) -> ExportRun:
    """Stop a run that has not ended. Raises :class:`ExportRefused`, ``ExportRun.DoesNotExist``."""
    with transaction.atomic():
        run = ExportRun.objects.select_for_update().get(pk=run_id)
        if not run.is_open:
            raise ExportRefused(_("The file had been written before it could be cancelled."))
        run.state = State.CANCELLED
        run.finished_at = timezone.now()
        run.save()
    return run


def export_remove(*, run_id: int) -> ExportRun:
    """Throw a file away before its time. Raises ``ExportRun.DoesNotExist``."""
    with transaction.atomic():
        run = ExportRun.objects.select_for_update().get(pk=run_id)
        transaction.on_commit(partial(store.export_forget, run.stored))
        run.stored = ""
        run.save(update_fields=["stored"])
    return run


def export_open(
    *, run: ExportRun, business: Business, member: Member | None = None, address: str | None = None
) -> BinaryIO:
    """The file of a run, for whoever downloads it; counted and logged. Raises :class:`ExportRefused`."""
    try:
        if not run.has_file:
            raise FileNotFoundError(run.stored)
        stream = store.export_reader(run.stored, business=business)
    except FileNotFoundError as error:
        raise ExportRefused(_("This file is gone. Export once more.")) from error
    try:
        ExportRun.objects.filter(pk=run.pk).update(downloads=F("downloads") + 1)
        data = {"kind": run.kind, "rows": run.rows, "file": run.file_name}
        audit_record(
            action="export.downloaded",
            member=member,
            object_type="exportrun",
            object_id=run.pk,
            data=data,
            address=address,
        )
    except BaseException:
        stream.close()
        raise
    return stream


def columns_save(
    *, name: str, kind: str, columns: Sequence[str], look: Look, member: Member | None = None
) -> SavedColumns:
    """Keep a choice of columns with the look of the file; one of the same name is replaced. Raises ExportRefused."""
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > NAMES_MAX:
        sentence = _("Give it a name of at most %(number)d characters.") % {"number": NAMES_MAX}
        raise ExportRefused(sentence, field="save_as")
    told = [column.key for column in columns_chosen(kind, columns)]
    with transaction.atomic():
        kept = SavedColumns.objects.select_for_update().filter(kind=kind, name__iexact=name).first()
        if kept is None:
            if SavedColumns.objects.count() >= SAVED_MAX:
                raise ExportRefused(_("There are enough of them. Remove one first."), field="save_as")
            kept = SavedColumns(kind=kind, member_id=member.pk if member else None)
        kept.name, kept.columns = name, told
        for field, value in look.values().items():
            setattr(kept, field, value)
        kept.save()
    return kept


def columns_remove(*, saved_id: int) -> SavedColumns:
    """Forget a choice. Raises ``SavedColumns.DoesNotExist``."""
    kept = SavedColumns.objects.get(pk=saved_id)
    kept.delete()
    return kept


def _taken(run_id: int) -> ExportRun | None:
    """The run for this worker: one that waits, or whose worker has fallen silent."""
    run = ExportRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None or not run.is_open:
        return None
    if run.state == State.RUNNING and run.seen_at > timezone.now() - SILENT_AFTER:
        return None
    run.state = State.RUNNING
    run.attempt += 1
    run.done = run.total = 0
    run.seen_at = timezone.now()
    run.save()
    return run


def _ours(run: ExportRun) -> Any:
    """The run as a query, as long as it is this worker's."""
    return ExportRun.objects.filter(pk=run.pk, attempt=run.attempt, state=State.RUNNING)


def _built(business: Business, run: ExportRun, target: BinaryIO) -> Built:
    told_at = timezone.now() - TOLD_EVERY

    def tell(done: int, total: int) -> None:
        nonlocal told_at
        now = timezone.now()
        if now - told_at < TOLD_EVERY and done < total:
            return
        told_at = now
        with business_scope(business.pk):
            if not _ours(run).update(done=done, total=total, seen_at=now):
                raise Stopped

    with business_scope(business.pk):
        chosen = chosen_read(run.selection)
    return export_build(
        business=business,
        kind=run.kind,
        chosen=chosen,
        columns=run.columns,
        look=Look.of(run),
        target=target,
        tell=tell,
    )


def _finished(run: ExportRun, name: str, size: int, built: Built) -> bool:
    now = timezone.now()
    written = _ours(run).update(
        state=State.DONE,
        rows=built.rows,
        left_out=built.left_out,
        lost=built.lost,
        stored=name,
        size=size,
        finished_at=now,
        seen_at=now,
        expires_at=now + store.kept_for(),
    )
    if written:
        chosen, look = chosen_read(run.selection), Look.of(run)
        _log(run.kind, chosen, look, built, run.columns, run.member, run.pk, run.address)
    return bool(written)


def _log(
    kind: str,
    chosen: Chosen,
    look: Look,
    built: Built,
    columns: Sequence[str],
    member: Member | None,
    run_id: int | None = None,
    address: str | None = None,
) -> None:
    """Who exported whom, which columns and how many rows."""
    data = {**chosen.logged(), "kind": kind, "format": look.format, "columns": list(columns), "rows": built.rows}
    if built.left_out:
        data["left_out"] = built.left_out
    action = "consent.exported" if kind == Kind.CONSENTS else "guest.exported"
    audit_record(action=action, member=member, object_type="export", object_id=run_id, data=data, address=address)


def _file_name(business: Business, kind: str, look: Look) -> str:
    today = timezone.localdate(timezone=business.zone)
    return f"{business.slug}-{kind}-{today:%Y-%m-%d}.{look.format}"[-120:]


def _private(path: Path) -> BinaryIO:
    """A file readable by its owner alone, from its first byte."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _nobody(done: int, total: int) -> None:
    """Nobody is told how far it is."""
