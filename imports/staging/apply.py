"""Writing what was planned, in sets: one statement a table, parents before children."""

from collections.abc import Iterator
from typing import Final

from django.db.backends.utils import CursorWrapper

from imports.staging.found import Resolved
from imports.staging.job import OWN_SYSTEMS, Job
from imports.staging.plan import FILLED, NAMES, STAY_OPTIONAL, STAY_TEXTS, STAY_VALUES
from imports.staging.tables import KEYS

CARD_COLUMNS: Final = (*NAMES, *KEYS, *FILLED, "birth_date")


def apply_guests(cursor: CursorWrapper, job: Job, known: list[int], today: str) -> None:
    """Insert new cards, change known ones, add contact points and tags."""
    values = job.values() | {"today": today, "known": known}
    columns = ", ".join(CARD_COLUMNS)
    cursor.execute(
        f"""
        INSERT INTO customers_customer (business_id, id, version, created_at, first_contact, {columns})
        SELECT %(business)s, customer_id, 1, now(), coalesce(first_contact, %(today)s::date), {columns}
        FROM plan_card WHERE is_new ORDER BY customer_id
        """,
        values,
    )
    cursor.execute(
        f"""
        UPDATE customers_customer c
        SET first_contact = n.first_contact, {", ".join(f"{column} = n.{column}" for column in CARD_COLUMNS)}
        FROM plan_card n
        WHERE n.differs AND c.business_id = %(business)s AND c.id = n.customer_id AND c.id = ANY (%(known)s)
        """,
        values,
    )
    cursor.execute(
        """
        INSERT INTO customers_contactpoint
            (business_id, version, customer_id, kind, value, normalised, national, state, is_primary, created_at)
        SELECT %(business)s, 1, customer_id, kind, value, normalised, national, state, is_primary, now()
        FROM plan_contact ORDER BY customer_id, kind, place
        """,
        values,
    )
    cursor.execute("SELECT EXISTS (SELECT FROM plan_tag)")
    if cursor.fetchone() == (True,):
        cursor.execute(
            """
            INSERT INTO customers_customertag (business_id, version, customer_id, tag_id, slot, created_at)
            SELECT %(business)s, 1, customer_id, tag_id, slot, now() FROM plan_tag ORDER BY customer_id, slot
            """,
            values,
        )


def number_guests(cursor: CursorWrapper, job: Job) -> None:
    """Give new cards the ids that the file has for its guests."""
    cursor.execute(
        """
        INSERT INTO customers_externalid (business_id, version, customer_id, system, value)
        SELECT %(business)s, 1, customer_id, %(system)s, CASE WHEN is_free THEN number ELSE digest END
        FROM (
            SELECT DISTINCT ON (g.customer_id) g.customer_id, g.number, g.digest,
                   g.number <> '' AND row_number() OVER (PARTITION BY g.number ORDER BY g.line) = 1
                   AND NOT EXISTS (SELECT FROM customers_externalid e WHERE e.business_id = %(business)s
                                   AND e.system = %(system)s AND e.value = g.number) AS is_free
            FROM stage_guest g WHERE g.is_new AND (g.number <> '' OR g.digest <> '') ORDER BY g.customer_id, g.line
        ) x
        WHERE is_free OR digest <> ''
        ORDER BY customer_id
        ON CONFLICT (business_id, system, value) DO NOTHING
        """,
        job.values(),
    )


def apply_numbers(cursor: CursorWrapper, job: Job, found: Resolved) -> None:
    """Let cards be known by every number that another system's file gives them, not only by their first row's, so that
    the same file finds the same cards however they have grown; and one that somebody chose by the row itself, and by
    the guest's name with their addresses, too.
    """
    is_own = job.system in OWN_SYSTEMS
    chosen: list[tuple[int, str]] = []
    begun: set[int] = set()
    for guest in found.guests:
        card, how = found.card_of[guest.line], found.how.get(guest.line)
        is_first = card in found.new and card not in begun
        begun.add(card)
        if how == "decided":
            values = (guest.number, guest.digest, *found.known_as.get(guest.line, ()))
            chosen += [(card, value) for value in values if value]
        elif guest.number and not is_own and not is_first and how != "number":
            chosen.append((card, guest.number))
    if chosen:
        cursor.execute(
            """
            INSERT INTO customers_externalid (business_id, version, customer_id, system, value)
            SELECT %(business)s, 1, n.card, %(system)s, n.value FROM unnest(%(cards)s::bigint[], %(values)s::text[])
                AS n (card, value)
            ON CONFLICT (business_id, system, value) DO NOTHING
            """,
            job.values() | {"cards": [card for card, _ in chosen], "values": [value for _, value in chosen]},
        )


