"""Segments: made, changed and removed."""

from typing import Any

import pytest
from django.utils import translation

from accounts.models import AuditEntry
from accounts.sentences import sentence
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from customers.filters import Condition, Group, TreeError, tree_write
from customers.segments.models import Segment, SegmentMember
from customers.segments.selectors import (
    segment_get,
    segment_list,
    segments_referred,
    segments_resting_on,
)
from customers.segments.services import (
    SegmentChanged,
    SegmentInUse,
    segment_create,
    segment_refresh,
    segment_remove,
    segment_update,
    starter_segments,
    view_create,
)
from tests.cast import Cast, House
from tests.factories import BusinessFactory, CustomerFactory

pytestmark = pytest.mark.django_db

DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))


def naming(*segments: Segment | int) -> dict[str, Any]:
    """A tree whose second rule names segments."""
    ids = [each if isinstance(each, int) else each.pk for each in segments]
    first = {"field": "language", "operator": "any_of", "value": ["nl"]}
    return {"version": 1, "match": "any", "rules": [first, {"field": "segment", "operator": "any_of", "value": ids}]}


def last_entry() -> AuditEntry:
    return AuditEntry.objects.order_by("-pk")[0]


def test_made_and_changed(fjordstuen: House) -> None:
    by = fjordstuen.marketing
    made = segment_create(name="  Dutch   guests ", tree=DUTCH, description="Who reads Dutch", member=by)
    entry = last_entry()
    assert (entry.action, entry.object_id, entry.member_id) == ("segment.added", made.pk, by.pk)
    assert sentence(entry) == "Marketing of Fjordstuen made the segment Dutch guests"
    kept = segment_get(made.pk)
    assert (kept.title, kept.description, kept.version) == ("Dutch guests", "Who reads Dutch", 1)
    assert (kept.members, kept.counted_at, kept.is_counted) == (None, None, False)
    assert segment_list()[-1] == kept
    assert kept.tree == tree_write(DUTCH)

    changed = segment_update(segment_id=made.pk, version=1, name="Dutch", member=fjordstuen.owner)
    assert (changed.title, changed.version, changed.definition) == ("Dutch", 2, 1)
    entry = last_entry()
    assert (entry.action, entry.data["was"]["name"], entry.data["now"]["name"]) == (
        "segment.changed", "Dutch guests", "Dutch",
    )  # fmt: skip
    entries = AuditEntry.objects.count()
    assert segment_update(segment_id=made.pk, name=" Dutch ", tree=DUTCH).version == 2
    assert AuditEntry.objects.count() == entries

    other = segment_update(segment_id=made.pk, version=2, tree=Group())
    assert (other.version, other.definition, other.is_counted) == (3, 2, False)
    assert segment_get(made.pk).definition == 2


def test_a_change_over_another_is_refused(fjordstuen: House) -> None:
    made = segment_create(name="Dutch", tree=DUTCH)
    segment_update(segment_id=made.pk, version=1, name="Nederlands")
    with pytest.raises(SegmentChanged) as refused:
        segment_update(segment_id=made.pk, version=1, name="Hollands")
    assert refused.value.current.title == "Nederlands"
    with pytest.raises(SegmentChanged):
        segment_remove(segment_id=made.pk, version=1)
    assert segment_get(made.pk).title == "Nederlands"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "dutch GUESTS", "Best guests"])
def test_names_that_cannot_be(fjordstuen: House, name: str) -> None:
    segment_create(name="Dutch guests", tree=DUTCH)
    other = segment_create(name="Others", tree=DUTCH)
    with pytest.raises(Refused) as made:
        segment_create(name=name, tree=DUTCH)
    with pytest.raises(Refused) as changed:
        segment_update(segment_id=other.pk, name=name)
    assert made.value.field == changed.value.field == "name"
    assert Segment.objects.filter(code="").count() == 2


def test_letters_that_only_the_database_folds_alike(fjordstuen: House) -> None:
    """What Python takes for two names and the database for one is a refusal too."""
    segment_create(name="ǅ", tree=DUTCH)
    before = Segment.objects.count()
    with pytest.raises(Refused):
        segment_create(name="ǆ", tree=DUTCH)
    assert Segment.objects.count() == before


def test_a_name_is_the_neighbours_too(cast: Cast) -> None:
    for house in (cast.fjordstuen, cast.duinzicht):
        with business_scope(house.pk):
            segment_create(name="Dutch", tree=DUTCH)


def test_a_description_that_is_too_long(fjordstuen: House) -> None:
    with pytest.raises(Refused) as refused:
        segment_create(name="Dutch", tree=DUTCH, description="x" * 401)
    assert refused.value.field == "description"


