"""Reads of consents: what holds now, what happened, and in which words guests were asked."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from customers.consent.labels import ALLOWS, LABELS, consent_key
from customers.consent.models import CONSENTS, ConsentEvent, ConsentState, ConsentWording
from customers.lineage.selectors import lineage_of


@dataclass(frozen=True)
class ConsentLine:
    """One of the five consents of a guest as it stands. ``granted`` is ``None`` where the guest was never asked."""

    purpose: str
    channel: str
    label: str
    granted: bool | None
    since: dt.datetime | None
    event: ConsentEvent | None

    @property
    def key(self) -> str:
        """The consent's name in forms."""
        return consent_key(self.purpose, self.channel)

    @property
    def allows(self) -> str:
        """What it lets the business do."""
        return str(ALLOWS[self.purpose, self.channel])


def consents_of(*, customer_id: int) -> list[ConsentLine]:
    """All five consents of a guest, in the order shown, each with the event that made it so. Two queries."""
    states = {(state.purpose, state.channel): state for state in ConsentState.objects.filter(customer_id=customer_id)}
    events = ConsentEvent.objects.in_bulk([state.event_id for state in states.values()]) if states else {}
    lines = []
    for consent in CONSENTS:
        state = states.get(consent)
        lines.append(
            ConsentLine(
                *consent,
                str(LABELS[consent]),
                state.granted if state else None,
                state.since if state else None,
                events.get(state.event_id) if state else None,
            )
        )
    return lines


def consent_events(*, customer_id: int) -> list[ConsentEvent]:
    """The whole log of a guest, newest decision first, each event with its wording; of all cards that were merged."""
    ids = lineage_of(customer_id=customer_id)
    return list(ConsentEvent.objects.filter(customer_id__in=ids).select_related("wording").order_by("-at", "-id"))


@dataclass(frozen=True)
class WordingLine:
    """A consent with the wording in force (``None``: none was written yet) and the older versions, newest first."""

    purpose: str
    channel: str
    label: str
    current: ConsentWording | None
    older: list[ConsentWording] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The consent's name in addresses."""
        return consent_key(self.purpose, self.channel)

    @property
    def allows(self) -> str:
        """What it lets the business do."""
        return str(ALLOWS[self.purpose, self.channel])


def wording_lines(*, consents: Sequence[tuple[str, str]] = CONSENTS) -> list[WordingLine]:
    """The wordings of some or all consents. One query."""
    versions: dict[tuple[str, str], list[ConsentWording]] = {}
    for wording in ConsentWording.objects.order_by("-version"):
        versions.setdefault((wording.purpose, wording.channel), []).append(wording)
    lines = []
    for consent in consents:
        found = versions.get(consent, [])
        current = found[0] if found else None
        lines.append(WordingLine(*consent, str(LABELS[consent]), current, found[1:]))
    return lines


def wording_in_force(*, purpose: str, channel: str, at: dt.datetime) -> ConsentWording | None:
    """The version that guests were shown at a moment; ``None`` before the first one."""
    versions = ConsentWording.objects.filter(purpose=purpose, channel=channel, created_at__lte=at)
    return versions.order_by("-version").first()
