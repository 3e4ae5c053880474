"""What a file does to the register's quality, in a try-out: guests who would have what before they had not.

`valid`: an e-mail address or phone number that can be used; `complete`: name, language, country and postal code;
`reachable`: gets the newsletter through some channel.
"""

from collections import Counter
from typing import Final

from django.db.backends.utils import CursorWrapper

from imports.staging.consents import Decided
from imports.staging.job import Job

MEASURES: Final = ("valid", "complete", "reachable")
_CHANNELS: Final = {"email": ("email", 0), "sms": ("phone", 2)}
"""Channel → kind of its addresses, and of the facts the bit of the consent to its newsletter."""
_FACTS: Final = {
    "valid": "'ok' IN (f.email_state, f.phone_state)",
    "complete": "f.sort_key <> '' AND f.language <> 0 AND f.country <> 0 AND f.postal_code <> ''",
    "reachable": "0 IN (f.email_reach, f.sms_reach)",
}


def quality_of_register(cursor: CursorWrapper, job: Job) -> Counter[str]:
    """How many guests there are, and how many of them are what."""
    counted = ", ".join(f"count(*) FILTER (WHERE {_FACTS[measure]})" for measure in MEASURES)
    cursor.execute(
        f"SELECT count(*), {counted} FROM customers_customerfacts f WHERE f.business_id = %(business)s", job.values()
    )
    return Counter(dict(zip(("guests", *MEASURES), cursor.fetchone(), strict=True)))


def quality_gained(cursor: CursorWrapper, job: Job, known: list[int], consents: Decided) -> Counter[str]:
    """How many guests the planned batch adds, and how many more of all would be what.

    A guest whom earlier batches of the try-out would have made counts as they left them.
    """
    said = {"granted": set[tuple[int, str]](), "refused": set[tuple[int, str]]()}
    for (customer, purpose, channel), row in consents.events.items():
        if purpose == "newsletter":
            said["granted" if row.granted else "refused"].add((customer, channel))
    values = job.values() | {"known": known}
    told = []
    for channel, (kind, bit) in _CHANNELS.items():
        for answer, of in said.items():
            values[f"{answer}_{channel}"] = sorted(customer for customer, by in of if by == channel)
        told.append(
            f"""
            ((p.customer_id = ANY (%(granted_{channel})s)
              OR (p.customer_id <> ALL (%(refused_{channel})s) AND (f.consents >> {bit}) & 1 = 1))
             AND (f.{kind}_state = 'ok' OR n.{kind})
             AND NOT coalesce(f.is_restricted OR f.is_deceased OR f.do_not_contact, false))
            """
        )
    after = {
        "valid": "'ok' IN (f.email_state, f.phone_state) OR n.email OR n.phone",
        "complete": "p.sort_key <> '' AND p.language <> '' AND p.country <> '' AND p.postal_code <> ''",
        "reachable": " OR ".join(told),
    }
    gained = ", ".join(
        f"coalesce(sum(coalesce(({after[measure]}), false)::int - coalesce({_FACTS[measure]}, false)::int), 0)"
        for measure in MEASURES
    )
    cursor.execute(
        f"""
        WITH added AS MATERIALIZED (
            SELECT customer_id, bool_or(kind = 'email') AS email, bool_or(kind = 'phone') AS phone
            FROM plan_contact WHERE state = 'ok' GROUP BY customer_id
        ), facts AS MATERIALIZED (
            SELECT f.* FROM unnest(%(known)s::bigint[]) AS k (id) CROSS JOIN LATERAL (
                SELECT * FROM customers_customerfacts WHERE business_id = %(business)s AND customer_id = k.id LIMIT 1
            ) f
        )
        SELECT count(*) FILTER (WHERE p.is_new), {gained}
        FROM plan_card p LEFT JOIN facts f ON f.customer_id = p.customer_id
        LEFT JOIN added n ON n.customer_id = p.customer_id
        WHERE p.is_new OR p.customer_id > 0
        """,
        values,
    )
    return Counter(dict(zip(("guests", *MEASURES), map(int, cursor.fetchone()), strict=True)))


def quality_told(before: Counter[str], gained: Counter[str]) -> dict[str, list[float]]:
    """Measure → [before, after] in percent of all guests, to one decimal; 0 of none."""
    return {
        measure: [
            _percent(before[measure], before["guests"]),
            _percent(before[measure] + gained[measure], before["guests"] + gained["guests"]),
        ]
        for measure in MEASURES
    }


def _percent(some: int, of: int) -> float:
    return round(100 * some / of, 1) if of else 0.0
