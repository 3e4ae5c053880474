"""The Python environment ``.venv/`` of the checkout, installed from a lock with hashes.

Uses the standard library alone: it runs before anything is installed, by the system's Python. An installation that was
interrupted leaves its marker behind, and the next one starts from an empty environment: half a package looks whole to
an installer.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = CHECKOUT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
_MARKER = "innkeeper-installing"
_INCLUDED = {"requirements-dev.txt": ("requirements.txt",)}
"""A lock whose packages, at the same versions, are all in the other."""


class InstallationError(Exception):
    """The packages cannot be installed. The text says why and what to do."""


def ensure_environment(lock: str) -> None:
    """Make ``.venv/`` hold what the lock file (``requirements.txt`` or ``requirements-dev.txt``) names.

    Does nothing when it was installed from this very file by this very Python. Raises :class:`InstallationError`.
    """
    if _is_installed(lock):
        return
    try:
        with _alone(CHECKOUT / "var"):
            if not _is_installed(lock):
                _install(lock)
    except PermissionError as error:
        raise InstallationError(
            f"{error.filename} belongs to another account. Run as the account that set this folder up, or give the "
            f"whole folder to yours:  sudo chown -R $(id -un) {CHECKOUT}"
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One installation at a time."""
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder / "environment.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def enter_environment(module: str, arguments: list[str]) -> None:
    """Go on as ``python -m module`` with the environment's Python. Does not return."""
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), "-m", module, *arguments])


def inside_environment() -> bool:
    """Whether this process already runs by the environment's Python."""
    return Path(sys.prefix).resolve() == ENVIRONMENT.resolve()


def _is_installed(lock: str) -> bool:
    try:
        stamp = _stamp_file(lock).read_text(encoding="utf-8")
    except OSError:
        return False
    return stamp == _stamp(lock) and PYTHON.exists()


def _stamp_file(lock: str) -> Path:
    return ENVIRONMENT / f"innkeeper-{Path(lock).stem}.stamp"


def _stamp(lock: str) -> str:
    content = hashlib.sha256((CHECKOUT / lock).read_bytes()).hexdigest()
    return f"{content} python{sys.version_info.major}.{sys.version_info.minor}\n"


def _install(lock: str) -> None:
    started = time.monotonic()
    print(f"Installing Innkeeper's packages into {ENVIRONMENT} (only now and after an update) ...", flush=True)
    marker = ENVIRONMENT / _MARKER
    if ENVIRONMENT.exists() and (marker.exists() or not _works()):
        shutil.rmtree(ENVIRONMENT)
    uv = shutil.which("uv")
    ENVIRONMENT.mkdir(exist_ok=True)
    marker.touch()
    if not PYTHON.exists():
        _create(with_pip=uv is None)
    if not (uv and _install_with_uv(uv, lock)):
        _install_with_pip(lock)
    for installed in (*_INCLUDED.get(lock, ()), lock):
        _stamp_file(installed).write_text(_stamp(installed), encoding="utf-8")
    marker.unlink()
    print(f"Installed in {time.monotonic() - started:.0f} seconds.", flush=True)


def _works() -> bool:
    """Whether the environment's Python runs and is of the version that we are."""
    try:
        found = subprocess.run(
            [PYTHON, "-I", "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return found.stdout.split() == [str(number) for number in sys.version_info[:2]]


def _create(*, with_pip: bool) -> None:
    if with_pip and importlib.util.find_spec("ensurepip") is None:
        raise InstallationError(
            "This Python cannot make an environment with pip in it. Install the missing package, then start again:\n"
            "  sudo apt-get install python3-venv"
        )
    command = [sys.executable, "-m", "venv", *([] if with_pip else ["--without-pip"]), str(ENVIRONMENT)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        raise InstallationError(
            f"The environment {ENVIRONMENT} could not be made:\n{(made.stderr or made.stdout).strip()}\n"
            "On Debian and Ubuntu the package python3-venv brings what is needed: sudo apt-get install python3-venv"
        )


def _install_with_uv(uv: str, lock: str) -> bool:
    """Whether uv managed; it may know fewer package indexes than pip does."""
    done = subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "--no-deps", "-r", CHECKOUT / lock],
        cwd=CHECKOUT,
        check=False,
    )
    if done.returncode != 0:
        print("uv could not install the packages; trying pip.", flush=True)
    return done.returncode == 0


def _install_with_pip(lock: str) -> None:
    if not (ENVIRONMENT / "bin" / "pip").exists():
        subprocess.run([PYTHON, "-I", "-m", "ensurepip"], stdout=subprocess.DEVNULL, check=False)
    done = subprocess.run(
        [PYTHON, "-I", "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", "--no-input",
         "--require-hashes", "--no-deps", "--no-compile", "-r", CHECKOUT / lock],
        cwd=CHECKOUT,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise InstallationError(
            "pip could not install the packages; its own words are above. Check the connection to the package index, "
            "then start again: it goes on from here."
        )