def test_a_tree_of_an_older_version_is_brought_up_to_date(fjordstuen: House) -> None:
    made = segment_create(name="Dutch", tree={"version": 0, "language": ["nl"]})
    assert segment_get(made.pk).tree == tree_write(DUTCH)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"field": "shoe_size", "operator": "equals", "value": 42}, "shoe_size"),
        ({"field": "language", "operator": "at_least", "value": 2}, "at_least"),
        ({"field": "stays", "operator": "at_least", "value": "two"}, "two"),
        ({"field": "segment", "operator": "any_of", "value": [999_999]}, "removed"),
    ],
)
def test_conditions_that_cannot_be_are_named(fjordstuen: House, rule: dict[str, Any], told: str) -> None:
    first = {"field": "language", "operator": "any_of", "value": ["nl"]}
    before = Segment.objects.count()
    with pytest.raises(TreeError) as refused:
        segment_create(name="Dutch", tree={"version": 1, "match": "all", "rules": [first, rule]})
    (problem,) = refused.value.problems
    assert problem.place == "2"
    assert told in problem.message % problem.params
    assert Segment.objects.count() == before


def test_a_segment_of_the_neighbours_is_not_there(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = segment_create(name="Dutch", tree=DUTCH)
    with business_scope(cast.fjordstuen.pk), pytest.raises(TreeError):
        segment_create(name="Theirs", tree=naming(theirs))


def test_a_segment_does_not_rest_on_itself(fjordstuen: House) -> None:
    made = segment_create(name="Dutch", tree=DUTCH)
    with pytest.raises(TreeError) as refused:
        segment_update(segment_id=made.pk, tree=naming(made))
    (problem,) = refused.value.problems
    assert (problem.place, problem.params["segment"]) == ("2", "Dutch")
    assert segment_get(made.pk).tree == tree_write(DUTCH)


def test_segments_do_not_rest_on_each_other_in_a_circle(fjordstuen: House) -> None:
    first = segment_create(name="First", tree=DUTCH)
    second = segment_create(name="Second", tree=naming(first))
    third = segment_create(name="Third", tree=naming(second))
    inside = {"version": 1, "match": "all", "rules": [{"match": "any", "rules": naming(third)["rules"]}]}
    with pytest.raises(TreeError) as refused:
        segment_update(segment_id=first.pk, tree=inside)
    assert [problem.place for problem in refused.value.problems] == ["1.2"]
    assert segment_get(first.pk).definition == 1


def test_those_that_rest_on_a_segment_change_with_it(fjordstuen: House) -> None:
    first = segment_create(name="First", tree=DUTCH)
    second = segment_create(name="Second", tree=naming(first))
    third = segment_create(name="Third", tree=naming(second))
    beside = segment_create(name="Beside", tree=DUTCH)
    for each in (first, second, third, beside):
        segment_refresh(segment_id=each.pk)
    segment_update(segment_id=first.pk, tree=Group())
    assert [segment_get(each.pk).is_counted for each in (first, second, third, beside)] == [False, False, False, True]
    assert segments_resting_on(first.pk) == [second]
    assert segments_referred(naming(first, third)) == {first.pk, third.pk}


def test_removed_unless_something_rests_on_it(fjordstuen: House) -> None:
    first = segment_create(name="First", tree=DUTCH)
    second = segment_create(name="Second", tree=naming(first))
    view_create(name="Mine", tree=naming(first), member=fjordstuen.reception)
    view_create(name="Ours", tree=naming(first))
    with pytest.raises(SegmentInUse) as refused:
        segment_remove(segment_id=first.pk)
    assert str(refused.value) == (
        "“First” is a condition of “Second”, the view “Mine” of Reception of Fjordstuen, the shared view “Ours”. "
        "Take it out there first."
    )
    CustomerFactory(language="nl")
    segment_refresh(segment_id=second.pk)
    assert SegmentMember.objects.filter(segment=second).exists()
    segment_remove(segment_id=second.pk, member=fjordstuen.owner)
    assert sentence(last_entry()) == "Owner of Fjordstuen removed the segment Second"
    assert not SegmentMember.objects.filter(segment_id=second.pk).exists()
    with pytest.raises(Segment.DoesNotExist):
        segment_get(second.pk)
    with pytest.raises(Segment.DoesNotExist):
        segment_remove(segment_id=second.pk)


def test_a_new_business_has_six(db: None) -> None:
    business = BusinessFactory()
    with business_scope(business.pk):
        assert [each.title for each in segment_list()] == [
            "Newsletter by e-mail ready",
            "Regulars",
            "Best guests",
            "Lapsed guests",
            "First-time guests of the last 3 months",
            "Birthday in the next 30 days",
        ]
        assert starter_segments(business=business) == 0
        for each in segment_list():
            segment_refresh(segment_id=each.pk)
            assert segment_get(each.pk).members == 0


def test_a_ready_one_is_called_by_its_code_until_renamed(fjordstuen: House) -> None:
    ready = Segment.objects.get(code=Segment.Code.REGULARS)
    with translation.override("nb"):
        assert ready.title == str(Segment.Code.REGULARS.label)
        same = segment_update(segment_id=ready.pk, name=ready.title, description="Tre opphold")
        assert (same.name, same.description) == ("", "Tre opphold")
    renamed = segment_update(segment_id=ready.pk, name="Stayed thrice")
    assert (renamed.title, renamed.code) == ("Stayed thrice", "regulars")
    segment_create(name="Regulars", tree=DUTCH)
    segment_remove(segment_id=ready.pk)
    assert not Segment.objects.filter(code=Segment.Code.REGULARS).exists()
