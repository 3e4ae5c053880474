"""Consents as a file: all that is known of one guest's. What holds in the whole register is an export like others."""

from typing import IO, Any, Final

from accounts.audit import audit_record
from accounts.models import Member
from customers.consent.models import ConsentEvent
from customers.consent.selectors import consent_events
from customers.export.files import csv_file

EVENT_COLUMNS: Final = (
    "decided_at",
    "recorded_at",
    "source",
    "decided_by",
    "recorded_by",
    "ip_address",
    "wording_version",
    "wording_language",
    "wording",
    "proof",
)
EVIDENCE_COLUMNS: Final = ("guest_id", "purpose", "channel", "act", *EVENT_COLUMNS)


def evidence_export(*, customer_id: int, member: Member, address: str | None = None) -> IO[bytes]:
    """The whole log of one guest's consents as a CSV file, newest decision first, with the words that were shown."""
    events = consent_events(customer_id=customer_id)
    target = csv_file(columns=EVIDENCE_COLUMNS, rows=(_evidence(event) for event in events))
    return _logged(target, member, address, {"rows": len(events)}, customer_id)


def wording_text(event: ConsentEvent) -> str:
    """The words that were shown to the guest; empty where none are known."""
    return str(event.wording.texts.get(event.language, "")) if event.wording else ""


def _evidence(event: ConsentEvent) -> tuple[Any, ...]:
    return (
        event.customer_id,
        event.purpose,
        event.channel,
        event.act,
        event.at.isoformat(),
        event.recorded_at.isoformat(),
        event.source,
        "guest" if event.by_guest else "member",
        event.actor,
        event.address,
        event.wording.version if event.wording else "",
        event.language,
        wording_text(event),
        event.proof,
    )


def _logged(
    target: IO[bytes], member: Member, address: str | None, data: dict[str, Any], customer_id: int | None = None
) -> IO[bytes]:
    try:
        audit_record(
            action="consent.exported",
            member=member,
            object_type="customer" if customer_id is not None else "export",
            object_id=customer_id,
            data=data,
            address=address,
        )
    except BaseException:
        target.close()
        raise
    return target
