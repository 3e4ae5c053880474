"""Pages of staff tasks: all of them, a guest's on the card, one to change."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.changes.messages import undoable
from customers.history.found import guest_or_404, next_or
from customers.history.models import Todo
from customers.history.services import Overtaken, TodoRefused, todo_add, todo_done, todo_update
from customers.history.todo_forms import TodoForm
from customers.history.todo_selectors import SHOWS, todo_get, todo_page


@requires(Capability.LOOK_UP)
@require_safe
def todo_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """Staff tasks: one's own and nobody's, everybody's, or those done. GET ``show``, ``after``."""
    show = request.GET.get("show", "")
    show = show if show in SHOWS else SHOWS[0]
    page = todo_page(show=show, member=request.member, after=request.GET.get("after", ""))
    context = {
        "page": page,
        "show": show,
        "next_url": "?" + urlencode({"show": show, "after": page.after}) if page.after else "",
        "today": timezone.localdate(timezone=request.business.zone),
        "can_write": request.member.can(Capability.TAG),
    }
    return render(request, "history/todos.html", context)


@requires(Capability.TAG)
@require_http_methods(["GET", "HEAD", "POST"])
def todo_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """A task for no guest."""
    form = TodoForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _added(request, form, None):
        return redirect(next_or(request, reverse("todo_list", kwargs={"slug": slug})))
    context = {"form": form, "title": _("New task"), "submit": _("Save task")}
    return render(request, "history/todo.html", context, status=422 if form.errors else 200)


@requires(Capability.TAG)
@require_http_methods(["GET", "HEAD", "POST"])
def guest_todo_new(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """A task for a guest: from the card in place, or on a page of its own."""
    customer = guest_or_404(customer_id)
    form = TodoForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _added(request, form, customer_id):
        return redirect("guest_card", slug=slug, customer_id=customer_id)
    title = _("New task for %(name)s") % {"name": customer}
    context = {"form": form, "customer": customer, "title": title, "submit": _("Save task")}
    return render(request, "history/todo.html", context, status=422 if form.errors else 200)


@requires(Capability.TAG)
@require_http_methods(["GET", "HEAD", "POST"])
def todo_edit(request: BusinessRequest, slug: str, todo_id: int) -> HttpResponse:
    """Change a task."""
    todo = _find(todo_id)
    form = TodoForm(request.POST or None, instance=todo)
    if request.method == "POST" and form.is_valid():
        try:
            act = todo_update(
                todo_id=todo_id, values=form.values(), version=form.cleaned_data["version"], member=request.member
            )
            undoable(request, _("The task is changed."), act)
            return redirect(next_or(request, reverse("todo_list", kwargs={"slug": slug})))
        except Overtaken as overtaken:
            todo = _find(todo_id)
            form = TodoForm.beside(request.POST, overtaken, instance=todo)
        except TodoRefused as refused:
            form.add_error(None, str(refused))
    context = {"form": form, "todo": todo, "customer": todo.customer, "title": _("Task"), "submit": _("Save task")}
    return render(request, "history/todo.html", context, status=422 if form.errors else 200)


@requires(Capability.TAG)
@require_POST
def todo_finish(request: BusinessRequest, slug: str, todo_id: int) -> HttpResponse:
    """Mark a task as done; with ``open`` as open again. Goes back to where the member was."""
    todo, done = _find(todo_id), "open" not in request.POST
    act = todo_done(todo_id=todo_id, done=done, member=request.member)
    if act is not None:
        undoable(request, _("The task is done.") if done else _("The task is open again."), act)
    elif done:
        messages.info(request, _("%(name)s has done this task already.") % {"name": todo.done_by or _("Somebody")})
    return redirect(next_or(request, reverse("todo_list", kwargs={"slug": slug})))


def _added(request: BusinessRequest, form: TodoForm, customer_id: int | None) -> bool:
    try:
        _todo, act = todo_add(values={**form.values(), "customer_id": customer_id}, member=request.member)
    except TodoRefused as refused:
        form.add_error(None, str(refused))
        return False
    undoable(request, _("The task is saved."), act)
    return True


def _find(todo_id: int) -> Todo:
    try:
        return todo_get(todo_id=todo_id)
    except Todo.DoesNotExist as error:
        raise Http404 from error
