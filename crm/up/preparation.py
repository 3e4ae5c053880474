"""Bring database, static files, catalogues and demo up to date.

``needed`` answers in milliseconds without loading Django; ``python -m crm.up.preparation`` does the work in one
interpreter. What has been done is noted in ``var/prepared.json`` together with the identity of the database it was
done to, so that a database made anew, restored or replaced is prepared again.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TypedDict

from crm.up.fingerprints import code_fingerprint, static_fingerprint


class Note(TypedDict, total=False):
    """What ``var/prepared.json`` holds."""

    code: str
    database: str
    static: str
    demo: str
    sign_ins: str


def note_read(var: Path) -> Note:
    """The note of the last preparation; empty when there is none or it cannot be read."""
    try:
        found: Note = json.loads((var / "prepared.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def needed(var: Path, *, demo: bool) -> bool:
    """Whether anything may have changed since the last preparation."""
    note = note_read(var)
    if note.get("code") != code_fingerprint() or not (var / "static").is_dir():
        return True
    cluster, state = _database_identity()
    return note.get("database") != state or (demo and note.get("demo") != cluster)


def _note_write(var: Path, note: Note) -> None:
    draft = var / "prepared.json.new"
    draft.write_text(json.dumps(note, indent=1), encoding="utf-8")
    draft.replace(var / "prepared.json")


def _database_identity() -> tuple[str, str]:
    """Which database this is, and that with how far it has been migrated. Empty texts when it cannot be told."""
    import psycopg2

    try:
        connection = psycopg2.connect(os.environ["DATABASE_OWNER_URL"], connect_timeout=5)
    except psycopg2.OperationalError:
        return "", ""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT system_identifier FROM pg_control_system()), oid, to_regclass('django_migrations')"
                " FROM pg_database WHERE datname = current_database()"
            )
            system, database, migrations = cursor.fetchone() or ("", "", None)
            applied = (0, 0)
            if migrations:
                cursor.execute("SELECT count(*), max(id) FROM django_migrations")
                applied = cursor.fetchone() or applied
    finally:
        connection.close()
    return f"{system}/{database}", f"{system}/{database}/{applied[0]}/{applied[1]}"


def prepare(var: Path, *, demo: bool) -> None:
    """Migrate, compile catalogues, collect static files, and make the demo once."""
    import django

    django.setup()

    from django.core.management import call_command, get_commands

    from crm.up.catalogues import compile_catalogues

    note = note_read(var)
    code = code_fingerprint()
    with _step("Preparing the database"):
        _migrating_alone()
        call_command("migrate", database="owner", interactive=False, verbosity=0)
    if compile_catalogues(var / "catalogues.stamp"):
        print("  Languages compiled.", flush=True)
    static = static_fingerprint()
    if note.get("static") != static or not (var / "static").is_dir():
        with _step("Collecting pictures, styles and scripts"):
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    cluster, state = _database_identity()
    done: Note = {"code": code, "database": state, "static": static}
    if note.get("demo") == cluster:
        done["demo"] = cluster
        done["sign_ins"] = note.get("sign_ins", "")
    _note_write(var, done)
    if demo and done.get("demo") != cluster and "demo" in get_commands():
        with _step("Making the demo businesses"):
            call_command("demo", verbosity=0)
        done["demo"] = cluster
        done["sign_ins"] = _sign_ins()
        _note_write(var, done)


def _migrating_alone() -> None:
    """Wait for whoever migrates this database already, for as long as this process lives.

    A start that was killed leaves its migration's statement running in the server: beside it, the next start would make
    the same tables. The lock goes with its session, when that statement has ended.
    """
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('innkeeper.migrate', 0))")


def _sign_ins() -> str:
    """The demo's users with their roles and passwords, as its command prints them."""
    from io import StringIO

    from django.core.management import call_command

    lines = StringIO()
    call_command("demo", sign_ins=True, stdout=lines)
    return lines.getvalue().strip()


class _step:
    """Says what is being done, and how long it took when it took long."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> None:
        self.started = time.monotonic()

    def __exit__(self, kind: object, *rest: object) -> None:
        seconds = time.monotonic() - self.started
        if kind is None and seconds > 0.5:
            print(f"  {self.text}: {seconds:.1f} seconds.", flush=True)


def main() -> None:
    """For ``python -m crm.up.preparation``."""
    parser = argparse.ArgumentParser(
        prog="preparation", description="Bring database, static files and demo up to date."
    )
    parser.add_argument("--var", type=Path, required=True)
    parser.add_argument("--no-demo", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    from django.db import DatabaseError

    try:
        prepare(options.var, demo=not options.no_demo)
    except DatabaseError as error:
        sys.exit(f"The database refused: {error}".strip())


if __name__ == "__main__":
    main()
