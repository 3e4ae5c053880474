"""``manage.py export_guests``: guests, or what happened with them, into a file, from the command line."""

import json
import resource
import sys
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.conditions.selectors import filter_catalogue
from customers.export.catalogue import columns_of
from customers.export.look import CSV, DELIMITERS, ENCODINGS, HEADERS, XLSX, Look
from customers.export.models import Kind
from customers.export.selection import Chosen, of_segment
from customers.export.services import export_write
from customers.filters import TreeError, tree_loads
from customers.segments.selectors import segment_list


class Command(BaseCommand):
    help = "Write the guests of a business into a CSV file or a workbook. Guests whose data is restricted stay out."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to write, and where."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the file to write; .xlsx makes a workbook")
        parser.add_argument("--business", required=True, metavar="SLUG", help="address of the business")
        parser.add_argument("--kind", choices=Kind.values, default=Kind.GUESTS.value, help="what the rows are")
        whom = parser.add_mutually_exclusive_group()
        whom.add_argument("--filter", default="", metavar="JSON", help="a filter, as the address of a list holds it")
        whom.add_argument("--segment", default="", metavar="NAME", help="name or number of a segment")
        whom.add_argument("--guests", type=_ids, metavar="IDS", help="numbers of guests with commas between them")
        parser.add_argument("--columns", type=_words, default=(), metavar="NAMES", help="columns with commas between")
        parser.add_argument("--format", choices=[CSV, XLSX], help="by the file's name if left out")
        parser.add_argument("--delimiter", type=_delimiter, default=";", help="; , or tab (default ;)")
        parser.add_argument("--encoding", choices=list(ENCODINGS), default="utf-8-sig")
        parser.add_argument("--decimal", choices=[".", ","], default=".")
        parser.add_argument("--header", choices=HEADERS[1:], default="", help="language of the columns' names")
        parser.add_argument("--replace", action="store_true", help="replace a file that is there")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, then say what was written. After an error there is no file."""
        started = time.monotonic()
        path: Path = options["file"]
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business with the address {options['business']}.")
        if path.exists() and not options["replace"]:
            raise CommandError(f"{path} is there already. Add --replace, or choose another name.")
        look = Look(
            options["format"] or (XLSX if path.suffix.lower() == ".xlsx" else CSV),
            options["delimiter"],
            options["encoding"],
            options["decimal"],
            options["header"],
        )
        try:
            with business_scope(business.pk):
                chosen = _chosen(options)
                _known(options["kind"], options["columns"])
            built = export_write(
                business=business,
                kind=options["kind"],
                chosen=chosen,
                columns=options["columns"],
                look=look,
                path=path,
            )
        except TreeError as error:
            told = " ".join(_(each.message) % each.params for each in error.problems)
            raise CommandError(f"The filter cannot be read. {told}") from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        result = {
            "file": str(path),
            "kind": options["kind"],
            "rows": built.rows,
            "left_out": built.left_out,
            "lost_letters": built.lost,
            "bytes": path.stat().st_size,
            "seconds": round(time.monotonic() - started, 3),
            "peak_mb": round(_peak_mb(), 1),
        }
        self.stdout.write(json.dumps(result, ensure_ascii=False) if options["as_json"] else _told(result))


def _chosen(options: dict[str, Any]) -> Chosen:
    if options["guests"]:
        return Chosen(options["guests"])
    wanted = options["segment"]
    if not wanted:
        return Chosen(tree=tree_loads(options["filter"], filter_catalogue()))
    for segment in segment_list():
        if wanted in (str(segment.pk), segment.title, segment.code):
            return of_segment(segment.pk)
    raise CommandError(f"There is no segment {wanted}.")


def _known(kind: str, columns: tuple[str, ...]) -> None:
    known = [column.key for column in columns_of(kind)]
    strange = [name for name in columns if name not in known]
    if strange:
        raise CommandError(f"There is no column {strange[0]}. There are: {', '.join(known)}.")


def _ids(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(each) for each in text.split(",")}))
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is no list of numbers. Write for example 12,40.") from error


def _words(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _delimiter(text: str) -> str:
    found = "\t" if text == "tab" else text
    if found not in DELIMITERS:
        raise ArgumentTypeError(f"{text} does not part cells. Write ; or , or tab.")
    return found


def _peak_mb() -> float:
    """The largest resident memory this process has had, in MB of 1,000,000 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1_000_000 if sys.platform == "darwin" else peak * 1024 / 1_000_000


def _told(result: dict[str, Any]) -> str:
    lines = [f"{result['file']}: {result['rows']:,} rows, {result['bytes']:,} bytes"]
    if result["left_out"]:
        lines.append(f"{result['left_out']:,} guests are not in it: the processing of their data is restricted")
    if result["lost_letters"]:
        lines.append(f"{result['lost_letters']:,} letters are not in the encoding; a question mark stands for each")
    lines.append(f"{result['seconds']:.1f} s, at most {result['peak_mb']:.0f} MB of memory")
    return "\n".join(lines)
