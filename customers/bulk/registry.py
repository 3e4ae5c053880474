"""Which actions there are on a selection of guests. Rooms above ``customers`` add theirs when they are ready.

An action says in SQL which guests it leaves as they are and why, and writes the others in one go: a run takes thousands
of guests at a time, never one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from accounts.models import Capability

Values = Mapping[str, Any]

GONE, RESTRICTED, SAME = "gone", "restricted", "same"
"""Why guests are left as they are by every action: their card is gone, or restricted, or is as they should be."""


class ValuesRefused(Exception):
    """What an action was asked to do cannot be; ``errors`` tells people why, by input."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class Asked:
    """What an action is to do: its ``values`` as a run keeps them, and the ``title`` of the act, an English sentence
    filled from them."""

    values: dict[str, Any]
    title: str


@dataclass(frozen=True)
class Left:
    """Which guests an action leaves as they are: ``WHEN … THEN 'reason'`` branches over the guest ``g``.

    ``joins`` are joined to it for that; ``values`` fill both. ``g`` is a row of the card or, where a whole register is
    looked through, of its facts, where words stand as numbers.
    """

    cases: str
    joins: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that can be done to many guests at once.

    ``reasons`` say of the guests that are left as they are why, by the reason's name. ``read`` checks what was asked
    for and raises :class:`ValuesRefused`. ``left`` and ``write`` do the work, in the transaction of a batch whose cards
    are locked; ``left_of_facts`` is ``left`` over the facts where it differs. ``inputs`` is the template of what is to
    be chosen, filled by ``context``.
    """

    key: str
    label: str | Promise
    capability: Capability
    read: Callable[[Mapping[str, Any]], Asked]
    left: Callable[[Values], Left]
    write: Callable[[Values, Sequence[int]], None]
    reasons: Mapping[str, Promise | str] = field(default_factory=dict)
    left_of_facts: Callable[[Values], Left] | None = None
    inputs: str = ""
    context: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda given: {}
    icon: str = ""
    place: int = 100
    """Where it stands among the others."""


@dataclass(frozen=True)
class Socket:
    """A place for an action of a room that is still to come; nothing is shown of it until one is plugged in."""

    key: str
    place: int


@dataclass(frozen=True, kw_only=True)
class Leading:
    """Something done to a few guests on a page of its own: ``address`` says where, of the business's slug and the
    guests' ids. It takes from ``fewest`` guests on, chosen one by one."""

    key: str
    label: str | Promise
    capability: Capability
    address: Callable[[str, Sequence[int]], str]
    fewest: int = 1
    icon: str = ""
    place: int = 100


SOCKETS = (
    Socket("automation_add", 50),
    Socket("automation_remove", 51),
    Socket("merge", 60),
    Socket("erase", 90),
)

_ACTIONS: dict[str, Action] = {}
_LEADING: dict[str, Leading] = {}


def register(action: Action) -> None:
    """Offer an action. Raises ``KeyError`` for a key that is taken."""
    if action.key in _ACTIONS:
        raise KeyError(action.key)
    _ACTIONS[action.key] = action


def unregister(key: str) -> None:
    """Offer it no longer."""
    del _ACTIONS[key]


def lead(leading: Leading) -> None:
    """Offer a page for a selection. Raises ``KeyError`` for a key that is taken."""
    if leading.key in _ACTIONS or leading.key in _LEADING:
        raise KeyError(leading.key)
    _LEADING[leading.key] = leading


def available() -> list[Action]:
    """The actions there are, in the order they are offered."""
    return sorted(_ACTIONS.values(), key=_place)


def leading_get(key: str) -> Leading | None:
    """A page for a selection; ``None`` for one that is not there (yet)."""
    return _LEADING.get(key)


def leading_allowed(capabilities: Iterable[Capability]) -> list[Leading]:
    """The pages that somebody with these capabilities may use, in the order they are offered."""
    held = frozenset(capabilities)
    return sorted((each for each in _LEADING.values() if each.capability in held), key=_place)


def _place(offered: Action | Leading) -> tuple[int, str]:
    places = {socket.key: socket.place for socket in SOCKETS}
    return places.get(offered.key, offered.place), offered.key


def action_get(key: str) -> Action | None:
    """One of them; ``None`` for one that is not there (yet)."""
    return _ACTIONS.get(key)


def allowed(capabilities: Iterable[Capability]) -> list[Action]:
    """Those that somebody with these capabilities may use."""
    held = frozenset(capabilities)
    return [action for action in available() if action.capability in held]
