"""Merge cards, one group or thousands. docs/merging.md explains what moves and what comes back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.models import Business, Member
from accounts.tenancy import require_business_id
from accounts.tenancy.runs import tried_again
from customers.card.derive import name_keys
from customers.card.models import MAX_TAGS, Customer
from customers.changes.models import ChangeSet
from customers.changes.parts import changes_part
from customers.changes.selectors import guest_versions
from customers.changes.services import change_set, change_set_close, change_set_open, recording
from customers.changes.statements import keys
from customers.facts.services import facts_once
from customers.lineage.carried import carry
from customers.lineage.models import MergedCard
from customers.lineage.selectors import survivors_of
from customers.lineage.undoing import consents_join
from dedup.merging.cards import Cards, Group, cards_read, decide
from dedup.merging.movers import Moving, move, rows_between, update_rows
from dedup.merging.orders import Merged, MergeRefused, Order
from dedup.merging.preview import preview_of
from dedup.merging.shown import Preview

__all__ = ["MAX_CARDS", "MergeRefused", "Merged", "Order", "merge", "merge_many", "merge_preview"]

MAX_CARDS = 20
"""Cards that become one at a time."""
AT_ONCE = 250
"""Merges written in one go."""
MERGED = gettext_noop("Merged %(count)s cards into %(guests)s")
MERGED_MANY = gettext_noop("Merged duplicates: %(merges)s guests")
_NAMES = frozenset({"given_name", "family_name", "company_name"})
_DERIVED = ("sort_key", "identity_key", "search_tokens")


def merge_preview(*, customer_ids: Sequence[int]) -> Preview:
    """What merging these cards would do. Raises :class:`MergeRefused`."""
    order = Order(customer_ids)
    _check(order)
    cards = cards_read(customer_ids)
    group = _decided(order, cards, _merged_already(cards, customer_ids), choosing=True)
    return preview_of(cards, group)


def merge(
    *,
    customer_ids: Sequence[int],
    survivor_id: int | None = None,
    choices: Mapping[str, int] | None = None,
    tags: Sequence[int] | None = None,
    versions: Mapping[int, int] | None = None,
    member: Member | None = None,
) -> ChangeSet:
    """Make one card of several, and return the act, for undo. Raises :class:`MergeRefused`; then nothing is written.

    ``choices`` are keys of :class:`~dedup.merging.shown.Choice` and the index, in ``customer_ids``, of the card whose
    value holds; what is left out is chosen as the preview proposes. ``tags`` are the ids to keep when there are more
    than nine. ``versions`` are those the reader has seen.
    """
    order = Order(tuple(customer_ids), choices or {}, survivor_id, tags)
    _check(order)
    return tried_again(partial(_merge, order, versions or {}, member))


def _merge(order: Order, versions: Mapping[int, int], member: Member | None) -> ChangeSet:
    # A savepoint: what another transaction made fail is tried again, inside a request's transaction too.
    with transaction.atomic():
        _lock(order.customer_ids)
        cards = cards_read(order.customer_ids)
        group = _decided(order, cards, _merged_already(cards, order.customer_ids))
        if versions and versions != guest_versions(customer_ids=list(versions)):
            raise MergeRefused("changed", _("One of the cards was changed meanwhile. Look at them again."))
        with change_set(kind=ChangeSet.Kind.MERGE, title=MERGED, params=_params(group), member=member) as act:
            _write(cards, {act.pk: group})
    return act


def merge_many(
    *, orders: Iterable[Order], member: Member | None = None, title: str = "", part_of: ChangeSet | None = None
) -> Merged:
    """Merge each order, in sets, inside the scope and transaction of the caller; refusals stop nobody else.

    Every merge is a change set of its own and part of ``Merged.act``; undoing that one undoes all. A caller that works
    in several transactions gives the ``act`` of the first as ``part_of`` to the others. ``title`` is an English
    sentence that may name ``%(merges)s``, how many there were. Orders that share a card are merged one after another.
    """
    waiting: dict[int, Order] = {}
    merges: dict[int, int] = {}
    refused: dict[int, MergeRefused] = {}
    act = part_of
    for place, order in enumerate(orders):
        try:
            _check(order)
            waiting[place] = order
        except MergeRefused as error:
            refused[place] = error
    while waiting:
        some = _apart(waiting)
        merged, not_merged, act = tried_again(partial(_merge_some, some, act, member, title or MERGED_MANY))
        merges |= merged
        refused |= not_merged
        for place in some:
            del waiting[place]
    return Merged(act, merges, refused)


def _apart(waiting: Mapping[int, Order]) -> dict[int, Order]:
    """The first orders of which no two share a card, or cards that a row lies between: each act of its own records what
    it does to such a row, and can be undone without the other."""
    seen: set[int] = set()
    some: dict[int, Order] = {}
    for place, order in waiting.items():
        if len(some) == AT_ONCE:
            break
        if not seen & set(order.customer_ids):
            some[place] = order
        seen |= set(order.customer_ids)
    place_of = {card: place for place, order in some.items() for card in order.customer_ids}
    tied: dict[int, set[int]] = defaultdict(set)
    for one, other in rows_between(place_of):
        if place_of[one] != place_of[other]:
            tied[place_of[one]].add(place_of[other])
            tied[place_of[other]].add(place_of[one])
    free: dict[int, Order] = {}
    for place, order in some.items():
        if not tied[place] & free.keys():
            free[place] = order
    return free


def _merge_some(
    some: Mapping[int, Order], act: ChangeSet | None, member: Member | None, title: str
) -> tuple[dict[int, int], dict[int, MergeRefused], ChangeSet | None]:
    with transaction.atomic():
        ids = sorted({card for order in some.values() for card in order.customer_ids})
        _lock(ids)
        cards = cards_read(ids)
        merged_already = _merged_already(cards, ids)
        groups: dict[int, Group] = {}
        refused: dict[int, MergeRefused] = {}
        for place, order in some.items():
            try:
                groups[place] = _decided(order, cards, merged_already)
            except MergeRefused as error:
                refused[place] = error
        if not groups:
            return {}, refused, act
        act = _opened(act, member, title, len(groups))
        parts = ChangeSet.objects.bulk_create(_part(group, act) for group in groups.values())
        with recording(act.pk):
            _write(cards, dict(zip((part.pk for part in parts), groups.values(), strict=True)))
        changes_part(
            act_id=act.pk,
            acts={card: part.pk for part, group in zip(parts, groups.values(), strict=True) for card in group.ids},
            absorbed=[card for group in groups.values() for card in group.absorbed],
        )
        change_set_close(change_set_id=act.pk, result={})
        act.state = ChangeSet.State.DONE
        return dict(zip(groups, (part.pk for part in parts), strict=True)), refused, act


def _opened(act: ChangeSet | None, member: Member | None, title: str, merges: int) -> ChangeSet:
    """The act that all are parts of, open for this transaction."""
    if act is None:
        return change_set_open(
            kind=ChangeSet.Kind.MERGE, title=title, params={"guests": [], "merges": merges}, member=member
        )
    act = ChangeSet.objects.select_for_update().get(pk=act.pk)
    act.state = ChangeSet.State.OPEN
    act.params = {**act.params, "merges": act.params.get("merges", 0) + merges}
    act.save(update_fields=["state", "params"])
    return act


def _part(group: Group, act: ChangeSet) -> ChangeSet:
    return ChangeSet(
        kind=ChangeSet.Kind.MERGE,
        state=ChangeSet.State.DONE,
        title=MERGED,
        params=_params(group),
        member_id=act.member_id,
        actor=act.actor,
        is_event=False,
        part_of_id=act.pk,
        finished_at=timezone.now(),
    )


def _params(group: Group) -> dict[str, Any]:
    return {"guests": [group.survivor_id], "count": len(group.ids), "absorbed": list(group.absorbed)}


def _check(order: Order) -> None:
    """What can be told before a card is read. Raises :class:`MergeRefused`."""
    ids = order.customer_ids
    if len(set(ids)) < len(ids):
        raise MergeRefused("same", _("A card cannot be merged with itself."))
    if len(ids) < 2:
        raise MergeRefused("few", _("Choose at least two cards to merge."))
    if len(ids) > MAX_CARDS:
        text = ngettext(
            "At most %(limit)d card can be merged at a time.",
            "At most %(limit)d cards can be merged at a time.",
            MAX_CARDS,
        )
        raise MergeRefused("many", text % {"limit": MAX_CARDS})
    if order.survivor_id is not None and order.survivor_id not in ids:
        raise MergeRefused("choice", _("The card that stays must be one of those that are merged."))


def _lock(ids: Sequence[int]) -> None:
    """Lock the cards in the order of their ids, so that nobody adds to one that goes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM customers_customer WHERE id = ANY (%s::bigint[]) ORDER BY id FOR UPDATE",
            [keys(sorted(ids))],
        )


