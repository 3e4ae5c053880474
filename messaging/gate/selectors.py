"""The gate: one question, asked when messages are planned and again when each is sent."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from accounts.models import Business
from accounts.tenancy import require_business_id
from messaging.gate.models import GateSettings
from messaging.gate.reading import known_of
from messaging.gate.rules import Limits, Ruling, Wanted, rule_in_turn
from messaging.gate.schedule import Hours

BATCH: Final = 5_000
"""Messages looked at together; what is read of their guests stays within some megabytes."""


def settings_get() -> GateSettings:
    """What the business has decided, or the defaults."""
    return GateSettings.objects.first() or GateSettings()


def gate(*, wanted: Sequence[Wanted], at: dt.datetime, is_planning: bool = False) -> list[Ruling]:
    """Whether, when and to which address each message may go, in the order asked; one to a guest counts for the next.

    ``at`` is now; a message due later is ruled for its own moment. Everything is read by the transaction's own
    statements, so that what has been committed before is seen. About ten queries for every :data:`BATCH` messages.
    """
    business = Business.objects.get(pk=require_business_id())
    limits = limits_of(settings_get())
    found: list[Ruling] = []
    for start in range(0, len(wanted), BATCH):
        part = wanted[start : start + BATCH]
        known = known_of(part, business=business, at=at)
        found += rule_in_turn(zip(part, known, strict=True), limits, at, is_planning=is_planning)
    return found


def limits_of(settings: GateSettings) -> Limits:
    """The settings as the rules take them."""
    hours = Hours(settings.open_from, settings.open_until)
    return Limits(hours, settings.cap_day, settings.cap_week, settings.restored_at)
