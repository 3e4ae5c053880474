"""Consents that a file brings: recorded as events, and never so that a withdrawn one comes back.

An undated or older yes changes nothing where the register has a no. A no without a date is taken as of now: of two
answers whose order nobody knows, the stricter one holds.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.backends.utils import CursorWrapper

from imports.mapping import ConsentRow
from imports.problems import Problem
from imports.staging.job import Job
from imports.staging.resolve import Resolved

Consent = tuple[int, str, str]
"""Guest, purpose, channel."""
PROOF_MAX: Final = 500


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
    for row in rows:
        if row.line in found.card_of:
            told[found.card_of[row.line], row.purpose, row.channel].append(row)
    states = _states(cursor, job, set(found.card_of.values()))
    events: dict[Consent, ConsentRow] = {}
    problems: list[Problem] = []
    for consent, answers in told.items():
        answer = settle(answers)
        if answer.granted and consent[0] in restricted:
            problems.append(Problem(answer.line, answer.column, "", "restricted"))
        elif is_news(answer, states.get(consent)):
            events[consent] = answer
        elif answer.granted and consent in states and not states[consent][0]:
            problems.append(Problem(answer.line, answer.column, "", "consent_withdrawn"))
    now = {customer: state for (customer, purpose, _), (state, _) in states.items() if purpose == "sensitive"}
    now |= {customer: row.granted for (customer, purpose, _), row in events.items() if purpose == "sensitive"}
    return Decided(events, {customer for customer, granted in now.items() if granted}, problems)


def settle(answers: list[ConsentRow]) -> ConsentRow:
    """The answer of several rows: a no without a date, else the newest that has one, else the yes without a date."""
    undated = [answer for answer in answers if answer.at is None]
    refused = next((answer for answer in undated if not answer.granted), None)
    if refused is not None:
        return refused
    dated = [(answer.at, not answer.granted, answer.line, answer) for answer in answers if answer.at is not None]
    return max(dated)[-1] if dated else undated[0]


def is_news(answer: ConsentRow, state: tuple[bool, datetime] | None) -> bool:
    """Whether an answer changes what the register holds (granted, since when)."""
    if state is None:
        return True
    granted, since = state
    if answer.granted == granted:
        return False
    if answer.at is None:
        return not answer.granted
    return answer.at > since


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
        "proofs": [_proof(job, row) for _, row in rows],
        "member": job.member_id,
        "actor": job.actor,
    }
    if job.dry:
        cursor.execute(
            """
            INSERT INTO planned_consent
            SELECT e.customer, e.purpose, e.channel, e.act = 'granted', least(e.at, now())
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
             actor, proof, change_set_id)
        SELECT %(business)s, e.customer, e.purpose, e.channel, e.act, least(e.at, now()), now(), '', 'import', false,
               %(member)s, %(actor)s, e.proof, %(act)s
        FROM unnest(%(customers)s::bigint[], %(purposes)s::text[], %(channels)s::text[], %(acts)s::text[],
                    %(moments)s::timestamptz[], %(proofs)s::text[]) AS e (customer, purpose, channel, act, at, proof)
        """,
        values,
    )


def _proof(job: Job, row: ConsentRow) -> str:
    """What shows the consent: the file and line, and the source that the file names."""
    return f"{job.file_name}:{row.line}{' · ' if row.source else ''}{row.source}"[:PROOF_MAX]


def _states(cursor: CursorWrapper, job: Job, customers: set[int]) -> dict[Consent, tuple[bool, datetime]]:
    cursor.execute(
        """
        SELECT customer_id, purpose, channel, granted, since FROM customers_consentstate
        WHERE business_id = %(business)s AND customer_id = ANY (%(customers)s)
        """,
        job.values() | {"customers": sorted(customers)},
    )
    states = {(row[0], row[1], row[2]): (row[3], row[4]) for row in cursor.fetchall()}
    if job.dry:
        cursor.execute(
            "SELECT customer_id, purpose, channel, granted, since FROM planned_consent"
            " WHERE customer_id = ANY (%s) ORDER BY place",
            [sorted(customers)],
        )
        states |= {(row[0], row[1], row[2]): (row[3], row[4]) for row in cursor.fetchall()}
    return states
