"""What the queue of pairs shows, as its address says it."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from dedup.register.fields import FIELDS
from dedup.register.models import Match
from dedup.register.selectors import BANDS

STATES = (Match.State.OPEN, Match.State.LATER, Match.State.DIFFERENT)
"""The lists there are, in the order shown; what was merged stands in the history of the cards."""
_BELOW = 1e-9
_BIGGEST = 2**63 - 1


@dataclass(frozen=True)
class QueueState:
    """A list of pairs: of which ``state``, of which ``band`` of confidence (where it begins), agreeing in which fields,
    ``after`` which match its page begins, and which ``match`` is shown beside it."""

    state: str = Match.State.OPEN
    band: float | None = None
    agree: tuple[str, ...] = ()
    after: int | None = None
    match: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is the list of what is to be decided."""
        return self.state == Match.State.OPEN

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves out pairs of its state."""
        return self.band is not None or bool(self.agree)

    @property
    def limits(self) -> tuple[float | None, float]:
        """The lowest and the highest probability; ``None`` for the threshold of what is proposed."""
        if self.band is None:
            return None, 1.0
        above = [low for low in BANDS if low > self.band]
        return self.band, min(above) - _BELOW if above else 1.0

    def with_(self, **changes: object) -> "QueueState":
        """The same with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def toggled(self, field: str) -> "QueueState":
        """With a field that must agree put in or taken out, from the first page on."""
        kept = tuple(name for name in self.agree if name != field)
        return self.with_(agree=kept if field in self.agree else (*self.agree, field), after=None, match=None)

    @property
    def query(self) -> str:
        """As the end of an address, with its question mark: ``?`` alone for the list as one finds it."""
        pairs: list[tuple[str, str]] = []
        if not self.is_open:
            pairs.append(("state", self.state))
        if self.band is not None:
            pairs.append(("band", f"{self.band:g}"))
        pairs += [("agree", name) for name in self.agree]
        pairs += [(name, str(value)) for name in ("after", "match") if (value := getattr(self, name)) is not None]
        return f"?{urlencode(pairs)}"


def state_read(query: QueryDict) -> QueueState:
    """The list that an address asks for; what it says and cannot be is left out."""
    state = query.get("state", "")
    return QueueState(
        state=state if state in STATES else Match.State.OPEN,
        band=_band(query.get("band", "")),
        agree=tuple(name for name in FIELDS if name in query.getlist("agree")),
        after=number_read(query.get("after", "")),
        match=number_read(query.get("match", "")),
    )


def number_read(text: str) -> int | None:
    """The number of a row as an address or a form holds it."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 19:
        return None
    number = int(text)
    return number if number <= _BIGGEST else None


def _band(text: str) -> float | None:
    return next((low for low in BANDS if text == f"{low:g}"), None)
