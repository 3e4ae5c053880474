"""Short texts that change when files change: how a start knows that there is nothing to prepare."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
_APART = {".git", ".venv", "var", "tests", "benchmarks", "docs", "node_modules", "__pycache__"}


def code_fingerprint() -> str:
    """Of everything that database, static files and catalogues are made from, the locked packages included."""
    return _digest(path for path in _files() if path.suffix in {".py", ".sql", ".po", ".txt"} or _is_static(path))


def static_fingerprint() -> str:
    """Of what the collected static files are made from."""
    settings = CHECKOUT / "crm" / "settings.py"
    return _digest(path for path in _files() if _is_static(path) or path.suffix == ".txt" or path == settings)


def schema_fingerprint() -> str:
    """Of what decides the database's schema: migrations, SQL, code that speaks of migrating, the locked packages."""
    return _digest(
        path
        for path in _files()
        if path.suffix in {".sql", ".txt"} or (path.suffix == ".py" and b"migrat" in path.read_bytes())
    )


def catalogue_fingerprint() -> str:
    """Of the message catalogues."""
    return _digest(path for path in _files() if path.suffix == ".po")


def _files() -> Iterator[Path]:
    """The checkout's own files, without tests, documents and what is generated."""
    folders = [CHECKOUT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_dir():
                if path.name not in _APART:
                    folders.append(path)
            elif path.suffix not in {".pyc", ".mo"}:
                yield path


def _is_static(path: Path) -> bool:
    return "static" in path.relative_to(CHECKOUT).parts


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(CHECKOUT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
