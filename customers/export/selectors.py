"""Reads of exports."""

from django.db.models import QuerySet

from accounts.tenancy.runs import SILENT_AFTER, runs_due
from customers.export.models import ExportRun, SavedColumns

SHOWN = 50


def run_get(*, run_id: int) -> ExportRun:
    """One run. Raises ``ExportRun.DoesNotExist``."""
    return ExportRun.objects.get(pk=run_id)


def runs_all() -> QuerySet[ExportRun]:
    """Every run."""
    return ExportRun.objects.all()


def run_list() -> list[ExportRun]:
    """The newest runs first."""
    return list(ExportRun.objects.order_by("-created_at", "-id")[:SHOWN])


def saved_list(*, kind: str = "") -> list[SavedColumns]:
    """The kept choices of columns by name, of one kind where it is given."""
    kept = SavedColumns.objects.order_by("kind", "name", "id")
    return list(kept.filter(kind=kind) if kind else kept)


def runs_silent() -> list[tuple[int, int]]:
    """(business, run) of runs of any business that should be at work and have not been heard of for a while."""
    return runs_due("customers_exports_due", silent=SILENT_AFTER)
