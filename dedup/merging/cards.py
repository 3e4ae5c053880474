"""The cards of merges, read in sets, and what becomes of each group."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from customers.card.models import MAX_TAGS, ContactPoint, Customer, CustomerTag, Tag
from customers.facts.models import CustomerFacts
from customers.fields.models import CustomField, GuestFieldValue
from customers.today.flags import FLAG_TAGS
from dedup.merging import defaults
from dedup.merging.fields import CARD_FIELDS, EARLIEST, POINTS, STRICTEST, CardField
from dedup.merging.movers import agreed_text

OWN = "own_"
"""Before the key of one of the business's own fields, in choices."""
TOGETHER = -1
"""A chosen index: the texts of all cards stand together."""


@dataclass
class Cards:
    """Some cards and what stands beside them, by card."""

    customers: dict[int, Customer] = field(default_factory=dict)
    facts: dict[int, CustomerFacts] = field(default_factory=dict)
    points: dict[int, list[ContactPoint]] = field(default_factory=lambda: defaultdict(list))
    tags: dict[int, list[CustomerTag]] = field(default_factory=lambda: defaultdict(list))
    own: dict[int, dict[int, GuestFieldValue]] = field(default_factory=lambda: defaultdict(dict))
    fields: dict[int, CustomField] = field(default_factory=dict)


@dataclass
class Group:
    """The cards of one merge, in the order asked for, and what is decided.

    ``chosen`` is the index of a card by key, ``values`` the columns of the survivor that change, ``prefer`` and
    ``leave`` what :class:`~dedup.merging.movers.Moving` takes.
    """

    ids: tuple[int, ...]
    survivor_id: int
    chosen: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    prefer: dict[tuple[str, int, str], int] = field(default_factory=dict)
    leave: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    tags: tuple[int, ...] = ()
    over_nine: bool = False

    @property
    def absorbed(self) -> tuple[int, ...]:
        return tuple(each for each in self.ids if each != self.survivor_id)


def cards_read(ids: Iterable[int]) -> Cards:
    """These cards of the business in scope. Five queries, however many there are."""
    wanted = list(ids)
    cards = Cards(customers=Customer.objects.in_bulk(wanted))
    cards.facts = {each.customer_id: each for each in CustomerFacts.objects.filter(customer_id__in=wanted)}
    for point in ContactPoint.objects.filter(customer_id__in=wanted).order_by("-is_primary", "id"):
        cards.points[point.customer_id].append(point)
    for tag in CustomerTag.objects.filter(customer_id__in=wanted).order_by("slot"):
        cards.tags[tag.customer_id].append(tag)
    for value in GuestFieldValue.objects.filter(customer_id__in=wanted):
        cards.own[value.customer_id][value.field_id] = value
    if cards.own:
        cards.fields = CustomField.objects.in_bulk({one for values in cards.own.values() for one in values})
    return cards


def survivor_default(cards: Cards, ids: Sequence[int]) -> int:
    """The card that stays: the one with most history, then the fullest, then the oldest."""

    def worth(card: int) -> tuple[Any, ...]:
        customer, facts = cards.customers[card], cards.facts.get(card)
        filled = (
            sum(bool(each.value(customer)) for each in CARD_FIELDS) + len(cards.points[card]) + len(cards.own[card])
        )
        history = (facts.stays, facts.nights, facts.value) if facts else (0, 0, 0)
        return (*history, filled, -customer.created_at.timestamp(), -card)

    return max(ids, key=worth)


def decide(
    cards: Cards,
    *,
    ids: Sequence[int],
    survivor_id: int | None,
    choices: Mapping[str, int],
    tags: Sequence[int] | None,
) -> Group:
    """What merging these cards does. Raises ``KeyError`` for a choice that there is not."""
    group = Group(tuple(ids), survivor_id or survivor_default(cards, ids))
    order = _believed(cards, group)
    newest = sorted(range(len(ids)), key=lambda index: (_seen(cards, ids[index]), -order.index(index)), reverse=True)
    left = dict(choices)
    customers = [cards.customers[each] for each in ids]
    for each in CARD_FIELDS:
        _choose(group, each, customers, left.pop(each.key, None), newest if each.fades else order)
    for kind in POINTS:
        _choose_point(group, cards, kind, left.pop(kind, None), order)
    _choose_own(group, cards, left, order)
    if left:
        raise KeyError(next(iter(left)))
    for name in STRICTEST:
        group.values[name] = any(getattr(each, name) for each in customers)
    for name in EARLIEST:
        group.values[name] = min(getattr(each, name) for each in customers)
    _choose_tags(group, cards, tags)
    survivor = cards.customers[group.survivor_id]
    group.values = {name: value for name, value in group.values.items() if value != getattr(survivor, name)}
    return group


