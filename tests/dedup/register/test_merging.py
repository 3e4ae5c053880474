"""Merging matches in the background, each to be undone by itself and all together; decisions through merges."""

import pytest

from customers.card.models import Customer
from customers.changes.services import change_set_undo
from dedup.merging.services import merge
from dedup.register import merging
from dedup.register.learning import said
from dedup.register.merging import automatic_start, groups_of, merging_count, merging_sample
from dedup.register.models import Decision, Match, MatchRun
from dedup.register.runs import register_run
from dedup.register.services import RunRefused, decide, merging_start, settings_save
from tests.cast import House
from tests.dedup.register.cards import card, crowd, followed, found, pair, twins, walked

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(fjordstuen: House) -> House:
    crowd()
    walked(fjordstuen.pk)
    return fjordstuen


def several(count: int) -> list[tuple[Customer, Customer]]:
    return [twins(emails=[f"sigrid.aasen{at}@example.no"], phones=[f"+479123456{at}"]) for at in range(count)]


def test_groups_hold_only_cards_that_all_match_one_another() -> None:
    pairs = [(1, 2), (2, 3), (4, 5), (1, 3)]
    assert groups_of(pairs, {(1, 2), (2, 3), (1, 3), (4, 5)}) == [(1, 2, 3), (4, 5)]
    assert groups_of(pairs[:3], {(1, 2), (2, 3), (4, 5)}) == [(1, 2), (4, 5)]
    assert groups_of([], set()) == []


def test_all_above_a_threshold(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "PAIRS", 2)
    pairs = several(1) + [
        (card(given, family, emails=[address]), card(given, family, emails=[address]))
        for given, family, address in (
            ("Torbjørg", "Oppheim", "t.oppheim@example.no"),
            ("Gunnvor", "Skjelstad", "gunnvor.skjelstad@example.no"),
            ("Halvdan", "Brattli", "halvdan.brattli@example.no"),
        )
    ]
    followed(house.pk)
    assert {pair(*each) for each in pairs} <= found()
    count = merging_count(minimum=0.5)
    assert count >= 4
    sample = merging_sample(minimum=0.5, size=3)
    assert len(set(sample)) == 3
    assert set(sample) <= set(Match.objects.filter(state="open").values_list("pk", flat=True))
    before = Customer.objects.count()
    run = merging_start(minimum=0.5, member=house.admin)
    with pytest.raises(RunRefused):
        merging_start(minimum=0.5)
    register_run(business_id=house.pk, run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.found) == (MatchRun.State.DONE, run.total, before - Customer.objects.count())
    assert run.found >= 4
    assert found() == set()
    assert found("merged") >= {pair(*each) for each in pairs}
    # Nobody looked at them one by one: they teach nothing.
    followed(house.pk)
    assert said() == []
    assert run.change_set_id is not None
    change_set_undo(change_set_id=run.change_set_id)
    followed(house.pk)
    assert Customer.objects.count() == before
    assert {pair(*each) for each in pairs} <= found()


def test_only_those_that_agree_in_what_was_asked(house: House) -> None:
    with_phone = twins()
    without = (card("Halvdan", "Brattli", emails=["h.brattli@example.no"]) for _ in range(2))
    one, other = without
    followed(house.pk)
    run = merging_start(minimum=0.5, agree=frozenset({"phones"}))
    register_run(business_id=house.pk, run_id=run.pk)
    assert found("merged") == {pair(*with_phone)}
    assert pair(one, other) in found()


def test_by_itself_only_when_turned_on_and_never_where_names_or_days_differ(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    ola, kari = card("Ola", "Utne"), card("Kari", "Utne")
    Match.objects.create(left_id=ola.pk, right_id=kari.pk, weight=20, probability=0.99999, agrees=2, differs=1)
    assert automatic_start() is None
    settings_save(propose=0.5, certain=0.9, automatic=True, member=house.admin)
    run = automatic_start()
    assert run is not None and run.by_itself
    register_run(business_id=house.pk, run_id=run.pk)
    assert found("merged") == {pair(one, other)}
    assert found() == {pair(ola, kari)}
    assert automatic_start() is None


def test_a_walk_merges_what_is_certain_where_that_is_turned_on(house: House) -> None:
    one, other = twins()
    settings_save(propose=0.5, certain=0.9, automatic=True, member=house.admin)
    followed(house.pk)
    from dedup.register.services import run_start

    run = run_start()
    merging_run = register_run(business_id=house.pk, run_id=run.pk)
    assert merging_run is not None
    register_run(business_id=house.pk, run_id=merging_run.pk)
    assert found("merged") == {pair(one, other)}


def test_what_cannot_be_merged_is_counted(house: House) -> None:
    one, other = twins()
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    with change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.filter(pk=one.pk).update(is_restricted=True)
    followed(house.pk)
    run = merging_start(minimum=0.5)
    register_run(business_id=house.pk, run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.found, run.skipped) == (MatchRun.State.DONE, 0, {"restricted": 1})
    assert found() == {pair(one, other)}


def test_a_merge_on_any_page_is_a_decision_until_it_is_undone(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    act = merge(customer_ids=[one.pk, other.pk], member=house.admin)
    followed(house.pk)
    assert found("merged") == {pair(one, other)}
    (decision,) = Decision.objects.all()
    assert (decision.verdict, decision.change_set_id) == ("same", act.pk)
    assert [each.same for each in said()] == [True]
    change_set_undo(change_set_id=act.pk)
    assert said() == []
    followed(house.pk)
    assert found() == {pair(one, other)}


def test_not_the_same_holds_through_later_merges_and_their_undo(house: House) -> None:
    one, other = twins()
    third = card("Sigrid", "Åsen", emails=["sigrid.aasen@example.no"], phones=["+4791234567"])
    followed(house.pk)
    decide(left_id=one.pk, right_id=other.pk, decision="different", member=house.admin)
    act = merge(customer_ids=[other.pk, third.pk], survivor_id=third.pk, member=house.admin)
    followed(house.pk)
    walked(house.pk)
    assert found() == set()
    assert pair(one, third) in found("different")
    change_set_undo(change_set_id=act.pk)
    followed(house.pk)
    walked(house.pk)
    assert pair(one, third) in found()
    assert pair(one, other) in found("different")
