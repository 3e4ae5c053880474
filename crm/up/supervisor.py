"""The process behind ``./run``: prepares, starts web, worker and beat, keeps them running, stops them together.

It survives nothing by itself and needs not: the programs it starts are asked to end when it dies, a note in
``var/run.json`` lets the next start end what did not, and PostgreSQL recovers what was committed.
"""

import http.client
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from crm import embedded
from crm.embedded import processes
from crm.embedded.home import CHECKOUT, open_lock, try_lock, write_private
from crm.up import preparation
from crm.up.address import is_loopback, listen, public_names
from crm.up.children import Child

_STOP_SECONDS = 20.0
_FIRST_PAGE_SECONDS = 120.0
_EARLY_DEATHS = 3
_LOOK_AROUND_SECONDS = 600.0
_OFF = {"0", "no", "off", "false"}


class StartFailed(Exception):
    """Innkeeper cannot be started. The text says why and what to do."""


class Stopped(Exception):
    """A signal asked to stop."""


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    host: str
    port: int
    port_chosen: bool
    demo: bool


class Supervisor:
    """One running Innkeeper. ``run`` returns when it has stopped."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.var = Path(os.environ.get("INNKEEPER_VAR") or CHECKOUT / "var").resolve()
        self.note = self.var / "run.json"
        self.children: list[Child] = []
        self.address = ""
        self.stopping = False
        self._wake, self._alarm = os.pipe()
        for end in (self._wake, self._alarm):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Start, watch until a signal comes, stop.

        Raises:
            StartFailed: something is in the way; everything that had been started is stopped again.
        """
        try:
            self.var.mkdir(parents=True, exist_ok=True)
            lock = open_lock(self.var / "run.lock")
        except PermissionError as error:
            raise StartFailed(
                f"{error.filename} belongs to another account. Run as the account that made it."
            ) from error
        if not try_lock(lock):
            raise StartFailed(self._already_running())
        self._listen_to_signals()
        processes.adopt_orphans()
        self._end_leftovers()
        try:
            listener, port = listen(self.options.host, self.options.port, chosen=self.options.port_chosen)
        except OSError as error:
            raise StartFailed(
                f"Innkeeper cannot listen on {self.options.host}, port {self.options.port}: {error.strerror or error}. "
                "Choose another with --host and --port."
            ) from error
        if port != self.options.port:
            print(f"Port {self.options.port} is taken by another program; using {port}.", flush=True)
        try:
            self._start(listener, port)
            self._watch()
        except Stopped:
            pass
        finally:
            self._stop()
            listener.close()

    def _start(self, listener: socket.socket, port: int) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
        names = public_names(self.options.host)
        os.environ.setdefault("INNKEEPER_HOSTS", ",".join(names))
        os.environ.setdefault("INNKEEPER_DEMO", "1" if self.options.demo else "0")
        os.environ["INNKEEPER_LISTEN_FD"] = str(listener.fileno())
        # Loopback answers by its well-known name; elsewhere the machine's own address helps more.
        self.address = f"http://{names[0] if is_loopback(self.options.host) else names[-1]}:{port}/"
        try:
            embedded.ensure()
        finally:
            # A stop asked for meanwhile may itself have been the trouble.
            self._check_stop()
        if preparation.needed(self.var, demo=self.options.demo):
            self._prepare()
        (self.var / "log").mkdir(exist_ok=True)
        web = self._child(
            "web", "gunicorn", "-c", "python:crm.up.web", "crm.wsgi:application", inherit=(listener.fileno(),)
        )
        self._launch(web)
        self._await_first_page(web, names[0] if is_loopback(self.options.host) else self.options.host, port)
        self._launch(self._child("worker", "celery", "-A", "crm.celery", "worker", *_WORKER))
        self._launch(self._child("beat", "celery", "-A", "crm.celery", "beat", "--loglevel=WARNING", "--pidfile="))
        self._greet()

    def _child(self, name: str, module: str, *arguments: str, inherit: tuple[int, ...] = ()) -> Child:
        command = [sys.executable, "-m", module, *arguments]
        return Child(name, command, self.var / "log" / f"{name}.log", inherit=inherit)

    def _prepare(self) -> None:
        """Run the preparation in an interpreter of its own, so that Django does not stay loaded here."""
        child = self._child("preparation", "crm.up.preparation", "--var", str(self.var))
        child.command += [] if self.options.demo else ["--no-demo"]
        child.log = None
        child.start()
        self.children = [child]
        while (code := child.ended()) is None:
            self._sleep(1.0)
        self.children = []
        if code != 0:
            raise StartFailed("The preparation failed; the reason is above. Nothing was lost. Mend it and start again.")

    def _launch(self, child: Child) -> None:
        child.start()
        if child not in self.children:
            self.children.append(child)
        self._write_note()

    def _await_first_page(self, web: Child, host: str, port: int) -> None:
        deadline = time.monotonic() + _FIRST_PAGE_SECONDS
        deaths = 0
        while time.monotonic() < deadline:
            if (code := web.ended()) is not None:
                deaths += 1
                if deaths == _EARLY_DEATHS:
                    raise StartFailed(
                        f"The web server does not start ({_how(code)}). Its last words:\n{web.last_words()}"
                    )
                self._launch(web)
            if _answers(host, port):
                return
            self._sleep(0.05)
        raise StartFailed(
            f"The first page did not come within {_FIRST_PAGE_SECONDS:.0f} seconds. The web server's last words, "
            f"from {web.log}:\n{web.last_words()}"
        )

    def _greet(self) -> None:
        sign_ins = preparation.note_read(self.var).get("sign_ins", "") if self.options.demo else ""
        print(f"\nInnkeeper is running at {self.address}\n", flush=True)
        if sign_ins:
            print(f"{sign_ins}\n", flush=True)
            if not is_loopback(self.options.host):
                print("Everybody knows these passwords, and other machines reach this address: start with --no-demo")
                print("before real guests are in the register.\n", flush=True)
        print("Press Ctrl-C to stop.", flush=True)

    def _watch(self) -> None:
        """Start again what ends, until told to stop."""
        while True:
            for child in self.children:
                if (code := child.ended()) is not None:
                    pause = child.plan_restart()
                    print(
                        f"The {child.name} process ended by itself ({_how(code)}); starting it again in {pause:.0f} s. "
                        f"Its log: {child.log}",
                        flush=True,
                    )
                elif not child.running and time.monotonic() >= child.due:
                    self._launch(child)
                child.trim_log()
            processes.reap_orphans(apart_from=[child.process.pid for child in self.children if child.process])
            waiting = [child.due - time.monotonic() for child in self.children if not child.running]
            self._sleep(max(0.0, min([*waiting, _LOOK_AROUND_SECONDS])))

    def _stop(self) -> None:
        """End every child, then the services if nobody else uses them."""
        started = bool(self.children)
        self.stopping = False
        if started:
            print("\nStopping ...", flush=True)
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + _STOP_SECONDS
        try:
            while (
                any(child.running and child.ended() is None for child in self.children) and time.monotonic() < deadline
            ):
                self._sleep(1.0)
        except Stopped:
            print("Not waiting any longer.", flush=True)
        for child in self.children:
            child.kill()
        self.children = []
        self.note.unlink(missing_ok=True)
        if embedded.stop():
            processes.reap_orphans(patience=2.0)
            print("Stopped. Everything is kept.", flush=True)
        else:
            print("Stopped. PostgreSQL and Valkey go on for another command that uses them.", flush=True)

    def _already_running(self) -> str:
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
            return (
                f"Innkeeper already runs from this folder, at {note['address']} (process {note['pid']}). "
                "Stop it with Ctrl-C where it runs, then start again."
            )
        except (OSError, ValueError, KeyError):
            return "Innkeeper is already being started or stopped from this folder. Wait a moment, then start again."

    def _write_note(self) -> None:
        running = [[child.process.pid, child.born] for child in self.children if child.process]
        write_private(self.note, json.dumps({"pid": os.getpid(), "address": self.address, "children": running}))

    def _end_leftovers(self) -> None:
        """End what a killed supervisor left running."""
        try:
            children = json.loads(self.note.read_text(encoding="utf-8"))["children"]
        except (OSError, ValueError, KeyError):
            return
        if processes.end_groups({int(pid): str(born) for pid, born in children}, patience=_STOP_SECONDS / 2):
            print("Ended what was left of a start that was cut off.", flush=True)
        self.note.unlink(missing_ok=True)

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._alarm, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._remember_stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, self._remember_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _remember_stop(self, *_: object) -> None:
        self.stopping = True

    def _check_stop(self) -> None:
        if self.stopping:
            raise Stopped

    def _sleep(self, seconds: float) -> None:
        """Sleep until a signal comes (a child's end is one), ``seconds`` at most. Raises ``Stopped``."""
        self._check_stop()
        if select.select([self._wake], [], [], seconds)[0]:
            os.read(self._wake, 512)
        self._check_stop()


_WORKER = (
    "--loglevel=WARNING",
    f"--concurrency={os.environ.get('INNKEEPER_WORKERS') or min(os.cpu_count() or 1, 4)}",
    "--hostname=innkeeper@%h",
    # One worker has nobody to gossip with; looking for others costs a second.
    "--without-gossip",
    "--without-mingle",
)


def _answers(host: str, port: int) -> bool:
    """Whether the first page comes, whatever it says short of a server error."""
    connection = http.client.HTTPConnection("127.0.0.1" if host in {"localhost", "0.0.0.0"} else host, port, timeout=10)  # noqa: S104
    try:
        connection.request("GET", "/", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _how(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        return f"signal {-code}, {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"signal {-code}"
    return f"exit code {code}"
