"""What the gate reads of the guests of a batch: a fixed number of queries, whatever their number."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from accounts.models import Business, Property
from customers.permission.selectors import Verdict as Permission
from customers.permission.selectors import may_contact
from customers.search.fetch_sql import rows
from messaging.gate.rules import MARKETING, ONCE_A_GUEST, TEST, Known, Wanted
from messaging.gate.schedule import zone_of

_SURVIVORS: Final = """
    SELECT i.id, l.survivor_id FROM unnest(%s::bigint[]) AS i (id)
    JOIN LATERAL (SELECT survivor_id FROM customers_cardlineage WHERE absorbed_id = i.id LIMIT 1) l ON true
"""
_LANGUAGES: Final = """
    SELECT i.id, c.language FROM unnest(%s::bigint[]) AS i (id)
    JOIN LATERAL (SELECT language FROM customers_customer WHERE id = i.id LIMIT 1) c ON true
"""
"""A query of its own, by the bare id: looked for by an expression, a card is not found through its key."""
_PLACES: Final = """
    SELECT i.id, s.property_id FROM unnest(%s::bigint[]) AS i (id)
    JOIN LATERAL (SELECT property_id FROM customers_stay WHERE id = i.id LIMIT 1) s ON true
"""
_HEARD: Final = """
    SELECT i.id, m.*
    FROM unnest(%(ids)s::bigint[]) AS i (id)
    JOIN LATERAL (
        SELECT m.id AS message_id, m.channel, m.origin, m.origin_id, m.state,
               CASE WHEN m.purpose = ANY (%(marketing)s) AND m.origin <> %(test)s
                     AND (m.state = ANY (%(heard)s) OR m.state = 'planned' AND m.attempted_at IS NOT NULL)
                    THEN coalesce(m.sent_at, m.attempted_at, %(at)s) END AS at
        FROM messaging_message m
        WHERE m.customer_id = i.id AND m.state NOT IN ('skipped', 'failed') AND NOT m.id = ANY (%(own)s)
          AND (m.purpose = ANY (%(marketing)s) OR m.origin = ANY (%(once)s))
    ) m ON m.at > %(since)s OR m.origin = ANY (%(once)s) AND m.origin_id = ANY (%(origin_ids)s)
"""
"""Marketing that a guest has got or is getting, and what of the same campaigns there is besides."""
_HEARD_STATES: Final = ["claimed", "sent", "unknown", "delivered", "complained"]
_LATELY: Final = dt.timedelta(days=8)


def known_of(wanted: Sequence[Wanted], *, business: Business, at: dt.datetime) -> list[Known]:
    """What is known for each message, in order; those to one guest and place share their :class:`Known`'s ``heard`` and
    ``got``."""
    merged: dict[int, int] = dict(rows(_SURVIVORS, [_ids(each.customer_id for each in wanted)]))
    zones = _zones(wanted, business)
    moments = [max(at, each.due_at) for each in wanted]
    survivors = [merged.get(each.customer_id, each.customer_id) for each in wanted]
    languages: dict[int, str] = dict(rows(_LANGUAGES, [_ids(survivors)]))
    permissions = _permissions(wanted, survivors, zones, moments)
    heard, got = _heard(wanted, survivors, at)
    return [
        Known(
            survivor,
            zone,
            address=permission.address,
            language=languages.get(survivor, ""),
            reasons=[reason.value for reason in permission.reasons],
            heard=heard[survivor],
            got=got[survivor],
        )
        for each, survivor, zone, permission in zip(wanted, survivors, zones, permissions, strict=True)
    ]


def _zones(wanted: Sequence[Wanted], business: Business) -> list[str]:
    """The name of each message's time zone: of its property, of its stay's, of the business."""
    stays = _ids(each.stay_id for each in wanted if each.stay_id is not None and each.property_id is None)
    places: dict[int | None, int] = dict(rows(_PLACES, [stays])) if stays else {}
    named = dict(Property.objects.exclude(time_zone="").values_list("id", "time_zone"))
    found = []
    for each in wanted:
        place = each.property_id if each.property_id is not None else places.get(each.stay_id)
        found.append(business.time_zone if place is None else named.get(place, business.time_zone))
    return found


def _permissions(
    wanted: Sequence[Wanted], survivors: Sequence[int], zones: Sequence[str], moments: Sequence[dt.datetime]
) -> list[Permission]:
    """The permission for each message: a query for every purpose, channel and local day among them, and for what was
    asked by hand."""
    groups: dict[tuple[str, str, dt.date, bool], dict[int, int]] = defaultdict(dict)
    keys = []
    for each, survivor, zone, moment in zip(wanted, survivors, zones, moments, strict=True):
        key = each.purpose, each.channel, moment.astimezone(zone_of(zone)).date(), each.needs_cause
        keys.append(key)
        if each.origin != TEST:
            groups[key][survivor] = survivor
    found = {
        key: may_contact(ids=list(ids), purpose=key[0], channel=key[1], on=key[2], needs_cause=key[3])
        for key, ids in groups.items()
    }
    nothing = Permission(allowed=False)
    return [
        found[key][survivor] if each.origin != TEST else nothing
        for each, survivor, key in zip(wanted, survivors, keys, strict=True)
    ]


def _heard(
    wanted: Sequence[Wanted], survivors: Sequence[int], at: dt.datetime
) -> tuple[dict[int, list[tuple[str, dt.datetime]]], dict[int, dict[tuple[str, str, int], int]]]:
    heard: dict[int, list[tuple[str, dt.datetime]]] = defaultdict(list)
    got: dict[int, dict[tuple[str, str, int], int]] = defaultdict(dict)
    asked = [
        survivor
        for each, survivor in zip(wanted, survivors, strict=True)
        if each.is_marketing or each.origin in ONCE_A_GUEST
    ]
    if not asked:
        return heard, got
    values = {
        "ids": _ids(asked),
        "marketing": sorted(MARKETING),
        "test": TEST,
        "heard": _HEARD_STATES,
        "once": sorted(ONCE_A_GUEST),
        "own": _ids(each.message_id for each in wanted if each.message_id is not None),
        "origin_ids": _ids(
            each.origin_id for each in wanted if each.origin in ONCE_A_GUEST and each.origin_id is not None
        ),
        "at": at,
        "since": at - _LATELY,
    }
    for pk, message_id, channel, origin, origin_id, state, moment in rows(_HEARD, values):
        if moment is not None:
            heard[pk].append((channel, moment))
        if origin in ONCE_A_GUEST and origin_id is not None:
            once = origin, channel, origin_id
            waits = message_id if state == "planned" else 0
            got[pk][once] = min(waits, got[pk].get(once, waits))
    return heard, got


def _ids(found: Iterable[int | None]) -> list[int]:
    return sorted({each for each in found if each is not None})
