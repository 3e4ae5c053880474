"""Use embedded services of a folder from a process of one's own, as every command does."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm.embedded.home import CHECKOUT

_NOT_INHERITED = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "INNKEEPER_SECRET_KEY",
    "INNKEEPER_SENSITIVE_KEYS",
    "INNKEEPER_ADDRESS_KEY",
    "INNKEEPER_TEST_SERVERS",
    "INNKEEPER_UPLOADS",
    "INNKEEPER_VAR",
)


@contextmanager
def services_home() -> Iterator[Path]:
    """A folder for services, which the servers' account may enter as it may an ordinary checkout's.

    Not pytest's own temporary folder: that one is private, and closed again by every other run.
    """
    home = Path(tempfile.mkdtemp(prefix="innkeeper-services-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        probe(home, "embedded.stop(home, force=True)")
        shutil.rmtree(place_of(home))
        shutil.rmtree(home, ignore_errors=True)


def place_of(home: Path) -> Path:
    """Where the servers of ``home`` keep their files."""
    try:
        return Path(str(json.loads((home / "services.json").read_text())["place"]) or home)
    except (OSError, ValueError):
        return home


def bare_environment(**extra: str) -> dict[str, str]:
    """The environment without what the test plugin put into it."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED} | extra


def start_probe(home: Path, code: str, **environment: str) -> subprocess.Popen[str]:
    """A process that runs ``code`` with ``home`` (a path) and ``embedded`` (the package) at hand."""
    prelude = (
        "import os, sys, pathlib\nfrom crm import embedded\n"
        f"home = pathlib.Path({str(home)!r})\ndef ensure(): embedded.ensure(home, throwaway=True)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code],
        cwd=CHECKOUT,
        env=bare_environment(**environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def probe(home: Path, code: str, **environment: str) -> str:
    """What ``code`` printed; it must succeed."""
    with start_probe(home, code, **environment) as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


def refused(home: Path, code: str, **environment: str) -> str:
    """What a process said that was to fail."""
    with start_probe(home, code, **environment) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode != 0
    return errors
