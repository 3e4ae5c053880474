"""Save what the form of a stay holds, the business's own fields among it, as one act."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from accounts.models import Business, Member
from customers.card.services import EditConflict
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.forms import PREFIX
from customers.fields.selectors import stay_values
from customers.fields.services import stay_values_set
from customers.history.models import Stay, StayParticipant
from customers.history.services import STAY_FIELDS, stay_add, stay_update


class _Unchanged(Exception):
    """Nothing was different: the act is taken away again."""


def stay_book(
    *,
    business: Business,
    customer_id: int,
    values: Mapping[str, Any],
    own: Mapping[str, str],
    member: Member | None = None,
) -> tuple[Stay, ChangeSet]:
    """Book a stay with its own fields. Raises ``Customer.DoesNotExist``."""
    with change_set(
        kind=ChangeSet.Kind.EDIT,
        title=gettext_noop("New stay for %(guests)s"),
        params={"guests": [customer_id]},
        member=member,
    ) as act:
        stay, _act = stay_add(business=business, customer_id=customer_id, values=values, member=member)
        stay_values_set(stay_id=stay.pk, values=own, member=member)
    return stay, act


def stay_change(
    *,
    stay_id: int,
    values: Mapping[str, Any],
    own: Mapping[str, str],
    seen: Mapping[str, Any],
    member: Member | None = None,
) -> ChangeSet | None:
    """Change a stay and its own fields; ``None`` when nothing was different.

    ``seen`` is what the editor had before them: ``values`` and ``own``. What the editor left alone keeps a newer
    value; where both changed a field ``EditConflict`` is raised with what stands now, own fields as ``own_<key>``, and
    nothing is written. Raises ``Stay.DoesNotExist``.
    """
    guests = StayParticipant.objects.filter(stay_id=stay_id).order_by("id").values_list("customer_id", flat=True)
    try:
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Changed a stay of %(guests)s"),
            params={"guests": list(guests[:3])},
            member=member,
        ) as act:
            stay = Stay.objects.select_for_update(no_key=True).get(pk=stay_id)
            before = seen.get("values")
            mine = {
                name: values[name]
                for name in STAY_FIELDS
                if name in values and (before is None or values[name] != before.get(name))
            }
            clashes: dict[str, Any] = {
                name: getattr(stay, name)
                for name, value in mine.items()
                if before is not None and getattr(stay, name) not in (before.get(name), value)
            }
            filled = None
            try:
                filled = stay_values_set(stay_id=stay_id, values=own, seen=seen.get("own"), member=member)
            except EditConflict as conflict:
                shown = {line.field.key: line.shown for line in stay_values(stay_id=stay_id)}
                clashes |= {f"{PREFIX}{key}": shown[key] for key in conflict.current}
            if clashes:
                raise EditConflict(clashes)
            if stay_update(stay_id=stay_id, values=mine, member=member) is None and filled is None:
                raise _Unchanged
    except _Unchanged:
        return None
    return act
