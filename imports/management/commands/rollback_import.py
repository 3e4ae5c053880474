"""``manage.py rollback_import``: take an import back, whatever its size, and go on with one that was interrupted."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.bulk.models import BulkRun
from customers.bulk.undoing import bulk_undo, undo_work
from customers.changes.models import ChangeSet
from customers.changes.services import CannotUndo
from imports.models import ImportRun

NUMBERS = ("removed", "reverted", "restored", "kept", "restricted", "blocked")


class Command(BaseCommand):
    help = "Take an import back: what it added goes, what it changed returns; what was changed or used since is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which import, of which business."""
        parser.add_argument("run", type=int, nargs="?", metavar="IMPORT", help="its number; the latest if left out")
        parser.add_argument(
            "--business", required=True, metavar="SLUG", help="address of the business, e.g. fjordstuen"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Undo, or go on with an undo that was cut off, until it has ended; then say what came of it."""
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business with the address {options['business']}. Check it.")
        started, hidden = time.monotonic(), []

        def tell() -> None:
            hidden.append(time.monotonic() - started)

        with business_scope(business.pk):
            found = _import(options["run"])
            try:
                undo = bulk_undo(change_set_id=found.change_set_id or 0)
            except CannotUndo as refused:
                raise CommandError(str(refused)) from refused
        undo_work(business_id=business.pk, run_id=undo.pk, tell=tell)
        with business_scope(business.pk):
            undo.refresh_from_db()
            act = ChangeSet.objects.filter(pk=undo.change_set_id or 0).first()
        if undo.state == BulkRun.State.FAILED or act is None:
            raise CommandError(undo.error or gettext("It was not taken back."))
        if undo.is_open:
            raise CommandError("Another worker is taking this import back just now. Run this again to see the outcome.")
        seconds = time.monotonic() - started
        result = {
            "import": found.pk,
            "file": found.file_name,
            "undo": act.pk,
            "entries": undo.total,
            **{name: act.result[name] for name in NUMBERS},
            "kept_rows": act.result["kept_rows"],
            "out_of_sight_seconds": round(hidden[0] if hidden else seconds, 3),
            "seconds": round(seconds, 3),
        }
        self.stdout.write(json.dumps(result, ensure_ascii=False) if options["as_json"] else _told(result))


def _import(number: int | None) -> ImportRun:
    """The import that was asked for, or the latest that wrote anything."""
    runs = ImportRun.objects.filter(change_set__isnull=False)
    found = (runs.filter(pk=number) if number is not None else runs.order_by("-id")).first()
    if found is None:
        raise CommandError("There is no such import, or it has not been let in. See the list of imports.")
    return found


def _told(result: dict[str, Any]) -> str:
    used = result["kept"] - result["restricted"]
    lines = [
        f"{result['file']} was taken back.",
        f"removed {result['removed']:,}, set back {result['reverted']:,}, brought back {result['restored']:,}",
        f"kept: {used:,} changed or used since, {result['restricted']:,} of restricted guests",
    ]
    if result["blocked"]:
        lines.append(f"could not come back: {result['blocked']:,}")
    lines += [f"  kept {record} {row}" for record, row in result["kept_rows"][:10]]
    lines.append(f"out of sight after {result['out_of_sight_seconds']:.1f} s, done after {result['seconds']:.1f} s")
    return "\n".join(lines)
