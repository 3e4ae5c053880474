"""Start, join and stop the embedded services; hand their addresses to the process by its environment."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

from crm.embedded.home import CHECKOUT, SECRETS, Home, ServiceError, State, open_lock, try_lock
from crm.embedded.place import place_for
from crm.embedded.postgres import Postgres
from crm.embedded.valkey import Valkey

_leases: dict[Path, int] = {}
"""Descriptors on the users' lock of each home this process uses; held until the process ends or calls ``stop``."""


def ensure(home: Path | None = None, *, throwaway: bool = False) -> None:
    """Start the services this process needs, or join them where they run, and set the environment variables.

    Args:
        home: folder of the services; ``INNKEEPER_VAR``, else ``var/`` of the checkout.
        throwaway: the data may be lost in a power cut (tests): quicker, never for a register.

    Raises:
        ServiceError: a service cannot be had; the text says why and what to do.
    """
    wanted = _wanted()
    if not wanted:
        return
    place = _home(home)
    with place.lock():
        _use(place)
        state = place.load()
        _start(place, state, throwaway=throwaway, postgres="postgres" in wanted, valkey="valkey" in wanted)
        if wanted & {"postgres", "valkey"}:
            _keep(place)
    _announce(state, wanted)


def configure(home: Path | None = None) -> None:
    """Set the environment variables without starting anything, for commands that need settings but no service."""
    wanted = _wanted()
    if not wanted:
        return
    place = _home(home)
    with place.lock():
        state = place.load()
        place.save(state)
    _announce(state, wanted)


def stop(home: Path | None = None, *, force: bool = False) -> bool:
    """Stop the services, unless another process uses them and ``force`` is not set. Whether they are stopped."""
    place = _home(home)
    with place.lock():
        lease = _leases.pop(place.path, None)
        lease = open_lock(place.users_file) if lease is None else lease
        try:
            if not try_lock(lease) and not force:
                return False
            _stop(place)
            _dismiss_keeper(place)
        finally:
            os.close(lease)
    return True


def stop_unused(home: Home, keeper: int) -> bool:
    """For the keeper: stop the services if nobody uses them, and give up its lock ``keeper``. Whether it did."""
    with home.lock():
        lease = open_lock(home.users_file)
        try:
            if not try_lock(lease):
                return False
            _stop(home)
            # Still under the home's lock: whoever starts the services next must see that no keeper is left.
            os.close(keeper)
        finally:
            os.close(lease)
    return True


def status(home: Path | None = None) -> dict[str, str]:
    """What runs where, for people: service name to a short text. Passwords are left out."""
    place = _home(home)
    with place.lock():
        if not place.state_file.exists():
            return {"postgresql": "never started", "valkey": "never started"}
        state = place.load()
        where = place_for(place, state)
        postgres, valkey = (kind(where, state, throwaway=False) for kind in (Postgres, Valkey))
        lease = open_lock(place.users_file)
        try:
            used = not try_lock(lease)
        finally:
            os.close(lease)
        return {
            "postgresql": f"127.0.0.1:{state.postgres_port}, {postgres.folder}" if postgres.answers() else "stopped",
            "valkey": f"127.0.0.1:{state.valkey_port}, {valkey.folder}" if valkey.answers() else "stopped",
            "in use": "yes" if used else "no",
        }


def _home(path: Path | None) -> Home:
    return Home((path or Path(os.environ.get("INNKEEPER_VAR") or CHECKOUT / "var")).resolve())


def _wanted() -> set[str]:
    """What the environment leaves to us: any of ``postgres``, ``valkey``, ``secrets``."""
    if os.environ.get("INNKEEPER_EMBEDDED", "").strip().lower() in {"0", "no", "off", "false"}:
        return set()
    app, owner = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if owner and not app:
        raise ServiceError("DATABASE_OWNER_URL is set and DATABASE_URL is not. Set both, or neither.")
    wanted = set()
    if not app:
        wanted.add("postgres")
    if not os.environ.get("REDIS_URL"):
        wanted.add("valkey")
    if not all(os.environ.get(name) for name in SECRETS):
        wanted.add("secrets")
    return wanted


def _use(home: Home) -> None:
    """Count this process among the users. Not passed on to programs it starts."""
    if home.path not in _leases:
        lease = open_lock(home.users_file)
        fcntl.flock(lease, fcntl.LOCK_SH)
        _leases[home.path] = lease


def _start(home: Home, state: State, *, throwaway: bool, postgres: bool, valkey: bool) -> None:
    place = place_for(home, state)

    def save() -> None:
        home.save(state)

    save()
    if postgres:
        server = Postgres(place, state, throwaway=throwaway)
        if not server.answers() and not server.await_recovery():
            server.stop()
            server.prepare()
            server.start(save)
    if valkey:
        cache = Valkey(place, state, throwaway=throwaway)
        if not cache.answers():
            cache.start(save)


def _stop(home: Home) -> None:
    if not home.state_file.exists():
        return
    state = home.load()
    place = place_for(home, state)
    Valkey(place, state, throwaway=False).stop()
    Postgres(place, state, throwaway=False).stop()


def _announce(state: State, wanted: set[str]) -> None:
    if "postgres" in wanted:
        os.environ["DATABASE_URL"] = state.app_url
        os.environ["DATABASE_OWNER_URL"] = state.owner_url
    if "valkey" in wanted:
        os.environ["REDIS_URL"] = state.valkey_url
    for name in SECRETS:
        if not os.environ.get(name):
            os.environ[name] = state.secrets[name]


def _keep(home: Home) -> None:
    """Start the keeper unless there is one."""
    descriptor = open_lock(home.keeper_file)
    try:
        if not try_lock(descriptor):
            return
    finally:
        os.close(descriptor)
    # By way of a shell that ends at once: the keeper is nobody's child and outlives us.
    subprocess.run(
        ["sh", "-c", '"$@" &', "sh", sys.executable, "-m", "crm.embedded.keeper", str(home.path)],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )


def _dismiss_keeper(home: Home) -> None:
    """End the keeper, if there is one: who holds its lock wrote its own number into the file."""
    descriptor = open_lock(home.keeper_file)
    try:
        if (
            not try_lock(descriptor)
            and (text := os.pread(descriptor, 20, 0).decode(errors="replace").strip()).isdigit()
        ):
            os.kill(int(text), signal.SIGTERM)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)
