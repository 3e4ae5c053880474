"""Staff tasks: on the card and on their page, for somebody or anybody, finished once, undone."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Member, Property
from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.selectors import act_view
from customers.changes.services import change_set_undo
from customers.history.models import Todo
from customers.history.services import Overtaken, TodoRefused, todo_add, todo_done, todo_update
from customers.history.todo_selectors import todo_page, todos_due, todos_of_guest
from tests.cast import Cast, House
from tests.factories import CustomerFactory, PropertyFactory, TodoFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


def test_a_task_is_added_in_place_and_done_in_one_click(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(given_name="Ada", family_name="Lind")
    card = f"/b/fjordstuen/guests/{guest.pk}/"
    assert "tasks/new/" in desk.get(card).text
    data = {"title": "Put the cot in", "due_on": (TODAY - 2 * DAY).isoformat(), "assignee": ""}
    assert desk.post(f"{card}tasks/new/", data).headers["Location"] == card
    with business_scope(cast.fjordstuen.pk):
        todo = Todo.objects.get()
    assert (todo.customer_id, todo.actor, todo.origin) == (guest.pk, str(cast.fjordstuen.reception), "member")
    shown = desk.get(card).text
    assert "Put the cot in" in shown and "Overdue" in shown
    done = f"/b/fjordstuen/tasks/{todo.pk}/done/"
    assert desk.post(done, {"next": card}).headers["Location"] == card
    with business_scope(cast.fjordstuen.pk):
        todo.refresh_from_db()
        act = ChangeSet.objects.latest("id")
        assert todo.done_at is not None and todo.done_by == str(cast.fjordstuen.reception)
        assert act_view(change_set_id=act.pk).sentence == "Finished a task for Ada Lind"
    assert "Put the cot in" not in desk.get(card).text.partition('id="tasks"')[2].partition("</section>")[0]
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        todo.refresh_from_db()
        assert (todo.done_at, todo.done_by) == (None, "")


def test_two_editors_of_one_task(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        todo = TodoFactory(title="Call the plumber", note="", due_on=TODAY)
    page = f"/b/fjordstuen/tasks/{todo.pk}/"
    version = desk.get(page).context["form"].initial["version"]
    mine = {"version": version, "title": "Call the plumber", "due_on": TODAY.isoformat(), "note": "Room 4"}
    with business_scope(cast.fjordstuen.pk):
        todo_update(todo_id=todo.pk, values={"assignee_id": cast.fjordstuen.admin.pk}, version=version)
        with pytest.raises(Overtaken):
            todo_update(todo_id=todo.pk, values={"note": "Room 5"}, version=version)
    answer = desk.post(page, mine)
    form = answer.context["form"]
    assert answer.status_code == 422 and "A colleague has changed this meanwhile." in answer.text
    assert form.errors["assignee"] == [f"Your colleague's: {cast.fjordstuen.admin}"]
    assert form["note"].value() == "Room 4"
    with business_scope(cast.fjordstuen.pk):
        todo.refresh_from_db()
        assert (todo.assignee_id, todo.note) == (cast.fjordstuen.admin.pk, "")
    assert desk.post(page, {**mine, "version": form["version"].value()}).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        todo.refresh_from_db()
        assert (todo.assignee_id, todo.note) == (None, "Room 4")


def test_two_members_finish_one_task(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        todo = TodoFactory()
        assert todo_done(todo_id=todo.pk, done=True, member=cast.fjordstuen.reception) is not None
        assert todo_done(todo_id=todo.pk, done=True, member=cast.fjordstuen.admin) is None
        todo.refresh_from_db()
        assert todo.done_by == str(cast.fjordstuen.reception), "the first did it"
    client.force_login(cast.fjordstuen.admin.user)
    said = client.post(f"/b/fjordstuen/tasks/{todo.pk}/done/", follow=True).text
    assert "Reception of Fjordstuen has done this task already." in said
    client.post(f"/b/fjordstuen/tasks/{todo.pk}/done/", {"open": "1"})
    with business_scope(cast.fjordstuen.pk):
        todo.refresh_from_db()
        assert todo.done_at is None


def test_a_task_for_no_guest_is_written_changed_and_undone(fjordstuen: House) -> None:
    todo, act = todo_add(values={"title": "Order firewood"}, member=fjordstuen.admin)
    assert act_view(change_set_id=act.pk).sentence == "New task"
    assert "firewood" not in str(act.params) + act.title, "what is to be done may hold names"
    change = todo_update(
        todo_id=todo.pk, values={"assignee_id": fjordstuen.reception.pk, "due_on": TODAY}, member=fjordstuen.admin
    )
    assert change is not None
    assert todo_update(todo_id=todo.pk, values={"due_on": TODAY}) is None
    change_set_undo(change_set_id=change.pk)
    todo.refresh_from_db()
    assert (todo.assignee_id, todo.due_on) == (None, None)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": " "}, "what is to be done"),
        ({"title": "x", "customer_id": 2**40}, "not in the register"),
        ({"title": "x", "property_id": 2**40}, "not one of yours"),
        ({"title": "x", "assignee_id": "left"}, "does not work here"),
        ({"title": "x", "assignee_id": 2**40}, "does not work here"),
    ],
)
def test_tasks_that_are_refused(fjordstuen: House, values: dict[str, Any], words: str) -> None:
    if values.get("assignee_id") == "left":
        Member.objects.filter(pk=fjordstuen.marketing.pk).update(is_active=False)
        values = {**values, "assignee_id": fjordstuen.marketing.pk}
    with pytest.raises(TodoRefused, match=words):
        todo_add(values=values)
    kept = TodoFactory()
    with pytest.raises(TodoRefused, match=words):
        todo_update(todo_id=kept.pk, values=values)
    assert Todo.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"title": ""}, "title"), ({"due_on": "2026-02-30"}, "due_on"), ({"assignee": "0"}, "assignee")],
)
def test_bad_tasks_are_told_beside_the_field(cast: Cast, desk: Client, wrong: dict[str, str], field: str) -> None:
    data = {"title": "Kept as typed", "due_on": "", "assignee": "", "note": "Kept too", **wrong}
    answer = desk.post("/b/fjordstuen/tasks/new/", data)
    assert answer.status_code == 422 and answer.context["form"].errors[field]
    assert "Kept too" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not Todo.objects.exists()


def test_a_colleague_who_left_keeps_the_task_until_it_is_given_away(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        todo = TodoFactory(assignee=cast.fjordstuen.marketing)
        Member.objects.filter(pk=cast.fjordstuen.marketing.pk).update(is_active=False)
    page = f"/b/fjordstuen/tasks/{todo.pk}/"
    assert "Marketing of Fjordstuen" in desk.get(page).text
    data = {"title": "Other words", "due_on": "", "assignee": str(cast.fjordstuen.marketing.pk), "note": ""}
    assert desk.post(page, data).headers["Location"] == "/b/fjordstuen/tasks/"
    data["assignee"] = str(cast.fjordstuen.admin.pk)
    desk.post(page, data)
    with business_scope(cast.fjordstuen.pk):
        todo.refresh_from_db()
        assert (todo.title, todo.assignee_id) == ("Other words", cast.fjordstuen.admin.pk)


def titles(page: Any) -> list[str]:
    return [todo.title for todo in page.todos]


def test_the_page_shows_mine_all_or_done(cast: Cast, desk: Client) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        TodoFactory(title="Mine", assignee=house.reception, due_on=TODAY)
        TodoFactory(title="Anybody's", due_on=None)
        TodoFactory(title="The admin's", assignee=house.admin, due_on=TODAY - DAY)
        TodoFactory(title="Finished", done_at=timezone.now(), done_by="Somebody")
    page = desk.get("/b/fjordstuen/tasks/")
    assert titles(page.context["page"]) == ["Mine", "Anybody's"]
    assert titles(desk.get("/b/fjordstuen/tasks/?show=open").context["page"]) == ["The admin's", "Mine", "Anybody's"]
    assert titles(desk.get("/b/fjordstuen/tasks/?show=done").context["page"]) == ["Finished"]
    assert titles(desk.get("/b/fjordstuen/tasks/?show=x&after=y").context["page"]) == ["Mine", "Anybody's"]


@pytest.mark.parametrize("show", ["open", "done"])
def test_pages_of_tasks_lose_nothing(fjordstuen: House, show: str) -> None:
    now = timezone.now()
    for number in range(11):
        due = None if number % 4 == 3 else TODAY + (number // 3) * DAY
        done = now - dt.timedelta(minutes=number // 2) if show == "done" else None
        TodoFactory(title=f"{number}", due_on=due, done_at=done)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = todo_page(show=show, member=fjordstuen.owner, after=after, limit=3)
        seen += titles(page)
        after = page.after
    whole = titles(todo_page(show=show, member=fjordstuen.owner, limit=50))
    assert seen == whole and len(seen) == len(set(seen)) == 11


def test_those_due_are_mine_first_then_anybodys(fjordstuen: House) -> None:
    other = PropertyFactory(name="Camping")
    TodoFactory(title="Others'", assignee=fjordstuen.admin, due_on=TODAY - 3 * DAY)
    TodoFactory(title="Anybody's", due_on=TODAY)
    TodoFactory(title="Mine", assignee=fjordstuen.reception, due_on=TODAY)
    TodoFactory(title="Mine at the campsite", assignee=fjordstuen.reception, due_on=TODAY, property=other)
    TodoFactory(title="Tomorrow", due_on=TODAY + DAY)
    TodoFactory(title="Some day", due_on=None)
    due = todos_due(member=fjordstuen.reception, until=TODAY)
    assert [todo.title for todo in due] == ["Mine", "Mine at the campsite", "Anybody's", "Others'"]
    hotel = Property.objects.exclude(pk=other.pk)[:1][0]
    due = todos_due(member=fjordstuen.reception, until=TODAY, property_id=hotel.pk)
    assert [todo.title for todo in due] == ["Mine", "Anybody's", "Others'"]


def test_a_guests_tasks_are_their_own(fjordstuen: House) -> None:
    guest = CustomerFactory()
    TodoFactory()
    TodoFactory(customer=guest, title="Later", due_on=None)
    TodoFactory(customer=guest, title="Sooner", due_on=TODAY)
    TodoFactory(customer=guest, title="Finished", done_at=timezone.now())
    assert [todo.title for todo in todos_of_guest(customer_id=guest.pk)] == ["Sooner", "Later"]


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/b/fjordstuen/", "/b/duinzicht/", "x"])
def test_a_form_leads_nowhere_else(cast: Cast, desk: Client, there: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        todo = TodoFactory()
    answer = desk.post(f"/b/fjordstuen/tasks/{todo.pk}/done/", {"next": there})
    assert answer.headers["Location"] == "/b/fjordstuen/tasks/"
