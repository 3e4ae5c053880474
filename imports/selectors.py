"""Reads over imports."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from accounts.tenancy import business_scope
from imports.models import ImportProblem, ImportRun
from imports.problems import REASONS
from imports.progress import progress_read

SILENT_AFTER = timedelta(seconds=90)
"""A run at work says so every few seconds."""
FORGOTTEN_AFTER = timedelta(days=7)
"""A file that nobody lets in is put away: it holds guests' data."""
_SWEPT_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class SilentRun:
    """A run that has not been heard of for a while."""

    business_id: int
    run_id: int
    state: str


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """All problems of one column and reason. `leaves_out`: such rows are not imported. `examples` are the first few."""

    column: str
    reason: str
    count: int
    leaves_out: bool
    examples: list[ImportProblem]


def run_list(*, limit: int = 20) -> list[ImportRun]:
    """The latest imports, newest first; discarded ones are not shown."""
    return list(
        ImportRun.objects.exclude(state=ImportRun.State.DISCARDED)
        .select_related("change_set")
        .order_by("-created_at", "-id")[:limit]
    )


def run_get(*, run_id: int) -> ImportRun:
    """One import. Raises ``ImportRun.DoesNotExist``."""
    return ImportRun.objects.select_related("change_set").get(pk=run_id)


def run_rows_done(*, run: ImportRun) -> int | None:
    """How many rows a run at work has come to; None when that is not known."""
    if run.state == ImportRun.State.CHECKING:
        return progress_read(run_id=run.pk)
    return run.rows_done


def problem_groups(*, run: ImportRun, examples: int = 3) -> list[ProblemGroup]:
    """A run's problems by column and reason: those that leave rows out first, then the most frequent."""
    groups = []
    for column, reason, count in run.problem_groups:
        first = ImportProblem.objects.filter(run=run, reason=reason, column=column).order_by("line", "id")[:examples]
        leaves_out = REASONS[reason][1] if reason in REASONS else False
        groups.append(ProblemGroup(column, reason, count, leaves_out, list(first)))
    return sorted(groups, key=lambda group: (not group.leaves_out, -group.count))


def problem_rows(*, run: ImportRun) -> Iterator[ImportProblem]:
    """A run's kept problems in the order of the file."""
    return ImportProblem.objects.filter(run=run).order_by("line", "id").iterator(chunk_size=1_000)


def runs_silent() -> list[SilentRun]:
    """Runs of any business that should be at work and have not been heard of for a while."""
    # Looking a file through is one long transaction, which is heard of in the cache alone.
    return [
        run
        for run in _due(("checking", "running"), SILENT_AFTER)
        if run.state != ImportRun.State.CHECKING or progress_read(run_id=run.run_id) is None
    ]


def runs_forgotten() -> list[SilentRun]:
    """Runs of any business that were looked through and not started for a week."""
    return _due(("ready",), FORGOTTEN_AFTER)


def _due(states: tuple[str, ...], silent: timedelta) -> list[SilentRun]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_id, run_id FROM imports_due(%s, make_interval(secs => %s), %s)",
            [list(states), silent.total_seconds(), _SWEPT_AT_ONCE],
        )
        found = cursor.fetchall()
    due = []
    for business_id, run_id in found:
        with business_scope(business_id):
            run = ImportRun.objects.filter(pk=run_id).first()
        if run is not None:
            due.append(SilentRun(business_id, run_id, run.state))
    return due
