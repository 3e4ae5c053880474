"""Places on the card for what rooms above ``customers`` know of a guest. They plug in when their app is ready."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.access import BusinessRequest


@dataclass(frozen=True)
class Mark:
    """A badge beside the guest's tags that leads somewhere."""

    label: str
    href: str
    tone: str = "warn"
    icon: str = ""


@dataclass(frozen=True)
class Act:
    """Something one can do with a card, in its menu."""

    label: str
    href: str
    icon: str = ""


@dataclass(frozen=True)
class Shown:
    """What a room shows of a guest: a panel, ``template`` filled with ``values`` as ``panel``, a mark beside the tags,
    what can be done in the card's menu, and one act that stands beside it."""

    template: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    mark: Mark | None = None
    acts: tuple[Act, ...] = ()
    button: Act | None = None


Socket = Callable[[BusinessRequest, int], Shown | None]
"""Of a request and a guest's id: what there is to show, ``None`` for nothing."""

_SOCKETS: dict[str, Socket] = {}


def plug(key: str, socket: Socket) -> None:
    """Show something on every card. Raises ``KeyError`` for a key that is taken."""
    if key in _SOCKETS:
        raise KeyError(key)
    _SOCKETS[key] = socket


def unplug(key: str) -> None:
    """Show it no longer."""
    del _SOCKETS[key]


def shown_of(request: BusinessRequest, *, customer_id: int) -> list[Shown]:
    """What rooms above show of a guest, in the order they were plugged in."""
    found = (socket(request, customer_id) for socket in _SOCKETS.values())
    return [each for each in found if each is not None]
