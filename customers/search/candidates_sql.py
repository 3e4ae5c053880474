"""The look-up's statements: from words, digits and references to candidate cards. All under the row policy.

Every statement is bounded, whatever is asked: a common word is followed only so far, and the guests the desk means
first are taken separately, so that the ranking stays right. Rows are fetched by LATERAL ... LIMIT 1 where a join could
be planned as a scan of the register: the planner cannot see how few rows come in.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final

from customers.search.fetch_sql import Rows, ids, rows
from customers.search.postings import (
    held,
    held_values,
    posting_values,
    postings,
    wholeness,
    wholeness_values,
    words_present,
)
from customers.search.query import Query
from customers.search.rank import NEAR_DAYS, Term

SAME_NAME_MAX: Final = 400
COUNTED_MAX: Final = 2_500
"""As far as a word's postings are counted, and one word's cards looked at."""
PROBED_MAX: Final = 300
"""Up to so many cards of a rare word are read one by one; beyond, the postings of two words meet in memory."""
MET_MAX: Final = 40_000
HELD_MAX: Final = 500
TOP_MAX: Final = 60
WALK_MAX: Final = 3_000
WALK_HITS: Final = 16
NEAR_MAX: Final = 120
HOT_MAX: Final = 40
OTHERS_MAX: Final = 24
PER_WORD: Final = 8

_CARD = "SELECT ' ' || search_tokens || ' ' AS tokens FROM customers_customer"
_FACTS = "SELECT last_stay FROM customers_customerfacts"


def same_name(keys: Sequence[str], tokens: str) -> list[int]:
    """Cards whose name has one of the identity ``keys``; of very common names those with just these ``tokens``."""
    sql = "SELECT id FROM customers_customer WHERE identity_key = ANY (%s) LIMIT %s"
    found = ids(sql, [list(keys), SAME_NAME_MAX + 1])
    if len(found) > SAME_NAME_MAX:
        also = sql.replace(" LIMIT", " AND (search_tokens || ' ') LIKE %s LIMIT")
        found += ids(also, [list(keys), f"{tokens} %", SAME_NAME_MAX])
    return found


def other_ways(query: Query, *, most: int = OTHERS_MAX) -> Rows:
    """(card id, 0 whole value · 1 beginning · 2 end · 3 room in house) by e-mail, phone, booking and room."""
    parts: list[str] = []
    values: list[Any] = []
    if query.email or query.numbers or query.booking:
        parts.append("SELECT customer_id, quality::integer FROM customers_lookup(%s, %s::text[], %s::text[], %s, %s)")
        digits = [number.digits for number in query.numbers]
        values += [query.email, digits, [number.code for number in query.numbers], query.booking, most]
    if query.unit:
        parts.append("SELECT customer_id, 3 FROM customers_presence WHERE in_house AND unit = %s")
        values.append(query.unit)
    return rows(" UNION ALL ".join(parts), values) if parts else []


class Sizes:
    """How many postings terms have; each is counted once in a look-up, and only as far as is of use."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[int, int]] = {}

    def of(self, terms: Sequence[Term], most: int = COUNTED_MAX) -> list[int]:
        """The sizes of ``terms``, at most ``most`` + 1."""
        keys = [(term.word, *term.beginnings, *term.tokens) for term in terms]
        wanted = {
            key: term
            for key, term in zip(keys, terms, strict=True)
            if key not in self._known or self._known[key][0] > self._known[key][1] < most
        }
        if wanted:
            counts = [
                f"SELECT {place}, count(*) FROM ({postings(term)} LIMIT %s) p"
                for place, term in enumerate(wanted.values())
            ]
            values = [value for term in wanted.values() for value in (*posting_values(term), most + 1)]
            found = sorted(rows(" UNION ALL ".join(counts), values))
            self._known |= {key: (size, most) for key, (_, size) in zip(wanted, found, strict=True)}
        return [min(self._known[key][0], most + 1) for key in keys]


