"""Reads over imports."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import override

from accounts.tenancy import business_scope
from accounts.tenancy.runs import SILENT_AFTER, SWEPT_AT_ONCE, runs_due
from customers.fields.models import CustomField
from customers.fields.selectors import field_list
from customers.fields.values import value_read
from imports.mapping import REASONS_OF_WORDS, TARGETS, YES_NO, OwnField, OwnReader, OwnValue, is_sensitive
from imports.models import ImportMapping, ImportProblem, ImportRow, ImportRun
from imports.problems import REASONS
from imports.progress import progress_read

FORGOTTEN_AFTER = timedelta(days=7)
"""A file that nobody lets in is put away: it holds guests' data."""
SENSITIVE_FORGOTTEN_AFTER = timedelta(days=1)
"""One with sensitive details sooner."""


@dataclass(frozen=True, slots=True)
class SilentRun:
    """A run that has not been heard of for a while."""

    business_id: int
    run_id: int
    state: str
    seen_at: datetime
    has_details: bool
    """Whether its file has columns of sensitive details."""


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """All problems of one column and reason. `leaves_out`: such rows are not imported. `examples` are the first few."""

    column: str
    reason: str
    count: int
    leaves_out: bool
    examples: list[ImportProblem]

    @property
    def is_of_words(self) -> bool:
        """Whether the values may be words that somebody can tell the meaning of."""
        return self.reason in REASONS_OF_WORDS


_OUTCOMES = ("review", "create", "update", "unchanged", "invalid")
"""Review first: it is what somebody has to do."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one outcome and cause; `decided` of them somebody has looked at. `examples` are the first few."""

    outcome: str
    cause: str
    count: int
    decided: int
    examples: list[ImportRow]


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


def words_met(*, run: ImportRun) -> list[tuple[str, str, int]]:
    """Values of a run's file that nobody has told the meaning of: (columns, value, how often it is kept)."""
    found = ImportProblem.objects.filter(run=run, reason__in=REASONS_OF_WORDS).exclude(value="")
    return list(found.values_list("column", "value").annotate(count=Count("id")).order_by("column", "value"))


def problem_rows(*, run: ImportRun) -> Iterator[ImportProblem]:
    """A run's kept problems in the order of the file."""
    return ImportProblem.objects.filter(run=run).order_by("line", "id").iterator(chunk_size=1_000)


def row_groups(*, run: ImportRun, examples: int = 3) -> list[Group]:
    """What becomes of a run's rows, by outcome and cause: what needs a look first, then by outcome, the largest first.

    Empty until the run was looked through.
    """
    counted = (
        ImportRow.objects.filter(run_id=run.pk)
        .values_list("outcome", "cause")
        .annotate(count=Count("line"), decided=Count("line", filter=~Q(decision="")))
    )
    groups = [
        Group(outcome, cause, count, decided, rows_of(run=run, outcome=outcome, cause=cause, size=examples))
        for outcome, cause, count, decided in counted
    ]
    return sorted(groups, key=lambda group: (_OUTCOMES.index(group.outcome), -group.count, group.cause))


def rows_of(
    *, run: ImportRun, outcome: str | None = None, cause: str | None = None, after_line: int = 0, size: int = 50
) -> list[ImportRow]:
    """Rows of a group, or of all, in the order of the file, from the one after a line on; at most `size`."""
    rows = ImportRow.objects.filter(run_id=run.pk, line__gt=after_line)
    if outcome is not None:
        rows = rows.filter(outcome=outcome)
    if cause is not None:
        rows = rows.filter(cause=cause)
    return list(rows.order_by("line")[:size])


def rows_before(*, run: ImportRun, outcome: str, cause: str, line: int, size: int = 50) -> int:
    """`after_line` of the page of a group before the one that begins after `line`; 0 for the first."""
    lines = ImportRow.objects.filter(run_id=run.pk, outcome=outcome, cause=cause, line__lte=line)
    before = list(lines.order_by("-line").values_list("line", flat=True)[: size + 1])
    return before[size] if len(before) > size else 0


def rows_passed(*, run: ImportRun, outcome: str, cause: str, line: int) -> int:
    """How many rows of a group stand before the one that begins after `line`."""
    return ImportRow.objects.filter(run_id=run.pk, outcome=outcome, cause=cause, line__lte=line).count()


