"""Reads of the look-up: the guests somebody means by a few letters or digits."""

import datetime as dt
from collections.abc import Iterable, Sequence

from customers.normalise import fold, identity_key, search_tokens
from customers.search import candidates_sql as sql
from customers.search import words_sql
from customers.search.query import Query, read_query
from customers.search.rank import COST_BEGINNING, COST_END, COST_EXACT, Candidate, Exactness, Heat, Reading, Term, best

HITS = 8
_OTHER_WAYS = {0: COST_EXACT, 1: COST_BEGINNING, 2: COST_END, 3: COST_EXACT}
_WHOLE = {0, 3}


def guests_lookup(
    *, text: str, today: dt.date, member_id: int | None = None, calling_code: int | None = None, most: int = HITS
) -> list[Candidate]:
    """The cards somebody means by ``text``, best first, at most ``most``.

    ``today`` is the business's own date, ``calling_code`` its country's, ``member_id`` whose lately opened cards come
    earlier. Slips and parts of names are only tried where what was typed finds fewer than ``most``.
    """
    query = read_query(text, calling_code=calling_code)
    if not query:
        return []
    search = _Search(query, member_id=member_id, today=today, most=most)
    search.whole_names()
    search.other_ways()
    if query.is_address and len(search.found) >= most:
        return search.best()
    direct = [Term(word.text, word.forms) for word in query.words]
    search.words(direct)
    if len(search.found) < most and any(not word.text.isdigit() for word in query.words):
        search.guess(direct)
    return search.best()


def read_terms(*, text: str, calling_code: int | None = None) -> list[Term]:
    """The words of a search text that a name must all hold; none where it is an e-mail address."""
    query = read_query(text, calling_code=calling_code)
    return [Term(word.text, word.forms) for word in query.words]


def guests_by_other_ways(*, text: str, calling_code: int | None = None) -> list[int]:
    """The cards a search text finds by e-mail, phone, booking or room in house."""
    return sorted({row[0] for row in sql.other_ways(read_query(text, calling_code=calling_code), most=500)})


class _Search:
    """One look-up under way: candidates by card, and the terms they were found by."""

    def __init__(self, query: Query, *, member_id: int | None, today: dt.date, most: int) -> None:
        self.query = query
        self.member_id = member_id
        self.today = today
        self.most = most
        self.found: dict[int, Candidate] = {}
        self.readings: list[Reading] = []
        self.sizes = sql.Sizes()

    def whole_names(self) -> None:
        """Cards that are called exactly so, in any order and spelling."""
        keys = {identity_key(self.query.text, "", ""), identity_key("", "", self.query.text)} - {""}
        if not self.query.words:
            return
        found = sql.same_name(sorted(keys), " ".join(search_tokens(self.query.text, "", "")))
        self._add(found, exactness=Exactness.NAME)

    def other_ways(self) -> None:
        """E-mail, phone, booking, room."""
        for customer_id, quality in sql.other_ways(self.query):
            candidate = self.found.setdefault(customer_id, Candidate(customer_id))
            cost = _OTHER_WAYS[quality]
            candidate.found_by = cost if candidate.found_by is None else min(cost, candidate.found_by)
            if quality in _WHOLE:
                candidate.exactness = Exactness.TEXT

    def words(self, terms: Sequence[Term], *, direct: bool = True, cost: float = 0.0) -> None:
        """Cards that hold every term; where they are too many, those that matter most."""
        ids = sql.by_words(terms, self.sizes, member_id=self.member_id, today=self.today, enough=self.most)
        if ids and len(terms) == 1 and terms[0].tokens:
            ids += sql.each_word(terms[0])
        self.readings.append(Reading(terms, cost))
        self._add(ids, direct=direct)

    def guess(self, terms: Sequence[Term]) -> None:
        """What may have been meant, the likeliest first, till enough is found.

        A slip in a word that begins no name, or a part of one; a space in the wrong place; a slip in any one word;
        slips in several.
        """
        words, sizes = self.query.words, self.sizes.of(terms)
        if not all(sizes):
            pairs = zip(terms, sizes, words, strict=True)
            self.words([term if size else words_sql.meant(word) for term, size, word in pairs], direct=False)
        if not all(sizes) or not self.found:
            for reading in words_sql.spaced_otherwise(words):
                self.words(reading.terms, direct=False, cost=reading.cost)
        if len(self.found) < self.most and all(sizes):
            # Parts of names are for single words: with others beside it a word is most likely meant whole.
            meant = [words_sql.meant(word, fragments=len(words) == 1) for word in words]
            for place, term in enumerate(meant):
                if term.tokens:
                    self.words([*terms[:place], term, *terms[place + 1 :]], direct=False)
        if not self.found:
            self.words([words_sql.meant(word) for word in words], direct=False)
        if not self.found:
            self.words([words_sql.meant_at_last(word) for word in words], direct=False)

    def best(self) -> list[Candidate]:
        """The ranked hits."""
        rows = sql.ranked_by(self.found, member_id=self.member_id, today=self.today)
        candidates = []
        for customer_id, kind, given, family, company, tokens, last_stay, opened_at, in_house, near in rows:
            candidate = self.found[customer_id]
            candidate.tokens, candidate.last_stay, candidate.opened_at = tokens, last_stay, opened_at
            candidate.heat = Heat.IN_HOUSE if in_house else Heat.NEAR if near else Heat.COLD
            candidate.name = name = fold(
                company if kind == "company" and company else f"{given} {family}".strip() or company
            )
            candidate.surplus = max(0, len(name.split()) - len(self.query.words)) if len(self.query.words) > 1 else 0
            if candidate.exactness is Exactness.NAME and name == self.query.folded:
                candidate.exactness = Exactness.TEXT
            candidates.append(candidate)
        return best(candidates, self.readings, self.most)

    def _add(self, ids: Iterable[int], *, exactness: Exactness = Exactness.PART, direct: bool = True) -> None:
        for customer_id in ids:
            self.found.setdefault(customer_id, Candidate(customer_id, exactness=exactness, direct=direct))
