"""Profiles of cards: read from the card's tables, made by the engine, kept with their keys."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection

from accounts.tenancy import require_business_id
from dedup.engine import Profile, Table, keys
from dedup.engine.learning import learned

Values = Mapping[str, Sequence[str]]
"""What is known of a card by field of :data:`dedup.engine.GUEST_FIELDS`, as it stands on the card."""

BETWEEN: Final = "\x1e"
"""Between the columns of a profile as it is kept."""
_JOIN: Final = "\x1d"
_NAMES: Final = (
    "kind",
    "given_name",
    "family_name",
    "company_name",
    "organisation_number",
    "street",
    "postal_code",
    "city",
    "country",
    "birth_date",
    "emails",
    "phones",
)
_MANY: Final = frozenset(("emails", "phones"))

# What is no address or number, or belongs to an agency, says nothing of who somebody is. Ids in other systems are left
# out: no two cards of a register share one, and that two differ is no news.
_POINTS = """
    (SELECT string_agg(p.normalised, %(join)s ORDER BY p.is_primary DESC, p.id) FROM customers_contactpoint p
     WHERE p.business_id = %(house)s AND p.customer_id = c.id AND p.kind = '{kind}' AND p.normalised <> ''
     AND p.state NOT IN ('invalid', 'placeholder', 'relay'))
"""
_VALUES = f"""
    SELECT c.id, c.kind, c.given_name, c.family_name, c.company_name, c.organisation_number, c.street, c.postal_code,
           c.city, c.country, coalesce(c.birth_date::text, ''),
           {_POINTS.format(kind="email")}, {_POINTS.format(kind="phone")}
    FROM customers_customer c
"""
_OF_CARDS = f"{_VALUES} WHERE c.business_id = %(house)s AND c.id = ANY (%(ids)s) ORDER BY c.id"
_NEXT = f"{_VALUES} WHERE c.business_id = %(house)s AND c.id > %(after)s ORDER BY c.id LIMIT %(most)s"


_KNOWN_BY: Final[tuple[Values, ...]] = (
    {
        "kind": ["person"],
        "given_name": ["Åse-Marie"],
        "family_name": ["van der Bjørnsen Müller"],
        "emails": ["Aase.Marie+spa@gmail.com", "post@example.no"],
        "phones": ["+4791234567", "004791234568"],
        "street": ["Kirkegårdsgata 12 B"],
        "postal_code": ["0553"],
        "city": ["Århus"],
        "country": ["NO"],
        "birth_date": ["1980-02-29"],
    },
    {
        "kind": ["company"],
        "company_name": ["Fjord & Fjell Æventyr GmbH"],
        "organisation_number": ["923 609 016"],
        "emails": ["booking@fjord-fjell.no"],
        "phones": ["+31612345678"],
        "street": ["Prinsengracht 263-2"],
        "postal_code": ["1016 GV"],
        "city": ["Den Haag"],
        "country": ["NL"],
    },
)


@cache
def engine_now() -> int:
    """What tells this engine from another: a digest of what it makes of two cards, and of the shape of a model.

    Profiles and models made by another one are made anew, so that nobody has to remember it when normalising, keys or
    weights change.
    """
    nobody = np.zeros(0, np.int64)
    model = learned(Table.of(_KNOWN_BY), nobody, nobody)
    told = repr((made(dict(enumerate(_KNOWN_BY))), _shape(model.as_json())))
    return zlib.crc32(told.encode()) >> 1 or 1


def _shape(stored: Any) -> Any:
    """The names in something stored, without its numbers and texts."""
    if isinstance(stored, dict):
        return sorted((str(name), _shape(value)) for name, value in stored.items())
    return [_shape(stored[0])] if isinstance(stored, list) and stored else None


class Made(NamedTuple):
    """A card's profile as it is kept."""

    customer_id: int
    profile: str
    keys: list[int]


def profiles_lock() -> None:
    """Let one transaction at a time make profiles of the business: whoever reads a card is the one who writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('innkeeper.profiles', %s))", [require_business_id()]
        )


def values_of(customer_ids: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    """What is known of these cards; those that are not in the register are left out."""
    return dict(_read(_OF_CARDS, ids=list(customer_ids)))


def values_after(customer_id: int, most: int) -> dict[int, dict[str, list[str]]]:
    """The same of the ``most`` cards that follow a card in the order of ids."""
    return dict(_read(_NEXT, after=customer_id, most=most))


def _read(sql: str, **values: Any) -> Iterator[tuple[int, dict[str, list[str]]]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"house": require_business_id(), "join": _JOIN, **values})
        for customer_id, *texts in cursor.fetchall():
            known = zip(_NAMES, texts, strict=True)
            yield customer_id, {name: text.split(_JOIN) if name in _MANY else [text] for name, text in known if text}


def packed(profile: Profile) -> str:
    """A profile as it is kept."""
    return BETWEEN.join(profile.as_row())


def unpacked(text: str) -> list[str]:
    """The engine's row of a profile that was kept."""
    return text.split(BETWEEN)


