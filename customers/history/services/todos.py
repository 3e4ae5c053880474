"""Writes on staff tasks."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Member, Property
from accounts.tenancy import current_actor
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Todo
from customers.history.services.parts import changed_fields, not_overtaken
from customers.history.services.refusals import TodoRefused

TODO_FIELDS = ("customer_id", "property_id", "assignee_id", "title", "note", "due_on")
"""The fields of a staff task that people and machines may set; it is done through :func:`todo_done`."""


def todo_add(
    *, values: Mapping[str, Any], origin: str = Todo.Origin.MEMBER, member: Member | None = None
) -> tuple[Todo, ChangeSet]:
    """Give somebody, or everybody, something to do; ``customer_id`` names the guest it is for, if any.

    Raises :class:`TodoRefused` when it does not say what to do, or when guest, property or assignee is not the
    business's.
    """
    todo = Todo(
        origin=origin,
        member_id=member.pk if member else None,
        actor=(str(member) if member else current_actor())[:200],
        **{name: values[name] for name in TODO_FIELDS if name in values},
    )
    _check(todo, set(values))
    with _act(todo, gettext_noop("New task for %(guests)s"), gettext_noop("New task"), member) as act:
        todo.save(force_insert=True)
    return todo, act


def todo_update(
    *, todo_id: int, values: Mapping[str, Any], version: int | None = None, member: Member | None = None
) -> ChangeSet | None:
    """Change a task; ``None`` when nothing was different.

    Raises ``Todo.DoesNotExist``, :class:`Overtaken` when it is no longer the ``version`` the editor saw, and
    :class:`TodoRefused` as :func:`todo_add` does.
    """
    with transaction.atomic():
        todo = Todo.objects.select_for_update(no_key=True).get(pk=todo_id)
        changed = changed_fields(todo, values, TODO_FIELDS)
        if not changed:
            return None
        not_overtaken(todo, version)
        for name in changed:
            setattr(todo, name, values[name])
        _check(todo, set(changed))
        with _act(todo, gettext_noop("Changed a task for %(guests)s"), gettext_noop("Changed a task"), member) as act:
            todo.save(update_fields=changed)
    return act


def todo_done(*, todo_id: int, done: bool, member: Member | None = None) -> ChangeSet | None:
    """Finish a task or open it again; ``None`` when it is so already: of two who finish it the first did it.

    Raises ``Todo.DoesNotExist``.
    """
    with transaction.atomic():
        todo = Todo.objects.select_for_update(no_key=True).get(pk=todo_id)
        if (todo.done_at is not None) == done:
            return None
        todo.done_at = timezone.now() if done else None
        todo.done_by = (str(member) if member else current_actor())[:200] if done else ""
        titles = (
            (gettext_noop("Finished a task for %(guests)s"), gettext_noop("Finished a task"))
            if done
            else (gettext_noop("Opened a task for %(guests)s again"), gettext_noop("Opened a task again"))
        )
        with _act(todo, *titles, member) as act:
            todo.save(update_fields=["done_at", "done_by"])
    return act


def _act(todo: Todo, for_guest: str, for_nobody: str, member: Member | None) -> Any:
    """The change set of a write, named by the guest if the task has one; what is to be done may hold names."""
    return change_set(
        kind=ChangeSet.Kind.EDIT,
        title=for_nobody if todo.customer_id is None else for_guest,
        params={} if todo.customer_id is None else {"guests": [todo.customer_id]},
        member=member,
    )


def _check(todo: Todo, given: set[str]) -> None:
    if not todo.title.strip():
        raise TodoRefused(_("Write what is to be done."))
    if (
        "customer_id" in given
        and todo.customer_id is not None
        and not Customer.objects.filter(pk=todo.customer_id).exists()
    ):
        raise TodoRefused(_("This guest is not in the register."))
    if (
        "property_id" in given
        and todo.property_id is not None
        and not Property.objects.filter(pk=todo.property_id).exists()
    ):
        raise TodoRefused(_("This property is not one of yours."))
    if (
        "assignee_id" in given
        and todo.assignee_id is not None
        and not Member.objects.filter(pk=todo.assignee_id, is_active=True).exists()
    ):
        raise TodoRefused(_("This colleague does not work here any more. Choose somebody else, or nobody."))
