"""What every measure needs: timings in percentiles, peak memory of a program, and what machine it was."""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ran:
    """A program that ended well: its output, wall seconds, and its largest resident memory in MB of 10⁶ bytes."""

    output: str
    seconds: float
    peak_mb: float


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not exceed (nearest rank); there must be a value."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def summary(milliseconds: Sequence[float]) -> dict[str, float]:
    """Number, median, 95th and 99th percentile and maximum of timings, in milliseconds."""
    return {
        "n": len(milliseconds),
        "p50_ms": round(percentile(milliseconds, 0.5), 2),
        "p95_ms": round(percentile(milliseconds, 0.95), 2),
        "p99_ms": round(percentile(milliseconds, 0.99), 2),
        "max_ms": round(max(milliseconds), 2),
    }


def timed(call: Callable[[], Any]) -> float:
    """How long one call took, in milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


class Processor:
    """Processor time that this program and its database connection have used: what a request costs on a busy machine.

    Wall time on a machine that others use says how busy it was; processor time is near the wall time of a quiet one.
    Only on Linux and with the database on the same machine; elsewhere ``read`` is ``None``.
    """

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
        self.known = self._backend.exists() and b"postgres" in Path(f"{self._backend.parent}/comm").read_bytes()

    def read(self) -> float | None:
        """Milliseconds so far: this process and the server's process of this connection."""
        if not self.known:
            return None
        return time.process_time() * 1000 + int(self._backend.read_text().split()[0]) / 1e6


def timed_both(call: Callable[[], Any], processor: Processor) -> tuple[float, float | None]:
    """Wall and processor milliseconds of one call."""
    before = processor.read()
    wall = timed(call)
    after = processor.read()
    return wall, None if before is None or after is None else after - before


def run_program(arguments: Sequence[str | Path]) -> Ran:
    """Run a program to its end. Raises ``RuntimeError`` with its last words when it fails.

    Its memory is measured by a process in between that has no other child: the kernel keeps one figure for all of them.
    """
    code = (
        "import json, resource, subprocess, sys, time\n"
        "began = time.perf_counter()\n"
        "ran = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "seconds = time.perf_counter() - began\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps([ran.returncode, ran.stdout, ran.stderr, seconds, peak]))\n"
    )
    outer = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    status, output, errors, seconds, peak = json.loads(outer.stdout)
    if status:
        raise RuntimeError(f"{' '.join(map(str, arguments))} failed:\n{errors[-2000:]}")
    return Ran(output, seconds, peak * (1 if sys.platform == "darwin" else 1024) / 1_000_000)


def manage(*arguments: str | Path) -> Ran:
    """Run ``manage.py`` with this process's environment."""
    return run_program([sys.executable, CHECKOUT / "manage.py", *arguments])


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        "postgresql": _postgresql(),
    }


def own_peak_mb() -> float:
    """The largest resident memory this process has had, in MB of 10⁶ bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1_000_000


def report(measured: dict[str, Any]) -> None:
    """Print the result as one JSON object, the machine with it."""
    print(json.dumps({"machine": machine(), **measured}, indent=2, ensure_ascii=False))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _postgresql() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])
