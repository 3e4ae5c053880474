"""Writes on events of guests: told, each once; dropped when nobody needs them any more."""

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.services.refusals import Refused
from accounts.tenancy import require_business_id
from automations.events.storable import is_storable, size_of
from automations.models import GuestEvent
from customers.history.models import StayParticipant
from customers.lineage.selectors import survivors_of

EVENTS_MAX: Final = 1_000
"""At once."""
NAME_MAX: Final = 60
KEY_MAX: Final = 120
DATA_MAX: Final = 4_096
"""Bytes."""
KEPT_FOR: Final = dt.timedelta(days=90)
_AHEAD: Final = dt.timedelta(minutes=5)
"""By how much another system's clock may be fast."""
_CARDS: Final = """
    SELECT c.id, c.is_restricted FROM customers_customer c WHERE c.id = ANY (%s) ORDER BY c.id FOR KEY SHARE
"""
_INSERT: Final = """
    INSERT INTO automations_guestevent (business_id, kind, customer_id, name, stay_id, key, data, at)
    SELECT %(business)s, 'told', r.customer_id, r.name, r.stay_id, r.key, r.data, r.at
    FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS r (place integer, customer_id bigint, name text, stay_id bigint, key text, data jsonb, at timestamptz)
    ORDER BY r.place
    ON CONFLICT (business_id, name, key) WHERE NOT (key = '') DO NOTHING
    RETURNING id, name, key
"""


@dataclass(frozen=True)
class Happening:
    """Something a guest did, as another system tells it. ``key`` is that system's own mark of it: told again under the
    same name and key it is the same. ``at`` is when it was, ``None`` now."""

    name: str
    customer_id: int
    key: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    stay_id: int | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True)
class Told:
    """What became of it: the ``event``, which was there already unless it ``is_new``; or, without one, the ``reason``
    why nothing was kept: ``restricted``."""

    event: GuestEvent | None
    is_new: bool = False
    reason: str = ""


class EventsRefused(Exception):
    """Nothing was written. ``errors``: what is wrong, by the place of the event and its field (``3.customer_id``)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


def event_tell(
    *,
    name: str,
    customer_id: int,
    key: str = "",
    data: Mapping[str, Any] | None = None,
    stay_id: int | None = None,
    at: dt.datetime | None = None,
) -> GuestEvent | None:
    """Write down what a guest did, once; ``None`` for a guest whose data is not to be used. Raises :class:`Refused`."""
    try:
        (told,) = events_tell(happenings=[Happening(name, customer_id, key, data or {}, stay_id, at)])
    except EventsRefused as refused:
        place, sentence = next(iter(refused.errors.items()))
        raise Refused(sentence, field=place.partition(".")[2]) from refused
    return told.event


def events_tell(*, happenings: Sequence[Happening], now: dt.datetime | None = None) -> list[Told]:
    """Write down what guests did, all of it or nothing, and tell what became of each in its order.

    An id of a card that was merged is that of the card that carries on. Of guests whose data is restricted nothing is
    kept. Raises :class:`EventsRefused`. A fixed number of statements. The caller lets the planner know.
    """
    now = now or timezone.now()
    if len(happenings) > EVENTS_MAX:
        raise EventsRefused({"": _("Send at most %(most)s events at once.") % {"most": f"{EVENTS_MAX:,}"}})
    errors: dict[str, str] = {}
    for place, each in enumerate(happenings):
        errors |= {f"{place}.{name}": sentence for name, sentence in _wrong(each, now).items()}
    with transaction.atomic():
        merged = survivors_of(customer_ids={each.customer_id for each in happenings})
        guests = [merged.get(each.customer_id, each.customer_id) for each in happenings]
        cards = _cards(guests)
        at_stay = _participants(happenings, guests)
        for place, (each, guest) in enumerate(zip(happenings, guests, strict=True)):
            if guest not in cards:
                errors[f"{place}.customer_id"] = _("This guest is not in the register.")
            elif each.stay_id is not None and (each.stay_id, guest) not in at_stay:
                errors[f"{place}.stay_id"] = _("This is no stay of this guest.")
        if errors:
            raise EventsRefused(errors)
        told = _write([(each, guest) for each, guest in zip(happenings, guests, strict=True) if not cards[guest]], now)
    kept = iter(told)
    return [Told(None, reason="restricted") if cards[guest] else next(kept) for guest in guests]


def events_expire(*, now: dt.datetime | None = None) -> int:
    """Drop the events of the business in scope that are past keeping; how many."""
    dropped, _tables = GuestEvent.objects.filter(at__lt=(now or timezone.now()) - KEPT_FOR).delete()
    return dropped


def _wrong(each: Happening, now: dt.datetime) -> dict[str, str]:
    """What cannot be of an event by itself."""
    found = {}
    if not each.name.strip() or len(each.name) > NAME_MAX or not is_storable(each.name):
        found["name"] = _("An event has a name of at most %(most)s characters.") % {"most": NAME_MAX}
    if len(each.key) > KEY_MAX or not is_storable(each.key):
        found["key"] = _("A key has at most %(most)s characters.") % {"most": KEY_MAX}
    if not is_storable(each.data):
        found["data"] = _("Send an object of names and values that can be kept.")
    elif size_of(each.data) > DATA_MAX:
        found["data"] = _("This is more than 4 KB. Send what is needed of it.")
    if each.at is not None and not now - KEPT_FOR < each.at <= now + _AHEAD:
        found["at"] = _("An event has happened within the last 90 days.")
    return found


def _cards(guests: Collection[int]) -> dict[int, bool]:
    """Which of these guests there are, kept from vanishing till the commit, and whether their data is restricted."""
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, [sorted(set(guests))])
        return dict(cursor.fetchall())


def _participants(happenings: Sequence[Happening], guests: Sequence[int]) -> set[tuple[int, int]]:
    """Stay and guest of each event that names a stay, where the guest takes part in it."""
    stays = {each.stay_id for each in happenings if each.stay_id is not None}
    if not stays:
        return set()
    found = StayParticipant.objects.filter(stay_id__in=stays, customer_id__in=set(guests))
    return set(found.values_list("stay_id", "customer_id"))


def _write(rows: Sequence[tuple[Happening, int]], now: dt.datetime) -> list[Told]:
    """The events in their order, those that were there already as they are."""
    values = [
        {
            "place": place,
            "customer_id": guest,
            "name": each.name.strip(),
            "stay_id": each.stay_id,
            "key": each.key,
            "data": dict(each.data),
            "at": min(each.at or now, now).isoformat(),
        }
        for place, (each, guest) in enumerate(rows)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"business": require_business_id(), "rows": json.dumps(values)})
        made = sorted(cursor.fetchall())
    # Ids are given in the order of the rows.
    without_key = iter([pk for pk, _name, key in made if not key])
    new = {pk for pk, _name, _key in made}
    keys = {(value["name"], value["key"]) for value in values if value["key"]}
    by_id = GuestEvent.objects.in_bulk(list(new))
    by_key = {(event.name, event.key): event for event in by_id.values() if event.key}
    if there := keys - set(by_key):
        known = GuestEvent.objects.filter(
            name__in={name for name, _key in there}, key__in={key for _name, key in there}
        )
        by_key |= {(event.name, event.key): event for event in known}
    told = []
    for each, _guest in rows:
        event = by_key[each.name.strip(), each.key] if each.key else by_id[next(without_key)]
        told.append(Told(event, is_new=event.pk in new))
        new.discard(event.pk)
    return told
