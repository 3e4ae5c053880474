"""Put a tag on many guests, take it off many guests."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import Capability
from accounts.tenancy import require_business_id
from customers.bulk.registry import Action, Asked, Left, Values, ValuesRefused
from customers.card.models import MAX_TAGS, Tag

_HELD = """
    LEFT JOIN (
        SELECT t.customer_id, bool_or(t.tag_id = %(tag_id)s) AS has_it, count(*) AS number
        FROM customers_customertag t WHERE t.customer_id = ANY (%(ids)s) GROUP BY t.customer_id
    ) held ON held.customer_id = w.id
"""

_ADD = """
    INSERT INTO customers_customertag (business_id, customer_id, tag_id, slot, created_at, version)
    SELECT %(business)s, w.id, %(tag_id)s, {free}, %(now)s, 1
    FROM unnest(%(ids)s::bigint[]) AS w (id)
    LEFT JOIN (
        SELECT t.customer_id, bit_or(1 << t.slot) AS slots
        FROM customers_customertag t WHERE t.customer_id = ANY (%(ids)s) GROUP BY t.customer_id
    ) taken ON taken.customer_id = w.id
    ORDER BY w.id
""".format(
    free="CASE "
    + " ".join(f"WHEN coalesce(taken.slots, 0) & {1 << slot} = 0 THEN {slot}" for slot in range(1, MAX_TAGS + 1))
    + " END"
)

_REMOVE = "DELETE FROM customers_customertag WHERE tag_id = %(tag_id)s AND customer_id = ANY (%(ids)s)"


def _read(title: str, given: Mapping[str, Any]) -> Asked:
    chosen = str(given.get("tag") or "")
    tag = Tag.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
    if tag is None:
        raise ValuesRefused({"tag": _("Choose a tag.")})
    return Asked({"tag_id": tag.pk, "tag": tag.name, "tag_code": tag.code}, title)


def _read_add(given: Mapping[str, Any]) -> Asked:
    return _read(gettext_noop("Tagged in bulk: %(tag)s"), given)


def _read_remove(given: Mapping[str, Any]) -> Asked:
    return _read(gettext_noop("Tag removed in bulk: %(tag)s"), given)


def _left_add(values: Values) -> Left:
    cases = f"WHEN held.has_it THEN 'same' WHEN held.number >= {MAX_TAGS} THEN 'full'"
    return Left(cases, _HELD, {"tag_id": values["tag_id"]})


def _left_add_of_facts(values: Values) -> Left:
    cases = f"WHEN g.tags @> ARRAY[%(tag_id)s::bigint] THEN 'same' WHEN cardinality(g.tags) >= {MAX_TAGS} THEN 'full'"
    return Left(cases, values={"tag_id": values["tag_id"]})


def _left_remove(values: Values) -> Left:
    return Left("WHEN held.has_it IS NOT TRUE THEN 'same'", _HELD, {"tag_id": values["tag_id"]})


def _left_remove_of_facts(values: Values) -> Left:
    return Left("WHEN NOT g.tags @> ARRAY[%(tag_id)s::bigint] THEN 'same'", values={"tag_id": values["tag_id"]})


def _write_add(values: Values, ids: Sequence[int]) -> None:
    _execute(_ADD, values, ids)


def _write_remove(values: Values, ids: Sequence[int]) -> None:
    _execute(_REMOVE, values, ids)


def _execute(statement: str, values: Values, ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "business": require_business_id(),
                "tag_id": values["tag_id"],
                "ids": list(ids),
                "now": values.get("at") or timezone.now(),
            },
        )


def _tags(given: Mapping[str, Any]) -> dict[str, Any]:
    tags = sorted(Tag.objects.all(), key=lambda tag: (not tag.code, str(tag).casefold()))
    return {"tags": [(str(tag.pk), str(tag)) for tag in tags]}


TAG_ADD = Action(
    key="tag_add",
    label=gettext_lazy("Add a tag"),
    capability=Capability.TAG,
    read=_read_add,
    left=_left_add,
    write=_write_add,
    reasons={
        "same": gettext_lazy("Have this tag already"),
        "full": gettext_lazy("Carry nine tags, as many as a guest can"),
    },
    left_of_facts=_left_add_of_facts,
    inputs="bulk/_tag.html",
    context=_tags,
    icon="tag",
    place=10,
)
TAG_REMOVE = Action(
    key="tag_remove",
    label=gettext_lazy("Remove a tag"),
    capability=Capability.TAG,
    read=_read_remove,
    left=_left_remove,
    write=_write_remove,
    reasons={"same": gettext_lazy("Do not have this tag")},
    left_of_facts=_left_remove_of_facts,
    inputs="bulk/_tag.html",
    context=_tags,
    icon="x",
    place=11,
)
