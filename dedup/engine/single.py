"""One new card against a few dozen others, pair by pair: what ``find.score`` says, in a fifth of its time.

A model is read out once into plain numbers; a value that several cards have is compared once.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import product
from math import log2
from typing import NamedTuple

import numpy as np

from dedup.engine.classes import ABSENT, AGREES, DIFFERS
from dedup.engine.contacts import CROWD, EMAIL_LEVELS, JUNK, PHONE_LEVELS
from dedup.engine.keys import core_of, family_core, first_word, local_letters, sound
from dedup.engine.kinds import Kind, columns
from dedup.engine.model import RARITY_LEAST, RARITY_MOST, WEIGHT_MOST, Model
from dedup.engine.names import EQUIVALENT, INITIAL, SAME, TYPO
from dedup.engine.pairwise import LEVELS, Level, family, given
from dedup.engine.profile import SEPARATOR
from dedup.engine.sides import NULL

Texts = Sequence[str]
_SIMILAR, _DIFFERENT = EMAIL_LEVELS.index("similar"), EMAIL_LEVELS.index("different")
_SHARED = {Kind.EMAIL: EMAIL_LEVELS.index("shared"), Kind.PHONE: PHONE_LEVELS.index("shared")}


class Weighed(NamedTuple):
    """What is said of the new card and another: bits, and the level of each comparison."""

    weight: float
    levels: list[int]

    @property
    def probability(self) -> float:
        """The probability that the two are one guest."""
        return float(1.0 / (1.0 + 2.0**-self.weight))


class _Place(NamedTuple):
    """A comparison as plain numbers. ``said``: by the state of its parents and its level, log2 of the chance in each
    class; ``rarity_to``: which classes rarity counts against; ``mean``: log2 of how often strangers agree."""

    name: str
    kind: Kind
    many: bool
    agreeing: int
    parents: tuple[int, ...]
    said: tuple[tuple[tuple[float, ...], ...], ...]
    rarity_to: tuple[float, ...]
    mean: float
    measure: Level


class Single:
    """A model, ready to weigh one card at a time."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._words = model.words
        self.columns = columns(model.fields)
        self._priors = [log2(prior) for prior in model.priors]
        self._bias = model.bias
        self._places = [self._place(at) for at in range(len(model.comparisons))]

        def first(kind: Kind) -> int:
            return next((at for at, one in enumerate(self._places) if one.kind is kind), -1)

        self._given, self._family, self._email = first(Kind.GIVEN), first(Kind.FAMILY), first(Kind.EMAIL)

    def weigh(self, own: Texts, others: Sequence[Texts]) -> list[Weighed]:
        """The pairs of ``own`` with each of the others, in their order: rows of profiles all."""
        return _Card(self, own, others).weighed()

    def _place(self, at: int) -> _Place:
        model = self._model
        one = model.comparisons[at]
        tables = model.tables[at]
        taught = (*model.bits.get(one.name, (0.0,) * len(one.levels)), 0.0)
        parents = tuple(parent for parent, _table in tables if parent is not None)
        said = []
        for states in product(range(3), repeat=len(parents)):
            state = iter(states)
            rows = np.concatenate([table[:, 0 if parent is None else next(state)] for parent, table in tables])
            rows[0] += taught
            said.append(tuple(tuple(row) for row in rows.T.tolist()))
        column = self.columns[at]
        is_common = partial(_is_common, model.words.usual.get(one.name, frozenset()), core_of(one.kind))
        measure: Level
        if one.kind is Kind.GIVEN:
            measure = partial(given, a_common=is_common, b_common=is_common)
        elif one.kind is Kind.FAMILY:
            measure = partial(family, a_common=is_common, b_common=is_common)
        else:
            measure = LEVELS[one.kind]
        return _Place(
            one.name,
            one.kind,
            column.many,
            one.agreeing,
            parents,
            tuple(said),
            tuple(model.by_chance[at].tolist()),
            log2(max(model.words.agreeing(one.name), 1e-9)),
            measure,
        )

    @cached_property
    def crossing(self) -> tuple[Level, Level]:
        """How a given name compares as a family name, and the other way round."""
        usual = [
            partial(
                _is_common,
                self._words.usual.get(self._places[at].name, frozenset()),
                core_of(self._places[at].kind),
            )
            for at in (self._given, self._family)
        ]
        return (
            partial(family, a_common=usual[0], b_common=usual[1]),
            partial(family, a_common=usual[1], b_common=usual[0]),
        )


