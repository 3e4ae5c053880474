"""The frame of the interface: what it answers when we fail, who did what, and what a revoked key leaves."""

import pytest
from django.db import OperationalError
from django.http import Http404
from django.test import Client
from redis.exceptions import ConnectionError as RedisError

from accounts.api.problems import Problem
from accounts.services.keys import key_revoke
from accounts.tenancy import business_scope, current_business_id
from customers.card import api as card_api
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from tests.api.calling import Caller, caller_make
from tests.cast import Cast

pytestmark = pytest.mark.django_db
BODY = {"given_name": "Ingrid", "family_name": "Solberg"}


def nothing_was_written(cast: Cast) -> bool:
    with business_scope(cast.fjordstuen.pk):
        return not Customer.objects.exists() and not ChangeSet.objects.exists()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("in the view"), 500, "our_mistake"),
        (OperationalError("gone"), 503, "out_of_order"),
        (RedisError("gone"), 503, "out_of_order"),
        (Problem(409, "restricted", "said after it was written"), 409, "restricted"),
        (Http404(), 404, "not_found"),
    ],
)
def test_a_failure_after_writing_is_a_problem_and_leaves_nothing(
    caller: Caller, cast: Cast, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def fail(customer_id: int) -> None:
        assert Customer.objects.filter(pk=customer_id).exists(), "it fails after the card has been written"
        raise error

    monkeypatch.setattr(card_api, "guest_shown", fail)
    answer = caller.post("guests/", BODY, idempotency_key="k")
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "in the view" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert nothing_was_written(cast)
    assert current_business_id() is None
    monkeypatch.undo()
    assert caller.post("guests/", BODY, idempotency_key="k").status == 201


def test_the_pages_tell_which_system_did_it(cast: Cast) -> None:
    caller_make(cast.fjordstuen, name="Channel manager").post("guests/", BODY)
    browser = Client()
    browser.force_login(cast.fjordstuen.owner.user)
    changes = browser.get("/b/fjordstuen/changes/").content.decode()
    assert "Channel manager" in changes
    assert "Ingrid Solberg" in changes


def test_what_a_revoked_key_wrote_stays(caller: Caller, cast: Cast) -> None:
    guest = caller.post("guests/", BODY).body
    assert caller.key
    with business_scope(cast.fjordstuen.pk):
        key_revoke(key_id=caller.key.pk, by=cast.fjordstuen.owner)
    assert caller.get(f"guests/{guest['id']}/").status == 401
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.get().pk == guest["id"]


def test_answers_are_json_and_kept_by_nobody(caller: Caller) -> None:
    for answer in (caller.get("guests/"), caller.get("guests/0/"), caller.get("tags/", authorization="")):
        assert answer.headers["Content-Type"] in ("application/json", "application/problem+json")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_problems_speak_the_callers_language(caller: Caller) -> None:
    english = caller.post("guests/", {"birth_date": "2999-01-01", "given_name": "x"})
    norwegian = caller.post("guests/", {"birth_date": "2999-01-01", "given_name": "x"}, accept_language="nb")
    assert english.code == norwegian.code == "invalid"
    assert english.errors["birth_date"] != norwegian.errors["birth_date"]
