"""What the operating system knows of a process. A number alone proves nothing: numbers are used again."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_PROC = Path("/proc")


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


def end_group(pid: int, born: str, *, patience: float) -> bool:
    """End the process group led by ``pid``, if ``pid`` is still the process born at ``born``.

    Asks first and kills after ``patience`` seconds. Returns whether anything was there to end.
    """
    if birth(pid) != born:
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while birth(pid) == born and time.monotonic() < deadline:
            time.sleep(0.05)
        # Whoever is left of the group, the leader or what it started.
        os.killpg(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5.0
        while birth(pid) == born and time.monotonic() < deadline:
            time.sleep(0.05)
    return True
