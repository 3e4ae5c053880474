"""Reads of staff tasks."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import Member
from customers.history.models import Todo

PAGE = 50
SHOWS = ("mine", "open", "done")
"""What the page of tasks shows: one's own and nobody's, everybody's, or what is done."""


@dataclass(frozen=True)
class TodoPage:
    """Tasks in their order; ``after`` is the cursor of the next page, ``None`` on the last one."""

    todos: list[Todo]
    after: str | None


def todo_get(*, todo_id: int) -> Todo:
    """A task with its guest, property and assignee. Raises ``Todo.DoesNotExist``."""
    return _with_names(Todo.objects.all()).get(pk=todo_id)


def todos_of_guest(*, customer_id: int, limit: int = 20) -> list[Todo]:
    """A guest's open tasks, those due first at the top."""
    return list(_open(_with_names(Todo.objects.filter(customer_id=customer_id)))[:limit])


def todos_due(*, member: Member, until: date, property_id: int | None = None, limit: int = 20) -> list[Todo]:
    """Open tasks due by a day: one's own first, then nobody's, then others', each by date.

    With a property, those of that property and of none.
    """
    todos = _with_names(Todo.objects.filter(done_at__isnull=True, due_on__lte=until))
    if property_id is not None:
        todos = todos.filter(Q(property_id=property_id) | Q(property_id__isnull=True))
    return list(
        todos.annotate(
            is_mine=Q(assignee_id=member.pk, assignee_id__isnull=False), is_free=Q(assignee_id__isnull=True)
        ).order_by("-is_mine", "-is_free", "due_on", "id")[:limit]
    )


def todo_page(*, show: str, member: Member, after: str = "", limit: int = PAGE) -> TodoPage:
    """A page of the business's tasks (see :data:`SHOWS`); a cursor that cannot be read starts from the first."""
    todos = _with_names(Todo.objects.all())
    if show == "done":
        todos = todos.filter(done_at__isnull=False).order_by("-done_at", "-id")
        if (place := _moment(after)) is not None:
            todos = todos.filter(Q(done_at__lt=place[0]) | Q(done_at=place[0], pk__lt=place[1]))
    else:
        todos = _open(todos)
        if show == "mine":
            todos = todos.filter(Q(assignee_id=member.pk) | Q(assignee_id__isnull=True))
        if (day := _day(after)) is not None:
            later = Q(due_on__isnull=True, pk__gt=day[1])
            if day[0] is not None:
                later = Q(due_on__gt=day[0]) | Q(due_on=day[0], pk__gt=day[1]) | Q(due_on__isnull=True)
            todos = todos.filter(later)
    found = list(todos[: limit + 1])
    return TodoPage(found[:limit], _cursor(found[limit - 1], show) if len(found) > limit else None)


def _with_names(todos: QuerySet[Todo]) -> QuerySet[Todo]:
    return todos.select_related("customer", "property", "assignee__user")


def _open(todos: QuerySet[Todo]) -> QuerySet[Todo]:
    return todos.filter(done_at__isnull=True).order_by(F("due_on").asc(nulls_last=True), "id")


def _cursor(todo: Todo, show: str) -> str:
    if show == "done" and todo.done_at is not None:
        return f"{todo.done_at.isoformat()}~{todo.pk}"
    return f"{todo.due_on.isoformat() if todo.due_on else ''}~{todo.pk}"


def _split(after: str) -> tuple[str, int] | None:
    start, _, key = after.rpartition("~")
    return (start, int(key)) if key.isdecimal() and len(key) < 19 and "~" in after else None


def _day(after: str) -> tuple[date | None, int] | None:
    if (parts := _split(after)) is None:
        return None
    try:
        day = parse_date(parts[0])
    except ValueError:
        return None
    return (day, parts[1]) if day is not None or not parts[0] else None


def _moment(after: str) -> tuple[datetime, int] | None:
    if (parts := _split(after)) is None:
        return None
    try:
        moment = parse_datetime(parts[0])
    except ValueError:
        return None
    return (moment, parts[1]) if moment is not None and moment.tzinfo is not None else None
