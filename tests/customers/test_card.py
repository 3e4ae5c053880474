"""The card through its pages: create, edit by two people at once, tags, notes, undo."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.choices import country_choices, language_choices
from customers.card.models import ContactPoint, Customer, CustomerTag, Tag
from customers.card.services import ContactValues, contacts_rebase, customer_update
from customers.changes.models import ChangeSet
from customers.history.models import Activity
from tests.cast import Cast
from tests.factories import CustomerFactory, EmailFactory, PhoneFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


def guest_form(**changes: Any) -> dict[str, Any]:
    """A filled form of a new guest."""
    empty = dict.fromkeys(
        [
            "company_name",
            "organisation_number",
            "nationality",
            "birth_date",
            "street",
            "postal_code",
            "city",
            "country",
            "source",
            "note",
            "seen",
        ],
        "",
    )
    filled = {"kind": "person", "given_name": "Åse", "family_name": "van der Berg", "language": "nb"}
    return {**empty, **filled, "email_0": "Ase@Example.NO", "phone_0": "912 34 567", **changes}


def made(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return Customer.objects.get()


def test_the_act_of_a_new_guest_holds_no_name(cast: Cast, desk: Client) -> None:
    desk.post("/b/fjordstuen/guests/new/", guest_form())
    with business_scope(cast.fjordstuen.pk):
        act = ChangeSet.objects.latest("id")
    assert (act.title, act.params) == ("New guest: %(guests)s", {"guests": [made(cast).pk]})
    assert "New guest: Åse van der Berg" in desk.get(f"/b/fjordstuen/changes/{act.pk}/").text


def test_new_guest_gets_keys_and_contact_points(cast: Cast, desk: Client) -> None:
    answer = desk.post("/b/fjordstuen/guests/new/", guest_form(email_1="second@example.no"))
    guest = made(cast)
    assert answer.status_code == 302
    assert answer.url == f"/b/fjordstuen/guests/{guest.pk}/"
    assert guest.search_tokens.split()[:1] == ["ase"]
    assert guest.sort_key.startswith("berg")
    with business_scope(cast.fjordstuen.pk):
        points = list(ContactPoint.objects.order_by("id").values_list("kind", "normalised", "is_primary", "state"))
    assert points == [
        ("email", "ase@example.no", True, "ok"),
        ("email", "second@example.no", False, "ok"),
        ("phone", "+4791234567", True, "ok"),
    ]
    page = desk.get(answer.url)
    assert page.status_code == 200
    assert "tel:+4791234567" in page.text
    assert "<c-" not in page.text


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"given_name": "", "family_name": ""}, "given_name", "at least one name"),
        ({"kind": "company"}, "company_name", "company"),
        ({"email_0": "not an address"}, "email_0", "name@example.com"),
        ({"phone_0": "12"}, "phone_0", "country code"),
        ({"birth_date": "2999-01-01"}, "birth_date", "future"),
        ({"birth_date": "1981-02-30"}, "birth_date", "no such day"),
        ({"given_name": "x" * 10_000}, "given_name", "at most 200"),
        ({"language": "klingon"}, "language", "klingon"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_input_is_told_beside_the_field_and_kept(
    cast: Cast, desk: Client, wrong: dict[str, str], field: str, words: str
) -> None:
    answer = desk.post("/b/fjordstuen/guests/new/", guest_form(note="keep me", **wrong))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert "keep me" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not Customer.objects.exists()


def test_right_to_left_text_and_emoji_are_kept(cast: Cast, desk: Client) -> None:
    desk.post("/b/fjordstuen/guests/new/", guest_form(given_name="فاطمة 🌷", family_name="الزهراء"))
    assert made(cast).name == "فاطمة 🌷 الزهراء"


def test_edit_changes_only_what_is_different_and_can_be_undone(cast: Cast, desk: Client) -> None:
    desk.post("/b/fjordstuen/guests/new/", guest_form())
    guest = made(cast)
    url = f"/b/fjordstuen/guests/{guest.pk}/edit/"
    seen = re.search(r'name="seen" value="([^"]*)"', desk.get(url).text)
    assert seen
    values = guest_form(family_name="Berg", city="Bergen", email_0="", email_1="new@example.no")
    answer = desk.post(url, {**values, "seen": seen[1].replace("&quot;", '"')}, follow=True)
    assert "Undo" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert (made(cast).family_name, made(cast).city) == ("Berg", "Bergen")
        assert ContactPoint.objects.get(kind="email").value == "new@example.no"
        act = ChangeSet.objects.latest("id")
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        assert (made(cast).family_name, made(cast).city) == ("van der Berg", "")
        assert ContactPoint.objects.get(kind="email").value == "Ase@Example.NO"


def test_two_editors_never_overwrite_each_other(cast: Cast, desk: Client) -> None:
    desk.post("/b/fjordstuen/guests/new/", guest_form())
    guest = made(cast)
    url = f"/b/fjordstuen/guests/{guest.pk}/edit/"
    seen = desk.get(url).context["form"].initial["seen"]
    desk.post(url, guest_form(city="Bergen", note="by the first", seen=seen))

    # The second editor started before that: the same field clashes, the other one keeps the newer value.
    answer = desk.post(url, guest_form(city="Oslo", phone_1="92345678", seen=seen))
    assert answer.status_code == 422
    assert "Bergen" in " ".join(answer.context["form"].errors["city"])
    assert made(cast).city == "Bergen"

    seen_again = answer.context["form"].data["seen"]
    assert json.loads(seen_again)["values"]["city"] == "Bergen"
    answer = desk.post(url, guest_form(city="Oslo", note="by the first", phone_1="92345678", seen=seen_again))
    assert answer.status_code == 302
    assert (made(cast).city, made(cast).note) == ("Oslo", "by the first")


def test_fields_left_alone_keep_the_newer_value(cast: Cast, desk: Client) -> None:
    desk.post("/b/fjordstuen/guests/new/", guest_form())
    guest = made(cast)
    url = f"/b/fjordstuen/guests/{guest.pk}/edit/"
    seen = desk.get(url).context["form"].initial["seen"]
    desk.post(url, guest_form(city="Bergen", seen=seen))
    desk.post(url, guest_form(postal_code="5003", seen=seen))
    assert (made(cast).city, made(cast).postal_code) == ("Bergen", "5003")


def test_more_contact_points_than_a_form_offers_stay(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(city="Voss")
        for n in range(35):
            PhoneFactory(customer=guest, value=f"912 34 5{n:02}", is_primary=n == 0)
    page = f"/b/fjordstuen/guests/{guest.pk}/edit/"
    form = desk.get(page).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert desk.post(page, {**data, "city": "Bergen"}).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        guest.refresh_from_db()
        assert guest.city == "Bergen"
        assert ContactPoint.objects.filter(customer=guest).count() == 35


SPELLINGS = [
    ("emails", "ase@example.no", "Ase@Example.NO"),
    ("phones", "912 34 567", "+47 91234567"),
]


@pytest.mark.parametrize(("kind", "before", "after"), SPELLINGS)
@pytest.mark.parametrize("state", ["opted_out", "bounced"])
def test_what_is_known_of_an_address_outlives_another_spelling(
    cast: Cast, kind: str, before: str, after: str, state: str
) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        customer = CustomerFactory()
        (EmailFactory if kind == "emails" else PhoneFactory)(customer=customer, value=before, state=state)
        for rows in ([after], [before, after], [after]):
            customer_update(
                business=house.business, customer_id=customer.pk, values={}, contacts=ContactValues(**{kind: rows})
            )
            points = ContactPoint.objects.filter(customer=customer).order_by("-is_primary")
            assert [(each.value, each.state) for each in points] == [(value, state) for value in rows]
            assert len({each.normalised for each in points}) == 1


def test_another_address_knows_nothing_of_the_one_it_replaces(cast: Cast) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        customer = CustomerFactory()
        EmailFactory(customer=customer, value="ase@example.no", state="opted_out")
        EmailFactory(customer=customer, value="not an address", state="opted_out", is_primary=False)
        customer_update(
            business=house.business,
            customer_id=customer.pk,
            values={},
            contacts=ContactValues(["berg@example.no", "nor this"]),
        )
        states = dict(ContactPoint.objects.filter(customer=customer).values_list("value", "state"))
    assert states == {"berg@example.no": "ok", "nor this": "invalid"}


def test_contacts_rebase() -> None:
    table = [
        ("untouched", ["a"], ["a"], ["a"], ["a"]),
        ("added by both", ["a", "b"], ["a"], ["a", "c"], ["a", "b", "c"]),
        ("removed by me, added by them", [], ["a"], ["a", "c"], ["c"]),
        ("removed by them", ["a", "b"], ["a", "b"], ["b"], ["b"]),
        ("new primary by me", ["b", "a"], ["a", "b"], ["a", "b"], ["b", "a"]),
    ]
    for name, mine, seen, now, expected in table:
        result = contacts_rebase(edited=ContactValues(mine), seen=ContactValues(seen), current=ContactValues(now))
        assert result.emails == expected, name


def test_tags_nine_at_most(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        own = [TagFactory(name=f"Own {n}") for n in range(2)]
        tags = [*Tag.objects.exclude(code=""), *own]
    url = f"/b/fjordstuen/guests/{guest.pk}/tags/"
    for tag in tags[:9]:
        desk.post(url, {"add": tag.pk})
    answer = desk.post(url, {"add": tags[9].pk}, follow=True)
    assert "at most 9 tags" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert sorted(CustomerTag.objects.values_list("slot", flat=True)) == list(range(1, 10))
    desk.post(url, {"remove": tags[3].pk})
    desk.post(url, {"add": tags[9].pk})
    with business_scope(cast.fjordstuen.pk):
        assert CustomerTag.objects.get(tag=tags[9]).slot == 4


def test_a_tag_of_the_businesss_own_is_made_once(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    url = f"/b/fjordstuen/guests/{guest.pk}/tags/"
    assert desk.post(url, {"name": "Dog"}).status_code == 302
    assert "already a tag" in desk.post(url, {"name": "Dog"}, follow=True).text
    assert desk.post(url, {"name": ""}).status_code == 422
    with business_scope(cast.fjordstuen.pk):
        assert CustomerTag.objects.filter(customer=guest, tag__name="Dog").count() == 1


def test_a_new_tag_that_the_guest_cannot_have_is_not_made(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        tags = [TagFactory(name=f"Own {n}") for n in range(9)]
    url = f"/b/fjordstuen/guests/{guest.pk}/tags/"
    for tag in tags:
        desk.post(url, {"add": tag.pk})
    assert "at most 9 tags" in desk.post(url, {"name": "Dog"}, follow=True).text
    with business_scope(cast.fjordstuen.pk):
        assert not Tag.objects.filter(name="Dog").exists()


def test_a_tag_that_warns_stands_on_top(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        problem = Tag.objects.get(code=Tag.Code.PROBLEM)
    desk.post(f"/b/fjordstuen/guests/{guest.pk}/tags/", {"add": problem.pk})
    assert 'class="alert bad"' in desk.get(f"/b/fjordstuen/guests/{guest.pk}/").text


def test_note_is_written_kept_on_error_and_undone(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    url = f"/b/fjordstuen/guests/{guest.pk}/notes/"
    answer = desk.post(url, {"text": "Comes with a dog <b>", "kind": "call"}, follow=True)
    assert "Comes with a dog &lt;b&gt;" in answer.text
    too_long = desk.post(url, {"text": "x" * 4001})
    assert too_long.status_code == 422
    assert "x" * 4001 in too_long.text
    with business_scope(cast.fjordstuen.pk):
        assert Activity.objects.get().kind == Activity.Kind.CALL
        act = ChangeSet.objects.latest("id")
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        assert not Activity.objects.exists()


def test_undoing_a_new_guest_leads_to_the_list(cast: Cast, desk: Client) -> None:
    desk.post("/b/fjordstuen/guests/new/", guest_form())
    guest = made(cast)
    with business_scope(cast.fjordstuen.pk):
        act = ChangeSet.objects.latest("id")
    card = f"http://testserver/b/fjordstuen/guests/{guest.pk}/"
    answer = desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/", headers={"referer": card})
    assert answer.url == "/b/fjordstuen/guests/"
    assert desk.get(card).status_code == 404


def test_reception_undoes_its_own_edits_only(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
        act = ChangeSet.objects.latest("id")
    answer = desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    assert answer.status_code == 403
    assert "Admin" in answer.text


def test_changes_show_before_and_after(cast: Cast, client: Client) -> None:
    client.force_login(cast.fjordstuen.admin.user)
    client.post("/b/fjordstuen/guests/new/", guest_form())
    guest = made(cast)
    client.post(f"/b/fjordstuen/guests/{guest.pk}/edit/", guest_form(city="Bergen"))
    with business_scope(cast.fjordstuen.pk):
        act = ChangeSet.objects.latest("id")
    page = client.get(f"/b/fjordstuen/changes/{act.pk}/").text
    assert "Bergen" in page
    assert "City" in page
    assert "search_tokens" not in page
    assert client.get("/b/fjordstuen/changes/").text.count("data-row>") == 2


def test_choices_keep_what_a_file_brought() -> None:
    assert country_choices("DK")[0] == ("DK", "Denmark")
    assert len({code for code, _name in country_choices("")}) > 200
    assert dict(language_choices())["nb"]
