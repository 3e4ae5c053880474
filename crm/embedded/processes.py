"""What the operating system knows of a process. A number alone proves nothing: numbers are used again."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")


_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """In a child about to become another program: be asked to end when the parent dies, even by kill -9 (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends (Linux), the servers among them.

    Somebody has to take note of their end, or they stay in the process table; not every container has an init for it.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def reap_orphans(*, apart_from: Iterable[int] = (), patience: float = 0.0) -> None:
    """Take note of adopted processes that have ended, waiting ``patience`` seconds for those that are about to.

    ``apart_from`` are our own children, whose end somebody else waits for.
    """
    mine = set(apart_from)
    deadline = time.monotonic() + patience
    while True:
        try:
            children = (_PROC / "self" / "task" / str(os.getpid()) / "children").read_text().split()
        except OSError:
            return
        left = [pid for pid in map(int, children) if pid not in mine]
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if not left or time.monotonic() >= deadline:
            return
        time.sleep(0.02)


def birth(pid: int) -> str | None:
    """A text that stays the same for as long as process ``pid`` lives; ``None`` when it is gone or a zombie."""
    if (_PROC / "self" / "stat").exists():
        try:
            fields = (_PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    listing = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(None, 1)
    return listing[1].strip() if len(listing) == 2 and not listing[0].startswith("Z") else None


def end_groups(leaders: dict[int, str], *, patience: float) -> bool:
    """End the process groups of ``leaders`` (number and birth), those that are still the processes they were.

    Asks first and kills after ``patience`` seconds. Returns whether anything was there to end.
    """
    living = [pid for pid, born in leaders.items() if birth(pid) == born]
    for sign, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        for pid in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                # The second round is for the whole group: what a leader started may outlive it.
                os.killpg(pid, sign)
        deadline = time.monotonic() + seconds
        while any(birth(pid) == leaders[pid] for pid in living) and time.monotonic() < deadline:
            time.sleep(0.05)
    return bool(living)
