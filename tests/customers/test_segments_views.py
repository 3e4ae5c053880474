"""Saved views: of a member, or of everybody."""

from typing import Any

import pytest

from accounts.models import CAPABILITIES, Capability, Member, Role
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from customers.filters import Condition, Group, TreeError, tree_write
from customers.segments.models import DefaultView, SavedView
from customers.segments.selectors import view_default, view_get, views_of, views_shared
from customers.segments.services import (
    ViewChanged,
    view_create,
    view_default_set,
    view_move,
    view_remove,
    view_update,
)
from tests.cast import Cast, House

pytestmark = pytest.mark.django_db

DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))


def names(member: Member) -> list[str]:
    return [view.name for view in views_of(member=member)]


def test_a_view_keeps_how_the_list_looks(fjordstuen: House) -> None:
    made = view_create(
        name="  Dutch ",
        tree=DUTCH,
        text=" jansen ",
        sort="-value",
        columns=["name", "value", "name"],
        density="compact",
        member=fjordstuen.reception,
    )
    view = view_get(view_id=made.pk, member=fjordstuen.reception)
    assert (view.name, view.text, view.sort, view.columns, view.density) == (
        "Dutch", "jansen", "-value", ["name", "value"], "compact",
    )  # fmt: skip
    assert (view.tree, view.version, view.is_shared) == (tree_write(DUTCH), 1, False)


def test_who_sees_what_in_which_order(cast: Cast) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        for name in ("Mine", "Also mine"):
            view_create(name=name, tree=DUTCH, member=house.reception)
        theirs = view_create(name="Theirs", tree=DUTCH, member=house.owner)
        shared = view_create(name="Ours", tree=DUTCH)
        assert names(house.reception) == ["Ours", "Mine", "Also mine"]
        assert names(house.owner) == ["Ours", "Theirs"]
        assert views_shared() == [shared]
        for member in (house.reception, None):
            with pytest.raises(SavedView.DoesNotExist):
                view_get(view_id=theirs.pk, member=member)
            with pytest.raises(SavedView.DoesNotExist):
                view_update(view_id=theirs.pk, values={"name": "x"}, member=member)
            with pytest.raises(SavedView.DoesNotExist):
                view_remove(view_id=theirs.pk, member=member)
            with pytest.raises(SavedView.DoesNotExist):
                view_move(view_id=theirs.pk, to=0, member=member)
        with pytest.raises(SavedView.DoesNotExist):
            view_default_set(member=house.reception, view_id=theirs.pk)
    with business_scope(cast.duinzicht.pk):
        assert names(cast.duinzicht.reception) == []
        with pytest.raises(SavedView.DoesNotExist):
            view_get(view_id=shared.pk, member=cast.duinzicht.owner)


def test_changed(fjordstuen: House) -> None:
    view = view_create(name="Ours", tree=DUTCH)
    changed = view_update(view_id=view.pk, values={"name": "All", "tree": Group(), "sort": "name"}, version=1)
    assert (changed.name, changed.tree, changed.sort, changed.version) == ("All", tree_write(Group()), "name", 2)
    assert view_update(view_id=view.pk, values={"name": "All"}).version == 2
    with pytest.raises(ViewChanged) as refused:
        view_update(view_id=view.pk, values={"name": "x"}, version=1)
    assert refused.value.current.name == "All"
    with pytest.raises(ViewChanged):
        view_remove(view_id=view.pk, version=1)
    view_remove(view_id=view.pk, version=2)
    assert views_shared() == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "THERE"}, "name"),
        ({"text": "x" * 201}, "text"),
        ({"sort": "value; drop"}, "sort"),
        ({"columns": ["<b>"]}, "columns"),
        ({"columns": [3]}, "columns"),
        ({"columns": [f"c{n}" for n in range(41)]}, "columns"),
        ({"density": "airy"}, "density"),
    ],
)
def test_what_cannot_be(fjordstuen: House, values: dict[str, Any], field: str) -> None:
    view_create(name="There", tree=DUTCH)
    view = view_create(name="Ours", tree=DUTCH)
    with pytest.raises(Refused) as made:
        view_create(**{"name": "New", "tree": DUTCH, **values})
    with pytest.raises(Refused) as changed:
        view_update(view_id=view.pk, values=values)
    assert made.value.field == changed.value.field == field
    assert [(each.name, each.version) for each in views_shared()] == [("There", 1), ("Ours", 1)]


def test_conditions_that_cannot_be(fjordstuen: House) -> None:
    view = view_create(name="Ours", tree=DUTCH)
    gone = Group(rules=(Condition("segment", "any_of", (999_999,)),))
    for tree in (gone, {"version": 1, "rules": [{"field": "shoe_size", "operator": "yes"}]}):
        with pytest.raises(TreeError):
            view_create(name="New", tree=tree)
        with pytest.raises(TreeError):
            view_update(view_id=view.pk, values={"tree": tree})
    assert len(views_shared()) == 1


def test_a_name_is_taken_by_ones_own_alone(fjordstuen: House) -> None:
    for member in (fjordstuen.reception, fjordstuen.owner, None):
        view_create(name="Dutch", tree=DUTCH, member=member)
    with pytest.raises(Refused):
        view_create(name="dutch", tree=DUTCH, member=fjordstuen.owner)


def test_more_views_than_anybody_looks_through(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.segments.services.views.VIEWS_MAX", 1)
    view_create(name="One", tree=DUTCH)
    with pytest.raises(Refused):
        view_create(name="Two", tree=DUTCH)
    view_create(name="Two", tree=DUTCH, member=fjordstuen.owner)


@pytest.mark.parametrize(("to", "order"), [(0, "CAB"), (1, "ACB"), (2, "ABC"), (9, "ABC"), (-4, "CAB")])
def test_moved(fjordstuen: House, to: int, order: str) -> None:
    member = fjordstuen.reception
    for name in "ABC":
        last = view_create(name=name, tree=DUTCH, member=member)
    view_create(name="Shared", tree=DUTCH)
    view_move(view_id=last.pk, to=to, member=member)
    assert "".join(names(member)[1:]) == order
    view_create(name="D", tree=DUTCH, member=member)
    assert names(member)[-1] == "D"


def test_the_view_a_list_opens_with(fjordstuen: House) -> None:
    member = fjordstuen.reception
    own, shared = view_create(name="Mine", tree=DUTCH, member=member), view_create(name="Ours", tree=DUTCH)
    assert view_default(member=member) is None
    view_default_set(member=member, view_id=own.pk)
    view_default_set(member=member, view_id=shared.pk)
    view_default_set(member=fjordstuen.owner, view_id=shared.pk)
    assert view_default(member=member) == shared
    view_default_set(member=member, view_id=None)
    assert (view_default(member=member), view_default(member=fjordstuen.owner)) == (None, shared)
    view_remove(view_id=shared.pk)
    assert not DefaultView.objects.exists()


def test_a_member_who_goes_takes_their_views_along(fjordstuen: House) -> None:
    view = view_create(name="Mine", tree=DUTCH, member=fjordstuen.reception)
    view_default_set(member=fjordstuen.reception, view_id=view.pk)
    Member.objects.filter(pk=fjordstuen.reception.pk).delete()
    assert not SavedView.objects.exists()


def test_who_may_build_segments() -> None:
    able = [role for role in Role if Capability.SEGMENT in CAPABILITIES[role]]
    assert able == [Role.MARKETING, Role.ADMIN, Role.OWNER]
