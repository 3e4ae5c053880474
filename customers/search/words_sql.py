"""What may have been meant by a mistyped word: reads of the vocabulary and its misspellings."""

from collections.abc import Sequence
from typing import Final

from customers.search.fetch_sql import rows
from customers.search.postings import END
from customers.search.query import (
    FRAGMENT_MIN,
    Split,
    Word,
    edits_between,
    near_beginnings,
    short_neighbours,
    slip_between,
    split_forms,
    typo_forms,
)
from customers.search.rank import COST_FAR, COST_FRAGMENT, COST_SPACE, COST_SPACE_LOST, Reading, Term, cost_of_slip

MEANT_MAX: Final = 60
LIKE_MAX: Final = 20
EDITS_MAX: Final = 2


def meant(word: Word, *, fragments: bool = True) -> Term:
    """A word with what may have been meant by it: a name one slip away, or one with the word inside."""
    if word.text.isdigit() or len(word.text) < 2:
        return Term(word.text, word.forms)
    forms = sorted({form for text in word.forms for form in typo_forms(text)} | set(short_neighbours(word.text)))
    sql = """
        SELECT DISTINCT token, 0 FROM customers_misspelling WHERE form = ANY (%(forms)s)
        UNION ALL SELECT DISTINCT token, 0 FROM customers_vocabulary WHERE token = ANY (%(forms)s)
    """
    if fragments and len(word.text) >= FRAGMENT_MIN:
        sql += """
            UNION ALL SELECT v.token, 1 FROM customers_words_holding(%(word)s, %(most)s) w (id)
                      JOIN customers_vocabulary v ON v.id = w.id
        """
    tokens: dict[str, float] = {}
    for token, is_fragment in rows(sql, {"forms": forms, "word": word.text, "most": MEANT_MAX}):
        costs = [cost_of_slip(slip, text, token) for text in word.forms if (slip := slip_between(text, token))]
        if costs:
            tokens[token] = min(costs)
        elif is_fragment:
            tokens.setdefault(token, COST_FRAGMENT)
    inside = any(cost == COST_FRAGMENT for cost in tokens.values())
    return Term(word.text, word.forms, tokens, word.text if inside else "")


def meant_at_last(word: Word) -> Term:
    """A name not typed to its end with one slip in it, or a long one with two."""
    tokens: dict[str, float] = {}
    if len(word.text) >= 4:
        sql = """
            SELECT w.token FROM unnest(%s) AS b (beginning) CROSS JOIN LATERAL (
                SELECT token FROM customers_vocabulary
                WHERE token >= b.beginning AND token < b.beginning || %s LIMIT 5
            ) w LIMIT %s
        """
        tokens = {token: COST_FRAGMENT for (token,) in rows(sql, [near_beginnings(word.text), END, MEANT_MAX])}
    if not tokens and len(word.text) >= 6:
        sql = "SELECT v.token FROM customers_words_like(%s, %s) w (id) JOIN customers_vocabulary v ON v.id = w.id"
        likely = [token for (token,) in rows(sql, [word.text, LIKE_MAX])]
        tokens = {token: COST_FAR for token in likely if edits_between(word.text, token) <= EDITS_MAX}
    return Term(word.text, word.forms, tokens)


def spaced_otherwise(words: Sequence[Word]) -> list[Reading]:
    """The words with a space put where it may be missing, or taken where it may be too much; only words that exist."""
    texts = [word.text for word in words]
    ways: dict[tuple[int, int], list[Split]] = {}
    for place, text in enumerate(texts):
        ways[place, place + 1] = split_forms(text)
        if place + 1 < len(texts):
            joined = text + texts[place + 1]
            ways[place, place + 2] = [*split_forms(joined), Split(joined, "", lost=False)]
    asked = sorted({part for group in ways.values() for way in group for part in way[:2] if part})
    known = {token for (token,) in rows("SELECT token FROM customers_vocabulary WHERE token = ANY (%s)", [asked])}
    known.add("")
    readings = []
    for (start, end), group in ways.items():
        for way in group:
            parts = [part for part in way[:2] if part]
            if known.issuperset(way[:2]) and parts != texts[start:end]:
                whole = [*texts[:start], *parts, *texts[end:]]
                cost = COST_SPACE_LOST if way.lost else COST_SPACE
                readings.append(Reading([Term(text, (), {text: 0.0}) for text in whole], cost))
    return readings
