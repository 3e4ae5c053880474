"""Writes on segments. Who is in them is counted by :mod:`customers.segments.services.counting`."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Member
from accounts.services.refusals import Refused
from accounts.tenancy import current_member_id
from customers.filters import Group, tree_write
from customers.segments.members_sql import segments_lock
from customers.segments.models import Segment
from customers.segments.selectors import segment_list, segments_referred, segments_resting_on, views_resting_on
from customers.segments.services.checking import tree_checked

NAME_MAX, DESCRIPTION_MAX = 80, 400
SEGMENTS_MAX = 500
"""More than anybody looks through; each is counted every quarter of an hour."""


class SegmentInUse(Refused):
    """The segment is a condition of others; the message names them."""


class SegmentChanged(Exception):
    """Somebody changed the segment since it was read; nothing was written. ``current`` is how it stands now."""

    def __init__(self, current: Segment) -> None:
        super().__init__(_("Somebody changed this segment meanwhile. Look at it again, then save."))
        self.current = current


def segment_create(
    *, name: str, tree: Group | Mapping[str, Any], description: str = "", member: Member | None = None
) -> Segment:
    """Make a segment; its members are counted afterwards (``tasks.segments_nudge``).

    Raises :class:`Refused` for a name, and :class:`~customers.filters.TreeError` for conditions, that cannot be.
    """
    with transaction.atomic():
        segments_lock()
        segment = Segment(
            name=_name(name),
            description=_description(description),
            tree=tree_write(tree_checked(tree)),
            position=_after_last(),
            member_id=member.pk if member else current_member_id(),
        )
        _save(segment, force_insert=True)
        audit_record(
            action="segment.added",
            member=member,
            object_type="segment",
            object_id=segment.pk,
            data={"name": segment.title, "now": _told(segment)},
        )
    return segment


def segment_update(
    *,
    segment_id: int,
    version: int | None = None,
    name: str | None = None,
    description: str | None = None,
    tree: Group | Mapping[str, Any] | None = None,
    member: Member | None = None,
) -> Segment:
    """Change what is given. ``version`` is the one the editor saw; ``None`` writes over whatever is there.

    Other conditions make another segment of it, and of those that rest on it: they are counted anew, and who comes or
    goes then does so by definition. Raises ``Segment.DoesNotExist``, :class:`SegmentChanged`, :class:`Refused` and
    :class:`~customers.filters.TreeError`; then nothing is written.
    """
    with transaction.atomic():
        segments_lock()
        segment = _locked(segment_id, version)
        before = _told(segment)
        if name is not None and name.strip() != segment.title:
            segment.name = _name(name, segment)
        if description is not None:
            segment.description = _description(description)
        if tree is not None:
            segment.tree = tree_write(tree_checked(tree, segment=segment))
        after = _told(segment)
        if after == before:
            return segment
        segment.version += 1
        segment.updated_at = timezone.now()
        _save(segment, update_fields=["name", "description", "tree", "version", "updated_at"])
        if after["tree"] != before["tree"]:
            Segment.objects.filter(pk__in=_with_those_resting_on(segment_id)).update(definition=F("definition") + 1)
            segment.definition += 1
        audit_record(
            action="segment.changed",
            member=member,
            object_type="segment",
            object_id=segment.pk,
            data={"name": segment.title, "was": before, "now": after},
        )
    return segment


def segment_remove(*, segment_id: int, version: int | None = None, member: Member | None = None) -> None:
    """Remove a segment with the history of its members.

    Raises ``Segment.DoesNotExist``, :class:`SegmentChanged`, and :class:`SegmentInUse` while the conditions of another
    segment or of a saved view name it.
    """
    with transaction.atomic():
        segments_lock()
        segment = _locked(segment_id, version)
        names = [f"“{each.title}”" for each in segments_resting_on(segment_id)]
        names += [_view_named(each) for each in views_resting_on(segment_id)]
        if names:
            raise SegmentInUse(
                _("“%(segment)s” is a condition of %(others)s. Take it out there first.")
                % {"segment": segment.title, "others": ", ".join(names)}
            )
        audit_record(
            action="segment.removed",
            member=member,
            object_type="segment",
            object_id=segment.pk,
            data={"name": segment.title, "was": _told(segment)},
        )
        Segment.objects.filter(pk=segment_id).delete()


def _locked(segment_id: int, version: int | None) -> Segment:
    segment = Segment.objects.select_for_update(no_key=True).get(pk=segment_id)
    if version is not None and version != segment.version:
        raise SegmentChanged(segment)
    return segment


def _told(segment: Segment) -> dict[str, Any]:
    """What people may change, as the log keeps it."""
    return {"name": segment.title, "description": segment.description, "tree": segment.tree}


def _name(name: str, segment: Segment | None = None) -> str:
    wanted = " ".join(name.split())
    if not wanted:
        raise Refused(_("Give the segment a name."), field="name")
    if len(wanted) > NAME_MAX:
        raise Refused(_("Write at most %(limit)d characters.") % {"limit": NAME_MAX}, field="name")
    others = [each for each in segment_list() if segment is None or each.pk != segment.pk]
    if wanted.casefold() in {each.title.casefold() for each in others}:
        raise Refused(_taken(wanted), field="name")
    return wanted


def _taken(name: str) -> str:
    return _("There is a segment called “%(name)s” already.") % {"name": name}


def _description(text: str) -> str:
    if len(text.strip()) > DESCRIPTION_MAX:
        raise Refused(_("Write at most %(limit)d characters.") % {"limit": DESCRIPTION_MAX}, field="description")
    return text.strip()


def _after_last() -> int:
    if Segment.objects.count() >= SEGMENTS_MAX:
        raise Refused(_("There are %(limit)d segments already. Remove some first.") % {"limit": SEGMENTS_MAX})
    return (Segment.objects.aggregate(last=Max("position"))["last"] or 0) + 1


def _save(segment: Segment, **how: Any) -> None:
    """Save; lower-case letters as the database has them decide at last whether a name is taken."""
    try:
        with transaction.atomic():
            segment.save(**how)
    except IntegrityError as error:
        raise Refused(_taken(segment.title), field="name") from error


def _with_those_resting_on(segment_id: int) -> set[int]:
    """A segment and all whose conditions name it, or name one that does."""
    names = {each.pk: segments_referred(each.tree) for each in segment_list()}
    found = {segment_id}
    while more := {pk for pk, named in names.items() if pk not in found and named & found}:
        found |= more
    return found


def _view_named(view: Any) -> str:
    if view.member is None:
        return _("the shared view “%(view)s”") % {"view": view.name}
    return _("the view “%(view)s” of %(member)s") % {"view": view.name, "member": str(view.member)}
