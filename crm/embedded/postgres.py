"""The embedded PostgreSQL server.

No superuser can sign in: what only a superuser may do (making the two roles and the database, giving the roles their
passwords) is done in single-user mode, before the server listens. ``pg_hba.conf`` admits the owner and the app role,
from this machine, by scram-sha-256, and nobody else. There is no Unix socket.
"""

import hashlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from crm.embedded.home import APP, OWNER, ServiceError, State, write_private
from crm.embedded.place import Place, free_port

_ADMITTED = f"host all {OWNER},{APP} 127.0.0.1/32 scram-sha-256\n"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "synchronous_commit": "on",
    "wal_buffers": "64MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""For two cores on a solid-state disk. An import's two connections wait for one another's log with the 16 MB of buffers
that the server would choose, and write whole pages anew after every checkpoint (PostgreSQL, Write Ahead Log)."""

_MIB = 2**20
_SMALLEST, _LARGEST = 128, 4096
"""Megabytes of the server's own cache, whatever the machine."""
_LIMIT = Path("/sys/fs/cgroup/memory.max")
"""What a container may use, where there is one with a limit."""

_THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "wal_buffers": "4MB",
    "max_locks_per_transaction": "256",
}
"""For data that nobody misses after a power cut: the tests', each of which does in one transaction what takes many in
use."""


