"""Own fields on a stay: the form, one act with the stay, two editors, and their services."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.fields.models import StayFieldValue
from customers.fields.selectors import stay_values
from customers.fields.services import FieldsRefused, stay_values_set
from customers.history.models import Stay
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomFieldFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


@pytest.fixture
def part(cast: Cast) -> Any:
    """A guest's part in a stay, and two fields of stays."""
    with business_scope(cast.fjordstuen.pk):
        CustomFieldFactory(target="stay", key="plate", label="Licence plate")
        CustomFieldFactory(target="stay", key="late", label="Comes late", kind="yes_no")
        CustomFieldFactory(target="stay", key="old", is_archived=True)
        CustomFieldFactory(target="guest", key="dog")
        return StayParticipantFactory()


def address(part: Any) -> str:
    return f"/b/fjordstuen/guests/{part.customer_id}/stays/{part.stay_id}/"


def posted(desk: Client, url: str, **changes: Any) -> dict[str, Any]:
    """The form as a browser sends it."""
    form = desk.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else str(value) for name, value in values.items()} | changes


def shown(cast: Cast, part: Any) -> dict[str, str]:
    with business_scope(cast.fjordstuen.pk):
        return {line.field.key: line.shown for line in stay_values(stay_id=part.stay_id)}


def test_booked_with_its_own_fields_in_one_act(cast: Cast, desk: Client, part: Any) -> None:
    url = f"/b/fjordstuen/guests/{part.customer_id}/stays/new/"
    page = desk.get(url).text
    assert "Licence plate" in page
    assert "own_old" not in page
    assert "own_dog" not in page
    with business_scope(cast.fjordstuen.pk):
        acts = ChangeSet.objects.count()
    answer = desk.post(url, posted(desk, url, own_plate="EK 12345", own_late="yes", seen=""))
    assert answer.status_code == 302
    with business_scope(cast.fjordstuen.pk):
        stay = Stay.objects.latest("id")
        assert ChangeSet.objects.count() == acts + 1
        assert [line.shown for line in stay_values(stay_id=stay.pk)] == ["EK 12345", "Yes"]
        act = ChangeSet.objects.latest("id")
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        assert not StayFieldValue.objects.exists()


def test_changed_emptied_and_left_alone(cast: Cast, desk: Client, part: Any) -> None:
    url = address(part)
    desk.post(url, posted(desk, url, own_plate="EK 12345", unit="12"))
    assert shown(cast, part) == {"plate": "EK 12345", "late": ""}
    with business_scope(cast.fjordstuen.pk):
        acts = ChangeSet.objects.count()
    assert desk.post(url, posted(desk, url)).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        assert ChangeSet.objects.count() == acts, "nothing was different"
    desk.post(url, posted(desk, url, own_plate=""))
    assert shown(cast, part)["plate"] == ""


def test_two_editors_of_a_stay(cast: Cast, desk: Client, part: Any) -> None:
    url = address(part)
    first = posted(desk, url, own_plate="EK 1", unit="12")
    second = posted(desk, url, own_plate="EK 2", unit="14", note="by the second")
    third = posted(desk, url, own_late="no", note="by the third")
    assert desk.post(url, first).status_code == 302
    answer = desk.post(url, second)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert "EK 1" in errors["own_plate"][0]
    assert "12" in errors["unit"][0]
    assert shown(cast, part)["plate"] == "EK 1"
    assert desk.post(url, third).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        stay = Stay.objects.get(pk=part.stay_id)
        assert (stay.unit, stay.note) == ("12", "by the third"), "left alone, the newer value stays"
    again = {**second, "seen": answer.context["form"].data["seen"], "note": "by the third"}
    desk.post(url, again)
    with business_scope(cast.fjordstuen.pk):
        assert Stay.objects.get(pk=part.stay_id).unit == "14"
    assert shown(cast, part) == {"plate": "EK 2", "late": "No"}


def test_what_cannot_be_read_is_told(cast: Cast, desk: Client, part: Any) -> None:
    url = address(part)
    answer = desk.post(url, posted(desk, url, own_late="perhaps", own_plate="keep me"))
    assert answer.status_code == 422
    assert answer.context["form"].errors["own_late"] == ["Write yes or no."]
    assert "keep me" in answer.text
    for seen in ("{", "[]", '{"values": {"arrival": "x"}}', '{"values": {"property_id": null}}', '{"values": 1}'):
        assert desk.post(url, posted(desk, url, seen=seen)).status_code in (302, 422)


def test_the_service_refuses_all_or_nothing(cast: Cast, part: Any) -> None:
    with business_scope(cast.fjordstuen.pk):
        wrong = {"plate": "EK 1", "late": "perhaps", "old": "x", "dog": "Fenris", "nothing": "y"}
        with pytest.raises(FieldsRefused) as refused:
            stay_values_set(stay_id=part.stay_id, values=wrong)
        assert set(refused.value.errors) == {"late", "old", "dog", "nothing"}
        assert not StayFieldValue.objects.exists()
        with pytest.raises(Stay.DoesNotExist):
            stay_values_set(stay_id=2**62, values={})
        assert stay_values_set(stay_id=part.stay_id, values={"plate": " "}) is None
        act = stay_values_set(stay_id=part.stay_id, values={"plate": "EK 1"}, member=cast.fjordstuen.reception)
        assert act is not None
        assert (act.member_id, act.params) == (cast.fjordstuen.reception.pk, {"guests": [part.customer_id]})


def test_the_neighbours_stay_and_field_are_nobodys(cast: Cast, part: Any) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = StayFactory()
        CustomFieldFactory(target="stay", key="theirs")
        CustomerFactory()
    with business_scope(cast.fjordstuen.pk):
        with pytest.raises(Stay.DoesNotExist):
            stay_values_set(stay_id=theirs.pk, values={"plate": "EK 1"})
        with pytest.raises(FieldsRefused):
            stay_values_set(stay_id=part.stay_id, values={"theirs": "EK 1"})


def test_what_is_known_of_a_coming_stay_stands_on_the_card(cast: Cast, desk: Client, part: Any) -> None:
    today = timezone.localdate()
    with business_scope(cast.fjordstuen.pk):
        stays = [StayFactory(status="booked", arrival=today + dt.timedelta(days=days)) for days in (3, 9)]
        for place, stay in enumerate(stays):
            StayParticipantFactory(stay=stay, customer=part.customer)
            stay_values_set(stay_id=stay.pk, values={"plate": f"EK {place}"})
    page = desk.get(f"/b/fjordstuen/guests/{part.customer_id}/").text
    assert page.count("Licence plate:") == 2
    assert page.index("EK 0") < page.index("EK 1")
