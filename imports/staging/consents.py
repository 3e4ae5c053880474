"""Consents that a file brings: recorded as events, and never so that a withdrawn one comes back.

A yes is taken with its proof alone: when, how, and the words that were agreed to; never where the guest has withdrawn
the consent, and never for an address that has opted out. A no always is; one without a date is taken as of now: of two
answers whose order nobody knows, the stricter one holds.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from imports.mapping import ConsentRow
from imports.policy import Policy
from imports.problems import Problem
from imports.staging.found import Resolved
from imports.staging.job import Job

Consent = tuple[int, str, str]
"""Guest, purpose, channel."""
PROOF_MAX: Final = 500
_JUST_AFTER: Final = timedelta(milliseconds=1)
_KIND_OF: Final = {"email": "email", "sms": "phone"}
"""Channel → kind of contact point."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the batch adds: of each guest, purpose and channel at most one answer."""

    events: dict[Consent, ConsentRow]
    sensitive: set[int]
    """Guests of the batch who agree to sensitive details once these are recorded."""
    problems: list[Problem]

    @property
    def guests(self) -> set[int]:
        """Whose consents change."""
        return {customer for customer, _purpose, _channel in self.events}


def decide_consents(
    cursor: CursorWrapper, job: Job, found: Resolved, rows: Iterable[ConsentRow], restricted: set[int]
) -> Decided:
    """Which answers of the batch are news. A restricted card takes a no and no yes."""
    told: dict[Consent, list[ConsentRow]] = defaultdict(list)
    others: dict[int, list[int]] = defaultdict(list)
    for line, card in found.also:
        others[line].append(card)
    for row in rows:
        if row.line in found.card_of:
            told[found.card_of[row.line], row.purpose, row.channel].append(row)
            if not row.granted:
                for card in others.get(row.line, ()):
                    told[card, row.purpose, row.channel].append(row)
    asked = {customer for customer, _, _ in told}
    if job.has_details:
        asked |= set(found.card_of.values())
    states, undone = _states(cursor, job, asked)
    opted_out = _opted_out(cursor, job, found, {consent[0] for consent in told})
    events: dict[Consent, ConsentRow] = {}
    problems: list[Problem] = []
    for consent, answers in told.items():
        taken = [answer for answer in (with_policy(row, job.policy) for row in answers) if answer is not None]
        answer = settle(taken) if taken else answers[0]
        state = states.get(consent)
        if not answer.granted:
            if is_news(answer, state):
                events[consent] = answer
            continue
        reason = ""
        if consent[0] in restricted:
            reason = "restricted"
        elif (consent[0], _KIND_OF.get(consent[2], "")) in opted_out:
            reason = "consent_opted_out"
        elif state is not None:
            reason = "" if state[0] else "consent_withdrawn"
        elif taken:
            events[consent] = _anew(answer, undone.get(consent))
        elif job.policy.consents != "none":
            reason = "consent_unproven"
        if reason:
            problems.append(Problem(answer.line, answer.column, "", reason))
    now = {customer: state for (customer, purpose, _), (state, _) in states.items() if purpose == "sensitive"}
    now |= {customer: row.granted for (customer, purpose, _), row in events.items() if purpose == "sensitive"}
    return Decided(events, {customer for customer, granted in now.items() if granted}, problems)


def with_policy(row: ConsentRow, policy: Policy) -> ConsentRow | None:
    """The answer with what the policy says of rows that are silent; None for a yes that is not taken."""
    if not row.granted:
        return row
    source, wording = row.source or policy.consent_source, row.wording or policy.wording
    if policy.consents == "none" or row.at is None or not source or not wording:
        return None
    return row._replace(source=source, wording=wording)


def _anew(answer: ConsentRow, since: datetime | None) -> ConsentRow:
    """A yes that an undone import had recorded once: it holds from then on, its own day goes into the proof."""
    if since is None or answer.at is None or answer.at > since:
        return answer
    return answer._replace(at=since + _JUST_AFTER, source=f"{answer.source}, {answer.at:%Y-%m-%d}")


def settle(answers: list[ConsentRow]) -> ConsentRow:
    """The answer of several rows: a no without a date, else the newest; of the same moment the no.

    A yes without a date is none of them: it lacks its proof.
    """
    refused = next((answer for answer in answers if answer.at is None), None)
    if refused is not None:
        return refused
    dated = [(answer.at, not answer.granted, answer.line, answer) for answer in answers if answer.at is not None]
    return max(dated)[-1]


def is_news(refusal: ConsentRow, state: tuple[bool, datetime] | None) -> bool:
    """Whether a no changes what the register holds (granted, since when)."""
    if state is None:
        return True
    granted, since = state
    return granted and (refusal.at is None or refusal.at > since)


