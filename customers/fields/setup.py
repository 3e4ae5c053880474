"""Set up the business's own fields: add, rename, reorder, edit a choice's options, put away and bring back."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.services import Refused
from accounts.tenancy import require_business_id
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.normalise import fold

FIELDS_MAX: Final = 50
"""Fields of guests, and of stays, that can be in use at once."""
OPTIONS_MAX: Final = 100
KEY_LENGTH: Final = 40
_NOT_OF_A_KEY = re.compile("[^a-z0-9]+")


def field_add(
    *,
    target: str,
    kind: str,
    label: str,
    hint: str = "",
    options: Sequence[str] = (),
    member: Member | None = None,
) -> CustomField:
    """Add a field, last of its target; ``options`` are a choice's labels. Raises :class:`Refused`."""
    with transaction.atomic():
        fields = _locked(target)
        _room(fields, target)
        _named(label, fields)
        labels = [{"key": "", "label": text} for text in options]
        field = CustomField.objects.create(
            target=target,
            kind=kind,
            key=_key(label, {each.key for each in fields}, "field"),
            label=label,
            hint=hint,
            options=_options(labels, ()) if kind == CustomField.Kind.CHOICE else [],
            position=_last(fields),
        )
        _audit("field.added", field, member, kind=field.kind, target=field.target)
    return field


def field_change(
    *,
    field_id: int,
    label: str,
    hint: str = "",
    options: Sequence[Mapping[str, str]] = (),
    member: Member | None = None,
) -> CustomField:
    """Reword a field; kind and key stay. ``options`` are a choice's ``{"key", "label"}`` in their new order, without a
    key where they are new.

    Raises ``CustomField.DoesNotExist``, and :class:`Refused` for a name that is taken or an option that is missing and
    still stands somewhere.
    """
    with transaction.atomic():
        target = CustomField.objects.get(pk=field_id).target
        fields = _locked(target)
        field = next(each for each in fields if each.pk == field_id)
        _named(label, [each for each in fields if each.pk != field_id])
        changed = {"label": label, "hint": hint}
        new = dict[str, Any](changed)
        if field.kind == CustomField.Kind.CHOICE:
            new["options"] = _options(options, field.options)
            _unused(field, {each["key"] for each in new["options"]})
        before = {name: getattr(field, name) for name in new}
        if before == new:
            return field
        for name, value in new.items():
            setattr(field, name, value)
        field.save(update_fields=list(new))
        _audit("field.changed", field, member, before=before, after=new)
    return field


def field_archive(*, field_id: int, archived: bool, member: Member | None = None) -> CustomField:
    """Put a field away, values kept and not shown; or bring it back, last of its target.

    Raises ``CustomField.DoesNotExist`` and :class:`Refused`.
    """
    with transaction.atomic():
        fields = _locked(CustomField.objects.get(pk=field_id).target)
        field = next(each for each in fields if each.pk == field_id)
        if field.is_archived == archived:
            return field
        if not archived:
            _room(fields, field.target)
            _named(field.label, [each for each in fields if not each.is_archived])
            field.position = _last(fields)
        field.is_archived = archived
        field.save(update_fields=["is_archived", "position"])
        _audit("field.changed", field, member, archived=archived)
    return field


def field_move(*, field_id: int, up: bool, member: Member | None = None) -> bool:
    """Move a field one place up or down among those in use; false at the end. Raises ``CustomField.DoesNotExist``."""
    with transaction.atomic():
        target = CustomField.objects.get(pk=field_id).target
        shown = [field for field in _locked(target) if not field.is_archived]
        here = next((place for place, field in enumerate(shown) if field.pk == field_id), None)
        if here is None:
            return False
        there = here - 1 if up else here + 1
        if not 0 <= there < len(shown):
            return False
        shown[here], shown[there] = shown[there], shown[here]
        for place, field in enumerate(shown):
            if field.position != place:
                field.position = place
                field.save(update_fields=["position"])
        _audit("field.changed", shown[there], member, place=there + 1)
    return True


