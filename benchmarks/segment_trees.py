"""Filters to measure: the ready segments, random two-level ones over the facts, and some over free windows."""

import random
from collections.abc import Callable
from typing import Any

from customers.filters import Catalogue, Condition, Group, Period, tree_read
from customers.segments.starters import STARTERS


def starters(catalogue: Catalogue) -> dict[str, Group]:
    """The six segments that a business begins with."""
    return {str(code.value): tree_read(tree, catalogue) for code, tree in STARTERS.items()}


def random_trees(number: int, *, tags: list[int], seed: int = 1) -> dict[str, Group]:
    """Two-level trees that the facts alone answer: two to four rules, of which some are groups of two or three."""
    draw = random.Random(seed)
    return {f"random {place:02}": _tree(draw, tags) for place in range(1, number + 1)}


def window_trees() -> dict[str, Group]:
    """Trees that count stays, amounts or activities in a free window."""
    two = Condition("stays.count", "at_least", 2, period=Period("last", 24, "month"))
    calls = Condition(
        "activities.count", "at_least", 2, period=Period("last", 12, "month"), where=(("kind", ("call",)),)
    )
    spent = Condition("stays.amount", "at_least", 5_000, period=Period("last", 18, "month"))
    dutch = Condition("language", "any_of", ("nl",))
    return {
        "two stays in two years": Group(rules=(two,)),
        "spent 5,000 in 18 months": Group(rules=(spent,)),
        "two calls in a year": Group(rules=(calls,)),
        "no stay in two years": Group(rules=(Condition("stays.count", "at_most", 0, period=two.period),)),
        "Dutch, two stays in two years, spent over 5,000": Group(
            rules=(dutch, two, Condition("value", "at_least", 5_000))
        ),
        "two stays or two calls": Group("any", (two, calls)),
        "either stays or spending, not Dutch": Group(
            rules=(Group("any", (two, spent)), Condition("language", "any_of", ("nl",), negated=True))
        ),
    }


def _tree(draw: random.Random, tags: list[int]) -> Group:
    rules: list[Condition | Group] = []
    for _place in range(draw.randint(2, 4)):
        if draw.random() < 0.4:
            inner = tuple(_condition(draw, tags) for _ in range(draw.randint(2, 3)))
            rules.append(Group(draw.choice(("all", "any")), inner, draw.random() < 0.2))
        else:
            rules.append(_condition(draw, tags))
    return Group(draw.choice(("all", "all", "any")), tuple(rules))


def _condition(draw: random.Random, tags: list[int]) -> Condition:
    pick = draw.choice
    makers: list[Callable[[], tuple[str, str, Any]]] = [
        lambda: ("language", "any_of", tuple(draw.sample(["nb", "nl", "de", "en", "sv", "da"], 2))),
        lambda: ("country", "any_of", tuple(draw.sample(["NO", "DE", "NL", "SE", "GB"], 2))),
        lambda: ("source", "any_of", (pick(["online_agent", "agent", "website", "phone"]),)),
        lambda: ("tags", "any_of", tuple(draw.sample(tags, 2))),
        lambda: ("stays", "at_least", draw.randint(1, 6)),
        lambda: ("nights", "between", (2, draw.randint(4, 30))),
        lambda: ("value", "at_least", draw.randint(1, 40) * 500),
        lambda: ("last_stay", "in", Period(pick(["last", "before"]), draw.randint(1, 36), "month")),
        lambda: ("first_contact", "in", Period("last", draw.randint(1, 5), "year")),
        lambda: ("next_arrival", "empty", None),
        lambda: ("age", "between", (draw.randint(18, 40), draw.randint(41, 80))),
        lambda: ("birthday", "month", tuple(draw.sample(range(1, 13), 2))),
        lambda: ("city", "starts_with", (pick(["b", "o", "st", "tr"]),)),
        lambda: ("consent.newsletter.email", "any_of", (pick(["granted", "withdrawn", "unknown"]),)),
        lambda: ("email_reach", "any_of", ("ok",)),
        lambda: ("kind", "any_of", ("company",)),
    ]
    field, operator, value = pick(makers)()
    return Condition(field, operator, value, draw.random() < 0.25)
