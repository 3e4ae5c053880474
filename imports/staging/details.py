"""Sensitive details that a file brings: sealed here, so that nothing but ciphertext reaches the database.

They pass by the staging tables. Without a consent in the register or in the same file none is taken, and each is
counted as a problem that names line and column, never the value.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from customers.sensitive.keys import keyring
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.selectors import live, opened
from imports.mapping import DetailRow, Interpreted
from imports.problems import Problem
from imports.staging.found import Resolved
from imports.staging.job import EVER, Job

Detail = tuple[int, str]
"""Guest, kind."""


@dataclass(slots=True)
class Sealing:
    """What the batch writes: of each guest and kind at most one text."""

    texts: dict[Detail, str] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)
    refused: int = 0

    @property
    def guests(self) -> set[int]:
        """Whose details change."""
        return {customer for customer, _kind in self.texts}


def decide_details(
    cursor: CursorWrapper,
    job: Job,
    found: Resolved,
    batch: Interpreted,
    *,
    consenting: set[int],
    restricted: set[int],
    seen: Collection[int],
) -> Sealing:
    """Which details of the batch are accepted and differ from what is kept.

    As with the card's own fields: where the policy lets it, a guest's first row in the file overwrites, or does where
    it was changed later; all others fill what is missing.
    """
    result = Sealing()
    if not batch.details:
        return result
    firsts: dict[int, int] = {}
    for guest in batch.guests:
        if guest.line in found.card_of:
            firsts.setdefault(found.card_of[guest.line], guest.line)
    wanted: dict[Detail, DetailRow] = {}
    for row in sorted(batch.details, key=lambda row: row.line):
        customer = found.card_of.get(row.line)
        if customer is None:
            continue
        if customer in restricted or customer not in consenting:
            reason = "restricted" if customer in restricted else "no_consent"
            result.problems.append(Problem(row.line, row.column, "", reason))
            result.refused += 1
        else:
            wanted.setdefault((customer, row.kind), row)
    kept = _kept(cursor, job, {customer for customer, _kind in wanted})
    told = {guest.line: guest.changed_at or job.told_at for guest in batch.guests}
    for (customer, kind), row in wanted.items():
        is_first = customer not in found.new and customer not in seen and firsts.get(customer) == row.line
        text, since = kept.get((customer, kind), (None, EVER))
        is_later = job.policy.update == "file" or told[row.line] > since
        decides = job.decides and is_first and is_later
        if (customer, kind) not in kept or (decides and text not in (None, row.text)):
            result.texts[customer, kind] = row.text
    return result


def write_details(cursor: CursorWrapper, job: Job, sealing: Sealing) -> None:
    """Seal and write, in one statement, and tell the log of each guest which kinds changed."""
    if not sealing.texts:
        return
    rows = sorted(sealing.texts)
    values = job.values() | {
        "customers": [customer for customer, _kind in rows],
        "kinds": [kind for _customer, kind in rows],
    }
    if job.dry:
        cursor.execute(
            "INSERT INTO planned_detail SELECT * FROM unnest(%(customers)s::bigint[], %(kinds)s::text[])", values
        )
        return
    uids = [uuid.uuid4() for _ in rows]
    keys = keyring()
    sealed = [
        keys.seal(sealing.texts[row], business=job.public_id, uid=uid, kind=row[1])
        for row, uid in zip(rows, uids, strict=True)
    ]
    # A detail that only waits for being erased gives its place to the new one.
    cursor.execute(
        """
        INSERT INTO customers_sensitivedetail
            (business_id, version, customer_id, kind, uid, ciphertext, key_name, changed_at)
        SELECT %(business)s, 1, d.customer, d.kind, d.uid, d.ciphertext, %(key)s, clock_timestamp()
        FROM unnest(%(customers)s::bigint[], %(kinds)s::text[], %(uids)s::uuid[], %(sealed)s::bytea[])
            AS d (customer, kind, uid, ciphertext)
        ON CONFLICT (business_id, customer_id, kind, came_from_id) DO UPDATE
            SET uid = excluded.uid, ciphertext = excluded.ciphertext, key_name = excluded.key_name,
                changed_at = excluded.changed_at
        """,
        values
        | {
            "uids": [str(uid) for uid in uids],
            "sealed": [each.ciphertext for each in sealed],
            "key": keys.current,
        },
    )
    _tell_log(cursor, job, rows)


def _tell_log(cursor: CursorWrapper, job: Job, rows: list[Detail]) -> None:
    """One entry a guest, in one statement: which kinds, never what they say."""
    kinds: dict[int, list[str]] = defaultdict(list)
    for customer, kind in rows:
        kinds[customer].append(kind)
    cursor.execute(
        """
        INSERT INTO accounts_auditentry (business_id, action, at, member_id, actor, object_type, object_id, data)
        SELECT %(business)s, 'sensitive.changed', now(), %(member)s, %(actor)s, 'customer', g.customer, g.data
        FROM unnest(%(customers)s::bigint[], %(data)s::jsonb[]) AS g (customer, data)
        """,
        job.values()
        | {
            "member": job.member_id,
            "actor": job.actor,
            "customers": list(kinds),
            "data": [json.dumps({"kinds": sorted(of), "import": job.run_id}) for of in kinds.values()],
        },
    )


def _kept(cursor: CursorWrapper, job: Job, customers: set[int]) -> dict[Detail, tuple[str | None, datetime]]:
    """What is kept of guests and may be read, and since when; None for a text that cannot be opened, which is left."""
    if not customers:
        return {}
    rows = SensitiveDetail.objects.filter(live(), customer_id__in=[card for card in customers if card > 0])
    # Of a guest whose cards were merged the card's own, where it has one.
    rows = rows.order_by("-came_from_id")
    kept = {(row.customer_id, row.kind): (opened(public_id=job.public_id, detail=row), row.changed_at) for row in rows}
    if job.dry:
        cursor.execute("SELECT customer_id, kind FROM planned_detail WHERE customer_id = ANY (%s)", [sorted(customers)])
        kept |= dict.fromkeys(((row[0], row[1]) for row in cursor.fetchall()), (None, EVER))
    return kept
