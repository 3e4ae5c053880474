"""The checks that run no test: style, format, types, room boundaries, migrations.

``python -m tests.static`` runs all; titles as arguments choose (``python -m tests.static Types``).
"""

import subprocess
import sys
import time

from crm import embedded
from crm.embedded.home import CHECKOUT

CHECKS = {
    "Style": ("-m", "ruff", "check", "."),
    "Format": ("-m", "ruff", "format", "--check", "."),
    # The type checker reads Django's settings, and these the addresses of the services.
    "Types": ("-m", "mypy"),
    "Boundaries": ("-c", "from importlinter.cli import lint_imports_command as check; check()"),
    "Migrations": ("manage.py", "makemigrations", "--check", "--dry-run"),
}
"""Title and arguments of the Python interpreter."""

TEST_HOME = CHECKOUT / "var" / "test"


def failing(titles: list[str]) -> list[str]:
    """Run the checks named; the titles of those that failed."""
    embedded.ensure(TEST_HOME, throwaway=True)
    return [title for title in titles if not _passes(title)]


def _passes(title: str) -> bool:
    print(f"== {title}", flush=True)
    started = time.monotonic()
    code = subprocess.run(
        [sys.executable, *CHECKS[title]], cwd=CHECKOUT, stdin=subprocess.DEVNULL, check=False
    ).returncode
    print(f"== {title} {'passed' if code == 0 else 'FAILED'} after {time.monotonic() - started:.1f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(bool(failing(sys.argv[1:] or list(CHECKS))))