def made(values: Mapping[int, Values]) -> list[Made]:
    """The profiles of cards, with the keys under which others find them."""
    profiles = [Profile.of(known) for known in values.values()]
    found: list[list[int]] = [[] for _each in profiles]
    rows, numbers = keys(Table.from_profiles(profiles))
    for row, key in zip(rows.tolist(), numbers.tolist(), strict=True):
        found[row].append(key)
    return [
        Made(customer_id, packed(profile), sorted(set(keyed)))
        for customer_id, profile, keyed in zip(values, profiles, found, strict=True)
    ]


def profiles_write(cards: Sequence[Made]) -> list[int]:
    """Keep profiles and keys, and return the cards of which they are new or others than before.

    A profile's row is held while its keys are changed: two who write the same card wait for each other there.
    """
    if not cards:
        return []
    house = require_business_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, profile, keys FROM dedup_cardprofile"
            " WHERE business_id = %s AND customer_id = ANY (%s::bigint[])",
            [house, numbers_literal(card.customer_id for card in cards)],
        )
        before = {customer_id: (profile, keyed) for customer_id, profile, keyed in cursor.fetchall()}
        fresh = [card for card in cards if before.get(card.customer_id) != (card.profile, card.keys)]
        cursor.execute(
            "INSERT INTO dedup_cardprofile (business_id, customer_id, profile, keys)"
            " SELECT %s, u.id, u.profile, u.keys::bigint[] FROM unnest(%s::bigint[], %s::text[], %s::text[])"
            " AS u (id, profile, keys) ORDER BY u.id"
            " ON CONFLICT (business_id, customer_id) DO UPDATE SET profile = EXCLUDED.profile, keys = EXCLUDED.keys",
            [
                house,
                numbers_literal(card.customer_id for card in fresh),
                [card.profile for card in fresh],
                [numbers_literal(card.keys) for card in fresh],
            ],
        )
        had = {card.customer_id: set(before.get(card.customer_id, ("", ()))[1]) for card in fresh}
        keys_remove([(key, card.customer_id) for card in fresh for key in had[card.customer_id].difference(card.keys)])
        new = sorted((key, card.customer_id) for card in fresh for key in set(card.keys) - had[card.customer_id])
        cursor.execute(
            "INSERT INTO dedup_cardkey (business_id, key, customer_id)"
            " SELECT %s, u.key, u.id FROM unnest(%s::bigint[], %s::bigint[]) AS u (key, id) ON CONFLICT DO NOTHING",
            [house, numbers_literal(key for key, _card in new), numbers_literal(card for _key, card in new)],
        )
    return [card.customer_id for card in fresh]


def keys_remove(keyed: Sequence[tuple[int, int]]) -> None:
    """Take (key, card) away."""
    if keyed:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM dedup_cardkey k USING unnest(%s::bigint[], %s::bigint[]) AS d (key, customer_id)"
                " WHERE k.business_id = %s AND k.key = d.key AND k.customer_id = d.customer_id",
                [
                    numbers_literal(key for key, _card in keyed),
                    numbers_literal(card for _key, card in keyed),
                    require_business_id(),
                ],
            )


def profiles_remove(customer_ids: Sequence[int]) -> None:
    """Take away the profiles and keys of cards that are gone, where a trigger has not done so already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM dedup_cardprofile WHERE business_id = %s AND customer_id = ANY (%s)"
            " RETURNING customer_id, keys",
            [require_business_id(), list(customer_ids)],
        )
        removed = cursor.fetchall()
    keys_remove([(key, customer_id) for customer_id, keyed in removed for key in keyed])


def profiles_of(customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """The engine's rows of these cards; those without a profile, or on their way out, are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, profile FROM dedup_cardprofile WHERE business_id = %s AND customer_id = ANY (%s)",
            [require_business_id(), list(customer_ids)],
        )
        return {customer_id: unpacked(profile) for customer_id, profile in cursor.fetchall()}


def numbers_literal(numbers: Iterable[int]) -> str:
    """Whole numbers as an array in PostgreSQL's own writing: of a hundred thousand quicker than one by one."""
    return "{" + ",".join(map(str, numbers)) + "}"


def cards_count() -> int:
    """How many cards there are."""
    return _count("customers_customer")


def profiles_count() -> int:
    """How many cards have a profile."""
    return _count("dedup_cardprofile")


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE business_id = %s", [require_business_id()])
        return int(cursor.fetchone()[0])
