"""The buttons of the builder: what becomes of a draft when one is pressed, and where the focus goes. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from customers.conditions.builder import Draft, DraftGroup, DraftRule, places
from customers.filters.schema import RULES_MAX

Rules = tuple[DraftRule | DraftGroup, ...]


def draft_changed(draft: Draft, act: str) -> tuple[Draft, str]:
    """The draft after a button of the builder, and the place that has the focus then ("" is the outermost group).

    ``act``: ``add:`` and ``add:3`` put a rule at the end of a group, ``group:`` a group at the end; ``remove:2.1``,
    ``up:2``, ``down:2`` do so with a rule or group; ``more:2`` gives a rule one more text. What cannot be is not done.
    """
    name, _colon, place = act.partition(":")
    if name == "add":
        return _with(draft, place, DraftRule())
    if name == "group":
        changed, at = _with(draft, "", DraftGroup("any" if draft.match == "all" else "all", (DraftRule(),)))
        return changed, f"{at}.1" if changed is not draft else at
    found = _found(draft, place)
    if found is None:
        return draft, ""
    if name == "remove":
        return _removed(draft, place)
    if name in ("up", "down"):
        return _moved(draft, place, -1 if name == "up" else 1)
    if name == "more" and isinstance(found, DraftRule):
        more = {**found.given, "value": (*found.given.get("value", ()), "")}
        return _replaced(draft, place, (replace(found, given=more),)), place
    return draft, place


def _at(place: str) -> tuple[int, ...]:
    return tuple(int(number) - 1 for number in place.split(".")) if place else ()


def _place(*at: int) -> str:
    return ".".join(str(number + 1) for number in at)


def _found(draft: Draft, place: str) -> DraftRule | DraftGroup | None:
    if not place or place not in places([place]):
        return None
    found: DraftRule | DraftGroup = draft
    for number in _at(place):
        if not isinstance(found, DraftGroup) or not 0 <= number < len(found.rules):
            return None
        found = found.rules[number]
    return found


def _with(draft: Draft, place: str, rule: DraftRule | DraftGroup) -> tuple[Draft, str]:
    """With one more rule at the end of a group."""
    group = _found(draft, place) if place else draft
    if not isinstance(group, DraftGroup) or len(group.rules) >= RULES_MAX:
        return draft, place
    grown = replace(group, rules=(*group.rules, rule))
    at = (*_at(place), len(group.rules))
    return (_replaced(draft, place, (grown,)) if place else grown), _place(*at)


def _replaced(draft: Draft, place: str, by: Sequence[DraftRule | DraftGroup]) -> Draft:
    """With other rules where one stood."""
    first, *rest = _at(place)
    if rest:
        group = draft.rules[first]
        assert isinstance(group, DraftGroup)  # noqa: S101 - only groups have places within
        by = (_replaced(group, _place(*rest), by),)
    return replace(draft, rules=(*draft.rules[:first], *by, *draft.rules[first + 1 :]))


def _removed(draft: Draft, place: str) -> tuple[Draft, str]:
    """Without a rule, and without its group where it was the last of it; focus goes to what comes next, or before."""
    at = _at(place)
    if len(at) == 2:
        group = draft.rules[at[0]]
        assert isinstance(group, DraftGroup)  # noqa: S101 - the place is one within
        if len(group.rules) > 1:
            return _replaced(draft, place, ()), _place(at[0], min(at[1], len(group.rules) - 2))
        place, at = _place(at[0]), at[:1]
    changed = _replaced(draft, place, ())
    return changed, _place(min(at[0], len(changed.rules) - 1)) if changed.rules else ""


def _moved(draft: Draft, place: str, step: int) -> tuple[Draft, str]:
    """One place on: past a rule, into a group that stands there, or out of the group at whose end it stood."""
    at = _at(place)
    if len(at) == 2:
        group = draft.rules[at[0]]
        assert isinstance(group, DraftGroup)  # noqa: S101 - the place is one within
        return _moved_within(draft, at, group, step)
    to = at[0] + step
    if not 0 <= to < len(draft.rules):
        return draft, place
    rule, other = draft.rules[at[0]], draft.rules[to]
    if isinstance(rule, DraftRule) and isinstance(other, DraftGroup):
        return _moved_in(draft, at[0], other, to, step)
    return replace(draft, rules=_swapped(draft.rules, at[0], to)), _place(to)


def _moved_within(draft: Draft, at: Sequence[int], group: DraftGroup, step: int) -> tuple[Draft, str]:
    first, inner = at
    to = inner + step
    if 0 <= to < len(group.rules):
        moved = replace(group, rules=_swapped(group.rules, inner, to))
        return _replaced(draft, _place(first), (moved,)), _place(first, to)
    if len(draft.rules) >= RULES_MAX:
        return draft, _place(first, inner)
    rule = group.rules[inner]
    rest = replace(group, rules=group.rules[:inner] + group.rules[inner + 1 :])
    stays: list[DraftRule | DraftGroup] = [rest] if rest.rules else []
    changed = _replaced(draft, _place(first), [rule, *stays] if step < 0 else [*stays, rule])
    return changed, _place(first if step < 0 or not stays else first + 1)


def _swapped(rules: Rules, one: int, other: int) -> Rules:
    turned = list(rules)
    turned[one], turned[other] = turned[other], turned[one]
    return tuple(turned)


def _moved_in(draft: Draft, at: int, group: DraftGroup, to: int, step: int) -> tuple[Draft, str]:
    rule = draft.rules[at]
    if len(group.rules) >= RULES_MAX or isinstance(rule, DraftGroup):
        return draft, _place(at)
    grown = replace(group, rules=(rule, *group.rules) if step > 0 else (*group.rules, rule))
    changed = _replaced(_replaced(draft, _place(to), (grown,)), _place(at), ())
    where = to if to < at else to - 1
    return changed, _place(where, 0 if step > 0 else len(grown.rules) - 1)
