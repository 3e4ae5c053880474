"""Reads of dry runs: the newest, their counts in the order of the steps, the guests by keyset."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from automations.definition import Definition, DefinitionError, Do, Step, definition_read
from automations.models import DryRun, DryRunStep

PAGE = 25
"""Journeys a page: each has its steps below it."""
LISTED = 10


def dry_run_get(*, automation_id: int, run_id: int) -> DryRun:
    """A dry run of an automation. Raises ``DryRun.DoesNotExist``."""
    return DryRun.objects.select_related("automation").get(pk=run_id, automation_id=automation_id)


def dry_run_list(*, automation_id: int) -> list[DryRun]:
    """The newest dry runs of an automation."""
    return list(DryRun.objects.filter(automation_id=automation_id).order_by("-id")[:LISTED])


def definition_of(run: DryRun) -> Definition | None:
    """What was tried; ``None`` where it cannot be read any more."""
    try:
        return definition_read(run.definition, whole=False)
    except DefinitionError:
        return None


@dataclass(frozen=True)
class Told:
    """How often one thing came of a step, or of the journeys themselves."""

    outcome: str
    reason: str
    number: int


@dataclass(frozen=True)
class Counted:
    """A step with what came of it, the most frequent first; ``depth`` is how many branches it stands in."""

    step: Step
    depth: int
    told: tuple[Told, ...]
    branch: str = ""
    """``yes`` or ``no`` of the first step of a side of a branch."""

    @property
    def number(self) -> int:
        """How many came to it."""
        return sum(each.number for each in self.told)


def told_of(run: DryRun, step: str = "") -> tuple[Told, ...]:
    """What came of a step; without one, of the journeys."""
    found = []
    for code, number in run.counts.get(step, {}).items():
        outcome, _dot, reason = code.partition(".")
        found.append(Told(outcome, reason, number))
    return tuple(sorted(found, key=lambda each: (-each.number, each.outcome, each.reason)))


def counted_of(run: DryRun, definition: Definition) -> list[Counted]:
    """The steps as they stand below each other, with what came of each. Pure."""
    found: list[Counted] = []

    def lay(steps: Sequence[Step], depth: int, branch: str) -> None:
        for step in steps:
            found.append(Counted(step, depth, told_of(run, step.id), branch))
            branch = ""
            if step.do == Do.BRANCH:
                lay(step.yes, depth + 1, "yes")
                lay(step.no, depth + 1, "no")

    lay(definition.steps, 0, "")
    return found


@dataclass(frozen=True)
class Went:
    """A journey of a dry run: its own row, and those of its steps in their order."""

    row: DryRunStep
    steps: tuple[DryRunStep, ...]


@dataclass(frozen=True)
class Page:
    """Journeys in the order of their guests; ``after`` leads to the next ones, 0 where these are the last."""

    lines: tuple[Went, ...]
    after: int


def journeys_page(*, run_id: int, step: str = "", outcome: str = "", reason: str | None = None, after: int = 0) -> Page:
    """Journeys of a dry run, beyond the number ``after``; narrowed to those of which a step, or where ``step`` is empty
    the journey itself, came to ``outcome`` for ``reason`` (``None``: any). Two queries."""
    rows = DryRunStep.objects.filter(run_id=run_id, step=step, journey__gt=after)
    if outcome:
        rows = rows.filter(outcome=outcome)
        if reason is not None:
            rows = rows.filter(reason=reason)
    numbers = list(rows.order_by("journey").values_list("journey", flat=True)[: PAGE + 1])
    shown = numbers[:PAGE]
    by_journey: dict[int, list[DryRunStep]] = defaultdict(list)
    found = DryRunStep.objects.filter(run_id=run_id, journey__in=shown).select_related("customer")
    for each in found.order_by("journey", "id"):
        by_journey[each.journey].append(each)
    lines = tuple(
        Went(head, tuple(each for each in by_journey[number] if each.step))
        for number in shown
        for head in by_journey[number]
        if not head.step
    )
    return Page(lines, shown[-1] if len(numbers) > PAGE else 0)


def message_get(*, run_id: int, line_id: int) -> DryRunStep:
    """A message of a dry run. Raises ``DryRunStep.DoesNotExist``."""
    return DryRunStep.objects.select_related("customer").get(pk=line_id, run_id=run_id)
