"""A filter that is being built, as its form sends it."""

from collections.abc import Iterable

from customers.conditions.builder import Draft, DraftGroup


def draft_data(draft: Draft) -> list[tuple[str, str]]:
    """The draft as a form sends it; :func:`draft_read` of that gives the same."""
    return list(_data(draft, ""))


def _data(group: DraftGroup, place: str) -> Iterable[tuple[str, str]]:
    head = f"{place}-" if place else ""
    yield f"{head}match", group.match
    if group.negated:
        yield f"{head}not", "on"
    for number, rule in enumerate(group.rules, 1):
        here = f"{place}.{number}" if place else str(number)
        if isinstance(rule, DraftGroup):
            yield "group", here
            yield from _data(rule, here)
            continue
        yield "rule", here
        yield f"{here}-field", rule.field
        yield f"{here}-was", rule.field
        yield f"{here}-op", rule.operator
        for name, values in rule.given.items():
            for value in values:
                yield f"{here}-{name}", value
