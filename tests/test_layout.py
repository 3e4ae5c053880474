"""The house as it stands: where files are, how long they get, what they are called, and what no page of it says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

CHECKOUT = Path(__file__).resolve().parent.parent
APART = {".git", ".venv", "var", "node_modules", "vendor", "__pycache__", ".hypothesis"}
ROOMS = {"crm", "accounts", "customers", "dedup", "imports", "messaging", "automations", "portal"}
LONGEST = 400
LONGER = {
    "tests/imports/test_services.py": "one act a test, refusals included",
    "tests/journeys/test_styleguide.py": "one page, every component in every state",
}
"""Modules that are longer, and why they are not a package."""

NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "stuff"}
UNSAID = {
    "a path of somebody's machine": re.compile(r"(?<![\w.~])/(?:work|home|Users)/\w"),
    "a host of packages": re.compile(r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org)\b"),
    "work put off": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!-)"),
    "a stub": re.compile(r"\braise NotImpl" + r"ementedError\b|\bpytest\.(?:mark\.)?(?:skip|xfail)\b"),
}


def files(*suffixes: str) -> Iterator[Path]:
    """The checkout's own files of some kinds, what is fetched and generated left out."""
    folders = [CHECKOUT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_dir():
                if path.name not in APART and not (path.name.startswith(".") and path.name not in (".ci", ".github")):
                    folders.append(path)
            elif path.suffix in suffixes and path.name not in APART:
                yield path


def named(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def migrations(path: Path) -> bool:
    return path.parent.name == "migrations"


@pytest.mark.django_db(databases=["default", "owner"])
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_modules_are_short() -> None:
    long = {
        named(path): length
        for path in files(".py")
        if not migrations(path) and (length := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert {name: length for name, length in long.items() if name not in LONGER} == {}
    assert set(LONGER) - set(long) == set(), "listed and no longer long"


def test_modules_are_called_by_what_they_hold() -> None:
    paths = [path for path in files(".py") if path.stem != "__init__"]
    folders = {path.parent for path in paths}
    assert [named(path) for path in paths if path.stem in NAMES_OF_NOTHING] == []
    assert [named(folder) for folder in folders if folder.name in NAMES_OF_NOTHING] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        named(path)
        for path in files(".py")
        if path.stem != "__init__" and not migrations(path) and not ast.get_docstring(ast.parse(path.read_bytes()))
    ]
    assert silent == []


@pytest.mark.parametrize("what", UNSAID)
def test_no_page_says(what: str) -> None:
    said = [
        f"{named(path)}:{number}: {line.strip()[:100]}"
        for path in files(".py", ".sql", ".html", ".js", ".css", ".md", ".toml", ".yml", ".txt", ".po", "")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if UNSAID[what].search(line)
    ]
    assert said == []


def test_every_sql_file_is_applied_by_a_migration() -> None:
    """A file that nobody applies would be read as if it were true."""
    applied = "".join(path.read_text(encoding="utf-8") for path in files(".py") if migrations(path))
    sql = [named(path) for path in files(".sql") if path.parent.name == "sql"]
    assert sql
    assert [name for name in sql if f'"{name}"' not in applied] == []


def test_every_room_has_its_tests() -> None:
    assert [room for room in ROOMS if not any((CHECKOUT / "tests" / room).rglob("test_*.py"))] == []
    assert {path.parent.name for path in CHECKOUT.glob("*/apps.py")} == ROOMS


def test_no_migration_imports_an_app_it_does_not_need() -> None:
    """A migration that reads today's models is wrong the day they change; tenancy's operations are made for it."""
    allowed = re.compile(
        r"accounts\.(?:tenancy|models\.businesses)\b|customers\.changes\.(?:operations|sight)|(?:accounts|customers|dedup|imports)\.\w+\.sql"
    )
    found = []
    for path in files(".py"):
        if not migrations(path):
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [
                f"{named(path)}: {name}" for name in names if name.split(".")[0] in ROOMS and not allowed.match(name)
            ]
    assert found == []
