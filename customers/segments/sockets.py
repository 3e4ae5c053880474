"""A place on a segment's page for what rooms above ``customers`` do with its guests. They plug in when their app is
ready."""

from collections.abc import Callable

from accounts.access import BusinessRequest
from customers.card.sockets import Act

Socket = Callable[[BusinessRequest, int], Act | None]
"""Of a request and a segment's id: what can be done with its guests, ``None`` for nothing."""

_SOCKETS: dict[str, Socket] = {}


def plug(key: str, socket: Socket) -> None:
    """Offer something on every segment's page. Raises ``KeyError`` for a key that is taken."""
    if key in _SOCKETS:
        raise KeyError(key)
    _SOCKETS[key] = socket


def unplug(key: str) -> None:
    """Offer it no longer."""
    del _SOCKETS[key]


def acts_of(request: BusinessRequest, *, segment_id: int) -> list[Act]:
    """What rooms above do with a segment's guests, in the order they were plugged in."""
    found = (socket(request, segment_id) for socket in _SOCKETS.values())
    return [each for each in found if each is not None]