def rows_problems(*, run: ImportRun, lines: Collection[int]) -> dict[int, ImportProblem]:
    """Line → the first problem that leaves it out, as far as that is kept by line."""
    found: dict[int, ImportProblem] = {}
    for problem in ImportProblem.objects.filter(run=run, line__in=list(lines)).order_by("line", "id"):
        if problem.reason in REASONS and REASONS[problem.reason][1]:
            found.setdefault(problem.line, problem)
    return found


def row_totals(*, run: ImportRun) -> dict[str, int]:
    """How many rows will do what, decisions included: by outcome, `skip` for those that are left out.

    A row that needs a look and got none makes a new guest, or changes the oldest card when several fit.
    """
    totals = dict.fromkeys((*_OUTCOMES, "skip"), 0)
    for outcome, cause, decision, count in (
        ImportRow.objects.filter(run_id=run.pk)
        .values_list("outcome", "cause", "decision")
        .annotate(count=Count("line"))
    ):
        totals[_becomes(outcome, cause, decision)] += count
    return totals


def _becomes(outcome: str, cause: str, decision: str) -> str:
    if outcome == "invalid":
        return outcome
    if decision:
        return {"create": "create", "same": "update", "skip": "skip"}[decision]
    if outcome == "review":
        return "update" if cause == "several" else "create"
    return outcome


def rows_left_out(*, run: ImportRun) -> int:
    """How many rows of a run that is over stayed behind, those among them that a member decided to leave out."""
    totals = row_totals(run=run)
    return (totals["invalid"] + totals["skip"]) or run.counts.get("guests", {}).get("invalid", 0)


def runs_silent() -> list[SilentRun]:
    """Runs of any business that should be at work and have not been heard of for a while."""
    # Looking a file through is one long transaction, which is heard of in the cache alone.
    return [
        run
        for run in _due(("checking", "running"), SILENT_AFTER)
        if run.state != ImportRun.State.CHECKING or progress_read(run_id=run.run_id) is None
    ]


def runs_forgotten() -> list[SilentRun]:
    """Runs of any business that nobody tells the columns of or starts: for a week, with sensitive details for a day."""
    waiting = _due(("mapping", "ready"), SENSITIVE_FORGOTTEN_AFTER, 10 * SWEPT_AT_ONCE)
    long_ago = timezone.now() - FORGOTTEN_AFTER
    return [run for run in waiting if run.has_details or run.seen_at < long_ago]


def own_fields(*, language: str) -> tuple[OwnField, ...]:
    """The business's own fields that are in use, as files may bring them; numbers are read as in `language`."""
    return tuple(
        OwnField(field.pk, target, field.key, field.label, _reader(field, language), _options(field))
        for target in TARGETS
        for field in field_list(target=target)
    )


def _options(field: CustomField) -> tuple[tuple[str, str], ...]:
    if field.kind == CustomField.Kind.YES_NO:
        return tuple((answer, "") for answer in YES_NO)
    return tuple((option["key"], option["label"]) for option in field.options)


def _reader(field: CustomField, language: str) -> OwnReader:
    def read(text: str) -> OwnValue | None:
        # Files are read in a thread of its own, which no language has been chosen in.
        with override(language):
            found = value_read(field.kind, text, options=field.options)
        return None if found.error else found.columns()

    return read


def _due(states: tuple[str, ...], silent: timedelta, most: int = SWEPT_AT_ONCE) -> list[SilentRun]:
    found = runs_due("imports_due", list(states), silent=silent, most=most)
    due = []
    for business_id, run_id in found:
        with business_scope(business_id):
            run = ImportRun.objects.filter(pk=run_id).first()
        if run is not None:
            has_details = any(is_sensitive(meaning) for _column, meaning in run.extras)
            due.append(SilentRun(business_id, run_id, run.state, run.seen_at, has_details))
    return due


def mapping_list() -> list[ImportMapping]:
    """All saved mappings by name, with the nightly imports that use them."""
    return list(ImportMapping.objects.prefetch_related("feeds").order_by("name", "id"))


def mapping_get(*, mapping_id: int) -> ImportMapping:
    """One of them. Raises ``ImportMapping.DoesNotExist``."""
    return ImportMapping.objects.select_related("member__user").prefetch_related("feeds").get(pk=mapping_id)
