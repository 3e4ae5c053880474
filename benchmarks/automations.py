"""How fast automations plan and run: an empty pass and a busy one, steps of each kind, fairness, very many that wait.

``python -m benchmarks.automations [--journeys 20000] [--due 100000] [--waiting 1000000] [--keep]`` prints one JSON
object. Of messages, tags, fields and tasks: steps a second of wall time, by one worker and by two, and for one of
processor time, this process and its server process together. ``--due`` journeys of one business are taken on while
another has a single one; ``--waiting`` journeys are there that are not due, while the pages of their automation are
looked at. Small numbers show that it works.
"""

import argparse
import datetime as dt
import os
import time
from typing import Any

from benchmarks import databases, measure

DATABASE = "innkeeper_bench_automations"
JOURNEYS, DUE, WAITING = 20_000, 100_000, 1_000_000
SLUG = "automations-measure"
GUESTS_AT_ONCE = 5_000
LOOKS = 40
PAGE_MS = 200
"""The product's limit for a page at the 95th percentile."""

_MANY = """
    INSERT INTO automations_journey (
        business_id, automation_id, version_id, customer_id, occurrence, state, reason, step, due_at, due_local, zone,
        number_done, began_at, created_at
    )
    SELECT %(business)s, %(automation)s, %(version)s, c.id, %(name)s || ':' || n, 'running', '', '', %(due)s, '',
           'Europe/Oslo', 0, %(began)s, %(began)s
    FROM generate_series(1, %(turns)s) n CROSS JOIN (
        SELECT id FROM customers_customer WHERE business_id = %(business)s ORDER BY id LIMIT %(guests)s
    ) c
"""


def house_make(name: str, guests: int) -> Any:
    """A business with guests who may be written to."""
    from accounts.services.businesses import business_create
    from accounts.tenancy import business_scope
    from benchmarks.outbox import _guests
    from messaging.gate.services import settings_save

    business = business_create(name=name, country="NO", slug=f"{SLUG}-{name.lower()}")
    with business_scope(business.pk):
        settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=10, cap_week=50)
    for start in range(0, guests, GUESTS_AT_ONCE):
        with business_scope(business.pk):
            _guests(start, min(guests, start + GUESTS_AT_ONCE))
    return business


def automation_make(name: str, *steps: dict[str, Any], **values: Any) -> Any:
    """An automation that is on, in the business in scope."""
    from automations.models import Automation, AutomationVersion
    from customers.search.fetch_sql import rows

    numbered = [{"id": f"s{number}", **step} for number, step in enumerate(steps, 1)]
    definition = {"trigger": {"kind": "by_hand"}, "steps": numbered, **values}
    ((xid,),) = rows("SELECT pg_current_xact_id()::text::bigint")
    made = Automation.objects.create(name=name, draft=definition, since_xid=xid)
    version = AutomationVersion.objects.create(automation=made, number=1, definition=definition)
    Automation.objects.filter(pk=made.pk).update(current=version, state="on")
    made.refresh_from_db()
    return made


