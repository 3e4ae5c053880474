"""Own fields in the guest list's filter: the address, SQL against plain Python, plans, chips, and the neighbour's."""

import datetime as dt
import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.models import CustomField, GuestFieldValue
from customers.fields.selectors import filter_fields
from customers.filters import FilterField, GuestFilter, OwnFilter, on_rows, on_sets, read_filter
from customers.listing.order import read_order
from customers.listing.selectors import guest_count, guest_page
from tests.cast import Cast, House
from tests.customers.test_search_tables import plan
from tests.factories import CustomerFactory, CustomFieldFactory, GuestFieldValueFactory

LIST = "/b/fjordstuen/guests/"
TEXT = FilterField(1, "dog", "text")
NUMBER = FilterField(2, "beds", "number")
DATE = FilterField(3, "since", "date")
CHOICE = FilterField(4, "level", "choice", ("gold", "silver"))
YES_NO = FilterField(5, "club", "yes_no")
YEARS_END = dt.date(2020, 12, 31)
FIELDS = (TEXT, NUMBER, DATE, CHOICE, YES_NO)


def read(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[OwnFilter, ...], list[str]]:
    parameters: dict[str, list[str]] = {}
    for name, value in pairs:
        parameters.setdefault(name, []).append(value)
    guests, ignored = read_filter(parameters, tags=(), sources=(), fields=FIELDS)
    return guests.own, [f"{part.name}={part.value}" for part in ignored]


@pytest.mark.parametrize(
    ("pairs", "expected", "ignored"),
    [
        ([("f.dog", " Fenris ")], [OwnFilter(TEXT, ("Fenris",))], []),
        ([("f.level", "gold"), ("f.level", "tin")], [OwnFilter(CHOICE, ("gold",))], ["f.level=tin"]),
        ([("f.level", "gold"), ("f.level", "gold")], [OwnFilter(CHOICE, ("gold",))], []),
        ([("f.club", "no")], [OwnFilter(YES_NO, ("no",))], []),
        ([("f.club", "perhaps")], [], ["f.club=perhaps"]),
        ([("f.beds", "2..4")], [OwnFilter(NUMBER, (), Decimal(2), Decimal(4))], []),
        ([("f.beds", "4..2")], [OwnFilter(NUMBER, (), Decimal(2), Decimal(4))], []),
        ([("f.beds", "2.5..")], [OwnFilter(NUMBER, (), Decimal("2.5"))], []),
        ([("f.beds", "..-1,5")], [OwnFilter(NUMBER, (), None, Decimal("-1.5"))], []),
        ([("f.beds", "3")], [OwnFilter(NUMBER, (), Decimal(3), Decimal(3))], []),
        ([("f.beds.from", "2"), ("f.beds.until", "")], [OwnFilter(NUMBER, (), Decimal(2))], []),
        ([("f.beds.from", "2"), ("f.beds.until", "4")], [OwnFilter(NUMBER, (), Decimal(2), Decimal(4))], []),
        ([("f.beds", "many")], [], ["f.beds=many"]),
        ([("f.beds", "1..2..3")], [], ["f.beds=1..2..3"]),
        ([("f.beds", "..")], [], []),
        ([("f.beds", "1e5")], [], ["f.beds=1e5"]),
        ([("f.since", "2020-01-01..2020-12-31")], [OwnFilter(DATE, (), dt.date(2020, 1, 1), YEARS_END)], []),
        ([("f.since", "2020-02-30")], [], ["f.since=2020-02-30"]),
        ([("f.nothing", "x"), ("f.", "y"), ("f.dog.from", "z")], [], ["f.nothing=x", "f.=y", "f.dog.from=z"]),
        ([("f.dog", "a\x00b")], [], ["f.dog=a\x00b"]),
        ([("f.dog", "")], [], []),
    ],
)  # fmt: skip
def test_read(pairs: list[tuple[str, str]], expected: list[OwnFilter], ignored: list[str]) -> None:
    assert read(pairs) == (tuple(expected), ignored)


NUMBERS = st.none() | st.decimals(-(10**14) + 1, 10**14 - 1, places=4)
DATES = st.none() | st.dates()


def _between(field: FilterField, ends: tuple[Any, Any]) -> OwnFilter | None:
    low, high = ends
    if low is None and high is None:
        return None
    if low is not None and high is not None and high < low:
        low, high = high, low
    return OwnFilter(field, (), low, high)


def _chosen(field: FilterField, values: list[str]) -> OwnFilter | None:
    return OwnFilter(field, tuple(values)) if values else None