def write_consents(cursor: CursorWrapper, job: Job, decided: Decided) -> None:
    """Record the events; the database derives what holds. In a try-out they are remembered for later batches."""
    if not decided.events:
        return
    rows = list(decided.events.items())
    values = job.values() | {
        "customers": [customer for (customer, _, _), _ in rows],
        "purposes": [purpose for (_, purpose, _), _ in rows],
        "channels": [channel for (_, _, channel), _ in rows],
        "acts": ["granted" if row.granted else "withdrawn" for _, row in rows],
        "moments": [row.at for _, row in rows],
        "member": job.member_id,
        "actor": job.actor,
    }
    if job.dry:
        cursor.execute(
            """
            INSERT INTO planned_consent
            SELECT e.customer, e.purpose, e.channel, e.act = 'granted', least(e.at, clock_timestamp())
            FROM unnest(%(customers)s::bigint[], %(purposes)s::text[], %(channels)s::text[], %(acts)s::text[],
                        %(moments)s::timestamptz[]) AS e (customer, purpose, channel, act, at)
            """,
            values,
        )
        return
    cursor.execute(
        """
        INSERT INTO customers_consentevent
            (business_id, customer_id, purpose, channel, act, at, recorded_at, language, source, by_guest, member_id,
             actor, proof, change_set_id, wording_id)
        SELECT %(business)s, e.customer, e.purpose, e.channel, e.act, least(e.at, clock_timestamp()), now(),
               e.language, 'import', false, %(member)s, %(actor)s, e.proof, %(act)s, e.wording
        FROM unnest(%(customers)s::bigint[], %(purposes)s::text[], %(channels)s::text[], %(acts)s::text[],
                    %(moments)s::timestamptz[], %(proofs)s::text[], %(wordings)s::bigint[], %(languages)s::text[])
            AS e (customer, purpose, channel, act, at, proof, wording, language)
        """,
        values | _agreed(cursor, job, decided),
    )


def _agreed(cursor: CursorWrapper, job: Job, decided: Decided) -> dict[str, list[Any]]:
    """Proofs, wordings and languages of the events: the business's own words are named, others stand in the proof."""
    ours: dict[tuple[str, str, str], tuple[int, str]] = {}
    if any(row.wording for row in decided.events.values()):
        cursor.execute(
            "SELECT id, purpose, channel, texts FROM customers_consentwording WHERE business_id = %(business)s"
            " ORDER BY version",
            job.values(),
        )
        for wording, purpose, channel, texts in cursor.fetchall():
            for language, text in (json.loads(texts) if isinstance(texts, str) else texts).items():
                ours[purpose, channel, _bare(text)] = (wording, language)
    agreed = [
        (row, ours.get((purpose, channel, _bare(row.wording))) if row.wording else None)
        for (_customer, purpose, channel), row in decided.events.items()
    ]
    return {
        "proofs": [_proof(job, row._replace(wording="") if wording else row) for row, wording in agreed],
        "wordings": [wording[0] if wording else None for _row, wording in agreed],
        "languages": [wording[1] if wording else "" for _row, wording in agreed],
    }


def _bare(text: str) -> str:
    return " ".join(text.split()).casefold()


def _proof(job: Job, row: ConsentRow) -> str:
    """What shows the consent: the file and line, how, and the words, cut where they are too long."""
    told = " · ".join(part for part in (f"{job.file_name}:{row.line}", row.source, _quoted(row.wording)) if part)
    return told if len(told) <= PROOF_MAX else f"{told[: PROOF_MAX - 1]}…"


def _quoted(wording: str) -> str:
    return f"“{wording}”" if wording else ""


def _opted_out(cursor: CursorWrapper, job: Job, found: Resolved, customers: set[int]) -> set[tuple[int, str]]:
    """(guest, kind) of those who have an address or number that opted out, on their card or in their row."""
    opted_out = {(found.card_of[line], kind) for line, kind in found.opted_out if line in found.card_of}
    if customers:
        cursor.execute(
            """
            SELECT DISTINCT customer_id, kind FROM customers_contactpoint
            WHERE business_id = %(business)s AND customer_id = ANY (%(customers)s) AND state = 'opted_out'
            """,
            job.values() | {"customers": sorted(customer for customer in customers if customer > 0)},
        )
        opted_out |= set(cursor.fetchall())
    return opted_out


def _states(
    cursor: CursorWrapper, job: Job, customers: set[int]
) -> tuple[dict[Consent, tuple[bool, datetime]], dict[Consent, datetime]]:
    """What holds of these guests, and since when what the undoing of an import withdrew: nobody decided that."""
    if not customers:
        return {}, {}
    cursor.execute(
        """
        SELECT customer_id, purpose, channel, granted, since, event_id FROM customers_consentstate
        WHERE business_id = %(business)s AND customer_id = ANY (%(customers)s)
        """,
        job.values() | {"customers": sorted(customers)},
    )
    held = cursor.fetchall()
    events = _undone(cursor, job, [(row[0], row[5]) for row in held if not row[3]])
    states = {(row[0], row[1], row[2]): (row[3], row[4]) for row in held if row[5] not in events}
    undone = {(row[0], row[1], row[2]): row[4] for row in held if row[5] in events}
    if job.dry:
        cursor.execute(
            "SELECT customer_id, purpose, channel, granted, since FROM planned_consent"
            " WHERE customer_id = ANY (%s) ORDER BY place",
            [sorted(customers)],
        )
        states |= {(row[0], row[1], row[2]): (row[3], row[4]) for row in cursor.fetchall()}
    return states, undone


def _undone(cursor: CursorWrapper, job: Job, refusals: list[tuple[int, int]]) -> set[int]:
    """Which of the (guest, event) the undoing of an import recorded."""
    if not refusals:
        return set()
    cursor.execute(
        """
        SELECT e.id FROM customers_consentevent e
        WHERE e.business_id = %(business)s AND e.customer_id = ANY (%(customers)s) AND e.id = ANY (%(events)s)
          AND e.source = 'system'
          AND (SELECT u.kind FROM customers_changeset u WHERE u.business_id = %(business)s AND u.id = e.change_set_id)
              = 'undo'
        """,
        job.values() | {"customers": [each[0] for each in refusals], "events": [each[1] for each in refusals]},
    )
    return {row[0] for row in cursor.fetchall()}