def _believed(cards: Cards, group: Group) -> list[int]:
    """The indices of the cards: the survivor first, then as asked for."""
    return sorted(range(len(group.ids)), key=lambda index: (group.ids[index] != group.survivor_id, index))


def _seen(cards: Cards, card: int) -> tuple[date, date]:
    """When the guest was here or heard of last."""
    facts, customer = cards.facts.get(card), cards.customers[card]
    days = [customer.first_contact, facts.last_stay if facts else None, facts.last_activity if facts else None]
    return max(day for day in days if day is not None), customer.created_at.date()


def _index(group: Group, key: str, chosen: int) -> int:
    if not 0 <= chosen < len(group.ids):
        raise KeyError(key)
    return chosen


def _choose(
    group: Group, each: CardField, customers: Sequence[Customer], chosen: int | None, order: Sequence[int]
) -> None:
    values = [each.value(customer) for customer in customers]
    if each.adds_up and chosen in (None, TOGETHER):
        text = defaults.together(values, order, each.longest)
        if text is not None and text not in values:
            group.chosen[each.key], group.texts[each.key] = TOGETHER, text
            group.values[each.columns[0]] = text
            return
        chosen = None
    worth = len if each.adds_up else each.worth
    index = defaults.pick(values, order, worth) if chosen is None else _index(group, each.key, chosen)
    group.chosen[each.key] = index
    for column in each.columns:
        group.values[column] = getattr(customers[index], column)


def _choose_point(group: Group, cards: Cards, kind: str, chosen: int | None, order: Sequence[int]) -> None:
    """Which card's primary address stays the primary one."""
    primary = [primary_of(cards, card, kind) for card in group.ids]
    if chosen is None:
        index = defaults.pick(primary, order, lambda point: 0 if point is None else 1 + (point.state == "ok"))
    else:
        index = _index(group, kind, chosen)
    group.chosen[kind] = index
    group.prefer["contactpoint", group.survivor_id, agreed_text(kind)] = group.ids[index]


def primary_of(cards: Cards, card: int, kind: str) -> ContactPoint | None:
    """A card's primary address or number."""
    return next((point for point in cards.points[card] if point.kind == kind and point.is_primary), None)


def _choose_own(group: Group, cards: Cards, left: dict[str, int], order: Sequence[int]) -> None:
    """The business's own fields, each as a whole."""
    fields = {one for card in group.ids for one in cards.own[card]}
    for own in sorted(fields, key=lambda one: (cards.fields[one].position, one)):
        key = f"{OWN}{cards.fields[own].key}"
        there = [cards.own[card].get(own) for card in group.ids]
        chosen = left.pop(key, None)
        index = defaults.pick(there, order) if chosen is None else _index(group, key, chosen)
        group.chosen[key] = index
        if there[index] is None:
            group.leave["guestfieldvalue"] += [row.pk for row in there if row is not None]
        else:
            group.prefer["guestfieldvalue", group.survivor_id, agreed_text(own)] = group.ids[index]


def tags_together(cards: Cards, group: Group) -> list[int]:
    """The tags of all cards of a group, each once, the survivor's first."""
    order = (group.survivor_id, *group.absorbed)
    return list(dict.fromkeys(row.tag_id for card in order for row in cards.tags[card]))


def _first_nine(union: Sequence[int]) -> list[int]:
    """Those that stay when nobody chooses: what the desk is warned of, then in their order."""
    if len(union) <= MAX_TAGS:
        return list(union)
    warning = set(Tag.objects.filter(pk__in=union, code__in=FLAG_TAGS).values_list("pk", flat=True))
    first = set(sorted(union, key=lambda tag: tag not in warning)[:MAX_TAGS])
    return [tag for tag in union if tag in first]


def _choose_tags(group: Group, cards: Cards, tags: Sequence[int] | None) -> None:
    union = tags_together(cards, group)
    group.over_nine = len(union) > MAX_TAGS
    kept = _first_nine(union) if tags is None else [tag for tag in union if tag in set(tags)]
    if tags is not None and (len(kept) > MAX_TAGS or set(tags) - set(union)):
        raise KeyError("tags")
    group.tags = tuple(kept)
    if tags is not None or group.over_nine:
        group.leave["customertag"] += [
            row.pk for card in group.ids for row in cards.tags[card] if row.tag_id not in set(kept)
        ]
