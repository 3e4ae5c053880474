"""What a merge would do, as a page shows it."""

from collections.abc import Iterable, Sequence
from string import ascii_uppercase

from django.db import connection
from django.utils.translation import gettext as _

from customers.card.models import ContactPoint, Tag
from customers.changes.selectors import guest_versions
from customers.consent.labels import LABELS
from customers.consent.models import CONSENTS, ConsentEvent, ConsentState, Purpose
from customers.fields.values import value_shown
from customers.history.models import Stay
from customers.sensitive.models import SensitiveDetail
from dedup.merging import shown
from dedup.merging.cards import OWN, TOGETHER, Cards, Group, primary_of, tags_together
from dedup.merging.fields import CARD_FIELDS, POINTS, point_shown
from dedup.merging.movers import counts, movers

_ASIDE = frozenset({"contactpoint", "customertag", "guestfieldvalue", "sensitivedetail"})
"""What a preview shows in itself, not as a number of rows that move."""


def preview_of(cards: Cards, group: Group) -> shown.Preview:
    """All that merging a group does, in words."""
    consents = _consents(group.ids)
    sensitive = _sensitive(group.ids)
    return shown.Preview(
        cards=_cards(cards, group.ids),
        survivor_id=group.survivor_id,
        fields=(*_fields(cards, group), *_primary(cards, group)),
        own=_own(cards, group),
        points=_points(cards, group),
        tags=_tags(cards, group),
        moves=_moves(group.ids),
        consents=consents,
        sensitive=sensitive,
        warnings=tuple(_warnings(cards, group, consents, sensitive)),
    )


def _cards(cards: Cards, ids: Sequence[int]) -> tuple[shown.CardShown, ...]:
    versions = guest_versions(customer_ids=ids)
    found = []
    for letter, card in zip(ascii_uppercase, ids, strict=False):
        facts = cards.facts.get(card)
        found.append(
            shown.CardShown(
                cards.customers[card],
                letter,
                facts.stays if facts else 0,
                facts.nights if facts else 0,
                facts.last_stay if facts else None,
                versions[card],
            )
        )
    return tuple(found)


def _choice(group: Group, key: str, label: str, values: Sequence[str]) -> shown.Choice:
    differs = len({value for value in values if value}) > 1
    return shown.Choice(key, label, tuple(values), group.chosen[key], differs, group.texts.get(key, ""))


def _fields(cards: Cards, group: Group) -> list[shown.Choice]:
    customers = [cards.customers[card] for card in group.ids]
    return [_choice(group, each.key, str(each.label), [each.shown(one) for one in customers]) for each in CARD_FIELDS]


def _primary(cards: Cards, group: Group) -> list[shown.Choice]:
    found = []
    for kind, label in POINTS.items():
        points = [primary_of(cards, card, kind) for card in group.ids]
        found.append(_choice(group, kind, str(label), [point_shown(point) if point else "" for point in points]))
    return found


def _own(cards: Cards, group: Group) -> tuple[shown.Choice, ...]:
    by_key = {f"{OWN}{each.key}": each for each in cards.fields.values()}
    found = []
    for key in (key for key in group.chosen if key.startswith(OWN)):
        rows = [cards.own[card].get(by_key[key].pk) for card in group.ids]
        values = [value_shown(by_key[key], row) if row is not None else "" for row in rows]
        found.append(_choice(group, key, by_key[key].label, values))
    return tuple(found)


def _points(cards: Cards, group: Group) -> tuple[shown.Point, ...]:
    """Each address once, the primary ones first."""
    places = {card: place for place, card in enumerate(group.ids)}
    alike: dict[tuple[str, str], list[ContactPoint]] = {}
    for card in (group.survivor_id, *group.absorbed):
        for point in cards.points[card]:
            alike.setdefault((point.kind, point.normalised or point.value), []).append(point)
    found = []
    for (kind, _value), points in alike.items():
        state = _joined("contactpoint", "state", [point.state for point in points])
        having = {places[point.customer_id] for point in points}
        primary = primary_of(cards, group.ids[group.chosen[kind]], kind)
        found.append(
            shown.Point(
                kind,
                point_shown(points[0]),
                state,
                str(ContactPoint.State(state).label),
                tuple(place in having for place in range(len(group.ids))),
                primary in points,
            )
        )
    return tuple(sorted(found, key=lambda point: (point.kind, not point.is_primary)))


def _joined(record: str, column: str, values: Sequence[str]) -> str:
    mover = next(mover for mover in movers() if mover.declared.record == record)
    return str(mover.declared.joined[column](values))


