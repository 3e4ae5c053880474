"""Writes on automations: made, changed, turned on and off, copied, removed. Everything works in the caller's scope."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Member
from accounts.services.refusals import Refused
from accounts.tenancy import current_member_id
from automations.building.checking import definition_check
from automations.definition import Definition, DefinitionError, Problem, definition_read
from automations.models import OPEN, Automation, AutomationVersion, Journey
from automations.planning.services import plan_reset, present_take
from messaging.outbox.services import cancel, hold, release

NAME_MAX: Final = 80
AUTOMATIONS_MAX: Final = 200
"""More than anybody keeps in mind; each is looked at by every pass of the planner."""
ORIGIN: Final = "automation"
OFF: Final = "off"
"""Why a journey stopped: its automation was turned off."""
_WORKS: Final = (Automation.State.ON, Automation.State.PAUSED)


class AutomationChanged(Exception):
    """Somebody changed the automation since it was read; nothing was written. ``current`` is how it stands now."""

    def __init__(self, current: Automation) -> None:
        super().__init__(_("Somebody changed this automation meanwhile. Look at it again, then save."))
        self.current = current


class DefinitionRefused(Refused):
    """The definition cannot be kept, or cannot run yet; ``problems`` say of every part why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(_(first.message) % first.params, field="definition")
        self.problems = list(problems)


def automation_create(
    *, name: str, definition: Mapping[str, Any], recipe: str = "", member: Member | None = None
) -> Automation:
    """Make a draft. Raises :class:`Refused` for a name, :class:`DefinitionRefused` for what is no definition at all."""
    with transaction.atomic():
        if Automation.objects.count() >= AUTOMATIONS_MAX:
            told = _("There are %(limit)d automations already. Remove one that is not needed any more.")
            raise Refused(told % {"limit": AUTOMATIONS_MAX})
        read(definition, whole=False)
        made = Automation(
            name=_name(name),
            draft=dict(definition),
            recipe=recipe,
            member_id=member.pk if member else current_member_id(),
        )
        _save(made, force_insert=True)
        _log("automation.added", made, member)
    return made


def automation_change(
    *,
    automation_id: int,
    version: int | None = None,
    member: Member | None = None,
    name: str | None = None,
    definition: Mapping[str, Any] | None = None,
) -> Automation:
    """Change the name, or the draft that is worked on; ``version`` is the one the editor saw, ``None`` any.

    What runs stays as it is until it is published. Raises ``Automation.DoesNotExist``, :class:`AutomationChanged`,
    :class:`Refused` and :class:`DefinitionRefused`; then nothing is written.
    """
    with transaction.atomic():
        found = locked(automation_id)
        if version is not None and version != found.version:
            raise AutomationChanged(found)
        before = (found.name, found.draft)
        if name is not None:
            found.name = _name(name)
        if definition is not None:
            read(definition, whole=False)
            found.draft = dict(definition)
        if (found.name, found.draft) == before:
            return found
        found.version += 1
        found.changed_at = timezone.now()
        _save(found, update_fields=["name", "draft", "version", "changed_at"])
        if found.name != before[0]:
            _log("automation.changed", found, member, was=before[0])
    return found


def automation_turn_on(
    *,
    automation_id: int,
    member: Member | None = None,
    take_present: bool = False,
    version: int | None = None,
    now: dt.datetime | None = None,
) -> Automation:
    """Let guests enter from now on; ``take_present``: also those whom the trigger would have met already.

    What stands in the draft is what runs. ``version`` is the one that was looked at. Raises
    ``Automation.DoesNotExist``, :class:`AutomationChanged`, :class:`Refused` for one that is on or paused, and
    :class:`DefinitionRefused` for what is missing. The caller lets a worker know.
    """
    now = now or timezone.now()
    with transaction.atomic():
        found = locked(automation_id)
        if version is not None and version != found.version:
            raise AutomationChanged(found)
        if found.state in _WORKS:
            raise Refused(_("It is on already."))
        _checked(found)
        _published(found, member)
        found.state, found.trouble, found.turned_on_at = Automation.State.ON, "", now
        found.since_xid, found.planned_through = _this_transaction(), None
        found.save()
        plan_reset(automation=found)
        present = present_take(automation=found, now=now) if take_present else 0
        _log("automation.on", found, member, present=present)
    return found


def automation_publish(
    *, automation_id: int, member: Member | None = None, version: int | None = None
) -> AutomationVersion | None:
    """Let the draft of one that works take the place of what runs; ``None`` where they say the same.

    Guests who are under way go on as they began; those who have not begun yet are planned anew. Raises as
    :func:`automation_turn_on` does.
    """
    with transaction.atomic():
        found = locked(automation_id)
        if version is not None and version != found.version:
            raise AutomationChanged(found)
        if found.state not in _WORKS:
            raise Refused(_("It is not on. Turn it on, and what you see here runs."))
        _checked(found)
        if not _published(found, member):
            return None
        found.trouble = ""
        found.save()
        plan_reset(automation=found)
        published = found.current
        assert published is not None  # noqa: S101 - it was made just now
        _log("automation.published", found, member, version=published.number)
    return published


def automation_pause(*, automation_id: int, member: Member | None = None) -> Automation:
    """Stop for a while: nobody goes on, and messages that wait stay in the outbox. Raises :class:`Refused`."""
    with transaction.atomic():
        found = locked(automation_id)
        if not found.is_on:
            raise Refused(_("It is not on, so there is nothing to pause."))
        hold(origin=ORIGIN, origin_id=found.pk)
        return _become(found, Automation.State.PAUSED, "automation.paused", member)


