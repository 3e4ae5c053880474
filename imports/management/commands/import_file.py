"""``manage.py import_file``: a file into a business, from the command line."""

import json
import resource
import sys
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Business
from accounts.models.businesses import slug_validator
from accounts.services.businesses import business_create
from accounts.tenancy import business_scope
from imports.findings import Findings
from imports.mapping import KINDS, OwnField, suggest, values
from imports.models import ImportMapping, ImportRun
from imports.policy import CONSENTS, UPDATES, Policy, policy_of
from imports.problems import REASONS
from imports.readers import FileError
from imports.readers.errors import UnknownColumns
from imports.selectors import own_fields, problem_groups, run_get
from imports.services import Source, run_begin, run_create, run_work, source_open, tryout
from imports.services.sources import SAMPLE_ROWS
from imports.staging import EXTRAS, RECORDS, Tally

EXAMPLES = 3
_TELL = "Import the file once on the page and save the mapping, then name it by --mapping; or add --guess."


class Command(BaseCommand):
    help = (
        "Import a file of guests, bookings, invoices, purchases or consents (CSV, XLSX or ZIP) into a business. "
        "The same file twice changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to import, and where."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the file")
        parser.add_argument(
            "--business", required=True, metavar="SLUG", help="address of the business, e.g. fjordstuen"
        )
        parser.add_argument("--create", action="store_true", help="make the business if it does not exist")
        parser.add_argument("--country", default="NO", help="country of a business that is made (default NO)")
        parser.add_argument("--kind", choices=KINDS, help="what the file holds, if it is to be checked")
        parser.add_argument("--table", default="", metavar="NAME", help="which sheet or packed file is meant")
        parser.add_argument("--mapping", metavar="NAME", help="the saved mapping that tells what the columns mean")
        parser.add_argument(
            "--guess", action="store_true", help="import a file of no known kind by what its columns seem to mean"
        )
        parser.add_argument("--update", choices=UPDATES, help="what changes on cards that are there already")
        parser.add_argument("--consents", choices=CONSENTS, help="whether a yes is taken when it is proven (default)")
        parser.add_argument("--wording", metavar="TEXT", help="the words agreed to, where the file has none")
        parser.add_argument("--consent-source", metavar="TEXT", help="how they agreed, where the file does not say")
        parser.add_argument("--tag", metavar="NAME", help="a tag for every guest of the file")
        parser.add_argument("--file-date", metavar="DATE", help="the day the file tells of, e.g. 2026-11-01")
        parser.add_argument("--currency", type=_currency, help="currency of amounts that name none, e.g. NOK")
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen and write nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, then say what came of it. A file that cannot be imported is an error and writes nothing."""
        started = time.monotonic()
        path: Path = options["file"]
        try:
            # The file first: a business is not made for one that cannot be read.
            source, told = _source(options)
            options["policy"] = _policy(told, source, options)
            if options["dry_run"]:
                tally, findings, examples = self._try(source, options)
            else:
                tally, findings, examples = self._import(source, options)
        except FileError as error:
            raise CommandError(f"{error} Nothing was imported from {path.name}.") from error
        result = {
            **tally.counts(),
            "problems": findings.groups.total(),
            "problem_groups": examples,
            "run": options.get("run"),
            "kind": source.plan.kind,
            "refused_columns": list(source.plan.refused),
            "seconds": round(time.monotonic() - started, 3),
            "peak_mb": round(_peak_mb(), 1),
        }
        self.stdout.write(json.dumps(result, ensure_ascii=False) if options["as_json"] else _told(result, options))

    def _try(self, source: Source, options: dict[str, Any]) -> tuple[Tally, Findings, list[dict[str, Any]]]:
        with transaction.atomic():
            business = self._business(options)
            with business_scope(business.pk):
                found = tryout(
                    business=business,
                    source=source,
                    currency=options["currency"] or "",
                    policy=options["policy"],
                    tell=self._tell(options),
                )
            transaction.set_rollback(True)
        examples: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for problem in found.findings.kept:
            rows = examples.setdefault((problem.column, problem.reason), [])
            if len(rows) < EXAMPLES:
                rows.append({"line": problem.line, "value": problem.value})
        groups = [
            _group(column, reason, count, examples.get((column, reason), []))
            for (column, reason), count in found.findings.groups.most_common()
        ]
        return found.tally, found.findings, groups

    def _import(self, source: Source, options: dict[str, Any]) -> tuple[Tally, Findings, list[dict[str, Any]]]:
        business = self._business(options)
        with business_scope(business.pk):
            run = run_create(
                source=source,
                file_name=options["file"].name,
                currency=options["currency"] or "",
                policy=options["policy"].as_json(),
                layout=options["layout"],
            )
            run_begin(run=run)
        run_work(business_id=business.pk, run_id=run.pk, path=options["file"], tell=self._tell(options))
        with business_scope(business.pk):
            run = run_get(run_id=run.pk)
            if run.state != ImportRun.State.DONE:
                raise CommandError(run.error.get("template", "") % run.error.get("params", {}))
            groups = [
                _group(
                    group.column,
                    group.reason,
                    group.count,
                    [{"line": problem.line, "value": problem.value} for problem in group.examples],
                )
                for group in problem_groups(run=run, examples=EXAMPLES)
            ]
        options["run"] = run.pk
        return Tally.of(run.counts), Findings.of(run.problem_groups), groups

    def _business(self, options: dict[str, Any]) -> Business:
        slug = options["business"]
        business = Business.objects.filter(slug=slug).first()
        if business is not None:
            return business
        if not options["create"]:
            raise CommandError(f"There is no business with the address {slug}. Check it, or add --create to make it.")
        try:
            slug_validator(slug)
        except ValidationError as error:
            raise CommandError(f"{slug} cannot be an address. {error.messages[0]}") from error
        return business_create(name=slug.replace("-", " ").capitalize(), slug=slug, country=options["country"].upper())

    def _tell(self, options: dict[str, Any]) -> Any:
        """Progress on a terminal, so that a large file does not look like a hang."""
        if options["as_json"] or not sys.stderr.isatty():
            return None
        return lambda rows: self.stderr.write(f"\r{rows:,} rows", ending="")


def _source(options: dict[str, Any]) -> tuple[Source, dict[str, Any]]:
    """The file, laid out, and the policy that its saved mapping brings. Sets the option `layout`. Raises FileError."""
    fields = _own_fields(options["business"])
    asked = {"path": options["file"], "table": options["table"], "kind": options["kind"], "fields": fields}
    options["layout"], policy = {}, {}
    if options["mapping"]:
        mapping = _mapping(options["business"], options["mapping"])
        options["layout"], policy = mapping.layout, mapping.policy
    try:
        source = source_open(**asked, layout=options["layout"])
    except UnknownColumns as error:
        raise CommandError(f"{error} {_TELL} Nothing was imported from {options['file'].name}.") from error
    if not options["layout"] and not options["guess"]:
        sample = source.table.sample(SAMPLE_ROWS)
        found = suggest(source.table.header, sample, kind=options["kind"], fields=fields)
        asked_of = [question.column or question.meaning for question in found.questions]
        if asked_of:
            raise CommandError(
                f"What these columns mean has to be told first: {', '.join(dict.fromkeys(asked_of))}. {_TELL} "
                f"Nothing was imported from {options['file'].name}."
            )
    return source, policy


def _mapping(slug: str, name: str) -> ImportMapping:
    business = Business.objects.filter(slug=slug).first()
    if business is not None:
        with business_scope(business.pk):
            mapping = ImportMapping.objects.filter(name=name).first()
        if mapping is not None:
            return mapping
    raise CommandError(f"There is no saved mapping with the name {name}.")


def _policy(told: dict[str, Any], source: Source, options: dict[str, Any]) -> Policy:
    """What the options say, over what the saved mapping brings, over what is usual."""
    said = {name: options[name] for name in ("update", "consents", "wording", "consent_source", "tag", "file_date")}
    try:
        return policy_of(
            told | {name: value for name, value in said.items() if value is not None},
            kind=source.plan.kind,
            format_key=source.plan.key,
        )
    except ValueError as error:
        raise CommandError("--file-date takes a day such as 2026-11-01.") from error


def _own_fields(slug: str) -> tuple[OwnField, ...]:
    """The fields of a business that is there already."""
    business = Business.objects.filter(slug=slug).first()
    if business is None:
        return ()
    with business_scope(business.pk):
        return own_fields(language=business.language)


def _currency(text: str) -> str:
    code = values.currency(text)
    if code is None:
        raise ArgumentTypeError(f"{text} is not a currency code. Write for example EUR or NOK.")
    return code


def _group(column: str, reason: str, count: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"column": column, "reason": reason, "count": count, "sentence": REASONS[reason][0], "examples": rows}


def _peak_mb() -> float:
    """The largest resident memory this process has had, in MB of 1,000,000 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1_000_000 if sys.platform == "darwin" else peak * 1024 / 1_000_000


def _told(result: dict[str, Any], options: dict[str, Any]) -> str:
    would = " (dry run: nothing was written)" if options["dry_run"] else ""
    lines = [f"{options['file'].name}{would}"]
    for name in ("guests", "stays", *(name for name in (*RECORDS, *EXTRAS) if name in result)):
        told = ", ".join(f"{count:,} {outcome}" for outcome, count in result[name].items())
        lines.append(f"{name}: {told}")
    for column in result["refused_columns"]:
        lines.append(f"column {column}: holds payment cards and was not stored")
    lines.append(f"problems: {result['problems']:,}")
    for group in result["problem_groups"]:
        lines.append(f"  {group['count']:,} × {group['column'] or 'row'}: {group['sentence']}")
        lines += [f"      line {row['line']}: {row['value']}" for row in group["examples"]]
    lines.append(f"{result['seconds']:.1f} s, at most {result['peak_mb']:.0f} MB of memory")
    return "\n".join(lines)
