"""Filters as SQL: over random registers and random trees they say what plain Python says; every part by an example."""

import datetime as dt
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.conditions.selectors import Wanted, filter_catalogue, filter_context, wanted
from customers.facts.models import CustomerFacts
from customers.facts.services import facts_roll
from customers.filters import (
    Catalogue,
    Condition,
    Context,
    Group,
    Period,
    Referred,
    TreeError,
    compile_tree,
    is_narrow,
)  # fmt: skip
from customers.listing import page_sql
from customers.listing.order import DEFAULT, Order, read_order
from customers.listing.selectors import guest_count, guest_page, matching_sql
from customers.search.fetch_sql import ids
from customers.segments.models import Segment
from tests.cast import House
from tests.customers.filter_oracle import Known, matching, register
from tests.customers.filter_register import fill_register
from tests.customers.filter_trees import trees
from tests.factories import CustomerFactory, SegmentFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


class Register:
    """A random register, its catalogue, and what is known of its guests."""

    def __init__(self, house: House, seed: int) -> None:
        business = house.business
        today = timezone.localdate(timezone=business.zone)
        self.ids = fill_register(seed=seed, guests=40, today=today, currency=business.currency)
        facts_roll(business=business)
        self.catalogue = filter_catalogue()
        lapsed = Condition("last_stay", "in", Period("before", 6, "month"))
        tagged = Condition("tags", "any_of", tuple(self.ids["tags"][:2]), negated=True)
        self.segments = {
            1: Referred("Lapsed", Group(rules=(lapsed,))),
            2: Referred("Both", Group("any", (tagged, Condition("segment", "any_of", (1,), negated=True)))),
        }
        self.ids["segment"] = list(self.segments)
        context = filter_context(business=business, catalogue=self.catalogue, every_segment=True)
        self.context = Context(context.today, context.zone, context.currency, context.ranks, self.segments)
        self.known: dict[int, Known] = register()

    def found(self, tree: Group, *, by_row: bool) -> set[int]:
        sql = compile_tree(tree, self.catalogue, self.context, by_row=by_row)
        return set(ids(f"SELECT f.customer_id FROM customers_customerfacts f WHERE {sql.text}", sql.values))


@pytest.fixture(params=[1, 2])
def guests(request: pytest.FixtureRequest, fjordstuen: House) -> Iterator[Register]:
    yield Register(fjordstuen, request.param)


def test_sql_says_what_python_says(guests: Register) -> None:
    """Every tree finds the same guests as a plain look at everything written of each, whichever way it is asked."""

    @settings(
        max_examples=200, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )  # fmt: skip
    @given(tree=trees(guests.catalogue, guests.ids))
    def check(tree: Group) -> None:
        expected = matching(tree, guests.known, guests.catalogue, guests.context)
        assert guests.found(tree, by_row=False) == expected
        assert guests.found(tree, by_row=True) == expected
        asked = Wanted(tree, guests.catalogue, guests.context)
        assert guest_count(guests=asked) == len(expected)
        assert {row.customer_id for row in guest_page(guests=asked, size=100).rows} == expected

    check()