def _tags(cards: Cards, group: Group) -> shown.TagsShown:
    union = tags_together(cards, group)
    known = Tag.objects.in_bulk(union)
    having = {card: {row.tag_id for row in cards.tags[card]} for card in group.ids}
    return shown.TagsShown(
        tuple((known[tag], tuple(tag in having[card] for card in group.ids)) for tag in union),
        group.over_nine,
        group.tags,
    )


def _moves(ids: Sequence[int]) -> tuple[shown.Moves, ...]:
    with connection.cursor() as cursor:
        found = counts(cursor, ids)
    moves = []
    for mover in movers():
        numbers = found.get(mover.declared.record)
        if numbers and mover.declared.record not in _ASIDE:
            model = Stay if mover.declared.record == "stayparticipant" else mover.declared.table
            label = str(model._meta.verbose_name_plural)
            moves.append(shown.Moves(label[:1].upper() + label[1:], tuple(numbers.get(card, 0) for card in ids)))
    return tuple(moves)


def is_proven(event: ConsentEvent) -> bool:
    """Whether a grant can overrule a withdrawal on another card (``customers/consent/sql/state.sql``): the guest gave
    it themself, or something other than a file's word shows it."""
    word_of = (ConsentEvent.Source.IMPORT, ConsentEvent.Source.SYSTEM)
    return event.by_guest or (event.proof != "" and event.source not in word_of)


def _consents(ids: Sequence[int]) -> tuple[shown.ConsentShown, ...]:
    states = {
        (row.customer_id, row.purpose, row.channel): row for row in ConsentState.objects.filter(customer_id__in=ids)
    }
    events = ConsentEvent.objects.in_bulk([state.event_id for state in states.values()])
    found = []
    for purpose, channel in CONSENTS:
        rows = [states.get((card, purpose, channel)) for card in ids]
        held: ConsentState | None = None
        for row in rows:
            held = _stricter(held, row, events)
        told = {row.granted for row in rows if row is not None}
        why = ""
        if held is not None and len(told) > 1:
            why = (
                _("Given later than it was withdrawn on the other card, and proven.")
                if held.granted
                else _("Withdrawn on one card, and nothing proves that it was given again later.")
            )
        found.append(
            shown.ConsentShown(
                purpose,
                channel,
                str(LABELS[purpose, channel]),
                tuple(shown.Said(row.granted if row else None, row.since if row else None) for row in rows),
                held.granted if held else None,
                why,
            )
        )
    return tuple(found)


def _stricter(
    held: ConsentState | None, told: ConsentState | None, events: dict[int, ConsentEvent]
) -> ConsentState | None:
    """What holds when two cards become one, as the database derives it."""
    if held is None or told is None:
        return told or held
    is_newer = (told.since, told.event_id) > (held.since, held.event_id)
    if held.granted == told.granted:
        return told if is_newer else held
    granted, withdrawn = (held, told) if held.granted else (told, held)
    is_later = (granted.since, granted.event_id) > (withdrawn.since, withdrawn.event_id)
    return granted if is_later and is_proven(events[granted.event_id]) else withdrawn


def _sensitive(ids: Sequence[int]) -> tuple[shown.SensitiveShown, ...]:
    rows = set(SensitiveDetail.objects.filter(customer_id__in=ids).values_list("kind", "customer_id"))
    return tuple(
        shown.SensitiveShown(kind, str(label), tuple((kind, card) in rows for card in ids))
        for kind, label in SensitiveDetail.Kind.choices
        if any((kind, card) in rows for card in ids)
    )


def _warnings(
    cards: Cards,
    group: Group,
    consents: Sequence[shown.ConsentShown],
    sensitive: Sequence[shown.SensitiveShown],
) -> Iterable[str]:
    customers = [cards.customers[card] for card in group.ids]
    if len({each.kind for each in customers}) > 1:
        yield _("One of these cards is a company and another a person.")
    for name, text in (
        ("do_not_contact", _("One of these guests is not to be contacted: that holds for the merged card.")),
        ("is_deceased", _("One of these guests is marked as deceased: that holds for the merged card.")),
    ):
        if len({getattr(each, name) for each in customers}) > 1:
            yield text
    kept = next(each.result for each in consents if each.purpose == Purpose.SENSITIVE)
    if sensitive and not kept:
        yield _("The consent to sensitive details does not hold for the merged card: they will be erased.")
    if TOGETHER in group.chosen.values():
        yield _("Notes of all cards are kept, one below the other.")