def _merged_already(cards: Cards, ids: Iterable[int]) -> dict[int, int]:
    """Of those that are no cards any more the cards that carry on for them; no query where all are there."""
    return survivors_of(customer_ids=set(ids) - cards.customers.keys())


def _decided(order: Order, cards: Cards, merged_already: Mapping[int, int], *, choosing: bool = False) -> Group:
    """What an order does. ``choosing``: somebody is about to choose, and too many tags are no refusal yet."""
    for card in order.customer_ids:
        if card in cards.customers:
            if cards.customers[card].is_restricted:
                raise MergeRefused(
                    "restricted",
                    _("The processing of the data of %(name)s is restricted. The card can be read, but not merged.")
                    % {"name": cards.customers[card]},
                )
        elif card in merged_already:
            survivor = Customer.objects.filter(pk=merged_already[card]).first()
            raise MergeRefused(
                "merged", _("One of the cards has been merged into %(name)s already.") % {"name": survivor or ""}
            )
        else:
            raise MergeRefused("gone", _("One of the cards is not in the register any more."))
    try:
        group = decide(
            cards,
            ids=order.customer_ids,
            survivor_id=order.survivor_id,
            choices=order.choices,
            tags=order.tags,
        )
    except KeyError as error:
        raise MergeRefused("choice", _("There is no such choice: %(what)s.") % {"what": error.args[0]}) from error
    if group.over_nine and order.tags is None and not choosing:
        raise MergeRefused(
            "tags",
            _("Together the cards have more than %(limit)d tags. Choose which to keep.") % {"limit": MAX_TAGS},
        )
    return group


