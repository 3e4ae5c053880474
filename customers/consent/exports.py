"""Consents as files: all that is known of one guest's, and what holds in the whole register."""

from collections.abc import Iterator
from typing import IO, Any, Final

from accounts.audit import audit_record
from accounts.models import Member
from customers.consent.models import ConsentEvent
from customers.consent.selectors import consent_events
from customers.export.files import csv_file, fetched
from customers.export.services import Exported, Unrestricted

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
STATE_COLUMNS: Final = (
    "guest_id",
    "given_name",
    "family_name",
    "company",
    "email",
    "phone",
    "purpose",
    "channel",
    "state",
    *EVENT_COLUMNS,
)

STATES: Final = """
    SELECT c.is_restricted, c.id, c.given_name, c.family_name, c.company_name,
           (SELECT coalesce(nullif(p.normalised, ''), p.value) FROM customers_contactpoint p
            WHERE p.business_id = c.business_id AND p.customer_id = c.id AND p.kind = 'email' AND p.is_primary),
           (SELECT coalesce(nullif(p.normalised, ''), p.value) FROM customers_contactpoint p
            WHERE p.business_id = c.business_id AND p.customer_id = c.id AND p.kind = 'phone' AND p.is_primary),
           s.purpose, s.channel, e.act,
           e.at, e.recorded_at, e.source, CASE WHEN e.by_guest THEN 'guest' ELSE 'member' END, e.actor,
           host(e.address), w.version, e.language, w.texts ->> e.language, e.proof
    FROM customers_consentstate s
    JOIN customers_customer c ON c.business_id = s.business_id AND c.id = s.customer_id
    JOIN customers_consentevent e ON e.business_id = s.business_id AND e.id = s.event_id
    LEFT JOIN customers_consentwording w ON w.business_id = e.business_id AND w.id = e.wording_id
    ORDER BY c.sort_key, c.id, s.purpose, s.channel
"""
"""Every consent that was ever decided, as it stands, with the event that made it so."""


def evidence_export(*, customer_id: int, member: Member, address: str | None = None) -> IO[bytes]:
    """The whole log of one guest's consents as a CSV file, newest decision first, with the words that were shown."""
    events = consent_events(customer_id=customer_id)
    target = csv_file(columns=EVIDENCE_COLUMNS, rows=(_evidence(event) for event in events))
    return _logged(target, member, address, {"rows": len(events)}, customer_id)


def consents_export(*, member: Member, address: str | None = None) -> Exported:
    """What holds in the whole register as a CSV file: a row a guest and consent, with the last decision.

    Guests whose processing is restricted are left out.
    """
    found = Unrestricted(_isoformatted(fetched(STATES, [])))
    target = csv_file(columns=STATE_COLUMNS, rows=found)
    data = {"rows": found.written, **({"left_out": found.left_out} if found.left_out else {})}
    return Exported(_logged(target, member, address, data), found.written, found.left_out)


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


_FIRST_MOMENT: Final = 1 + STATE_COLUMNS.index("decided_at")


def _isoformatted(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        before, moments, after = row[:_FIRST_MOMENT], row[_FIRST_MOMENT : _FIRST_MOMENT + 2], row[_FIRST_MOMENT + 2 :]
        yield (*before, *(moment.isoformat() for moment in moments), *after)


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
