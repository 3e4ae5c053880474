"""One program kept running: started, watched, started again with growing pauses, stopped with all it started."""

import os
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from crm.embedded import processes
from crm.embedded.home import CHECKOUT

_SETTLED_SECONDS = 60.0
_LONGEST_PAUSE = 30.0
_LOG_LIMIT = 20_000_000


class Child:
    """A program and its log file; without one it writes where we write."""

    def __init__(self, name: str, command: list[str], log: Path | None, *, inherit: tuple[int, ...] = ()) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.inherit = inherit
        self.process: subprocess.Popen[bytes] | None = None
        self.born = ""
        self.started = 0.0
        self.failures = 0
        self.due = 0.0

    @property
    def running(self) -> bool:
        """Started and, as far as was seen, not ended."""
        return self.process is not None

    def start(self) -> None:
        """Start the program in a process group of its own, which a Ctrl-C in the terminal does not reach."""
        self.trim_log()
        with ExitStack() as files:
            self.process = subprocess.Popen(
                self.command,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=files.enter_context(self.log.open("ab")) if self.log else None,
                stderr=subprocess.STDOUT if self.log else None,
                start_new_session=True,
                pass_fds=self.inherit,
                preexec_fn=processes.end_with_parent,
            )
        self.started = time.monotonic()
        self.born = processes.birth(self.process.pid) or ""

    def ended(self) -> int | None:
        """The exit code once the program has ended by itself (negative: a signal); what it left behind is killed."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self._kill_group(self.process.pid)
        self.process = None
        return code

    def plan_restart(self) -> float:
        """Set when to start again; returns the pause in seconds. It doubles with each failure in a row."""
        if time.monotonic() - self.started > _SETTLED_SECONDS:
            self.failures = 0
        pause = min(2.0**self.failures, _LONGEST_PAUSE)
        self.failures += 1
        self.due = time.monotonic() + pause
        return pause

    def ask_to_end(self) -> None:
        """Ask the program to finish what it is doing and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the program and everything it started, now."""
        if self.process is not None:
            self._kill_group(self.process.pid)
            self.process.wait()
            self.process = None

    def trim_log(self) -> None:
        """Keep the log below its limit; the part before is kept once, as ``.old``."""
        if self.log and self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.with_suffix(".old").write_bytes(self.log.read_bytes())
            # Truncated, not renamed: the program goes on appending to the file it has open.
            os.truncate(self.log, 0)

    def last_words(self, lines: int = 15) -> str:
        """The end of the log."""
        if self.log is None:
            return ""
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    @staticmethod
    def _kill_group(leader: int) -> None:
        try:
            os.killpg(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
