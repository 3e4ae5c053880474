"""What the batch would change: new values of known cards, contact points, tags and stays that are not there yet.

The same statements serve a try-out and the real thing, so that both count the same.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from customers.card.derive import name_keys
from customers.card.models import MAX_TAGS
from customers.card.services import CARD_FIELDS
from imports.problems import Problem
from imports.staging.ages import ages_of_cards
from imports.staging.job import Job
from imports.staging.tables import KEYS, copy_rows

NAMES: Final = ("kind", "given_name", "family_name", "company_name")
DATES: Final = ("birth_date", "first_contact")
# Columns of the card that a file may fill: texts each of which stands for itself.
FILLED: Final = tuple(name for name in CARD_FIELDS if name not in (*NAMES, *DATES))
_AGED: Final = (*NAMES, *DATES, *FILLED)
_ORDER: Final = "coalesce(g.changed_at, %(told_at)s) DESC, g.line"
_SPACES: Final = r"[\s\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+"

# Two contact points of a guest are one when this is equal: the normal form, else the letters or digits typed.
_SAME: Final = (
    "CASE WHEN normalised <> '' THEN normalised WHEN kind = 'email' THEN lower(value)"
    " WHEN national <> '' THEN national ELSE value END"
)

STAY_TEXTS: Final = ("unit", "unit_type", "reference", "channel", "currency", "note")
STAY_VALUES: Final = ("property_id", "status", "arrival", "departure", "adults", "children")
STAY_OPTIONAL: Final = ("amount", "booked_on")


def plan_guests(cursor: CursorWrapper, job: Job, known: list[int], seen: Collection[int]) -> None:
    """`plan_card`: one row a guest of the batch, with the values it should have; `differs` tells whether it has not.

    The first filled value of each column holds. A guest's first row in the file overwrites the card where the policy
    lets it; all others fill what is empty. Where the newest wins, a guest's newest row of the batch stands for the
    first, and overwrites what was last changed before it. An empty value never overwrites one.
    """
    values = job.values() | {"known": known}
    newest = job.policy.update == "newest"

    def told(column: str) -> str:
        """Whether the file's value of a column goes before the card's."""
        return f"(d.decides AND m.told_at > coalesce(a.{column}, c.created_at))" if newest else "d.decides"

    cursor.execute(
        f"""
        CREATE TEMP TABLE plan_card ON COMMIT DROP AS
        WITH {ages_of_cards(_AGED) if newest else ""} ranked AS (
            SELECT g.*, coalesce(g.changed_at, %(told_at)s) AS told_at,
                   row_number() OVER (PARTITION BY g.customer_id ORDER BY {_ORDER if newest else "g.line"}) AS place,
                   count(*) OVER (PARTITION BY g.customer_id) AS places
            FROM stage_guest g
        ), merged AS (
            SELECT customer_id, is_new, line, told_at, {_columns(NAMES)}, {_columns(KEYS)},
                   birth_date, birth_date AS first_birth_date, first_contact,
                   {", ".join(f"{c}, {c} AS first_{c}" for c in FILLED)}
            FROM ranked WHERE places = 1
            UNION ALL
            SELECT customer_id, bool_or(is_new), min(line), max(told_at), {_firsts(NAMES)}, {_firsts(KEYS)},
                   (array_agg(birth_date ORDER BY place) FILTER (WHERE birth_date IS NOT NULL))[1],
                   max(birth_date) FILTER (WHERE place = 1),
                   CASE WHEN %(edits)s THEN max(first_contact) FILTER (WHERE place = 1) ELSE min(first_contact) END,
                   {", ".join(f"{_filled(c)}, max({c}) FILTER (WHERE place = 1)" for c in FILLED)}
            FROM ranked WHERE places > 1 GROUP BY customer_id
        )
        SELECT m.customer_id, m.is_new, m.line, false AS differs, false AS renamed,
               CASE WHEN c.id IS NULL THEN m.kind WHEN {told("kind")} AND %(tells_kind)s THEN m.kind
                    ELSE c.kind END AS kind,
               {_names("given_name", told)}, {_names("family_name", told)},
               CASE WHEN c.id IS NULL OR ({told("company_name")} AND m.company_name <> '') THEN m.company_name
                    ELSE c.company_name END AS company_name,
               CASE WHEN c.id IS NULL THEN m.sort_key ELSE c.sort_key END AS sort_key,
               CASE WHEN c.id IS NULL THEN m.identity_key ELSE c.identity_key END AS identity_key,
               CASE WHEN c.id IS NULL THEN m.search_tokens ELSE c.search_tokens END AS search_tokens,
               CASE WHEN {told("birth_date")} THEN coalesce(m.first_birth_date, c.birth_date, m.birth_date)
                    ELSE coalesce(c.birth_date, m.birth_date) END AS birth_date,
               CASE WHEN %(edits)s AND {told("first_contact")} THEN coalesce(m.first_contact, c.first_contact)
                    WHEN %(edits)s THEN coalesce(c.first_contact, m.first_contact)
                    ELSE least(c.first_contact, m.first_contact) END AS first_contact,
               {", ".join(_merged(c, told) for c in FILLED)}
        FROM merged m
        LEFT JOIN customers_customer c ON c.business_id = %(business)s AND c.id = m.customer_id
         AND c.id = ANY (%(known)s)
        {"LEFT JOIN ages a ON a.row_id = m.customer_id" if newest else ""}
        CROSS JOIN LATERAL (
            SELECT %(decides)s AND c.id IS NOT NULL AND m.customer_id <> ALL (%(seen)s::bigint[]) AS decides) d
        """,
        values
        | {
            "edits": job.edits,
            "decides": job.decides,
            "tells_kind": job.tells_kind,
            "seen": list(seen),
            "told_at": job.told_at,
        },
    )
    cursor.execute("CREATE INDEX ON plan_card (customer_id)")
    cursor.execute("ANALYZE plan_card (customer_id, is_new, differs)")
    if not known:
        return
    _keep_same_texts(cursor, values)
    compared = (*NAMES, *FILLED, *DATES)
    named = ("given_name", "family_name", "company_name")
    cursor.execute(
        f"""
        UPDATE plan_card n
        SET differs = true, renamed = ({_columns(named, "n")}) IS DISTINCT FROM ({_columns(named, "c")})
        FROM customers_customer c
        WHERE c.business_id = %(business)s AND c.id = n.customer_id AND c.id = ANY (%(known)s)
          AND ({_columns(compared, "n")}) IS DISTINCT FROM ({_columns(compared, "c")})
        """,
        values,
    )
    _derive_keys(cursor, job)


def _keep_same_texts(cursor: CursorWrapper, values: dict[str, Any]) -> None:
    """A text that differs only in spaces, line ends or the way its letters are composed stays as the card has it."""
    texts = (*NAMES[1:], *FILLED)

    def bare(column: str) -> str:
        return f"btrim(regexp_replace(normalize({column}), '{_SPACES}', ' ', 'g'))"

    kept = ", ".join(
        f"{c} = CASE WHEN n.{c} <> c.{c} AND {bare(f'n.{c}')} = {bare(f'c.{c}')} THEN c.{c} ELSE n.{c} END"
        for c in texts
    )
    cursor.execute(
        f"""
        UPDATE plan_card n SET {kept} FROM customers_customer c
        WHERE c.business_id = %(business)s AND c.id = n.customer_id AND c.id = ANY (%(known)s)
          AND ({_columns(texts, "n")}) IS DISTINCT FROM ({_columns(texts, "c")})
        """,
        values,
    )


def _derive_keys(cursor: CursorWrapper, job: Job) -> None:
    """Keys of cards that get another name: they follow from all of its parts."""
    cursor.execute("SELECT customer_id, given_name, family_name, company_name FROM plan_card WHERE renamed")
    renamed = cursor.fetchall()
    if not renamed:
        return
    keyed = (
        (number, *name_keys(given_name=given, family_name=family, company_name=company, language=job.language))
        for number, given, family, company in renamed
    )
    cursor.execute(
        "CREATE TEMP TABLE plan_keys (customer_id bigint, sort_key text, identity_key text, search_tokens text)"
        " ON COMMIT DROP"
    )
    copy_rows(cursor, "plan_keys", ("customer_id", *KEYS), keyed)
    cursor.execute(
        f"""
        UPDATE plan_card n SET {", ".join(f"{c} = k.{c}" for c in KEYS)} FROM plan_keys k
        WHERE k.customer_id = n.customer_id
        """
    )
    cursor.execute("DROP TABLE plan_keys")


def plan_contacts(cursor: CursorWrapper, job: Job, known: list[int]) -> None:
    """`plan_contact`: contact points that their guests do not have; the first of a kind becomes the primary one."""
    cursor.execute(
        f"""
        CREATE TEMP TABLE plan_contact ON COMMIT DROP AS
        WITH held AS MATERIALIZED (
            SELECT p.* FROM unnest(%(known)s::bigint[]) AS k (id) CROSS JOIN LATERAL (
                SELECT customer_id, kind, value, {_SAME} AS same, is_primary FROM customers_contactpoint
                WHERE business_id = %(business)s AND customer_id = k.id OFFSET 0
            ) p
        ), wanted AS (
            SELECT DISTINCT ON (g.customer_id, s.kind, s.same) g.customer_id, g.is_new, g.identity_key, s.*
            FROM (SELECT *, {_SAME} AS same FROM stage_contact) s JOIN stage_guest g ON g.line = s.line
            ORDER BY g.customer_id, s.kind, s.same, s.line, s.position
        ), lacking AS (
            SELECT w.*, row_number() OVER (PARTITION BY w.customer_id, w.kind ORDER BY w.line, w.position) AS place
            FROM wanted w
            LEFT JOIN held v ON v.customer_id = w.customer_id AND v.kind = w.kind AND v.value = w.value
            LEFT JOIN held n ON n.customer_id = w.customer_id AND n.kind = w.kind AND n.same = w.same
            WHERE v.customer_id IS NULL AND n.customer_id IS NULL
        )
        SELECT l.*, l.place = 1 AND p.customer_id IS NULL AS is_primary
        FROM lacking l
        LEFT JOIN held p ON p.customer_id = l.customer_id AND p.kind = l.kind AND p.is_primary
        """,
        job.values() | {"known": known},
    )


def plan_tags(cursor: CursorWrapper, job: Job, known: list[int], names: dict[int, str]) -> list[Problem]:
    """`plan_tag`: tags that their guests do not have, on free places; those beyond nine are returned as problems."""
    cursor.execute(
        f"""
        CREATE TEMP TABLE plan_tag ON COMMIT DROP AS
        WITH held AS MATERIALIZED (
            SELECT t.* FROM unnest(%(known)s::bigint[]) AS k (id) CROSS JOIN LATERAL (
                SELECT customer_id, tag_id, slot FROM customers_customertag
                WHERE business_id = %(business)s AND customer_id = k.id OFFSET 0
            ) t
        ), wanted AS (
            SELECT DISTINCT ON (g.customer_id, t.tag_id) g.customer_id, t.tag_id, t.line, t.position
            FROM stage_tag t JOIN stage_guest g ON g.line = t.line
            ORDER BY g.customer_id, t.tag_id, t.line, t.position
        ), lacking AS (
            SELECT w.*, row_number() OVER (PARTITION BY w.customer_id ORDER BY w.line, w.position) AS place
            FROM wanted w LEFT JOIN held h ON h.customer_id = w.customer_id AND h.tag_id = w.tag_id
            WHERE h.customer_id IS NULL
        ), places AS (
            SELECT d.customer_id, s.slot, row_number() OVER (PARTITION BY d.customer_id ORDER BY s.slot) AS place
            FROM (SELECT DISTINCT customer_id FROM lacking) d CROSS JOIN generate_series(1, {MAX_TAGS}) AS s (slot)
            LEFT JOIN held h ON h.customer_id = d.customer_id AND h.slot = s.slot
            WHERE h.customer_id IS NULL
        )
        SELECT l.customer_id, l.tag_id, l.line, p.slot
        FROM lacking l LEFT JOIN places p ON p.customer_id = l.customer_id AND p.place = l.place
        """,
        job.values() | {"known": known},
    )
    cursor.execute("DELETE FROM plan_tag WHERE slot IS NULL RETURNING line, tag_id")
    return [Problem(line, "", names[tag], "tags") for line, tag in cursor.fetchall()]


def plan_stays(cursor: CursorWrapper, job: Job, known: list[int]) -> list[int]:
    """Ids of known stays that the file tells otherwise; empty values of the file leave them as they are."""
    ours = [*STAY_VALUES, *(f"coalesce(NULLIF(s.{c}, ''), t.{c})" for c in STAY_TEXTS)]
    ours += [f"coalesce(s.{c}, t.{c})" for c in STAY_OPTIONAL]
    theirs = [f"t.{c}" for c in (*STAY_VALUES, *STAY_TEXTS, *STAY_OPTIONAL)]
    ours = [c if "(" in c else f"s.{c}" for c in ours]
    cursor.execute(
        f"""
        SELECT t.id FROM stage_stay s JOIN customers_stay t ON t.business_id = %(business)s AND t.id = s.stay_id
        WHERE t.id = ANY (%(known)s) AND ({", ".join(ours)}) IS DISTINCT FROM ({", ".join(theirs)})
        ORDER BY t.id
        """,
        job.values() | {"known": known},
    )
    return [row[0] for row in cursor.fetchall()]


def _columns(names: Iterable[str], alias: str = "") -> str:
    return ", ".join(f"{alias}.{name}" if alias else name for name in names)


def _firsts(names: Iterable[str]) -> str:
    """The value of the guest's first row."""
    return ", ".join(f"max({name}) FILTER (WHERE place = 1)" for name in names)


def _filled(name: str) -> str:
    """The first value that is not empty."""
    return f"coalesce((array_agg({name} ORDER BY place) FILTER (WHERE {name} <> ''))[1], '')"


def _merged(name: str, told: Callable[[str], str]) -> str:
    return (
        f"CASE WHEN {told(name)} THEN coalesce(NULLIF(m.first_{name}, ''), NULLIF(c.{name}, ''), m.{name})"
        f" ELSE coalesce(NULLIF(c.{name}, ''), m.{name}) END AS {name}"
    )


def _names(name: str, told: Callable[[str], str]) -> str:
    """Given and family name are taken together, or not at all."""
    return (
        f"CASE WHEN c.id IS NULL OR ({told('given_name')} AND {told('family_name')}"
        f" AND (m.given_name <> '' OR m.family_name <> '')) THEN m.{name} ELSE c.{name} END AS {name}"
    )
