"""What a run at work notes of a batch, in the batch's transaction."""

from django.utils import timezone

from imports.findings import Findings
from imports.models import ImportRun
from imports.problems import Problem
from imports.services.lives import findings_store
from imports.staging import Tally


class Left(Exception):
    """The run is not at work any more, or another worker has written the batch that was due."""


class StopAsked(Exception):
    """Somebody has asked the run to stop before this batch."""


def run_due(run: ImportRun) -> ImportRun:
    """The run itself, if a batch of it may be written now; raises Left or StopAsked."""
    if run.state != ImportRun.State.RUNNING:
        raise Left
    if run.stop_asked:
        raise StopAsked
    return run


def batch_note(run: ImportRun, done: Tally, *, problems: list[Problem], rows: int) -> None:
    """Count a batch that was written on its run, which is held until the transaction ends, and save it."""
    tally = Tally.of(run.counts)
    tally.add(done)
    findings = Findings.of(run.problem_groups)
    findings.add(problems)
    run.counts = tally.counts()
    run.rows_done += rows
    run.rows_about = max(run.rows_about, run.rows_done)
    run.seen_at = timezone.now()
    findings_store(run, findings)
    run.save()
