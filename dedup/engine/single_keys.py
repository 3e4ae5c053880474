"""The keys of one card: what ``keys.keys`` gives for a table of it, without a table."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from dedup.engine.hashing import combined_one, hash_one
from dedup.engine.keys import NARROW, PLACES, STRONG, family_core, first_word, local_letters, sound
from dedup.engine.kinds import GUEST_FIELDS, Field, Kind, columns
from dedup.engine.profile import SEPARATOR

_SALT = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_KNOWN_MAX = 1 << 14


class _Key(NamedTuple):
    """One way to find a card: by each value of a column, or by what two columns say together."""

    columns: tuple[int, ...]
    of: tuple[Callable[[str], str], ...]
    many: bool
    salt: int
    either_order: bool = False


def keys_of(row: Sequence[str], fields: Iterable[Field] = GUEST_FIELDS) -> list[int]:
    """The distinct keys of a profile's row, as signed numbers of 64 bits, sorted."""
    found: set[int] = set()
    for at, key in enumerate(_plan(tuple(fields))):
        for hashed in _hashed(key, row):
            if hashed:
                salted = hashed ^ (_SALT * at & _MASK)
                found.add(salted - (1 << 64) if salted >> 63 else salted)
    return sorted(found)


def _hashed(key: _Key, row: Sequence[str]) -> Iterator[int]:
    texts = [row[at] for at in key.columns]
    if not all(texts):
        return
    if len(texts) == 1:
        for text in texts[0].split(SEPARATOR) if key.many else texts:
            yield hash_one(key.of[0](text))
        return
    parts = [hash_one(of(text)) for of, text in zip(key.of, texts, strict=True)]
    yield combined_one(*(sorted(parts) if key.either_order else parts), salt=key.salt)


@lru_cache(maxsize=64)
def _plan(fields: tuple[Field, ...]) -> tuple[_Key, ...]:
    """The narrow passes of ``keys.passes`` in their order."""
    by_kind: dict[Kind, list[tuple[int, Field]]] = {}
    for at, column in enumerate(columns(fields)):
        by_kind.setdefault(column.kind, []).append((at, column))
    found = [_Key((at,), (_itself,), column.many, 0) for kind in STRONG for at, column in by_kind.get(kind, ())]
    found += [_Key((at,), (local_letters,), column.many, 0) for at, column in by_kind.get(Kind.EMAIL, ())]
    people = [
        (name, by_kind[kind][0][0], of)
        for name, kind, of in (("given sound", Kind.GIVEN, _given), ("family sound", Kind.FAMILY, _family))
        if kind in by_kind
    ]
    if len(people) == 2:
        found.append(_Key(tuple(at for _, at, _ in people), (_given, _family), False, _salt("name", ""), True))
    for name, at, of in people:
        for kind in PLACES:
            for place, column in by_kind.get(kind, ()) if kind in NARROW else ():
                found.append(_Key((at, place), (of, _itself), False, _salt(name, column.name)))
    return tuple(found)


def _salt(*names: str) -> int:
    return sum(map(ord, "+".join(names)))


def _itself(text: str) -> str:
    return text


@lru_cache(maxsize=_KNOWN_MAX)
def _given(text: str) -> str:
    return sound(first_word(text))


@lru_cache(maxsize=_KNOWN_MAX)
def _family(text: str) -> str:
    return sound(family_core(text))