def _is_common(usual: frozenset[str], core: Callable[[str], str], text: str) -> bool:
    return core(text) in usual


class _Card:
    """The new card, and what was worked out of its values."""

    def __init__(self, single: Single, own: Texts, others: Sequence[Texts]) -> None:
        self.single = single
        self.places = single._places
        self.rows = [own, *others]
        self.own = [self._values(at, text) for at, text in enumerate(own)]
        self._met: list[dict[str, tuple[int, float]]] = [{} for _place in self.places]
        self._known = [(at, met) for at, (met, values) in enumerate(zip(self._met, self.own, strict=True)) if values]
        self._contacts = [at for at, _met in self._known if self.places[at].kind in (Kind.EMAIL, Kind.PHONE)]
        self._crowds: dict[int, dict[str, set[str]]] = {}

    def _values(self, at: int, text: str) -> list[str]:
        if not text:
            return []
        return text.split(SEPARATOR) if self.places[at].many else [text]

    def weighed(self) -> list[Weighed]:
        return [self._one(row) for row in self.rows[1:]]

    def _one(self, other: Texts) -> Weighed:
        levels = [NULL] * len(self.places)
        rare = [0.0] * len(self.places)
        for at, known in self._known:
            if text := other[at]:
                met = known.get(text)
                if met is None:
                    met = known[text] = self._compared(at, text)
                levels[at], rare[at] = met
        self._together(levels, rare, other)
        return Weighed(self._sum(levels, rare), levels)

    def _compared(self, at: int, text: str) -> tuple[int, float]:
        """(level, rarity) of a value that another card has."""
        place, mine, theirs = self.places[at], self.own[at], self._values(at, text)
        if mine[0] == theirs[0]:
            level = 0
        elif len(mine) == 1 == len(theirs):
            level = place.measure(mine[0], theirs[0])
        else:
            level = min(0 if a == b else place.measure(a, b) for a in mine for b in theirs)
        return level, self._rarity(at, level, theirs[0])

    def _rarity(self, at: int, level: int, text: str) -> float:
        """Bits that an agreement says more among strangers because the value is rare (``Model.rarity``)."""
        place, words = self.places[at], self.single._words
        is_name = place.kind is Kind.GIVEN or place.kind is Kind.FAMILY
        mine = self.own[at][0] if self.own[at] else ""
        if 0 <= level < place.agreeing:
            field = self.single.columns[at]
            one, other = words.log(field, mine), words.log(field, text)
            gained = place.mean - max(one, other)
            weaker = level > (EQUIVALENT if is_name else SAME)
            bits = gained / 2 if weaker or (level == EQUIVALENT and one != other) else gained
        elif is_name and level == INITIAL:
            share = words.letters(place.name).get(mine[:1], 0.01) if mine else 0.05
            bits = log2(words.agreeing_letters(place.name) / max(share, 1e-4))
        else:
            return 0.0
        return min(max(bits, RARITY_LEAST), RARITY_MOST)

    def _together(self, levels: list[int], rare: list[float], other: Texts) -> None:
        """What one field's level says of another's: whose address it is, names crossed, names within addresses."""
        before = levels.copy()
        for at in self._contacts:
            if levels[at] == 0:
                levels[at] = self._shared(at, other)
        single = self.single
        given_at, family_at, email = single._given, single._family, single._email
        if given_at >= 0 and family_at >= 0:
            forward, backward = levels[given_at], levels[family_at]
            if not (NULL < forward <= INITIAL or NULL < backward <= INITIAL) and forward + backward != NULL + NULL:
                self._crossed(levels, other)
        if email >= 0:
            if levels[email] > 3 or levels[email] == NULL:
                self._in_address(levels, other)
            if levels[email] == _SIMILAR and family_at >= 0 and NULL < levels[family_at] <= TYPO:
                levels[email] = _DIFFERENT
        if levels != before:
            for at, (was, level) in enumerate(zip(before, levels, strict=True)):
                if was != level:
                    rare[at] = self._rarity(at, level, (self._values(at, other[at]) or [""])[0])

    def _shared(self, at: int, other: Texts) -> int:
        """An address or number that both have: whose name it carries, how many people have it."""
        crowd = self._crowd(at, other)
        if crowd >= CROWD:
            return NULL if crowd >= JUNK else _SHARED[self.places[at].kind]
        return self._address(at, other) if self.places[at].kind is Kind.EMAIL else 0

    def _address(self, at: int, other: Texts) -> int:
        mine, theirs = self._carried(at, self.rows[0]), self._carried(at, other)
        if {mine, theirs} == {0, 1}:
            return 2
        return 0 if mine == 1 or theirs == 1 else 1

    def _carried(self, at: int, row: Texts) -> int:
        """Whether a card's given name stands in its address: 1 yes, 0 no, -1 not known."""
        name = first_word(row[self.single._given])[:5] if self.single._given >= 0 else ""
        if len(name) <= 2 or not row[at]:
            return -1
        return int(name in local_letters(self._values(at, row[at])[0]))

    def _crowd(self, at: int, other: Texts) -> int:
        """How many different given names stand with the address or number, the one of two that has more."""
        if self.single._given < 0:
            return 0
        counted = self._crowds.get(at)
        if counted is None:
            counted = self._crowds[at] = {}
            for row in self.rows:
                name = first_word(row[self.single._given])
                heard = sound(name) if len(name) > 1 else ""
                if heard:
                    for value in self._values(at, row[at]):
                        counted.setdefault(value, set()).add(heard)
        theirs = self._values(at, other[at])
        return max(len(counted.get(value, ())) for value in (self.own[at][0], theirs[0]))

    def _crossed(self, levels: list[int], other: Texts) -> None:
        given_at, family_at = self.single._given, self.single._family
        as_family, as_given = self.single.crossing
        own = self.rows[0]
        one = _across(own[given_at], other[family_at], as_family)
        two = _across(own[family_at], other[given_at], as_given)
        fits_one, fits_two = NULL < one <= TYPO, NULL < two <= TYPO
        if fits_one and fits_two:
            levels[given_at], levels[family_at] = max(one, EQUIVALENT), max(two, EQUIVALENT)
        elif (fits_one and two == NULL) or (fits_two and one == NULL):
            single = max(one if fits_one else two, EQUIVALENT)
            for at in (given_at, family_at):
                if levels[at] > INITIAL:
                    levels[at] = single

    def _in_address(self, levels: list[int], other: Texts) -> None:
        """A name that a card lacks, found in its e-mail address."""
        email, own = self.single._email, self.rows[0]
        for at, core in ((self.single._family, family_core), (self.single._given, first_word)):
            if at < 0:
                continue
            for lacking, having in ((own, other), (other, own)):
                if lacking[at] or not lacking[email] or not having[at]:
                    continue
                wanted = core(having[at]).replace(" ", "")
                if len(wanted) > 3 and wanted in local_letters(self._values(email, lacking[email])[0]):
                    levels[at] = EQUIVALENT

    def _sum(self, levels: list[int], rare: list[float]) -> float:
        match, household, colleagues, other = self.single._priors
        match += self.single._bias
        for place, level, bits in zip(self.places, levels, rare, strict=True):
            if level == NULL:
                continue
            state = 0
            for parent in place.parents:
                seen = levels[parent]
                which = ABSENT if seen == NULL else AGREES if seen < self.places[parent].agreeing else DIFFERS
                state = 3 * state + which
            said = place.said[state][level]
            match += said[0]
            household += said[1]
            colleagues += said[2]
            other += said[3]
            if bits:
                to = place.rarity_to
                match -= to[0] * bits
                household -= to[1] * bits
                colleagues -= to[2] * bits
                other -= to[3] * bits
        top = max(household, colleagues, other)
        against = top + log2(2.0 ** (household - top) + 2.0 ** (colleagues - top) + 2.0 ** (other - top))
        return min(max(match - against, -WEIGHT_MOST), WEIGHT_MOST)


def _across(mine: str, theirs: str, measure: Level) -> int:
    if not mine or not theirs:
        return NULL
    return SAME if mine == theirs else measure(mine, theirs)