def journeys_make(business: Any, made: Any, number: int, *, guests: int, due: dt.datetime) -> None:
    """So many journeys of an automation, of these guests in turn."""
    from django.db import connection

    from accounts.tenancy import business_scope

    turns = -(-number // guests)
    with business_scope(business.pk), connection.cursor() as cursor:
        cursor.execute(
            _MANY,
            {
                "business": business.pk,
                "automation": made.pk,
                "version": made.current_id,
                "name": made.name,
                "due": due,
                "began": due - dt.timedelta(days=1),
                "turns": turns,
                "guests": min(guests, number),
            },
        )


def drained(business: Any) -> None:
    """Take on everything that is due."""
    from automations.running.services import run_business

    run_business(business_id=business.pk, batches=None)


def drained_by(workers: int, business: Any) -> None:
    """The same by so many processes at once."""
    from django.db import connections

    connections.close_all()
    children = []
    for _worker in range(workers):
        if child := os.fork():
            children.append(child)
            continue
        try:
            drained(business)
        finally:
            os._exit(0)
    for child in children:
        os.waitpid(child, 0)


def kinds_measure(journeys: int) -> dict[str, Any]:
    """Steps a second, by what they do, of one worker and of two."""
    from django.utils import timezone

    from accounts.tenancy import business_scope
    from automations.models import Journey
    from benchmarks.outbox import analyse, template_make
    from customers.card.models import Tag
    from customers.fields.models import CustomField

    business = house_make("Kinds", journeys)
    template = template_make(business)
    with business_scope(business.pk):
        tags = [Tag.objects.create(name=f"Measured {number}").pk for number in (1, 2)]
        CustomField.objects.create(target="guest", key="pillow", label="Pillow", kind="text")

    def measured(workers: int) -> dict[str, dict[str, Any]]:
        steps = {
            "messages": {"do": "email", "template": template},
            "tags": {"do": "tag", "tag": tags[workers - 1]},
            "fields": {"do": "field", "field": "pillow", "value": f"Down {workers}"},
            "tasks": {"do": "task", "title": "Call", "days": 1},
        }
        with business_scope(business.pk):
            made = {name: automation_make(f"{name} {workers}", step) for name, step in steps.items()}
        processor, found = measure.Processor(), {}
        for name, automation in made.items():
            journeys_make(business, automation, journeys, guests=journeys, due=timezone.now())
            analyse()
            if workers == 1:
                wall, used = measure.timed_both(lambda: drained(business), processor)
                found[name] = {
                    "a_second": round(1000 * journeys / wall),
                    "a_processor_second": used and round(1000 * journeys / used),
                }
            else:
                wall = measure.timed(lambda: drained_by(workers, business))
                found[name] = {"a_second": round(1000 * journeys / wall)}
            with business_scope(business.pk):
                assert Journey.objects.filter(automation=automation, state="done").count() == journeys
        return found

    return {"one worker": measured(1), "two workers": measured(2)}


def planner_measure(guests: int) -> dict[str, Any]:
    """A pass that finds nothing, and one that lets every guest in."""
    from accounts.tenancy import business_scope
    from automations.planning.services import plan_business
    from benchmarks.outbox import analyse
    from customers.bulk.tagging import TAG_ADD
    from customers.card.models import Customer, Tag
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    business = house_make("Planner", guests)
    with business_scope(business.pk):
        tag = Tag.objects.create(name="Asked")
        automation_make("Asked", {"do": "stop"}, trigger={"kind": "tag_added", "tag": tag.pk})
    plan_business(business_id=business.pk)
    idle = [measure.timed(lambda: plan_business(business_id=business.pk)) for _turn in range(20)]
    with business_scope(business.pk), change_set(kind=ChangeSet.Kind.EDIT, title="Measured"):
        TAG_ADD.write({"tag_id": tag.pk}, list(Customer.objects.values_list("pk", flat=True)))
    analyse()
    began = time.perf_counter()
    entered = plan_business(business_id=business.pk).entered
    return {
        "idle": measure.summary(idle),
        "busy_seconds": round(time.perf_counter() - began, 2),
        "entered": entered,
    }


def fair_measure(due: int) -> dict[str, Any]:
    """One business has very many that are due; how long another's only one waits, and how many batches go before."""
    from django.db import connection
    from django.utils import timezone

    from accounts.tenancy import business_scope
    from automations.models import Journey
    from automations.running.services import run_business
    from benchmarks.outbox import analyse

    many, few = house_make("Many", min(due, 10_000)), house_make("Few", 1)
    task = {"do": "task", "title": "Call"}
    with business_scope(many.pk):
        much = automation_make("Many", task)
    with business_scope(few.pk):
        little = automation_make("Few", task)
    now = timezone.now()
    journeys_make(many, much, due, guests=min(due, 10_000), due=now - dt.timedelta(hours=1))
    journeys_make(few, little, 1, guests=1, due=now)
    analyse()
    began = time.perf_counter()
    turns, waited = [many.pk, few.pk], None
    while turns:
        # As tasks come again behind everybody else's.
        business_id = turns.pop(0)
        if run_business(business_id=business_id):
            turns.append(business_id)
        if business_id == few.pk and waited is None:
            waited = time.perf_counter() - began
    with business_scope(few.pk), connection.cursor():
        assert Journey.objects.get().state == "done"
    return {
        "due": due,
        "other_waited_seconds": round(waited or 0, 2),
        "all_seconds": round(time.perf_counter() - began, 1),
    }


def waiting_measure(waiting: int) -> dict[str, Any]:
    """What looking for due journeys costs where very many wait."""
    from django.db import connection
    from django.utils import timezone

    from accounts.tenancy import business_scope
    from automations.running.services import run_business
    from benchmarks.outbox import analyse

    guests = min(waiting, 10_000)
    business = house_make("Waiting", guests)
    with business_scope(business.pk):
        made = automation_make("Waiting", {"do": "task", "title": "Call"})
    now = timezone.now()
    journeys_make(business, made, waiting, guests=guests, due=now + dt.timedelta(days=30))
    analyse()

    def swept() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT business_id FROM automations_due(100)")
            cursor.fetchall()

    def ran() -> None:
        run_business(business_id=business.pk)

    return {
        "waiting": waiting,
        "sweep": measure.summary([measure.timed(swept) for _turn in range(20)]),
        "batch_without_work": measure.summary([measure.timed(ran) for _turn in range(20)]),
        "pages": pages_measure(business, made),
    }


def pages_measure(business: Any, made: Any) -> dict[str, Any]:
    """The pages that show the automation, signed in, through the whole request in one process without a network."""
    from django.test import Client
    from django.test.utils import override_settings

    from accounts.models import Role, User
    from accounts.services.members import member_add
    from accounts.tenancy import business_scope
    from automations.models import Journey

    measure.manage("collectstatic", "--no-input", "--verbosity", "0")
    user = User.objects.create_user(email="owner@automations-measure.example", password=None)
    with business_scope(business.pk):
        member_add(user=user, role=Role.OWNER)
        journey = Journey.objects.filter(automation=made).latest("id")
    client = Client()
    client.force_login(user)
    room = f"/b/{business.slug}/automations/"
    pages = {
        "list": room,
        "overview": f"{room}{made.pk}/",
        "journeys": f"{room}{made.pk}/journeys/",
        "journey": f"{room}journeys/{journey.pk}/",
        "builder": f"{room}{made.pk}/edit/",
        "card": f"/b/{business.slug}/guests/{journey.customer_id}/",
    }
    found: dict[str, Any] = {"limit_ms": PAGE_MS}
    processor = measure.Processor()
    with override_settings(ALLOWED_HOSTS=["testserver"], SECURE_SSL_REDIRECT=False):
        for name, path in pages.items():

            def looked(path: str = path) -> None:
                answer = client.get(path)
                assert answer.status_code == 200, (path, answer.status_code)

            looked()
            both = [measure.timed_both(looked, processor) for _turn in range(LOOKS)]
            wall = measure.summary([each for each, _cpu in both])
            used = [cpu for _wall, cpu in both if cpu is not None]
            found[name] = {"wall": wall, "processor": measure.summary(used) if used else None}
            found[name]["p95_to_limit"] = round(wall["p95_ms"] / PAGE_MS, 2)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journeys", type=int, default=JOURNEYS)
    parser.add_argument("--due", type=int, default=DUE)
    parser.add_argument("--waiting", type=int, default=WAITING)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    databases.database_use(DATABASE, anew=True)
    found = {
        "steps": kinds_measure(asked.journeys),
        "planner": planner_measure(asked.journeys),
        "fair": fair_measure(asked.due),
        "waiting": waiting_measure(asked.waiting),
    }
    measure.report(found)
    if not asked.keep:
        databases.database_drop(DATABASE)


if __name__ == "__main__":
    main()