TEXTS = st.text(min_size=1, max_size=30).map(str.strip).filter(lambda text: text and "\x00" not in text)
CONDITIONS = st.tuples(
    st.lists(TEXTS, unique=True, max_size=3).map(lambda values: _chosen(TEXT, values)),
    st.tuples(NUMBERS, NUMBERS).map(lambda ends: _between(NUMBER, ends)),
    st.tuples(DATES, DATES).map(lambda ends: _between(DATE, ends)),
    st.lists(st.sampled_from(CHOICE.options), unique=True).map(lambda values: _chosen(CHOICE, values)),
    st.lists(st.sampled_from(["yes", "no"]), unique=True).map(lambda values: _chosen(YES_NO, values)),
).map(lambda found: tuple(own for own in found if own is not None))  # fmt: skip


@given(CONDITIONS)
def test_what_is_written_reads_the_same(own: tuple[OwnFilter, ...]) -> None:
    assert read(GuestFilter(own=own).parameters()) == (own, [])


@pytest.fixture
def register(fjordstuen: House) -> list[Customer]:
    """Thirty guests, some with a value of each kind; the same every time."""
    dice = random.Random(11)
    fields = [
        CustomFieldFactory(key=field.key, kind=field.kind, options=[{"key": k, "label": k} for k in field.options])
        for field in FIELDS
    ]
    guests = CustomerFactory.create_batch(30)
    kinds: dict[str, list[dict[str, Any]]] = {
        "text": [{"text": "Fenris"}, {"text": "Garm"}],
        "number": [{"number": Decimal(number)} for number in ("-1.5", "0", "2", "2.0001", "10")],
        "date": [{"date": dt.date(2020, 1, day)} for day in range(1, 6)],
        "choice": [{"text": "gold"}, {"text": "silver"}],
        "yes_no": [{"flag": True}, {"flag": False}],
    }
    with change_set(kind=ChangeSet.Kind.EDIT):
        GuestFieldValue.objects.bulk_create(
            GuestFieldValue(customer=guest, field=field, **dice.choice(kinds[field.kind]))
            for guest in guests
            for field in fields
            if dice.random() < 0.7
        )
    return guests


ASKED = [
    "f.dog=Fenris",
    "f.dog=Fenris&f.dog=Garm",
    "f.dog=fenris",
    "f.beds=2",
    "f.beds=2..",
    "f.beds=..0",
    "f.beds=-2..2",
    "f.since=2020-01-02..2020-01-04",
    "f.since=..2020-01-03",
    "f.level=gold",
    "f.level=gold&f.level=silver",
    "f.club=yes",
    "f.club=yes&f.club=no",
    "f.club=no&f.level=gold&f.beds=0..",
    "f.dog=Fenris&f.since=2020-01-01..",
]


def matches(value: GuestFieldValue | None, own: OwnFilter) -> bool:
    """The condition in plain Python."""
    if value is None:
        return False
    if own.field.kind == "yes_no":
        return ("yes" if value.flag else "no") in own.any_of
    if not own.field.has_range:
        return value.text in own.any_of
    held = value.number if own.field.kind == "number" else value.date
    low, high = own.low, own.high
    return held is not None and (low is None or held >= low) and (high is None or held <= high)  # type: ignore[operator]


@pytest.mark.django_db
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("asked", ASKED)
def test_sql_is_python(register: list[Customer], monkeypatch: pytest.MonkeyPatch, asked: str, narrow: bool) -> None:
    if narrow:
        monkeypatch.setattr("customers.listing.page_sql.WALK_MAX", 3)
    parameters: dict[str, list[str]] = {}
    for pair in asked.split("&"):
        name, _, value = pair.partition("=")
        parameters.setdefault(name, []).append(value)
    guests, ignored = read_filter(parameters, tags=(), sources=(), fields=filter_fields())
    assert not ignored
    values = {(value.customer_id, value.field_id): value for value in GuestFieldValue.objects.all()}
    expected = {
        guest.pk for guest in register if all(matches(values.get((guest.pk, own.field.id)), own) for own in guests.own)
    }
    for order in ("name", "-last", "value"):
        page = guest_page(guests=guests, order=read_order(order), size=100)  # type: ignore[arg-type]
        assert {row.customer_id for row in page.rows} == expected
    assert guest_count(guests=guests) == len(expected)
    assert 0 < len(expected) < len(register) or asked == "f.dog=fenris"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "column", "condition"),
    [
        ({"f.dog": ["Fenris"]}, "text", "text = ANY"),
        ({"f.beds": ["2..4"]}, "number_scaled", "number_scaled >= 20000) AND (number_scaled <= 40000"),
        ({"f.since": ["2020-01-01.."]}, "date", "date >= "),
    ],
)
def test_conditions_are_answered_by_the_index_below_the_policy(
    register: list[Customer], asked: dict[str, list[str]], column: str, condition: str
) -> None:
    """An operator that is not leakproof would be a filter behind the policy, never an index condition."""
    guests, _ = read_filter(asked, tags=(), sources=(), fields=filter_fields())
    sets, rows = on_sets(guests, None), on_rows(guests, None)
    own = sets.text.removeprefix("c.id IN (").removesuffix(")")
    # Of an empty business every index seems as good as the next: the order names the one that is meant.
    found = plan(f"{own} ORDER BY v.business_id, v.field_id, v.{column}, v.customer_id", sets.values)
    assert f"guest_field_{column.removesuffix('_scaled')}" in found
    assert condition in found.partition("Index Cond:")[2].partition("Filter:")[0]
    probe = plan(f"SELECT id FROM customers_customer c WHERE {rows.text}", rows.values)
    assert "SubPlan" in probe
    assert "Seq Scan" not in probe