def by_words(terms: Sequence[Term], sizes: Sizes, *, member_id: int | None, today: dt.date, enough: int) -> list[int]:
    """Cards that hold every term: all of them while they are few, else at least ``enough`` of those that rank first."""
    counted = sizes.of(terms)
    if not terms or not all(counted):
        return []
    rarest, guessed = min(counted), any(term.tokens for term in terms)
    found: list[int] = []
    if len(terms) == 1:
        if rarest <= TOP_MAX:
            return _latest(terms[0])
    elif rarest <= COUNTED_MAX or guessed:
        found, complete = _holding(terms, sizes)
        if complete or (guessed and len(found) >= enough):
            return found
    ordered = sorted(terms, key=lambda term: counted[terms.index(term)])
    first = near_the_desk(ordered, today=today)
    if len(first) >= enough:
        # Guests near the desk rank before all others: nobody else is needed.
        return first
    first += opened_lately(terms, member_id=member_id)
    if len(terms) > 1:
        first += found or _holding(terms, sizes)[0]
    else:
        first += _whole_word(terms[0]) if terms[0].beginnings else []
        walked = _stayed_last(terms[0]) if rarest > COUNTED_MAX else []
        first += walked if len(walked) >= enough else [*walked, *_latest(terms[0])]
    return list(dict.fromkeys(first))


def _holding(terms: Sequence[Term], known: Sizes) -> tuple[list[int], bool]:
    """Cards that hold all terms, whole words and late stays first, and whether those are all."""
    sizes = known.of(terms)
    if min(sizes) > PROBED_MAX:
        sizes = known.of(terms, MET_MAX)
    order = sorted(range(len(terms)), key=sizes.__getitem__)
    terms, (rarest, second) = [terms[place] for place in order], (sizes[order[0]], sizes[order[1]])
    if rarest <= PROBED_MAX or second > MET_MAX:
        source, values, rest = f"{postings(terms[0])} LIMIT %s", [*posting_values(terms[0]), COUNTED_MAX], terms[1:]
    else:
        # A set operation and not a join: the planner takes any range of words for a single row.
        source = f"SELECT * FROM {postings(terms[0])} a INTERSECT SELECT * FROM {postings(terms[1])} b"
        values, rest = [*posting_values(terms[0]), *posting_values(terms[1])], terms[2:]
    # Of guesses those first that are hardly longer than what was typed: a firm before all who work there.
    slight = sum(len(term.word) for term in terms) + len(terms) + 8 if any(term.tokens for term in terms) else 0
    sql = f"""
        SELECT h.customer_id, count(*) OVER () FROM (
            SELECT p.customer_id, c.tokens FROM ({source}) p
            CROSS JOIN LATERAL ({_CARD} WHERE id = p.customer_id LIMIT 1) c
            WHERE {held(rest, "c.tokens")} LIMIT %s
        ) h
        LEFT JOIN LATERAL ({_FACTS} WHERE customer_id = h.customer_id LIMIT 1) f ON true
        ORDER BY {wholeness(terms, "h.tokens")} DESC, length(h.tokens) > %s, f.last_stay DESC NULLS LAST LIMIT %s
    """
    found = rows(sql, [*values, *held_values(rest), HELD_MAX, *wholeness_values(terms), slight, TOP_MAX])
    return [row[0] for row in found], not found or found[0][1] <= TOP_MAX


def _latest(term: Term) -> list[int]:
    """Of a word's cards those that stayed last."""
    sql = f"""
        SELECT p.customer_id FROM ({postings(term)} LIMIT %s) p
        LEFT JOIN LATERAL ({_FACTS} WHERE customer_id = p.customer_id LIMIT 1) f ON true
        ORDER BY f.last_stay DESC NULLS LAST LIMIT %s
    """
    return ids(sql, [*posting_values(term), COUNTED_MAX, TOP_MAX])


def _whole_word(term: Term) -> list[int]:
    """Cards with the very word typed, the latest of them: they rank before those that only begin with it."""
    return _latest(Term(term.word, (), {term.word: 0.0}))