def test_pages_share_out_what_matches(guests: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwards page by page everybody once and in order, backwards the same; however far an index is walked first."""
    orders = [read_order(name) or DEFAULT for name in ("name", "-name", "last", "-last", "first", "-stays", "value")]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(trees(guests.catalogue, guests.ids), st.sampled_from(orders), st.sampled_from([1, 7, 99]), st.integers(2, 9))
    def check(tree: Group, order: Order, walk: int, size: int) -> None:
        monkeypatch.setattr(page_sql, "WALK_MAX", walk)
        asked = Wanted(tree, guests.catalogue, guests.context)
        expected = _sorted(matching(tree, guests.known, guests.catalogue, guests.context), order)
        forwards, page = [], guest_page(guests=asked, order=order, size=size)
        last = page
        while True:
            forwards += [row.customer_id for row in page.rows]
            last = page
            assert page.total in (None, len(expected))
            if page.after is None:
                break
            page = guest_page(guests=asked, order=order, size=size, after=page.after)
        assert forwards == expected
        backwards = [row.customer_id for row in last.rows]
        while last.before is not None:
            last = guest_page(guests=asked, order=order, size=size, before=last.before)
            backwards = [row.customer_id for row in last.rows] + backwards
        assert backwards == expected

    check()


def _sorted(ids: set[int], order: Order) -> list[int]:
    """As the list is sorted: by the column, then the id; those without a value last, by their ids."""
    column = dict(CustomerFacts.objects.filter(customer_id__in=ids).values_list("customer_id", order.column))
    known = sorted(((column[pk], pk) for pk in ids if column[pk] is not None), reverse=order.descending)
    return [pk for _value, pk in known] + sorted(pk for pk in ids if column[pk] is None)


def test_every_field_is_asked(guests: Register) -> None:
    """Each field and operator by itself, both ways round: one and its negation share out the register."""
    everybody = set(guests.known)

    for key, field in guests.catalogue.items():
        for operator in field.operators:
            found: set[int] = set()
            tree = Group(rules=(_one(key, operator, guests.catalogue, guests.ids),))
            for by_row in (False, True):
                found = guests.found(tree, by_row=by_row)
                assert found == matching(tree, guests.known, guests.catalogue, guests.context), (key, operator)
            (rule,) = tree.rules
            assert isinstance(rule, Condition)
            contrary = Group(rules=(Condition(key, operator, rule.value, True, rule.period, rule.where),))
            assert guests.found(contrary, by_row=False) == everybody - found, (key, operator)


def _one(key: str, operator: str, catalogue: Catalogue, ids: dict[str, list[int]]) -> Condition:
    field = catalogue[key]
    value: Any = {
        "empty": None, "yes": None, "top": 30, "month": (2, 3), "in": Period("last", 6, "month"),
        "at_least": 1, "at_most": 1, "equals": 1, "between": (1, 4), "all_of": tuple(ids["tags"][:1]),
        "is": ("bergen",), "contains": ("e",), "starts_with": ("be", "5"),
    }.get(operator)  # fmt: skip
    if operator == "any_of":
        options = {"tags": ids["tags"], "segment": ids["segment"]}.get(field.kind, field.options)
        value = tuple(options[:2]) if options else ("nl", "NO"[:2]) if key == "language" else ("NO", "")
    return Condition(key, operator, value)


def test_negation_holds_those_without_a_value(fjordstuen: House) -> None:
    """Not in the last six months: who has never stayed belongs to it."""
    never = CustomerFactory()
    rule = Condition("last_stay", "in", Period("last", 6, "month"), negated=True)
    assert ids(*matching_sql(tree=Group(rules=(rule,)))) == [never.pk]


def test_a_filter_names_the_condition_whose_segment_is_gone(fjordstuen: House) -> None:
    first = Condition("stays", "at_least", 1)
    tree = Group(rules=(first, Group(rules=(first, Condition("segment", "any_of", (10**9,))))))
    with pytest.raises(TreeError) as error:
        matching_sql(tree=tree)
    assert [problem.place for problem in error.value.problems] == ["2.2"]


def test_segments_that_refer_to_each_other_are_a_circle(fjordstuen: House) -> None:
    rule = Condition("segment", "any_of", (1,))
    circle = {1: Referred("One", Group(rules=(Condition("segment", "any_of", (2,)),))),
              2: Referred("Two", Group(rules=(rule,)))}  # fmt: skip
    context = Context(dt.date(2026, 6, 1), segments=circle)
    with pytest.raises(TreeError) as error:
        compile_tree(Group(rules=(Condition("stays", "at_least", 1), rule)), filter_catalogue(), context)
    (problem,) = error.value.problems
    assert problem.place == "2" and problem.params["segment"] == "One"
    # Named twice without a circle is fine.
    twice = Group(rules=(Condition("segment", "any_of", (1,)), Condition("segment", "any_of", (1,), negated=True)))
    plain = Context(dt.date(2026, 6, 1), segments={1: Referred("One", Group())})
    assert compile_tree(twice, filter_catalogue(), plain).text


def test_a_segment_in_the_register_is_read(fjordstuen: House) -> None:
    guest, _other = CustomerFactory(language="nl"), CustomerFactory(language="nb")
    dutch = SegmentFactory(tree={"version": 1, "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]})
    tree = Group(rules=(Condition("segment", "any_of", (dutch.pk,)),))
    assert ids(*matching_sql(tree=tree)) == [guest.pk]
    # One that the register cannot read any more stands as removed.
    Segment.objects.filter(pk=dutch.pk).update(tree={"version": 1, "rules": [{"field": "own.gone", "operator": "yes"}]})
    with pytest.raises(TreeError):
        matching_sql(tree=tree)


def test_what_the_facts_alone_answer(fjordstuen: House) -> None:
    catalogue, context = filter_catalogue(), Context(dt.date(2026, 6, 1))
    assert is_narrow(Group(rules=(Condition("stays", "at_least", 2),)), catalogue, context)
    counted = Condition("stays.count", "at_least", 2, period=Period("last", 2, "year"))
    assert is_narrow(Group(rules=(counted,)), catalogue, context)
    wide_rule = Condition("stays.count", "at_least", 2, where=(("status", ("cancelled",)),))
    wide = Group(rules=(wide_rule,))
    assert not is_narrow(wide, catalogue, context)
    both = Wanted(Group(rules=(counted, wide_rule)), catalogue, context)
    assert both.narrow == compile_tree(Group(rules=(counted,)), catalogue, context)
    assert not both.is_narrow
    for key in ("stays.nights", "purchases.count"):
        assert not is_narrow(Group(rules=(Condition(key, "at_least", 2),)), catalogue, context)
    through = Context(dt.date(2026, 6, 1), segments={1: Referred("One", wide)})
    assert not is_narrow(Group(rules=(Condition("segment", "any_of", (1,)),)), catalogue, through)


@pytest.mark.usefixtures("fjordstuen")
def test_stays_in_a_window_are_counted_to_its_edges() -> None:
    """Every window of a few days about the arrivals, two of which are on one day; who never stayed has none."""
    guest, never = CustomerFactory(), CustomerFactory()
    day = dt.date(2025, 3, 10)
    arrivals = [day + dt.timedelta(days) for days in (0, 2, 2, 5)]
    for arrival in arrivals:
        stay = StayFactory(arrival=arrival, departure=arrival + dt.timedelta(1))
        StayParticipantFactory(stay=stay, customer=guest)
    days = [None, dt.date.min, *(day + dt.timedelta(number) for number in range(-1, 7)), dt.date.max]
    context = Context(dt.date(2026, 6, 1))
    asked = 0
    for first, until in product(days, days):
        if first and until and until < first:
            continue
        period = Period("between", first=first, until=until)
        number = sum((first is None or first <= each) and (until is None or each <= until) for each in arrivals)
        for value, expected in ((number, {guest.pk}), (0, {never.pk} | ({guest.pk} if number == 0 else set()))):
            rule = Condition("stays.count", "equals", value, period=period)
            sql = compile_tree(Group(rules=(rule,)), filter_catalogue(), context)
            found = set(ids(f"SELECT f.customer_id FROM customers_customerfacts f WHERE {sql.text}", sql.values))
            assert found == (expected | {never.pk} if value == 0 else expected), (first, until, value)
            asked += 1
    assert asked > 100


def test_amounts_are_the_business_s_own(fjordstuen: House) -> None:
    """A rank of value asks for the currency of the business, and for a value at all."""
    CustomerFactory()
    assert guest_count(guests=wanted(tree=Group(rules=(Condition("value_rank", "top", 50),)))) == 0


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_age_turns_on_the_birthday(years: int) -> None:
    """Whoever is so old was born within one year of days, up to and with this day so many years ago."""
    today = dt.date(2024, 2, 29)
    sql = compile_tree(Group(rules=(Condition("age", "equals", years),)), _catalogue(), Context(today))
    first, last = sorted(sql.values)
    assert (first.month, first.day) == (3, 1)
    assert (last.month, last.day) in ((2, 28), (2, 29)) and 364 <= (last - first).days <= 366


def _catalogue() -> Catalogue:
    from customers.filters import catalogue_of

    return catalogue_of(sources=[], consents=[], states=[], reach=[])
