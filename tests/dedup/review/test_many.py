"""Many pairs at once: ten are looked at, then all are merged in the background, and can be taken back."""

from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from dedup.register.models import Decision, Match, MatchRun
from dedup.register.runs import register_run
from dedup.register.tasks import match_run_work
from tests.cast import Cast, House
from tests.dedup.review.pairs import pair, state_of
from tests.forms import Form, forms_of
from tests.pages import address, client_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Runs that a worker was told of."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(match_run_work, "delay", lambda *ids: asked.append(ids))
    return asked


def answered(page: Any, verdict: str = "same", **other: str) -> Form:
    """The form of a sample with an answer for each pair; ``other`` are ``p<match>`` with another one."""
    form = next(
        form for form in forms_of(page.content.decode()) if any(name.startswith("said_") for name in form.values)
    )
    for name in form.values:
        if name.startswith("said_"):
            form.values[name] = other.get(f"p{name.removeprefix('said_')}", verdict)
    return form


def guests(house: House) -> int:
    with business_scope(house.pk):
        return Customer.objects.count()


def test_ten_of_them_are_looked_at_first(cast: Cast) -> None:
    house = cast.fjordstuen
    for number in range(14):
        pair(house, f"Guest {number}", 0.995 - number / 10_000)
    pair(house, "Ola Likely", 0.8)
    page = client_of(house.admin).get(address(house, "match_bulk") + "?from=0.99")
    assert page.context["total"] == 14
    assert len(page.context["sample"]) == 10
    assert "Look at these 10 of 14 pairs first" in page.content.decode()


def test_the_fields_that_must_agree_narrow_it(cast: Cast) -> None:
    house = cast.fjordstuen
    pair(house, "Kari Both", 0.99, agree=("emails", "phones"))
    pair(house, "Ola Mail", 0.99, agree=("emails",))
    page = client_of(house.admin).get(address(house, "match_bulk") + "?from=0.9&agree=phones")
    assert [each["pair"].left.name for each in page.context["sample"]] == ["Kari Both"]


def test_nothing_is_merged_before_every_one_was_answered(cast: Cast) -> None:
    house = cast.fjordstuen
    first, _second = pair(house, probability=0.995), pair(house, probability=0.995)
    client = client_of(house.admin)
    form = answered(client.get(address(house, "match_bulk") + "?from=0.99"), **{f"p{first.pk}": ""})
    page = client.post(form.action, form.values)
    assert page.status_code == 422
    assert "Look at every pair below first" in page.content.decode()
    with business_scope(house.pk):
        assert not MatchRun.objects.exists()


def test_one_that_is_two_guests_stops_it_and_is_kept(cast: Cast) -> None:
    house = cast.fjordstuen
    wrong, right = pair(house, probability=0.995), pair(house, probability=0.995)
    client = client_of(house.admin)
    form = answered(client.get(address(house, "match_bulk") + "?from=0.99"), **{f"p{wrong.pk}": "different"})
    answer = client.post(form.action, form.values)
    assert answer.headers["Location"] == address(house, "match_bulk") + "?from=0.99"
    assert told(answer)[0].startswith("Nothing was merged")
    assert (state_of(house, wrong), state_of(house, right)) == (Match.State.DIFFERENT, Match.State.OPEN)
    with business_scope(house.pk):
        assert Decision.objects.get().sampled
        assert not MatchRun.objects.exists()


def test_all_are_merged_and_taken_back_as_one(
    cast: Cast, nudged: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    house = cast.fjordstuen
    for number in range(3):
        pair(house, f"Guest {number}", 0.995)
    kept = pair(house, "Ola Likely", 0.8)
    client = client_of(house.admin)
    form = answered(client.get(address(house, "match_bulk") + "?from=0.99"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(form.action, form.values)
    with business_scope(house.pk):
        run = MatchRun.objects.get()
    assert (house.pk, run.pk) in nudged
    assert answer.headers["Location"] == address(house, "match_bulk_run", search_id=run.pk)
    waiting = client.get(answer.headers["Location"]).content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    assert "http-equiv" in waiting, "without script the page comes again by itself"
    register_run(business_id=house.pk, run_id=run.pk)
    assert guests(house) == 5
    assert state_of(house, kept) == Match.State.OPEN
    part = client.get(address(house, "match_run_state", search_id=run.pk), HTTP_HX_REQUEST="true").content.decode()
    assert "hx-trigger" not in part
    done = client.get(answer.headers["Location"])
    assert "Cards merged into another" in done.content.decode()
    with business_scope(house.pk):
        whole = ChangeSet.objects.get(pk=MatchRun.objects.get().change_set_id)
    client.post(address(house, "change_undo", change_set_id=whole.pk))
    assert guests(house) == 8


def test_two_mergings_at_once_are_refused(cast: Cast, nudged: list[Any]) -> None:
    house = cast.fjordstuen
    pair(house, probability=0.995)
    client = client_of(house.admin)
    form = answered(client.get(address(house, "match_bulk") + "?from=0.99"))
    client.post(form.action, form.values)
    answer = client.post(form.action, form.values)
    assert told(answer)[-1].startswith("Duplicates are being merged already")


def test_a_search_is_started_watched_and_stopped(cast: Cast, nudged: list[Any]) -> None:
    house = cast.fjordstuen
    client = client_of(house.admin)
    assert client.post(address(house, "match_run_start")).headers["Location"] == address(house, "match_list")
    with business_scope(house.pk):
        run = MatchRun.objects.get()
    state = address(house, "match_run_state", search_id=run.pk)
    page = client.get(address(house, "match_list")).content.decode()
    assert state in page
    assert "Waiting for a free worker" in client.get(state, HTTP_HX_REQUEST="true").content.decode()
    assert client.get(state).headers["Location"] == address(house, "match_list")
    assert client_of(house.reception).post(address(house, "match_run_cancel", search_id=run.pk)).status_code == 403
    client.post(address(house, "match_run_cancel", search_id=run.pk))
    with business_scope(house.pk):
        assert MatchRun.objects.get().state == MatchRun.State.CANCELLED
    ended = client.get(state, HTTP_HX_REQUEST="true")
    assert ended.headers["Location"] == address(house, "match_list")
    assert told(client.post(address(house, "match_run_cancel", search_id=run.pk)))[-1].startswith("This had ended")


def test_a_search_has_no_page_but_the_list(cast: Cast, nudged: list[Any]) -> None:
    house = cast.fjordstuen
    client = client_of(house.admin)
    client.post(address(house, "match_run_start"))
    with business_scope(house.pk):
        run = MatchRun.objects.get()
    answer = client.get(address(house, "match_bulk_run", search_id=run.pk))
    assert answer.headers["Location"] == address(house, "match_list")