@pytest.mark.django_db
class TestPage:
    """The list's page."""

    def test_inputs_chips_and_rows(self, cast: Cast, client: Client) -> None:
        client.force_login(cast.fjordstuen.reception.user)
        with business_scope(cast.fjordstuen.pk):
            options = [{"key": "gold", "label": "Gull"}, {"key": "silver", "label": "Sølv"}]
            level = CustomFieldFactory(key="level", label="Level", kind="choice", options=options)
            beds = CustomFieldFactory(key="beds", label="Beds", kind="number")
            kari, ola = CustomerFactory(given_name="Kari"), CustomerFactory(given_name="Ola")
            GuestFieldValueFactory(customer=kari, field=level, text="gold")
            GuestFieldValueFactory(customer=kari, field=beds, text="", number=3)
            GuestFieldValueFactory(customer=ola, field=level, text="silver")
        page = client.get(LIST).text
        assert 'name="f.level" value="gold"' in page
        assert 'name="f.beds.from"' in page
        answer = client.get(LIST, {"f.level": "gold", "f.beds.from": "2", "f.beds.until": "", "sort": "-last"})
        assert "Kari Nordmann" in answer.text
        assert "Ola Nordmann" not in answer.text
        chips = answer.context["own_chips"]
        assert [(chip.label, chip.text) for chip in chips] == [("Level", "Gull"), ("Beds", "from 2")]
        assert chips[0].remove == "?" + urlencode({"f.beds": "2..", "sort": "-last"})
        assert answer.context["state"] == urlencode({"f.level": "gold", "f.beds": "2.."})
        assert client.get(LIST + "count/", {"f.level": "silver"}).text.count("1 guest") == 1

    def test_archived_fields_and_the_neighbours_are_left_out(self, cast: Cast, client: Client) -> None:
        client.force_login(cast.fjordstuen.admin.user)
        with business_scope(cast.fjordstuen.pk):
            GuestFieldValueFactory(field=CustomFieldFactory(key="old", is_archived=True))
            CustomerFactory()
        with business_scope(cast.duinzicht.pk):
            CustomFieldFactory(key="theirs", label="CANARY")
        answer = client.get(LIST, {"f.old": "Gold", "f.theirs": "Gold"})
        assert answer.context["total"] == 2
        assert {part.name for part in answer.context["ignored"]} == {"f.old", "f.theirs"}
        assert "CANARY" not in answer.text
        assert "f.old" not in client.get(LIST).text

    def test_the_export_holds_what_the_list_shows(self, cast: Cast, client: Client) -> None:
        client.force_login(cast.fjordstuen.admin.user)
        with business_scope(cast.fjordstuen.pk):
            level = CustomFieldFactory(key="level")
            GuestFieldValueFactory(field=level, customer__given_name="Kari")
            GuestFieldValueFactory(field=level, customer__given_name="Ola", text="Silver")
        answer = client.post(LIST + "export/?" + urlencode({"f.level": "Gold"}))
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert "Kari" in text
        assert "Ola" not in text


@pytest.mark.django_db
def test_fields_to_filter_by_are_those_in_use(fjordstuen: House) -> None:
    CustomFieldFactory(key="dog")
    CustomFieldFactory(key="old", is_archived=True)
    CustomFieldFactory(key="late", target=CustomField.Target.STAY)
    assert [field.key for field in filter_fields()] == ["dog"]
