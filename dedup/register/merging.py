"""Merging matches in the background: all above a threshold, because somebody asked for it or by itself.

Cards are joined while every two of them are a match of at least the threshold: no chain of pairs joins strangers. Each
merge is an act of its own and part of the run's, so that either can be undone.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_noop

from accounts.tenancy import require_business_id
from customers.changes.models import ChangeSet
from dedup.merging.services import Order, merge_many
from dedup.register.fields import bits
from dedup.register.models import Match, MatchRun
from dedup.register.profiles import numbers_literal
from dedup.register.services import RunRefused, merging_start, run_end
from dedup.register.settings import settings_get

PAIRS: Final = 200
"""Matches a transaction begins with."""
NEVER_BY_ITSELF: Final = bits(("given_name", "birth_date", "organisation_number", "kind"))
"""Two cards that differ in one of these are not merged without anybody looking: couples, families, father and son."""
NAMED: Final = bits(("given_name", "company_name"))
"""And they must agree in one of these."""

_OPEN: Final = """
    FROM dedup_match m
    JOIN customers_customer a ON a.business_id = m.business_id AND a.id = m.left_id
    JOIN customers_customer b ON b.business_id = m.business_id AND b.id = m.right_id
    WHERE m.business_id = %(house)s AND m.state = 'open' AND m.probability >= %(minimum)s
      AND m.agrees & %(agrees)s = %(agrees)s
      AND (NOT %(by_itself)s OR m.differs & %(never)s = 0 AND m.agrees & %(named)s <> 0)
"""
_NEXT: Final = f"""
    SELECT m.left_id, m.right_id, m.weight, m.id {_OPEN}
      AND (m.weight, m.id) < (%(weight)s, %(after)s) ORDER BY m.weight DESC, m.id DESC LIMIT %(most)s
"""
_AMONG: Final = f"""
    SELECT m.left_id, m.right_id {_OPEN}
      AND m.left_id = ANY (%(ids)s::bigint[]) AND m.right_id = ANY (%(ids)s::bigint[])
"""
_COUNT: Final = f"SELECT count(*) {_OPEN}"


def automatic_start() -> MatchRun | None:
    """Start merging what is certain, where the business has turned that on and there is something to merge."""
    settings = settings_get()
    if not settings.automatic:
        return None
    run = MatchRun(minimum=settings.certain, by_itself=True)
    if not _count(run):
        return None
    try:
        return merging_start(minimum=settings.certain, by_itself=True)
    except RunRefused:
        return None


def merging_sample(*, minimum: float, agree: frozenset[str] = frozenset(), size: int = 10) -> list[int]:
    """Matches to look at before all of their kind are merged: ids, spread evenly from the surest to the least sure."""
    run = MatchRun(minimum=minimum, agrees=bits(agree))
    total = _count(run)
    if not total:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM (SELECT m.id, row_number() OVER (ORDER BY m.weight, m.id) AS place {_OPEN}) o"
            " WHERE place = ANY (%(places)s) ORDER BY place",
            {
                **_values(run),
                "places": sorted({1 + at * (total - 1) // max(size - 1, 1) for at in range(min(size, total))}),
            },
        )
        return [row[0] for row in cursor.fetchall()]


def merging_count(*, minimum: float, agree: frozenset[str] = frozenset()) -> int:
    """How many open matches a merging would take."""
    return _count(MatchRun(minimum=minimum, agrees=bits(agree)))


def merging_step(run: MatchRun) -> None:
    """Merge the next matches of a run that is locked, or end it."""
    if not run.at:
        run.total = _count(run)
        run.at = {"weight": 1e9, "after": 0}
    pairs = _rows(_NEXT, run, weight=run.at["weight"], after=run.at["after"], most=PAIRS)
    if not pairs:
        run_end(run, MatchRun.State.DONE)
        return
    ids = sorted({pk for pair in pairs for pk in pair[:2]})
    among = {(left, right) for left, right in _rows(_AMONG, run, ids=numbers_literal(ids))}
    groups = groups_of([(left, right) for left, right, _weight, _match in pairs], among)
    act = ChangeSet.objects.get(pk=run.change_set_id) if run.change_set_id else None
    merged = merge_many(
        orders=[Order(customer_ids=group) for group in groups],
        member=run.member,
        title=gettext_noop("Merged duplicates"),
        part_of=act,
    )
    if merged.act is not None:
        run.change_set_id = merged.act.pk
    for place in merged.merges:
        group = groups[place]
        run.found += len(group) - 1
        Match.objects.filter(left_id__in=group, right_id__in=group).update(state=Match.State.MERGED)
    for refused in merged.refused.values():
        run.skipped[refused.code] = run.skipped.get(refused.code, 0) + 1
    run.done = min(run.total, run.done + len(pairs))
    run.at = {"weight": pairs[-1][2], "after": pairs[-1][3]}
    run.save()


def groups_of(pairs: Sequence[tuple[int, int]], among: set[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Cards that become one, from pairs with the surest first: two groups are joined when each card of one is a match
    (``among``) with each of the other."""
    group: dict[int, set[int]] = {}
    for left, right in pairs:
        one, other = group.setdefault(left, {left}), group.setdefault(right, {right})
        if one is other or not all((min(a, b), max(a, b)) in among for a in one for b in other):
            continue
        one |= other
        for pk in other:
            group[pk] = one
    distinct = {id(cards): cards for cards in group.values() if len(cards) > 1}
    return [tuple(sorted(cards)) for cards in distinct.values()]


def _count(run: MatchRun) -> int:
    return int(_rows(_COUNT, run)[0][0])


def _values(run: MatchRun) -> dict[str, Any]:
    return {
        "house": require_business_id(),
        "minimum": run.minimum,
        "agrees": run.agrees,
        "by_itself": run.by_itself,
        "never": NEVER_BY_ITSELF,
        "named": NAMED,
    }


def _rows(sql: str, run: MatchRun, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**_values(run), **values})
        return cursor.fetchall()
