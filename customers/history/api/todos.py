"""The API of staff tasks."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.schema import IF_MATCH
from customers.history.api.frame import HistoryView
from customers.history.billing_serializers import TodoChange, TodoIn, TodoOut, TodoPage, TodoQuery
from customers.history.models import Todo
from customers.history.services import todo_add, todo_done, todo_update


class Todos(HistoryView):
    """All staff tasks."""

    @extend_schema(
        operation_id="list_todos",
        summary="List staff tasks",
        tags=["Staff tasks"],
        parameters=[TodoQuery],
        responses=TodoPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(TodoQuery)
        rows = Todo.objects.filter(customer_id=query["guest"]) if query.get("guest") else Todo.objects.all()
        if query["is_done"] is not None:
            rows = rows.filter(done_at__isnull=not query["is_done"])
        return page_response(request, rows, query=query, show=TodoOut)

    @extend_schema(
        operation_id="create_todo",
        summary="Give somebody, or everybody, something to do",
        tags=["Staff tasks"],
        request=TodoIn,
        responses={201: TodoOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(TodoIn)
        self.of_guest(body)
        todo, _act = todo_add(values=body, origin=Todo.Origin.API)
        return Response(TodoOut(Todo.objects.get(pk=todo.pk)).data, status=201)


class TodoOfAll(HistoryView):
    """One staff task."""

    @extend_schema(operation_id="get_todo", summary="Read a staff task", tags=["Staff tasks"], responses=TodoOut)
    def get(self, request: Request, slug: str, todo_id: int) -> Response:
        return Response(TodoOut(Todo.objects.get(pk=todo_id)).data)

    @extend_schema(
        operation_id="update_todo",
        summary="Change a staff task, or say that it is done",
        tags=["Staff tasks"],
        parameters=[IF_MATCH],
        request=TodoChange,
        responses=TodoOut,
    )
    def patch(self, request: Request, slug: str, todo_id: int) -> Response:
        todo = Todo.objects.select_for_update(no_key=True).get(pk=todo_id)
        body = self.body(TodoChange, row=todo)
        self.unchanged(todo, self.expected_version(body), TodoOut)
        self.of_guest(body)
        done: bool | None = body.pop("is_done", None)
        todo_update(todo_id=todo_id, values=body)
        if done is not None:
            todo_done(todo_id=todo_id, done=done)
        return Response(self.told(TodoOut(Todo.objects.get(pk=todo_id)).data))


urlpatterns = [
    path("todos/", Todos.as_view(), name="api_todos"),
    path("todos/<int:todo_id>/", TodoOfAll.as_view(), name="api_todo"),
]
