"""A walk over the whole register: resumable, in parts, honest about what it cut off."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from dedup.register import follow, runs
from dedup.register.models import CardKey, CardProfile, Match, MatchRun, MatchSettings
from dedup.register.runs import register_run
from dedup.register.services import RunRefused, decide, run_cancel, run_start, settings_save
from dedup.register.tasks import matches_sweep
from tests.cast import House
from tests.dedup.register.cards import card, crowd, followed, found, pair, twins, walked

pytestmark = pytest.mark.django_db


class Killed(Exception):
    """As if the worker had died."""


def dies(after: int) -> Callable[[], None]:
    """A ``tell`` that dies at the given call."""
    calls = iter(range(1, after + 1))

    def tell() -> None:
        if next(calls) == after:
            raise SystemExit

    return tell


def snapshot() -> list[tuple[Any, ...]]:
    return list(
        Match.objects.filter(state="open")
        .order_by("left_id", "right_id")
        .values_list("left_id", "right_id", "weight", "agrees", "differs")
    )


def test_profiles_keys_and_matches(fjordstuen: House) -> None:
    crowd()
    one, other = twins()
    walked(fjordstuen.pk)
    run = MatchRun.objects.get()
    assert (run.state, run.cards, run.fresh) == (MatchRun.State.DONE, 62, run.found)
    assert CardProfile.objects.count() == 62
    profile = CardProfile.objects.get(customer_id=one.pk)
    assert set(CardKey.objects.filter(customer_id=one.pk).values_list("key", flat=True)) == set(profile.keys)
    assert found() == {pair(one, other)}


def test_a_second_walk_changes_nothing(fjordstuen: House) -> None:
    crowd()
    twins()
    walked(fjordstuen.pk)
    before = list(Match.objects.order_by("pk").values())
    walked(fjordstuen.pk)
    assert list(Match.objects.order_by("pk").values()) == before
    assert MatchRun.objects.latest("pk").fresh == 0


def test_it_goes_on_where_it_stopped(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CARDS", 5)
    crowd(40)
    one, other = twins()
    run = run_start()
    for after in (1, 2, 3):
        with pytest.raises(SystemExit):
            register_run(business_id=fjordstuen.pk, run_id=run.pk, tell=dies(after))
    made = CardProfile.objects.count()
    assert 0 < made < 42
    register_run(business_id=fjordstuen.pk, run_id=run.pk)
    assert CardProfile.objects.count() == 42
    run.refresh_from_db()
    assert run.state == MatchRun.State.DONE
    assert found() == {pair(one, other)}


def test_killed_between_finding_and_keeping(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KEPT", 1)
    crowd()
    pairs = [twins(emails=[f"s{at}@example.no"], phones=[f"+479123456{at}"]) for at in range(3)]
    run = run_start()
    kept = runs.matches_keep
    calls = []

    def keep(*args: Any, **values: Any) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return kept(*args, **values)

    monkeypatch.setattr(runs, "matches_keep", keep)
    with pytest.raises(SystemExit):
        register_run(business_id=fjordstuen.pk, run_id=run.pk)
    register_run(business_id=fjordstuen.pk, run_id=run.pk)
    run.refresh_from_db()
    assert run.state == MatchRun.State.DONE
    assert {pair(*each) for each in pairs} <= found()


def test_a_worker_that_was_overtaken_writes_nothing(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd()
    twins()
    run = run_start()
    read = runs.whole_read

    def overtaken() -> Any:
        monkeypatch.setattr(runs, "whole_read", read)
        with business_scope(fjordstuen.pk):
            MatchRun.objects.filter(pk=run.pk).update(at={**MatchRun.objects.get(pk=run.pk).at, "attempt": 99})
        return read()

    monkeypatch.setattr(runs, "whole_read", overtaken)
    assert register_run(business_id=fjordstuen.pk, run_id=run.pk) is None
    assert not Match.objects.exists()
    assert MatchRun.objects.get().state == MatchRun.State.RUNNING


def test_in_parts_it_finds_the_same(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd()
    pairs = {pair(*twins(emails=[f"s{at}@example.no"], phones=[f"+479123456{at}"])) for at in range(3)}
    walked(fjordstuen.pk)
    whole = {row[:2] for row in snapshot()}
    assert pairs <= whole
    Match.objects.all().delete()
    monkeypatch.setattr(runs, "PART", 25)
    walked(fjordstuen.pk)
    assert pairs <= {row[:2] for row in snapshot()}
    assert MatchRun.objects.latest("pk").at["part"] == 3


def test_parts_close_what_none_of_them_found(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd()
    one, other = twins()
    ghost = Match.objects.create(
        left_id=one.pk - 5, right_id=one.pk, weight=9, probability=0.99, seen_at=timezone.now()
    )
    monkeypatch.setattr(runs, "PART", 25)
    walked(fjordstuen.pk)
    ghost.refresh_from_db()
    assert ghost.state == Match.State.GONE
    assert found() == {pair(one, other)}


def test_what_is_no_longer_alike_is_closed(fjordstuen: House) -> None:
    crowd()
    one, other = twins()
    ghost = Match.objects.create(left_id=one.pk - 5, right_id=one.pk, weight=9, probability=0.99)
    later = Match.objects.create(left_id=one.pk - 6, right_id=one.pk, weight=9, probability=0.99, state="different")
    walked(fjordstuen.pk)
    ghost.refresh_from_db()
    later.refresh_from_db()
    assert (ghost.state, later.state) == (Match.State.GONE, Match.State.DIFFERENT)
    assert found() == {pair(one, other)}


def test_what_changes_while_it_compares_is_compared_again(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd()
    _one, other = twins()
    walked(fjordstuen.pk)
    read = runs.whole_read

    def read_then_change() -> Any:
        whole = read()
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=other.pk).update(given_name="Bjarne", family_name="Oppegård")
            for point in other.contact_points.all():
                point.delete()
        followed(fjordstuen.pk)
        return whole

    monkeypatch.setattr(runs, "whole_read", read_then_change)
    walked(fjordstuen.pk)
    assert found() == set()


def test_one_walk_at_a_time(fjordstuen: House) -> None:
    crowd(5)
    first = run_start()
    assert run_start().pk == first.pk
    register_run(business_id=fjordstuen.pk, run_id=first.pk)
    assert run_start().pk != first.pk


def test_cancelled(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CARDS", 10)
    crowd(30)
    run = run_start()
    with pytest.raises(SystemExit):
        register_run(business_id=fjordstuen.pk, run_id=run.pk, tell=dies(2))
    run_cancel(run_id=run.pk)
    register_run(business_id=fjordstuen.pk, run_id=run.pk)
    assert MatchRun.objects.get().state == MatchRun.State.CANCELLED
    assert CardProfile.objects.count() == 10
    with pytest.raises(RunRefused):
        run_cancel(run_id=run.pk)


def test_a_fault_is_told_and_can_be_tried_again(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(5)
    run = run_start()

    def fails() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(runs, "whole_read", fails)
        with pytest.raises(ZeroDivisionError):
            register_run(business_id=fjordstuen.pk, run_id=run.pk)
    assert MatchRun.objects.get().state == MatchRun.State.FAILED
    walked(fjordstuen.pk)
    assert MatchRun.objects.latest("pk").state == MatchRun.State.DONE


def test_an_engine_that_reads_cards_otherwise_reads_them_anew(
    fjordstuen: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(5)
    walked(fjordstuen.pk)
    CardProfile.objects.update(profile="of old")
    for module in (follow, runs):
        monkeypatch.setattr(module, "engine_now", lambda: 7)
    followed(fjordstuen.pk)
    run = MatchRun.objects.latest("pk")
    register_run(business_id=fjordstuen.pk, run_id=run.pk)
    assert MatchSettings.objects.get().engine == 7
    assert not CardProfile.objects.filter(profile="of old").exists()


def test_much_at_once_is_walked_over(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(30)
    walked(fjordstuen.pk)
    monkeypatch.setattr(follow, "MANY", 1)
    one, other = twins()
    followed(fjordstuen.pk)
    run = MatchRun.objects.latest("pk")
    assert run.is_open
    assert CardProfile.objects.filter(customer_id=other.pk).exists()
    register_run(business_id=fjordstuen.pk, run_id=run.pk)
    assert found() == {pair(one, other)}


def test_a_register_where_everybody_has_the_same_phone(fjordstuen: House) -> None:
    for at in range(150):
        card(f"Guest{chr(97 + at % 26)}{at}", f"Name{at}", phones=["+4722334455"])
    walked(fjordstuen.pk)
    assert MatchRun.objects.get().state == MatchRun.State.DONE
    assert len(found()) < 15


def test_a_register_of_one_name(fjordstuen: House) -> None:
    for _at in range(150):
        card("Ola", "Hansen")
    walked(fjordstuen.pk)
    assert MatchRun.objects.get().state == MatchRun.State.DONE
    assert not Match.objects.filter(probability__gte=0.99).exists()


def test_an_empty_register(fjordstuen: House) -> None:
    walked(fjordstuen.pk)
    assert MatchRun.objects.get().state == MatchRun.State.DONE
    card("Ola", "Hansen")
    followed(fjordstuen.pk)
    assert found() == set()


def test_thresholds_follow_what_is_learned_until_somebody_sets_them(fjordstuen: House) -> None:
    crowd(20)
    walked(fjordstuen.pk)
    learned = MatchSettings.objects.get()
    settings_save(propose=0.7, certain=0.999, automatic=False, member=fjordstuen.admin)
    walked(fjordstuen.pk)
    kept = MatchSettings.objects.get()
    assert (kept.propose, kept.certain) == (0.7, 0.999)
    assert kept.models_made == learned.models_made + 1


def test_apart_pairs_are_told_to_the_engine(fjordstuen: House) -> None:
    crowd()
    one, other = twins()
    walked(fjordstuen.pk)
    decide(left_id=one.pk, right_id=other.pk, decision="different")
    walked(fjordstuen.pk)
    assert (found(), found("different")) == (set(), {pair(one, other)})


def test_the_sweep_finds_what_was_left(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    nudged: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr("dedup.register.tasks.match_run_work.delay", lambda *ids: nudged.append(("run", ids)))
    monkeypatch.setattr("dedup.register.tasks.matches_follow.delay", lambda *ids: nudged.append(("follow", ids)))
    matches_sweep()
    assert nudged == []
    crowd(5)
    matches_sweep()
    assert nudged == [("follow", (fjordstuen.pk,))]
    nudged.clear()
    run = run_start()
    MatchRun.objects.update(seen_at=timezone.now() - timezone.timedelta(hours=1))
    matches_sweep()
    assert ("run", (fjordstuen.pk, run.pk)) in nudged
