"""The embedded Valkey server: loopback only, with a password, every write logged to disk."""

import os
import signal
import socket
import time
from collections.abc import Callable

from crm.embedded.home import ServiceError, State, write_private
from crm.embedded.place import Place, free_port

_START_SECONDS = 30
_LOADING_SECONDS = 300


class Valkey:
    """The Valkey server of one home. Call everything under the home's lock."""

    def __init__(self, place: Place, state: State, *, throwaway: bool) -> None:
        self.place = place
        self.state = state
        self.throwaway = throwaway
        self.folder = place.folder / "valkey"
        self.configuration = self.folder / "valkey.conf"

    def answers(self) -> bool:
        """Whether our own server answers; one that still reads its log is waited for."""
        deadline = time.monotonic() + _LOADING_SECONDS
        while (reply := self._ask("PING")).startswith("-LOADING") and time.monotonic() < deadline:
            time.sleep(0.1)
        return reply.startswith("+PONG")

    def start(self, save: Callable[[], None]) -> None:
        """Start the server and wait until it answers. ``save`` keeps the state once a port has been chosen."""
        self.place.folder_for("valkey")
        self._end_stray(patience=0.0)
        self.state.valkey_port = free_port(self.state.valkey_port)
        save()
        write_private(self.configuration, self._settings(), self.place.owner)
        done = self.place.run(self.place.valkey, self.configuration, cwd=self.folder)
        deadline = time.monotonic() + _START_SECONDS
        while done.returncode == 0 and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(0.02)
        raise ServiceError(f"Valkey did not start. Its last words:\n{self._last_words() or done.stderr.strip()}")

    def stop(self) -> None:
        """Stop the server after it has written its log."""
        self._ask("SHUTDOWN")
        self._end_stray(patience=5.0)

    def _settings(self) -> str:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.state.valkey_port),
            "requirepass": self.state.valkey_password,
            "dir": f'"{self.folder}"',
            "daemonize": "yes",
            "pidfile": f'"{self.folder / "pid"}"',
            "logfile": f'"{self.folder / "log"}"',
            "loglevel": "warning",
            "appendonly": "no" if self.throwaway else "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            # Each test process takes a database of its own.
            "databases": "64" if self.throwaway else "16",
        }
        return "# Written anew at every start.\n" + "".join(f"{name} {value}\n" for name, value in settings.items())

    def _ask(self, command: str) -> str:
        """The first line of the answer to ``command`` after signing in; empty when nobody answers."""
        if not self.state.valkey_port:
            return ""
        try:
            with socket.create_connection(("127.0.0.1", self.state.valkey_port), 2) as connection:
                connection.sendall(f"AUTH {self.state.valkey_password}\r\n{command}\r\n".encode())
                with connection.makefile("rb") as answers:
                    # Somebody else's server would answer a ping too; ours knows the password.
                    if not answers.readline().startswith(b"+OK"):
                        return ""
                    return answers.readline().decode(errors="replace").strip()
        except OSError:
            return ""

    def _end_stray(self, *, patience: float) -> None:
        """Give a server on our folder ``patience`` seconds to go, then end it: two would spoil one log."""
        try:
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        for sign, seconds in ((None, patience), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            if sign is not None:
                os.kill(pid, sign)
            deadline = time.monotonic() + seconds
            while self._is_ours(pid):
                if time.monotonic() >= deadline:
                    break
                time.sleep(0.02)
            else:
                return
        raise ServiceError(f"An earlier Valkey (process {pid}) could not be ended. End it and start again.")

    def _is_ours(self, pid: int) -> bool:
        return self.place.works_in(pid, self.folder)

    def _last_words(self) -> str:
        try:
            return "\n".join((self.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
        except OSError:
            return ""
