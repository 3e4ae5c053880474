"""``manage.py evaluate_matching``: how well duplicates are found in a file where the truth is known."""

import gc
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dedup.evaluation.evaluating import Evaluation, evaluated
from dedup.evaluation.reading import Unreadable, read
from dedup.evaluation.report import report

_KILOBYTES = 1 if sys.platform == "darwin" else 1024


class Command(BaseCommand):
    help = "Find the duplicates in a labelled CSV file of people, households or companies, and measure how well."
    # No database is asked: the file is all there is.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a CSV file with headers")
        parser.add_argument("--id", required=True, metavar="COLUMN", help="the column that names the row")
        parser.add_argument("--truth", required=True, metavar="COLUMN", help="rows with one value here are the same")
        parser.add_argument("--source", metavar="COLUMN", help="pairs are of different sources only: two files joined")
        parser.add_argument(
            "--map",
            nargs="+",
            default=[],
            metavar="COLUMN=FIELD",
            help="what some columns hold, or nothing; others are guessed: given, family, full_name, email, phone, …",
        )
        parser.add_argument("--json", action="store_true", help="print the measures as JSON")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write a page with the worst misses")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        with _collector_resting():
            try:
                labelled = read(
                    options["file"],
                    id_column=options["id"],
                    truth=options["truth"],
                    source=options["source"],
                    mapped=_mapped(options["map"]),
                )
            except Unreadable as error:
                raise CommandError(str(error)) from error
            evaluation = evaluated(labelled)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTES / 1e6
        if options["report"]:
            options["report"].write_text(report(labelled, evaluation, options["file"].name), "utf-8")
        told = {
            **{
                name: round(value, 6) if isinstance(value, float) else value
                for name, value in evaluation.measures._asdict().items()
            },
            "seconds": round(seconds, 3),
            "peak_mb": round(peak, 1),
        }
        if options["json"]:
            fields = {field.name: field.kind.value for field in labelled.guess.fields}
            self.stdout.write(json.dumps({**told, "columns": fields, "left_out": labelled.guess.left_out}))
            return
        for line in _lines(evaluation, told):
            self.stdout.write(line)


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Without the collector of reference cycles: there are none, and it would look through every row for them."""
    usual = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if usual:
            gc.enable()


def _mapped(given: list[str]) -> list[tuple[str, str]]:
    """The two sides of each ``COLUMN=FIELD``."""
    mapped = []
    for one in given:
        column, equals, kind = one.rpartition("=")
        if not equals or not column or not kind:
            raise CommandError(f"--map takes COLUMN=FIELD, not {one!r}.")
        mapped.append((column, kind))
    return mapped


def _lines(evaluation: Evaluation, told: dict[str, Any]) -> list[str]:
    fields = ", ".join(f"{field.name} ({field.kind.value})" for field in evaluation.fields)
    lines = [f"Compared: {fields}"]
    if evaluation.left_out:
        lines.append(f"Left out: {', '.join(evaluation.left_out)}")
    lines += [
        f"{told['rows']:,} rows, {told['true_pairs']:,} true pairs, {told['seconds']:.2f} s, {told['peak_mb']:.0f} MB",
        f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}",
        f"{'pairs':10}{told['precision']:10.4f}{told['recall']:10.4f}{told['f1']:10.4f}",
        f"{'groups':10}{told['cluster_precision']:10.4f}{told['cluster_recall']:10.4f}{told['cluster_f1']:10.4f}",
        f"Best F1 of pairs {told['best_f1']:.4f} at a probability of {told['best_threshold']:.2f}",
        f"Certain: {told['certain_pairs']:,} pairs, precision {told['certain_precision']:.4f}",
    ]
    for capped in evaluation.capped:
        lines.append(
            f"Not looked into: {capped.blocks:,} blocks by {capped.name}, the largest of {capped.largest:,} rows"
        )
    return lines