def machine_memory() -> int:
    """Megabytes that this machine, or the container around us, has."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _LIMIT.read_text(encoding="ascii").strip() if _LIMIT.exists() else "max"
    return (min(physical, int(limit)) if limit.isdecimal() else physical) // _MIB


def memory_settings(megabytes: int) -> dict[str, str]:
    """A quarter of the memory for the server's own cache, half counted on for the system's (PostgreSQL, Resource
    Consumption). A table that is read whole stays in the cache only where it is less than a quarter of it, and every
    count of a segment reads the facts of all guests: 0.3 GB at a million.
    """
    own = max(_SMALLEST, min(_LARGEST, megabytes // 4))
    return {"shared_buffers": f"{own}MB", "effective_cache_size": f"{max(own * 2, megabytes // 2)}MB"}


_STATEMENTS = ("CREATE", "ALTER", "REVOKE", "GRANT")
_START_SECONDS = 60
_RECOVERY_SECONDS = 600
_LOG_LIMIT = 5_000_000


class Postgres:
    """The PostgreSQL server of one home. Call everything under the home's lock."""

    def __init__(self, place: Place, state: State, *, throwaway: bool) -> None:
        self.place = place
        self.state = state
        self.throwaway = throwaway
        self.folder = place.folder / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "log"

    def answers(self) -> bool:
        """Whether our own server, not just any server on our port, lets the app role in."""
        return self._reply() == "ready"

    def prepare(self) -> None:
        """Make the cluster if there is none; give the roles the passwords that the state names."""
        self.place.folder_for("postgres")
        if not self.data.exists():
            self._create()
        self._check_version()
        if self._read("provisioned") != self._fingerprint():
            if self._read("provisioned") and not self.throwaway:
                raise ServiceError(
                    f"The passwords in services.json are not those of the database in {self.folder}. Put services.json "
                    f"back from a backup. If it is lost, remove {self.folder / 'provisioned'} to give the database new "
                    "passwords; everyone has to sign in again, and what was encrypted with the lost keys stays "
                    "unreadable."
                )
            self._provision(self.data)

    def start(self, save: Callable[[], None]) -> None:
        """Start the server and wait until it answers. ``save`` keeps the state once a port has been chosen."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old"))
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self._forget_dead_server()
            self.state.postgres_port = free_port(self.state.postgres_port)
            save()
            self._write("innkeeper.conf", self._configuration(), folder=self.data)
            tried = self.place.run(
                self.place.postgres / "pg_ctl", "start", "--silent", "--wait", f"--timeout={_START_SECONDS}",
                "--pgdata", self.data, "--log", self.log,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if tried.returncode == 0 or self.await_recovery():
                return
            # Backends of a killed server hold its shared memory until they notice: so more than one try.
            if time.monotonic() > deadline:
                raise ServiceError(f"PostgreSQL did not start. Its last words, from {self.log}:\n{self._last_words()}")
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop the server, whoever started it. Open transactions are rolled back, everything committed is kept."""
        if self._running_pid() is None:
            return
        for mode in ("fast", "immediate"):
            done = self.place.run(
                self.place.postgres / "pg_ctl", "stop", "--silent", "--wait", "--timeout=60",
                "--mode", mode, "--pgdata", self.data,
            )  # fmt: skip
            if done.returncode == 0 or self._running_pid() is None:
                return
        raise ServiceError(f"PostgreSQL could not be stopped: {done.stderr.strip()}")

    def await_recovery(self) -> bool:
        """Wait for a server that is there but not ready (recovering, or being started). Whether it answers at last."""
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while self._running_pid() is not None and time.monotonic() < deadline:
            reply = self._reply()
            if reply == "ready":
                return True
            if reply == "refused":
                return False
            time.sleep(0.1)
        return False

    def _create(self) -> None:
        """Make the cluster under another name; the finished one gets its name in one step.

        A name of its own each time: where a start was killed its initdb may still be at work, and when it fails it
        removes the folder it was given.
        """
        for left in self.folder.glob("data.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        draft = self.folder / f"data.new-{secrets.token_hex(4)}"
        locale = ["--locale=C.UTF-8"]
        if self._major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._must(
            "initdb", "--pgdata", draft, "--username=postgres", "--auth=reject", "--encoding=UTF8", *locale,
            "--no-instructions", *(["--no-sync"] if self.throwaway else []),
        )  # fmt: skip
        self._write("pg_hba.conf", _ADMITTED, folder=draft)
        self._write("innkeeper.conf", self._configuration(), folder=draft)
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as stream:
            stream.write("\ninclude = 'innkeeper.conf'\n")
        self._provision(draft, fresh=True)
        draft.replace(self.data)

    def _provision(self, data: Path, *, fresh: bool = False) -> None:
        """The two roles with their passwords and, in a fresh cluster, the database. The server is not running."""
        self._forget_dead_server()
        lines = (Path(__file__).with_name("roles.sql")).read_text(encoding="utf-8").splitlines()
        # An existing cluster has the roles and the database; only the passwords are news.
        statements = [line for line in lines if line.startswith(("ALTER ROLE",) if not fresh else _STATEMENTS)]
        script = "\n".join([*statements, ""])
        script = script.replace(":'owner_password'", f"'{self.state.owner_password}'")
        script = script.replace(":'app_password'", f"'{self.state.app_password}'")
        self._must(
            "postgres", "--single", "-D", data,
            "-c", "exit_on_error=true", "-c", "log_min_error_statement=panic", "postgres",
            input=script,
        )  # fmt: skip
        self._write("provisioned", self._fingerprint())

    def _configuration(self) -> str:
        settings = (
            _SETTINGS
            | memory_settings(machine_memory())
            | (_THROWAWAY_SETTINGS if self.throwaway else {})
            | {"port": str(self.state.postgres_port or 5432)}
        )
        return "# Written anew at every start.\n" + "".join(f"{name} = '{value}'\n" for name, value in settings.items())

    def _fingerprint(self) -> str:
        """Tells whether the roles have the state's passwords, without telling the passwords."""
        return hashlib.sha256(f"{self.state.owner_password}\n{self.state.app_password}".encode()).hexdigest()

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(self._major):
            raise ServiceError(
                f"The database in {self.data} was made by PostgreSQL {made_by}, and this version of Innkeeper brings "
                f"PostgreSQL {self._major}. Go back to the version before, make a backup there, and restore it here."
            )

    @cached_property
    def _major(self) -> int:
        """The server's major version, for example 18."""
        words = self._must("postgres", "--version").split()
        return int(next(word for word in words if word[0].isdigit()).split(".")[0])

    def _reply(self) -> str:
        """``ready``, ``starting``, ``refused`` (somebody else's server) or ``silent``."""
        import psycopg2

        if not self.state.postgres_port:
            return "silent"
        try:
            psycopg2.connect(self.state.app_url, connect_timeout=5).close()
        except psycopg2.OperationalError as error:
            text = str(error)
            if "starting up" in text or "not yet accepting" in text or "recovery" in text or "shutting down" in text:
                return "starting"
            return "refused" if "FATAL" in text else "silent"
        return "ready"

    def _running_pid(self) -> int | None:
        """The postmaster of our own data folder, alive; ``None`` when there is none."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid, folder = int(lines[0]), lines[1]
        except (OSError, ValueError, IndexError):
            return None
        if os.path.realpath(folder) != os.path.realpath(self.data):
            return None
        return pid if self.place.works_in(pid, self.data) else None

    def _forget_dead_server(self) -> None:
        """Remove the pid file of a server that is gone.

        PostgreSQL does so itself unless the number lives on: as a zombie that nobody reaped, or as another program.
        """
        if self._running_pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _must(self, program: str, *arguments: str | Path, **options: str) -> str:
        done = self.place.run(self.place.postgres / program, *arguments, **options)
        if done.returncode != 0:
            raise ServiceError(f"PostgreSQL's {program} failed:\n{(done.stderr or done.stdout).strip()}")
        return done.stdout

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def _write(self, name: str, text: str, *, folder: Path | None = None) -> None:
        write_private((folder or self.folder) / name, text, self.place.owner)

    def _last_words(self) -> str:
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
        except OSError:
            return "(nothing)"