def _write(cards: Cards, groups: Mapping[int, Group]) -> None:
    """Merge groups that share no card, inside a recording; by the id of each one's act."""
    pairs = {card: group.survivor_id for group in groups.values() for card in group.absorbed}
    rank = {card: place for group in groups.values() for place, card in enumerate((group.survivor_id, *group.absorbed))}
    prefer: dict[tuple[str, int, str], int] = {}
    leave: dict[str, list[int]] = defaultdict(list)
    for group in groups.values():
        prefer |= group.prefer
        for record, rows in group.leave.items():
            leave[record] += rows
    with facts_once(), connection.cursor() as cursor:
        carry(pairs)
        move(cursor, Moving(pairs, rank, prefer, leave))
        _survivors_update(cursor, cards, groups.values())
        MergedCard.objects.bulk_create(
            MergedCard(absorbed_id=card, survivor_id=group.survivor_id, change_set_id=act)
            for act, group in groups.items()
            for card in group.absorbed
        )
        cursor.execute("DELETE FROM customers_customer WHERE id = ANY (%s::bigint[])", [keys(pairs)])
        consents_join(cursor, set(pairs.values()))


def _survivors_update(cursor: Any, cards: Cards, groups: Iterable[Group]) -> None:
    """Write the values that were chosen; one statement for all cards."""
    changed = [group for group in groups if group.values]
    if not changed:
        return
    columns = sorted({name for group in changed for name in group.values} | set(_DERIVED))
    language = Business.objects.values_list("language", flat=True).get(pk=require_business_id())
    rows = []
    for group in changed:
        customer = cards.customers[group.survivor_id]
        for name, value in group.values.items():
            setattr(customer, name, value)
        if _NAMES & set(group.values):
            derived = name_keys(
                given_name=customer.given_name,
                family_name=customer.family_name,
                company_name=customer.company_name,
                language=language,
            )
            customer.sort_key, customer.identity_key, customer.search_tokens = derived
        row = {"id": customer.pk}
        for name in columns:
            value = getattr(customer, name)
            row[name] = value.isoformat() if hasattr(value, "isoformat") else value
        rows.append(row)
    update_rows(cursor, Customer, columns, rows)
