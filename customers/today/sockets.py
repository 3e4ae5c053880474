"""Quiet lines of Today: what rooms above ``customers`` have to be looked at. They plug in when their app is ready."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.access import BusinessRequest


@dataclass(frozen=True)
class Line:
    """Something to look at, and where."""

    label: str
    href: str


Socket = Callable[[BusinessRequest], Line | None]
"""Of a request: what there is for this member to look at, ``None`` for nothing."""

_SOCKETS: dict[str, Socket] = {}


def plug(key: str, socket: Socket) -> None:
    """Ask it for a line on every page of Today. Raises ``KeyError`` for a key that is taken."""
    if key in _SOCKETS:
        raise KeyError(key)
    _SOCKETS[key] = socket


def lines_of(request: BusinessRequest) -> list[Line]:
    """What there is to look at, in the order the rooms were plugged in."""
    return [line for socket in _SOCKETS.values() if (line := socket(request)) is not None]
