"""The whole form of a guest: numbers and codes by country, primary contacts, more rows, own fields, two editors."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.fields.models import GuestFieldValue
from tests.cast import Cast
from tests.customers.test_card import guest_form, made
from tests.factories import CustomerFactory, CustomFieldFactory, EmailFactory, GuestFieldValueFactory, PhoneFactory

pytestmark = pytest.mark.django_db
NEW = "/b/fjordstuen/guests/new/"


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


def edit(guest: Customer) -> str:
    return f"/b/fjordstuen/guests/{guest.pk}/edit/"


def values_of(guest: Customer) -> dict[str, Any]:
    return {value.field.key: value.text for value in GuestFieldValue.objects.filter(customer=guest)}


def posted(desk: Client, guest: Customer, **changes: Any) -> dict[str, Any]:
    """The edit form as a browser sends it."""
    form = desk.get(edit(guest)).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()} | changes


def test_every_field_of_the_card_can_be_written(cast: Cast, desk: Client) -> None:
    written = {
        "why_us": "The view from room 12",
        "thanked": "A bottle of cider",
        "deal_breakers": "No lift",
        "organisation_number": "923 609 016",
        "company_name": "Equinor ASA",
        "postal_code": "n-0155",
        "country": "NO",
        "nationality": "DK",
    }
    assert desk.post(NEW, guest_form(**written)).status_code == 302
    guest = made(cast)
    assert {name: getattr(guest, name) for name in written} == {
        **written,
        "organisation_number": "923609016",
        "postal_code": "0155",
    }
    form = desk.get(edit(guest)).context["form"]
    assert form["organisation_number"].value() == "923 609 016"
    page = desk.get(f"/b/fjordstuen/guests/{guest.pk}/").text
    for text in ("The view from room 12", "A bottle of cider", "No lift"):
        assert text in page


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"organisation_number": "923609017"}, "organisation_number", "check digit"),
        ({"organisation_number": "12345"}, "organisation_number", "nine digits"),
        ({"organisation_number": "12345", "country": "DK"}, "organisation_number", "eight digits"),
        ({"organisation_number": "1234567", "country": "NL"}, "organisation_number", "KvK number has eight"),
        ({"organisation_number": "DE136695978"}, "organisation_number", "check digit"),
        ({"postal_code": "155", "country": "NO"}, "postal_code", "Norway looks like this: 0155"),
        ({"postal_code": "1012", "country": "NL"}, "postal_code", "1012 AB"),
        ({"birth_date": "31.02.1980"}, "birth_date", "no such day: 31.02.1980"),
        ({"birth_date": "last spring"}, "birth_date", "17.5.2026"),
        ({"family_name": "🌷" * 10_000}, "family_name", "at most 200"),
        ({"why_us": "x" * 1001}, "why_us", "at most 1000"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field_and_kept(
    cast: Cast, desk: Client, typed: dict[str, str], field: str, words: str
) -> None:
    answer = desk.post(NEW, guest_form(note="keep me", **typed))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert "keep me" in answer.text
    assert typed[field] in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not Customer.objects.exists()


def test_dates_are_read_as_people_write_them(cast: Cast, desk: Client) -> None:
    desk.post(NEW, guest_form(birth_date="17.5.1980"))
    assert str(made(cast).birth_date) == "1980-05-17"


def test_an_odd_value_of_a_file_may_stay(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(organisation_number="000123", postal_code="155", country="NO", company_name="Old AS")
        EmailFactory(customer=guest, value="no address at all", is_primary=True)
        PhoneFactory(customer=guest, value="ring Ola", is_primary=True)
    answer = desk.post(edit(guest), posted(desk, guest, city="Oslo"))
    assert answer.status_code == 302, answer.context["form"].errors
    with business_scope(cast.fjordstuen.pk):
        guest.refresh_from_db()
        assert (guest.organisation_number, guest.postal_code, guest.city) == ("000123", "155", "Oslo")
        act = ChangeSet.objects.latest("id")
        assert act.member_id == cast.fjordstuen.reception.pk


def test_the_same_once_more_changes_nothing(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(organisation_number="923609016", company_name="Old AS")
        GuestFieldValueFactory(customer=guest, field=CustomFieldFactory(key="level"))
        acts = ChangeSet.objects.count()
    assert desk.post(edit(guest), posted(desk, guest)).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        assert ChangeSet.objects.count() == acts


def test_the_primary_contact_is_chosen(cast: Cast, desk: Client) -> None:
    rows = {"email_1": "two@example.no", "email_2": "three@example.no", "email_primary": "email_1"}
    desk.post(NEW, guest_form(**rows, phone_1="92345678", phone_primary="phone_7"))
    guest = made(cast)
    with business_scope(cast.fjordstuen.pk):
        primary = ContactPoint.objects.filter(customer=guest, is_primary=True)
        assert set(primary.values_list("normalised", flat=True)) == {"two@example.no", "+4791234567"}
    form = desk.get(edit(guest)).context["form"]
    assert form["email_0"].value() == "two@example.no"
    desk.post(edit(guest), posted(desk, guest, email_primary="email_2"))
    with business_scope(cast.fjordstuen.pk):
        primary = ContactPoint.objects.get(customer=guest, kind="email", is_primary=True)
        assert primary.normalised == "three@example.no"
        assert ContactPoint.objects.filter(customer=guest, kind="email").count() == 3


def test_an_emptied_primary_row_gives_its_place_to_the_first(cast: Cast, desk: Client) -> None:
    desk.post(NEW, guest_form(email_0="", email_1="two@example.no", email_primary="email_0"))
    with business_scope(cast.fjordstuen.pk):
        assert ContactPoint.objects.get(kind="email").is_primary


def test_more_rows_without_script_keep_what_was_typed(cast: Cast, desk: Client) -> None:
    answer = desk.post(NEW, guest_form(more="email", email_1="half an addr", note="keep me", phone_primary="phone_0"))
    assert answer.status_code == 200
    form = answer.context["form"]
    assert not form.errors
    assert len(form.contact_rows["email"].names) > 3
    assert len(form.contact_rows["phone"].names) == 2
    assert form["email_1"].value() == "half an addr"
    assert "keep me" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not Customer.objects.exists()
        guest = CustomerFactory()
    values = posted(desk, guest, city="Bergen", more="phone")
    answer = desk.post(edit(guest), values)
    assert answer.status_code == 200
    assert answer.context["form"]["city"].value() == "Bergen"
    assert json.loads(answer.context["form"]["seen"].value())["values"]["city"] == ""


def test_own_fields_are_written_with_the_card_and_undone_with_it(cast: Cast, desk: Client) -> None:
    options = [{"key": "gold", "label": "Gull"}]
    with business_scope(cast.fjordstuen.pk):
        CustomFieldFactory(key="dog", label="Dog")
        CustomFieldFactory(key="level", kind="choice", options=options)
        CustomFieldFactory(key="beds", kind="number")
        CustomFieldFactory(key="since", kind="date")
        CustomFieldFactory(key="club", kind="yes_no")
        CustomFieldFactory(key="old", is_archived=True)
    own = {"own_dog": "Fenris", "own_level": "gold", "own_beds": "2,5", "own_since": "2020-02-29", "own_club": "no"}
    assert "own_old" not in desk.get(NEW).text
    assert desk.post(NEW, guest_form(**own, own_old="x")).status_code == 302
    guest = made(cast)
    page = desk.get(f"/b/fjordstuen/guests/{guest.pk}/").text
    for shown in ("Fenris", "Gull", "2.5", "29 Feb 2020"):
        assert shown in page
    with business_scope(cast.fjordstuen.pk):
        assert ChangeSet.objects.count() == 1, "card, contacts and own fields are one act"
    desk.post(edit(guest), posted(desk, guest, own_dog="", own_beds="3"))
    with business_scope(cast.fjordstuen.pk):
        assert "dog" not in values_of(guest)
        act = ChangeSet.objects.latest("id")
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        assert values_of(guest)["dog"] == "Fenris"
        assert str(GuestFieldValue.objects.get(field__key="beds").number) == "2.5000"


def test_an_own_field_that_cannot_be_read_is_told_beside_it(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomFieldFactory(key="beds", label="Beds", kind="number")
    answer = desk.post(NEW, guest_form(own_beds="a few"))
    assert answer.status_code == 422
    assert answer.context["form"].errors["own_beds"] == ["Write a number, for example 12.5."]
    assert 'value="a few"' in answer.text


def test_two_editors_of_an_own_field(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        level = CustomFieldFactory(key="level", label="Level")
        GuestFieldValueFactory(customer=guest, field=level, text="Gold")
        GuestFieldValueFactory(customer=guest, field=CustomFieldFactory(key="dog"), text="Fenris")
    first, second = posted(desk, guest, own_level="Silver"), posted(desk, guest, own_level="Bronze", city="Oslo")
    third = posted(desk, guest, own_dog="Garm")
    assert desk.post(edit(guest), first).status_code == 302
    answer = desk.post(edit(guest), second)
    assert answer.status_code == 422
    assert [(c["mine"], c["theirs"]) for c in answer.context["form"].conflicts] == [("Bronze", "Silver")]
    with business_scope(cast.fjordstuen.pk):
        assert values_of(guest)["level"] == "Silver"
    again = {**second, "seen": answer.context["form"].data["seen"]}
    desk.post(edit(guest), {**again, "keep_own_level": "theirs"})
    with business_scope(cast.fjordstuen.pk):
        guest.refresh_from_db()
        assert (values_of(guest)["level"], guest.city) == ("Silver", "Oslo")
    desk.post(edit(guest), {**again, "city": "Oslo", "keep_own_level": "mine"})
    with business_scope(cast.fjordstuen.pk):
        assert values_of(guest)["level"] == "Bronze"
    # Who left the field alone keeps the newer value.
    desk.post(edit(guest), third)
    with business_scope(cast.fjordstuen.pk):
        assert values_of(guest) == {"level": "Bronze", "dog": "Garm"}


def test_a_conflict_in_card_and_own_fields_is_shown_whole(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(city="Oslo")
        CustomFieldFactory(key="level", label="Level")
    mine = posted(desk, guest, city="Bergen", own_level="Gold")
    desk.post(edit(guest), posted(desk, guest, city="Bodø", own_level="Silver"))
    answer = desk.post(edit(guest), mine)
    assert {conflict["name"] for conflict in answer.context["form"].conflicts} == {"city", "own_level"}


def test_a_tampered_form_changes_nothing_else(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(city="Oslo")
    for seen in (
        "{",
        "[]",
        '{"values": 3}',
        '{"values": {}, "emails": 1}',
        '{"values": {}, "emails": [], "phones": []}',
    ):
        values = posted(desk, guest, city="Bergen", seen=seen)
        assert desk.post(edit(guest), values).status_code in (302, 422)


def test_the_card_writes_address_and_number_as_their_country_does(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        where = {"street": "1 High Street", "postal_code": "SW1A 1AA", "city": "London", "country": "GB"}
        british = CustomerFactory(**where)
        norwegian = CustomerFactory(organisation_number="923609016", country="NO", postal_code="0155", city="Oslo")
    page = desk.get(f"/b/fjordstuen/guests/{british.pk}/").text
    assert "<bdi>1 High Street</bdi><br><bdi>London</bdi><br><bdi>SW1A 1AA</bdi>" in page
    page = desk.get(f"/b/fjordstuen/guests/{norwegian.pk}/").text
    assert "<bdi>0155 Oslo</bdi>" in page
    assert "923 609 016" in page


def test_right_to_left_names_are_kept_apart_from_what_stands_beside_them(cast: Cast, desk: Client) -> None:
    name = {"given_name": "فاطمة 🌷", "family_name": "الزهراء"}
    desk.post(NEW, guest_form(**name))
    form = desk.get(edit(made(cast)))
    assert 'value="فاطمة 🌷"' in form.text
    assert form.text.count('dir="auto"') >= 6
    assert "<bdi>فاطمة 🌷 الزهراء</bdi> is in the register." in form.text
    answer = desk.post(NEW, guest_form(**name))
    assert '<bdi class="medium">فاطمة 🌷 الزهراء</bdi>' in answer.text


def test_groups_are_folded_until_they_hold_a_value_or_an_error(cast: Cast, desk: Client) -> None:
    """Five fields come first; what else is known of a guest, or wrong with it, stands open without script too."""
    groups = ["Company", "Address", "About the guest"]

    def opened(page: str, groups: list[str] = groups) -> list[str]:
        found = re.findall(r'<details class="panel fold"([^>]*)>\s*<summary><h2>([^<]+)</h2>', page)
        assert [title for _, title in found] == groups
        return [title for attributes, title in found if " open" in attributes]

    empty = desk.get(NEW).text
    assert opened(empty) == [] and re.search(r'name="given_name"[^>]* autofocus', empty)
    assert empty.count('name="email_') == empty.count('name="phone_') == 1
    refused = desk.post(NEW, guest_form(organisation_number="12")).text
    assert opened(refused) == ["Company"] and "autofocus" not in refused
    nameless = desk.post(NEW, guest_form(kind="company", given_name="", family_name="")).text
    assert opened(nameless, groups[1:]) == [] and "autofocus" not in nameless
    desk.post(NEW, guest_form(city="Voss", why_us="The view"))
    assert opened(desk.get(edit(made(cast))).text) == ["Address", "About the guest"]


def places(html: str, *names: str) -> list[str]:
    """The names of inputs in the order in which the page has them, each as often as it stands there."""
    return [name for name in re.findall(r'name="(\w+)"', html) if name in names]


def test_a_companys_name_comes_first_and_stands_once(desk: Client) -> None:
    names = ("given_name", "family_name", "company_name", "organisation_number")
    person = desk.get(NEW).content.decode()
    assert places(person, *names) == list(names)
    assert "Contact person" not in person and "autofocus" in person
    typed = guest_form(kind="company", given_name="Kari", company_name="Equinor ASA", more="kind")
    company = desk.post(NEW, typed)
    assert company.status_code == 200
    text = company.content.decode()
    assert places(text, *names) == ["company_name", "organisation_number", "given_name", "family_name"]
    assert 'value="Equinor ASA"' in text and 'value="Kari"' in text
    assert "Contact person" in text and "autofocus" not in text
    assert re.search(r'<div id="company" hidden></div>', text), "the fold goes"


def test_a_company_is_edited_by_its_name(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        firm = CustomerFactory(kind="company", company_name="Equinor ASA", given_name="", family_name="")
    text = desk.get(edit(firm)).content.decode()
    assert places(text, "given_name", "company_name") == ["company_name", "given_name"]
    refused = desk.post(edit(firm), posted(desk, firm, organisation_number="12"))
    assert refused.status_code == 422
    assert places(refused.content.decode(), "given_name", "company_name") == ["company_name", "given_name"]