def near_the_desk(terms: Sequence[Term], *, today: dt.date) -> list[int]:
    """Guests in house, arriving or gone within two days, that hold every term (the rarest first): in house first."""
    lead, others = terms[0], terms[1:]
    days = [today - dt.timedelta(days=NEAR_DAYS), today + dt.timedelta(days=NEAR_DAYS)]
    check = f"CROSS JOIN LATERAL ({_CARD} WHERE id = w.customer_id LIMIT 1) c" if others else ""
    condition, patterns = held(others, "c.tokens"), held_values(others)
    parts, values = [], []
    for place, when, bounds in ((1, "in_house", []), (2, "NOT in_house AND day BETWEEN %s AND %s", days)):
        found, found_values = words_present(lead, when, bounds)
        parts.append(
            f"(SELECT {place} AS place, w.customer_id, w.token FROM {found} w {check} WHERE {condition} LIMIT %s)"
        )
        values += [*found_values, *patterns, NEAR_MAX]
    sql = f"SELECT customer_id FROM ({' UNION ALL '.join(parts)}) n ORDER BY place, token = %s DESC LIMIT %s"
    return list(dict.fromkeys(ids(sql, [*values, lead.word, HOT_MAX])))


def opened_lately(terms: Sequence[Term], *, member_id: int | None) -> list[int]:
    """Cards this member opened lately that hold every term."""
    if member_id is None:
        return []
    sql = f"""
        SELECT r.customer_id FROM (
            SELECT customer_id FROM customers_recentguest WHERE member_id = %s ORDER BY opened_at DESC LIMIT 100
        ) r
        CROSS JOIN LATERAL ({_CARD} WHERE id = r.customer_id LIMIT 1) c
        WHERE {held(terms, "c.tokens")}
    """
    return ids(sql, [member_id, *held_values(terms)])


def _stayed_last(term: Term) -> list[int]:
    """Of the guests who stayed last in the whole house, those that hold a word: quick because the word is common."""
    sql = f"""
        SELECT f.customer_id FROM (
            SELECT customer_id, last_stay FROM customers_customerfacts WHERE last_stay IS NOT NULL
            ORDER BY last_stay DESC, customer_id DESC LIMIT %s
        ) f
        CROSS JOIN LATERAL ({_CARD} WHERE id = f.customer_id LIMIT 1) c
        WHERE {held([term], "c.tokens")} LIMIT %s
    """
    return ids(sql, [WALK_MAX, *held_values([term]), WALK_HITS])


def each_word(term: Term) -> list[int]:
    """Some cards of each token of a term: for a single word no one of them may crowd out the others."""
    sql = """
        SELECT p.customer_id FROM unnest(%s) AS w (token) CROSS JOIN LATERAL (
            SELECT customer_id FROM customers_posting WHERE token = w.token LIMIT %s
        ) p LIMIT %s
    """
    tokens = sorted(term.tokens, key=lambda token: (term.tokens[token], token))
    return ids(sql, [tokens, PER_WORD, TOP_MAX])


def ranked_by(customer_ids: Iterable[int], *, member_id: int | None, today: dt.date) -> Rows:
    """(id, kind, given, family, company, tokens, last stay, opened at, in house, near) of candidate cards."""
    sql = f"""
        SELECT c.id, c.kind, c.given_name, c.family_name, c.company_name, c.search_tokens, f.last_stay, r.opened_at,
               coalesce(p.in_house, false), coalesce(p.near, false)
        FROM unnest(%s::bigint[]) AS w (id)
        CROSS JOIN LATERAL (SELECT * FROM customers_customer WHERE id = w.id LIMIT 1) c
        LEFT JOIN LATERAL ({_FACTS} WHERE customer_id = c.id LIMIT 1) f ON true
        LEFT JOIN customers_recentguest r ON r.customer_id = c.id AND r.member_id = %s
        LEFT JOIN LATERAL (
            SELECT bool_or(in_house) AS in_house,
                   bool_or(CASE WHEN is_booked THEN arrival ELSE departure END BETWEEN %s AND %s) AS near
            FROM customers_presence WHERE customer_id = c.id
        ) p ON true
    """
    first, last = today - dt.timedelta(days=NEAR_DAYS), today + dt.timedelta(days=NEAR_DAYS)
    return rows(sql, [list(customer_ids), member_id, first, last])
