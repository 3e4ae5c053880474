"""The folder of one set of embedded services: its lock, its register of users, its state.

The state file holds generated passwords and secrets. It is written whole (a new file, then a rename), readable by its
owner alone, and always before the thing it describes is started: a kill between two steps leaves nothing unknown.
"""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent

SECRETS: dict[str, Callable[[], str]] = {
    "INNKEEPER_SECRET_KEY": lambda: secrets.token_urlsafe(64),
    "INNKEEPER_SENSITIVE_KEYS": lambda: f"first:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    "INNKEEPER_ADDRESS_KEY": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
}
"""Environment variables that get a generated value, kept in the state, when they are not set; and how each is made."""

OWNER = "innkeeper_owner"
APP = "innkeeper_app"
DATABASE = "innkeeper"


class ServiceError(Exception):
    """An embedded service cannot be had. The text says why and what to do."""


@dataclass
class State:
    """What has to be the same at the next start. Ports are 0 until one has been chosen."""

    checkout: str
    place: str = ""
    owner_password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    app_password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    valkey_password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    secrets: dict[str, str] = field(default_factory=dict)
    postgres_port: int = 0
    valkey_port: int = 0

    @property
    def app_url(self) -> str:
        """Where the app role finds the database."""
        return f"postgresql://{APP}:{self.app_password}@127.0.0.1:{self.postgres_port}/{DATABASE}"

    @property
    def owner_url(self) -> str:
        """Where the owner role finds the database."""
        return f"postgresql://{OWNER}:{self.owner_password}@127.0.0.1:{self.postgres_port}/{DATABASE}"

    @property
    def valkey_url(self) -> str:
        """Where Valkey is found."""
        return f"redis://:{self.valkey_password}@127.0.0.1:{self.valkey_port}/0"


class Home:
    """One set of services below ``path``, usually ``var/`` of the checkout (``var/test/`` for the tests)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state_file = path / "services.json"
        self.users_file = path / "users.lock"
        self.keeper_file = path / "keeper.lock"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Whoever starts, joins or stops the services does it alone."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = open_lock(self.path / "services.lock")
        except PermissionError as error:
            raise ServiceError(
                f"{self.path} belongs to another account ({error.strerror}). Run as the account that made it, "
                "or give the folder to yours with chown."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def load(self) -> State:
        """The state, made new (with fresh passwords) when there is none. Call it under the lock."""
        try:
            found = json.loads(self.state_file.read_text(encoding="utf-8"))
            state = State(**found)
        except FileNotFoundError:
            state = State(checkout=str(CHECKOUT))
        except (ValueError, TypeError) as error:
            raise ServiceError(
                f"{self.state_file} cannot be read as what it should be ({error}). It holds the passwords of the "
                "database beside it: put it back from a backup."
            ) from error
        except PermissionError as error:
            raise ServiceError(
                f"{self.state_file} belongs to another account. Run as the account that made it."
            ) from error
        for name, make in SECRETS.items():
            if name not in state.secrets:
                state.secrets[name] = make()
        return state

    def save(self, state: State) -> None:
        """Replace the state file in one step."""
        write_private(self.state_file, json.dumps(asdict(state), indent=1), _owner_of_folder(self.state_file))


def open_lock(path: Path) -> int:
    """A descriptor on a lock file, closed on exec, readable by its owner alone."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if owner := _owner_of_folder(path):
        os.fchown(descriptor, *owner)
    return descriptor


def try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Take a lock of ``kind`` if it is free."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_private(path: Path, text: str, owner: tuple[int, int] | None = None) -> None:
    """Write ``text`` to ``path`` in one step, mode 0600, as ``owner`` (user, group) where given."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        if owner:
            os.fchown(stream.fileno(), *owner)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


def _owner_of_folder(path: Path) -> tuple[int, int] | None:
    """Root leaves files to whom the folder belongs, so that a `sudo` once does not lock the user out for good."""
    if os.geteuid() != 0:
        return None
    status = path.parent.stat()
    return status.st_uid, status.st_gid