def apply_stays(cursor: CursorWrapper, job: Job, changed: list[int]) -> None:
    """Insert new stays with their guest, change known ones; a known stay that has no guest gets this one."""
    values = job.values() | {"changed": changed}
    columns = ", ".join((*STAY_VALUES, *STAY_TEXTS, *STAY_OPTIONAL))
    cursor.execute(
        f"""
        INSERT INTO customers_stay (business_id, id, version, created_at, external_system, external_id, {columns})
        SELECT %(business)s, stay_id, 1, now(), %(system)s, external_id, {columns}
        FROM stage_stay WHERE is_new ORDER BY stay_id
        """,
        values,
    )
    if changed:
        cursor.execute(
            f"""
            UPDATE customers_stay t
            SET {", ".join(f"{c} = s.{c}" for c in STAY_VALUES)},
                {", ".join(f"{c} = coalesce(NULLIF(s.{c}, ''), t.{c})" for c in STAY_TEXTS)},
                {", ".join(f"{c} = coalesce(s.{c}, t.{c})" for c in STAY_OPTIONAL)}
            FROM stage_stay s
            WHERE t.business_id = %(business)s AND t.id = s.stay_id AND t.id = ANY (%(changed)s)
            """,
            values,
        )
    cursor.execute(
        """
        INSERT INTO customers_stayparticipant
            (business_id, version, stay_id, customer_id, is_guest, is_booker, is_payer, is_agent)
        SELECT %(business)s, 1, s.stay_id, g.customer_id, coalesce(p.is_guest, true), coalesce(p.is_booker, true),
               coalesce(p.is_payer, true), coalesce(p.is_agent, false)
        FROM stage_stay s JOIN stage_guest g ON g.line = s.line LEFT JOIN stage_part p ON p.line = s.line
        WHERE s.is_new OR s.lacks_guest
        ORDER BY s.stay_id
        ON CONFLICT (business_id, stay_id, customer_id) DO NOTHING
        """,
        values,
    )


def apply_parts(cursor: CursorWrapper, job: Job, found: Resolved) -> None:
    """Give guests who have no part in their stay one. A stay has one payer: of another that is not kept."""
    cursor.execute(
        """
        INSERT INTO customers_stayparticipant
            (business_id, version, stay_id, customer_id, is_guest, is_booker, is_payer, is_agent)
        SELECT %(business)s, 1, stay_id, customer_id, is_guest OR NOT (is_booker OR pays OR is_agent), is_booker, pays,
               is_agent
        FROM (
            SELECT DISTINCT ON (p.stay_id, g.customer_id) p.*, g.customer_id,
                   p.is_payer AND p.line = min(p.line) FILTER (WHERE p.is_payer) OVER (PARTITION BY p.stay_id)
                   AND NOT EXISTS (SELECT FROM customers_stayparticipant h WHERE h.business_id = %(business)s
                                   AND h.stay_id = p.stay_id AND h.is_payer) AS pays
            FROM stage_part p JOIN stage_guest g ON g.line = p.line WHERE p.line = ANY (%(joined)s)
            ORDER BY p.stay_id, g.customer_id, p.line
        ) x
        ORDER BY stay_id, customer_id
        ON CONFLICT (business_id, stay_id, customer_id) DO NOTHING
        """,
        job.values() | {"joined": sorted(found.joined)},
    )


def remember_planned(cursor: CursorWrapper, found: Resolved) -> None:
    """In a try-out: keep what was not written, so that later batches find it as if it had been."""
    for line, keys in found.known_as.items():
        for key in keys:
            cursor.execute("INSERT INTO planned_number VALUES (%s, %s, %s)", [key, found.card_of[line], line])
    cursor.execute("INSERT INTO planned_guest SELECT customer_id, identity_key FROM plan_card WHERE is_new")
    cursor.execute(
        """
        INSERT INTO planned_contact
        SELECT kind, matches, identity_key, customer_id FROM plan_contact WHERE matches <> ''
        """
    )
    cursor.execute(
        """
        INSERT INTO planned_told
        SELECT DISTINCT kind, normalised, state FROM stage_contact
        WHERE state IN ('opted_out', 'bounced') AND normalised <> ''
        """
    )
    cursor.execute(
        """
        INSERT INTO planned_number
        SELECT n.value, customer_id, line
        FROM stage_guest CROSS JOIN LATERAL (VALUES (number), (digest)) AS n (value) WHERE is_new AND n.value <> ''
        """
    )
    cursor.execute("INSERT INTO planned_stay SELECT external_id, stay_id FROM stage_stay WHERE is_new")


def keys_left(found: Resolved) -> Iterator[str]:
    """All by which later batches of a try-out may find what this one keeps, and at most all of its keys."""
    for guest in found.guests:
        yield guest.number
        yield guest.digest
    for known_as in found.known_as.values():
        yield from known_as
    for contact in found.contacts:
        yield contact.matches
        yield contact.normalised
    for row in (*found.stays, *found.records.rows):
        yield row.external_id
