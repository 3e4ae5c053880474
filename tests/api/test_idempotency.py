"""The same request twice is done once: one after the other, at once, and never for another request."""

import datetime as dt
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from accounts.models import ApiAnswer
from accounts.services.keys import ANSWERS_KEPT
from accounts.tenancy import business_scope
from customers.card.models import Customer, ExternalId
from tests.api.calling import Answer, Caller, caller_make
from tests.cast import Cast

BODY = {"given_name": "Ingrid", "family_name": "Solberg"}


def guests(cast: Cast) -> int:
    with business_scope(cast.fjordstuen.pk):
        return Customer.objects.count()


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_the_first_answer_comes_again(self, caller: Caller, cast: Cast) -> None:
        first = caller.post("guests/", BODY, idempotency_key="a-1")
        again = caller.post("guests/", BODY, idempotency_key="a-1")
        assert (first.status, again.status) == (201, 201)
        assert first.body == again.body
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert guests(cast) == 1
        assert caller.post("guests/", BODY, idempotency_key="a-2").body["id"] != first.body["id"]
        assert caller.post("guests/", BODY).status == 201
        assert guests(cast) == 3

    def test_another_request_under_the_same_key(self, caller: Caller, cast: Cast) -> None:
        caller.post("guests/", BODY, idempotency_key="a-1")
        for answer in (
            caller.post("guests/", {**BODY, "city": "Oslo"}, idempotency_key="a-1"),
            caller.post("tags/", {"name": "New"}, idempotency_key="a-1"),
        ):
            assert (answer.status, answer.code) == (422, "idempotency_key_reused")
        assert guests(cast) == 1

    def test_what_was_refused_is_asked_anew(self, caller: Caller, cast: Cast) -> None:
        refused = caller.post("guests/", {}, idempotency_key="a-1")
        assert refused.status == 422
        assert caller.post("guests/", BODY, idempotency_key="a-1").status == 201
        assert guests(cast) == 1

    def test_keys_of_two_systems_do_not_meet(self, caller: Caller, cast: Cast) -> None:
        other = caller_make(cast.fjordstuen, name="Till")
        assert caller.post("guests/", BODY, idempotency_key="a-1").status == 201
        assert "Idempotent-Replayed" not in other.post("guests/", BODY, idempotency_key="a-1").headers
        neighbour = caller_make(cast.duinzicht)
        assert "Idempotent-Replayed" not in neighbour.post("guests/", BODY, idempotency_key="a-1").headers

    def test_after_a_day_it_is_forgotten(self, caller: Caller, cast: Cast) -> None:
        caller.post("guests/", BODY, idempotency_key="a-1")
        with business_scope(cast.fjordstuen.pk):
            answer = ApiAnswer.objects.get()
            ApiAnswer.objects.update(created_at=answer.created_at - ANSWERS_KEPT - dt.timedelta(seconds=1))
        later = caller.post("guests/", {**BODY, "city": "Oslo"}, idempotency_key="a-1")
        assert later.status == 201
        assert guests(cast) == 2

    @pytest.mark.parametrize("key", ["", "x" * 256, "blåbær", "two\tparts"])
    def test_a_key_that_is_none(self, caller: Caller, cast: Cast, key: str) -> None:
        answer = caller.post("guests/", BODY, idempotency_key=key)
        assert (answer.status, answer.code) == (422, "idempotency_key_invalid")
        assert guests(cast) == 0

    def test_a_key_without_the_scope_replays_nothing(self, caller: Caller, cast: Cast) -> None:
        caller.post("guests/", BODY, idempotency_key="a-1")
        with business_scope(cast.fjordstuen.pk):
            assert caller.key
            caller.key.scopes = ["read"]
            caller.key.save(update_fields=["scopes"])
        assert caller.post("guests/", BODY, idempotency_key="a-1").status == 403


def at_once(*acts: Callable[[], Answer]) -> list[Answer]:
    """Call from several threads, each with a connection of its own, beginning together."""
    barrier, answers = threading.Barrier(len(acts)), [None] * len(acts)  # type: ignore[var-annotated]

    def run(place: int) -> None:
        try:
            barrier.wait(10)
            answers[place] = acts[place]()  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [answer for answer in answers if answer is not None]


def holders(house: Any, secret: str, count: int) -> list[Caller]:
    """The same key in several programs."""
    return [Caller(house, secret, None) for _each in range(count)]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_one(transactional_cast: Cast) -> None:
    """One does it; the others get its answer or are told to come back, and then get it."""
    secret = caller_make(transactional_cast.fjordstuen).secret
    callers = holders(transactional_cast.fjordstuen, secret, 4)
    for attempt in range(4):
        key = f"once-{attempt}"
        answers = at_once(*(partial(each.post, "guests/", BODY, idempotency_key=key) for each in callers))
        assert len(answers) == 4
        done = [answer for answer in answers if answer.status == 201]
        waiting = [answer for answer in answers if answer.status == 409]
        assert len(done) + len(waiting) == 4
        assert len({answer.body["id"] for answer in done}) == 1
        assert {answer.code for answer in waiting} <= {"request_in_progress"}
        assert {answer.headers["Retry-After"] for answer in waiting} <= {"1"}
        assert guests(transactional_cast) == attempt + 1
        again = callers[0].post("guests/", BODY, idempotency_key=key)
        assert (again.status, again.body["id"]) == (201, done[0].body["id"])


@pytest.mark.django_db(transaction=True)
def test_a_new_guest_from_two_systems_at_once_is_one_card(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    callers = holders(house, caller_make(house).secret, 4)
    for attempt in range(4):
        path = f"guests/by-external-id/bookings/G-{attempt}/"
        answers = at_once(*(partial(each.put, path, BODY) for each in callers))
        assert sorted(answer.status for answer in answers) == [200, 200, 200, 201], [each.text for each in answers]
        assert len({answer.body["id"] for answer in answers}) == 1
    with business_scope(house.pk):
        assert Customer.objects.count() == ExternalId.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_refusal_leaves_no_trace_in_a_real_transaction(transactional_cast: Cast) -> None:
    caller = caller_make(transactional_cast.fjordstuen)
    external = [{"system": "s", "value": "1"}]
    assert caller.post("guests/", {**BODY, "external_ids": external}).status == 201
    for body in ({**BODY, "external_ids": external}, {**BODY, "fields": {"none": "x"}}):
        assert caller.post("guests/", body, idempotency_key="k").status in (409, 422)
    assert guests(transactional_cast) == 1
    with business_scope(transactional_cast.fjordstuen.pk):
        assert not ApiAnswer.objects.exists()