def _locked(target: str) -> list[CustomField]:
    """All fields of a target in their order, with the business locked: one change of the fields at a time."""
    Business.objects.select_for_update(no_key=True).get(pk=require_business_id())
    return list(CustomField.objects.filter(target=target).order_by("position", "id"))


def _room(fields: Collection[CustomField], target: str) -> None:
    if sum(not field.is_archived for field in fields) >= FIELDS_MAX:
        text = (
            _("A guest can have at most %(limit)d fields of your own. Put one away before you add another.")
            if target == CustomField.Target.GUEST
            else _("A stay can have at most %(limit)d fields of your own. Put one away before you add another.")
        )
        raise Refused(text % {"limit": FIELDS_MAX})


def _named(label: str, others: Collection[CustomField]) -> None:
    taken = next((field for field in others if fold(field.label) == fold(label) and fold(label)), None)
    taken = taken or next((field for field in others if field.label == label), None)
    if taken is None:
        return
    if taken.is_archived:
        text = _("A field called %(name)s has been put away. Bring it back, or choose another name.")
    else:
        text = _("A field is already called %(name)s. Choose another name.")
    raise Refused(text % {"name": taken.label}, field="label")


def _key(label: str, taken: Collection[str], fallback: str) -> str:
    """A key made of a label: small letters, digits and underscores; with a number where it is taken."""
    key = _NOT_OF_A_KEY.sub("_", fold(label)).strip("_")[: KEY_LENGTH - 4].rstrip("_") or fallback
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}_{number}"
    return free


def _options(wanted: Sequence[Mapping[str, str]], before: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """A choice's options with a key each: those it had keep theirs."""
    known = {option["key"] for option in before}
    kept = [option for option in wanted if option["label"].strip()]
    if not kept:
        raise Refused(_("Write at least one choice."), field="options")
    if len(kept) > OPTIONS_MAX:
        raise Refused(_("A field can have at most %(limit)d choices.") % {"limit": OPTIONS_MAX}, field="options")
    labels: set[str] = set()
    taken = {option["key"] for option in kept} & known
    options = []
    for option in kept:
        label = " ".join(option["label"].split())
        if label.casefold() in labels:
            raise Refused(_("“%(choice)s” stands here twice.") % {"choice": label[:80]}, field="options")
        if len(label) > CustomField._meta.get_field("label").max_length:  # type: ignore[operator]
            raise Refused(_("“%(choice)s…” is too long for a choice.") % {"choice": label[:40]}, field="options")
        labels.add(label.casefold())
        key = option["key"] if option["key"] in known else _key(label, taken | known, "choice")
        taken.add(key)
        options.append({"key": key, "label": label})
    return options


def _unused(field: CustomField, keys: Collection[str]) -> None:
    """Refuse to drop an option that still stands on a guest or stay."""
    model = GuestFieldValue if field.target == CustomField.Target.GUEST else StayFieldValue
    for option in field.options:
        if option["key"] in keys:
            continue
        number = model.objects.filter(field=field, text=option["key"]).count()
        if number:
            text = (
                ngettext(
                    "“%(choice)s” stands on %(number)d guest. Choose something else there first.",
                    "“%(choice)s” stands on %(number)d guests. Choose something else there first.",
                    number,
                )
                if field.target == CustomField.Target.GUEST
                else ngettext(
                    "“%(choice)s” stands on %(number)d stay. Choose something else there first.",
                    "“%(choice)s” stands on %(number)d stays. Choose something else there first.",
                    number,
                )
            )
            raise Refused(text % {"choice": option["label"], "number": number}, field="options")


def _last(fields: Collection[CustomField]) -> int:
    return max((field.position for field in fields), default=-1) + 1


def _audit(action: str, field: CustomField, member: Member | None, **data: Any) -> None:
    audit_record(
        action=action,
        member=member,
        object_type="customfield",
        object_id=field.pk,
        data={"label": field.label, **data},
    )
