"""All that ``./run`` starts, on a folder of its own: web, workers and beats, PostgreSQL and Valkey; each can be killed.

What ends is started again, as ``./run`` does, though without its growing pauses.
"""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from redis import Redis

from benchmarks.outbox import sink
from crm.embedded.home import CHECKOUT, Home
from crm.embedded.place import place_for
from crm.embedded.postgres import Postgres
from crm.embedded.valkey import Valkey
from crm.up.children import Child
from tests.crm.services_probe import bare_environment, services_home, start_probe

LONGEST_DOWN = 1.0
_PATIENCE = 300


class Everything:
    """A running Innkeeper. ``restarts`` counts what was started again, by its name."""

    def __init__(self, var: Path, listener: socket.socket, *, workers: int, beats: int) -> None:
        self.home = Home(var)
        self.port = int(listener.getsockname()[1])
        self.restarts: Counter[str] = Counter()
        self.web = self._child(
            "web", "gunicorn", "-c", "python:crm.up.web", "crm.wsgi:application", inherit=(listener.fileno(),)
        )
        self.workers = [self._worker(number) for number in range(workers)]
        self.beats = [
            self._child(f"beat{number}", *_CELERY, "beat", "--pidfile=", f"--schedule={var}/beat-schedule-{number}")
            for number in range(beats)
        ]

    @property
    def children(self) -> list[Child]:
        """Every program of ours."""
        return [self.web, *self.workers, *self.beats]

    def tend(self) -> None:
        """Start again what has ended and has been down long enough."""
        for each in self.children:
            if each.ended() is not None:
                each.due = time.monotonic() + random.uniform(0, LONGEST_DOWN)
            elif not each.running and time.monotonic() >= each.due:
                self.restarts[each.name] += each.started > 0
                each.start()

    def tend_for(self, seconds: float) -> None:
        """Do so for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.tend()
            time.sleep(0.05)

    def recover(self) -> None:
        """Until everything is up again."""
        until = time.monotonic() + _PATIENCE
        while not (
            all(each.running and (each in self.beats or self._forked(each)) for each in self.children)
            and self.asked("GET", "/health")[0] == 200
        ):
            assert time.monotonic() < until, [each.last_words() for each in self.children]
            self.tend_for(0.1)

    def kill(self, children: Sequence[Child], *, below: bool = False) -> bool:
        """kill -9 of one of these that is up, or of one that it has forked; whether there was one."""
        # Beat alone forks nothing; the others are up once they have.
        up = [each for each in children if each in self.beats or self._forked(each)]
        victims = [pid for each in up for pid in self._forked(each)]
        if not below:
            victims = [each.process.pid for each in up if each.process and each.process.poll() is None]
        if victims:
            with suppress(ProcessLookupError):
                os.kill(random.choice(victims), signal.SIGKILL)
        return bool(victims)

    def valkey_flush(self) -> None:
        """Everything in it is gone."""
        with self.home.lock():
            state = self.home.load()
        with Redis.from_url(state.valkey_url) as valkey:
            valkey.flushall()

    def valkey_restart(self, down: float) -> None:
        """kill -9; started again after ``down`` seconds."""
        with self.home.lock():
            state = self.home.load()
            server = Valkey(place_for(self.home, state), state, throwaway=False)
            os.kill(int((server.folder / "pid").read_text(encoding="ascii")), signal.SIGKILL)
            self.tend_for(down)
            port = state.valkey_port
            server.start(lambda: self.home.save(state))
            assert state.valkey_port == port

    def postgres_restart(self, down: float) -> None:
        """Stopped in its immediate mode, which is a crash to it; started again after ``down`` seconds."""
        with self.home.lock():
            state = self.home.load()
            server = Postgres(place_for(self.home, state), state, throwaway=False)
            stopped = server.place.run(
                server.place.postgres / "pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", server.data
            )  # fmt: skip
            assert stopped.returncode == 0, stopped.stderr
            self.tend_for(down)
            port = state.postgres_port
            server.start(lambda: self.home.save(state))
            assert state.postgres_port == port

    def asked(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """What the web server answers: status and text; 0 where it does not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            sent = json.dumps(body) if body is not None else None
            connection.request(method, path, sent, {"Host": "localhost", "Content-Type": "application/json"} | headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error)
        finally:
            connection.close()

    def close(self) -> None:
        """End all of it."""
        for each in self.children:
            each.kill()

    @staticmethod
    def _forked(child: Child) -> list[int]:
        if child.process is None:
            return []
        try:
            found = Path(f"/proc/{child.process.pid}/task/{child.process.pid}/children").read_text(encoding="ascii")
        except OSError:
            return []
        return [int(each) for each in found.split()]

    def _worker(self, number: int) -> Child:
        alone = ("--concurrency=2", f"--hostname=innkeeper{number}@%h", "--without-gossip", "--without-mingle")
        return self._child(f"worker{number}", *_CELERY, "worker", "--loglevel=WARNING", *alone)

    def _child(self, name: str, module: str, *arguments: str, inherit: tuple[int, ...] = ()) -> Child:
        (self.home.path / "log").mkdir(exist_ok=True)
        log = self.home.path / "log" / f"{name}.log"
        return Child(name, [sys.executable, "-m", module, *arguments], log, inherit=inherit)


_KEEPER = "embedded.ensure(home)\nprint('up', flush=True)\nsys.stdin.read()"
_CELERY = ("celery", "-A", "crm.celery")


@contextmanager
def everything(*, guests: int, workers: int = 2, beats: int = 1) -> Iterator[tuple[Everything, dict[str, Any], Path]]:
    """All of it at work, with a furnished business, and the file in which a mail server writes what it takes."""
    with ExitStack() as stack:
        var = stack.enter_context(services_home())
        # Whoever uses the services keeps them; a program of ours that is killed does not.
        keeper = stack.enter_context(start_probe(var, _KEEPER))
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "up\n"
        log = var / "taken.log"
        log.touch()
        port = stack.enter_context(sink(log))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2048))
        home = Home(var)
        with home.lock():
            state = home.load()
        surroundings = bare_environment(
            DATABASE_URL=state.app_url,
            DATABASE_OWNER_URL=state.owner_url,
            REDIS_URL=state.valkey_url,
            DJANGO_SETTINGS_MODULE="crm.settings",
            INNKEEPER_VAR=str(var),
            INNKEEPER_DEMO="0",
            INNKEEPER_HOSTS="localhost",
            INNKEEPER_LISTEN_FD=str(listener.fileno()),
            INNKEEPER_WEB_WORKERS="1",
            INNKEEPER_OUTGOING_NETWORKS="127.0.0.1/32",
            INNKEEPER_OUTGOING_MAIL_PORTS=str(port),
            **state.secrets,
        )
        stack.enter_context(patch.dict(os.environ, surroundings, clear=True))
        _program("crm.up.preparation", "--var", str(var), "--no-demo")
        furnished: dict[str, Any] = json.loads(_program("tests.chaos.furnishing", str(guests), str(port)))
        running = Everything(var, listener, workers=workers, beats=beats)
        stack.callback(running.close)
        running.tend()
        running.recover()
        yield running, furnished | {"database": state.owner_url}, log


def _program(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
