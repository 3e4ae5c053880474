"""Writes of the gate: what the business decides about times and numbers."""

import datetime as dt

from django.db import transaction

from accounts.audit import audit_record
from accounts.models import Member
from messaging.gate.models import GateSettings


def settings_save(
    *,
    open_from: dt.time,
    open_until: dt.time,
    cap_day: int,
    cap_week: int,
    member: Member | None = None,
) -> GateSettings:
    """Set quiet hours and caps. Raises ``ValidationError`` by field. Messages that wait are ruled anew when due."""
    with transaction.atomic():
        settings = settings_lock()
        before = _told(settings)
        settings.open_from, settings.open_until = open_from, open_until
        settings.cap_day, settings.cap_week = cap_day, cap_week
        settings.full_clean(exclude=["business"], validate_unique=False)
        settings.save()
        after = _told(settings)
        if before != after:
            audit_record(action="gate.changed", member=member, data={"before": before, "after": after})
    return settings


def restored_note(*, at: dt.datetime) -> None:
    """The database was read in from a backup: what was due before ``at`` may have gone out already, so that it is
    refused until somebody has looked at it (:func:`messaging.outbox.late.late_send`)."""
    with transaction.atomic():
        settings = settings_lock()
        settings.restored_at = at
        settings.save(update_fields=["restored_at"])
        audit_record(action="gate.restored", data={"at": at.isoformat(timespec="minutes")})


def settings_lock() -> GateSettings:
    """The business's row, made if there is none, locked until the transaction ends: one claim at a time."""
    settings = GateSettings.objects.select_for_update().first()
    if settings is None:
        GateSettings.objects.bulk_create([GateSettings()], ignore_conflicts=True)
        settings = GateSettings.objects.select_for_update().get()
    return settings


def _told(settings: GateSettings) -> dict[str, str | int]:
    return {
        "open_from": f"{settings.open_from:%H:%M}",
        "open_until": f"{settings.open_until:%H:%M}",
        "cap_day": settings.cap_day,
        "cap_week": settings.cap_week,
    }
