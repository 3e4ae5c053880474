"""A whole Innkeeper, started as a user starts it, on a folder and a port of its own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from crm.embedded import processes
from crm.embedded.home import CHECKOUT
from tests.crm.services_probe import bare_environment


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Running:
    """A ``./run`` on a folder and a port of its own."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = free_port()
        self.output = var / "output"
        self.process = self.launch(self.output)

    def start(self) -> None:
        """Start again after it ended, and wait until it greets."""
        self.process = self.launch(self.output)
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Until it greets."""
        self.wait_for("is running at", 240)

    def launch(self, output: Path) -> subprocess.Popen[bytes]:
        """The program itself, its words going to ``output``."""
        with output.open("wb") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "crm.up", "--no-demo", "--port", str(self.port)],
                cwd=CHECKOUT,
                env=bare_environment(INNKEEPER_VAR=str(self.var), INNKEEPER_WEB_WORKERS="1"),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Until it has said ``words``."""
        deadline = time.monotonic() + seconds
        while words not in self.output.read_text():
            assert time.monotonic() < deadline, self.output.read_text()
            assert self.process.poll() is None, self.output.read_text()
            time.sleep(0.05)

    def page(self, path: str = "/health") -> int:
        """The status with which a page comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def child(self, words: str) -> int | None:
        """The number of the living program whose command has ``words`` in it."""
        for pid, born in json.loads((self.var / "run.json").read_text())["children"]:
            if processes.birth(pid) == born and words in Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0"):
                return int(pid)
        return None

    def stop(self) -> str:
        """Stop as Ctrl-C does; what it said in all."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0
        return self.output.read_text()

    def kill_and_await(self, name: str, called: str) -> None:
        """Kill one program and wait until another of its kind runs."""
        before = self.child(name)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        self.wait_for(f"The {called} process ended by itself (signal 9, SIGKILL)")
        deadline = time.monotonic() + 60
        while self.child(name) in {None, before}:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def living_below(var: Path) -> dict[int, str]:
    """Living processes whose command or environment names ``var``: number and command."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid() or processes.birth(int(entry.name)) is None:
            continue
        try:
            command, surroundings = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(var).encode() in command + b"\0" + surroundings:
            found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found