def automation_resume(*, automation_id: int, member: Member | None = None) -> Automation:
    """Go on where everybody stands; what is too late by now is not sent, and what happened meanwhile begins nothing.

    Raises :class:`Refused`.
    """
    with transaction.atomic():
        found = locked(automation_id)
        if found.state != Automation.State.PAUSED:
            raise Refused(_("It is not paused."))
        release(origin=ORIGIN, origin_id=found.pk)
        found.since_xid = _this_transaction()
        return _become(found, Automation.State.ON, "automation.resumed", member, trouble="")


def automation_turn_off(*, automation_id: int, member: Member | None = None) -> Automation:
    """End it: journeys stop where they are, messages that wait are taken back. It can be turned on anew.

    Raises :class:`Refused` for one that is neither on nor paused.
    """
    with transaction.atomic():
        found = locked(automation_id)
        if found.state not in _WORKS:
            raise Refused(_("It is off already."))
        stopped = _journeys_end(found)
        cancel(origin=ORIGIN, origin_id=found.pk)
        return _become(found, Automation.State.OFF, "automation.off", member, guests=stopped)


def automation_remove(*, automation_id: int, member: Member | None = None) -> None:
    """Remove it with its history; messages that were sent stay. Raises :class:`Refused` for one that is not off."""
    with transaction.atomic():
        found = locked(automation_id)
        if found.state in _WORKS:
            raise Refused(_("Turn it off first: guests are on their way through it."))
        _log("automation.removed", found, member)
        Automation.objects.filter(pk=found.pk).update(state=Automation.State.DRAFT, current=None)
        Automation.objects.filter(pk=found.pk).delete()


def automation_copy(*, automation_id: int, member: Member | None = None) -> Automation:
    """A draft like it. Raises ``Automation.DoesNotExist`` and :class:`Refused`."""
    source = Automation.objects.get(pk=automation_id)
    copied = free_name(_("%(name)s (copy)") % {"name": source.name[: NAME_MAX - 20]})
    return automation_create(name=copied, definition=source.draft, recipe=source.recipe, member=member)


def version_restore(*, automation_id: int, number: int, version: int | None, member: Member | None) -> Automation:
    """Make an earlier version the draft. Raises ``AutomationVersion.DoesNotExist`` and :class:`AutomationChanged`."""
    source = AutomationVersion.objects.get(automation_id=automation_id, number=number)
    return automation_change(automation_id=automation_id, version=version, member=member, definition=source.definition)


def locked(automation_id: int) -> Automation:
    """The automation, held until the transaction ends. Raises ``Automation.DoesNotExist``."""
    return (
        Automation.objects.select_for_update(of=("self",), no_key=True).select_related("current").get(pk=automation_id)
    )


def read(definition: Mapping[str, Any], *, whole: bool) -> Definition:
    """The definition of JSON data. Raises :class:`DefinitionRefused`."""
    try:
        return definition_read(definition, whole=whole)
    except DefinitionError as error:
        raise DefinitionRefused(error.problems) from error


def free_name(wanted: str) -> str:
    """A name that no automation has: the wanted one, with a number where it is taken."""
    taken = {name.lower() for name in Automation.objects.values_list("name", flat=True)}
    number, name = 1, wanted[:NAME_MAX]
    while name.lower() in taken:
        number += 1
        name = f"{wanted[: NAME_MAX - 5]} {number}"
    return name


def _checked(found: Automation) -> None:
    problems = definition_check(read(found.draft, whole=True))
    if problems:
        raise DefinitionRefused(problems)


def _published(found: Automation, member: Member | None) -> bool:
    """Make a version of the draft, unless it says what the current one says. The automation is not saved."""
    if found.current is not None and found.current.definition == found.draft:
        return False
    latest = AutomationVersion.objects.filter(automation=found).order_by("-number").first()
    found.current = AutomationVersion.objects.create(
        automation=found,
        number=latest.number + 1 if latest else 1,
        definition=found.draft,
        member_id=member.pk if member else current_member_id(),
    )
    return True


def _become(
    found: Automation,
    state: Automation.State,
    action: str,
    member: Member | None,
    trouble: str | None = None,
    **told: Any,
) -> Automation:
    found.state = state
    found.trouble = found.trouble if trouble is None else trouble
    found.save(update_fields=["state", "trouble", "since_xid"])
    _log(action, found, member, **told)
    return found


def _journeys_end(found: Automation) -> int:
    """Stop those who are under way; who had not begun is forgotten, and may be planned anew. How many stopped."""
    Journey.objects.filter(automation=found, state=Journey.State.PLANNED).delete()
    return Journey.objects.filter(automation=found, state__in=OPEN).update(
        state=Journey.State.STOPPED, reason=OFF, due_at=None, due_local="", ended_at=timezone.now()
    )


def _this_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def _name(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted:
        raise Refused(_("Give it a name; guests do not see it."), field="name")
    if len(wanted) > NAME_MAX:
        raise Refused(_("At most %(most)d characters.") % {"most": NAME_MAX}, field="name")
    return wanted


def _save(found: Automation, **options: Any) -> None:
    try:
        with transaction.atomic():
            found.save(**options)
    except IntegrityError as error:
        told = _("There is an automation called “%(name)s” already. Choose another name.") % {"name": found.name}
        raise Refused(told, field="name") from error


def _log(action: str, found: Automation, member: Member | None, **more: Any) -> None:
    audit_record(
        action=action,
        member=member,
        object_type="automation",
        object_id=found.pk,
        data={"name": found.name, **more},
    )
