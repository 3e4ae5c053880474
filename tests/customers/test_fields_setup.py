"""Settings of own fields: add, reword, reorder, edit choices, put away and bring back; who may, and what is refused."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.services import Refused
from accounts.tenancy import business_scope
from customers.changes.models import Change
from customers.fields import setup
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.fields.selectors import field_list
from tests.cast import Cast
from tests.factories import CustomFieldFactory, GuestFieldValueFactory, StayFieldValueFactory

pytestmark = pytest.mark.django_db
HOME = "/b/fjordstuen/settings/fields/"


@pytest.fixture
def office(cast: Cast, client: Client) -> Client:
    """The admin of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.admin.user)
    return client


def keys(cast: Cast, **kwargs: Any) -> list[str]:
    with business_scope(cast.fjordstuen.pk):
        return [field.key for field in field_list(**{"target": "guest", **kwargs})]


def test_a_field_is_added_with_a_key_of_its_name(cast: Cast, office: Client) -> None:
    posted = {"target": "guest", "kind": "text", "label": "  Ære & Øl nr. 1 ", "hint": "As on the card"}
    answer = office.post(HOME + "new/", posted, follow=True)
    assert "Ære &amp; Øl nr. 1 is added" in answer.text
    with business_scope(cast.fjordstuen.pk):
        field = CustomField.objects.get()
        assert (field.key, field.label, field.hint, field.options) == (
            "aere_ol_nr_1",
            "Ære & Øl nr. 1",
            "As on the card",
            [],
        )
        entry = AuditEntry.objects.get(action="field.added")
        assert (entry.member_id, entry.data["label"]) == (cast.fjordstuen.admin.pk, "Ære & Øl nr. 1")
    assert "Ære &amp; Øl nr. 1" in office.get(HOME).text


def test_names_without_a_letter_and_alike_ones_get_keys_too(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        made = [
            setup.field_add(target="guest", kind="text", label=label) for label in ("🐕", "🐈", "العضوية", "x" * 80)
        ]
        assert [field.key for field in made] == ["field", "field_2", "field_3", "x" * 36]
        assert setup.field_add(target="stay", kind="text", label="🐕").key == "field"


def test_a_choice_keeps_its_keys_when_it_is_reworded_and_reordered(cast: Cast, office: Client) -> None:
    posted = {"target": "guest", "kind": "choice", "label": "Level", "option_0": "Gold", "option_1": "Silver"}
    office.post(HOME + "new/", posted)
    with business_scope(cast.fjordstuen.pk):
        field = CustomField.objects.get()
        assert field.options == [{"key": "gold", "label": "Gold"}, {"key": "silver", "label": "Silver"}]
    page = office.get(f"{HOME}{field.pk}/").text
    assert 'name="option_key_0" value="gold"' in page
    changed = {
        "label": "Level",
        "option_key_0": "silver",
        "option_0": "Sølv",
        "option_key_1": "gold",
        "option_1": "Gull",
        "option_key_2": "",
        "option_2": "Gold",
        "option_3": "",
    }
    assert office.post(f"{HOME}{field.pk}/", changed).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        field.refresh_from_db()
        assert [(option["key"], option["label"]) for option in field.options] == [
            ("silver", "Sølv"),
            ("gold", "Gull"),
            ("gold_2", "Gold"),
        ]
        assert AuditEntry.objects.get(action="field.changed").data["label"] == "Level"


def test_buttons_for_rows_change_nothing(cast: Cast, office: Client) -> None:
    posted = {"target": "guest", "kind": "choice", "label": "", "option_0": "Gold", "option_1": "Silver"}
    answer = office.post(HOME + "new/", {**posted, "up": "1"})
    assert answer.status_code == 200
    assert [option["label"] for option in answer.context["form"].options] == ["Silver", "Gold"]
    answer = office.post(HOME + "new/", {**posted, "more": "1"})
    assert len(answer.context["form"].rows) == 8
    assert not answer.context["form"].errors
    for odd in ("0", "99", "-1", "x", "²"):
        assert office.post(HOME + "new/", {**posted, "up": odd}).status_code == 200
    with business_scope(cast.fjordstuen.pk):
        assert not CustomField.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": ""}, "required"),
        ({"label": "x" * 81}, "at most 80"),
        ({"label": "Dog"}, "already called Dog"),
        ({"label": "dóg"}, "already called Dog"),
        ({"label": "Cat"}, "Cat has been put away"),
        ({"kind": "colour"}, "colour"),
        ({"kind": "choice"}, "at least one choice"),
        ({"kind": "choice", "option_0": "One", "option_1": "one"}, "stands here twice"),
        ({"kind": "choice", "option_0": "y" * 81}, "too long for a choice"),
        ({"kind": "choice", **{f"option_{n}": str(n) for n in range(101)}}, "at most 100 choices"),
        ({"target": "room"}, "room"),
    ],
)
def test_what_is_refused_is_told_and_kept(cast: Cast, office: Client, changes: dict[str, str], words: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomFieldFactory(label="Dog")
        CustomFieldFactory(label="Cat", is_archived=True)
    answer = office.post(
        HOME + "new/", {"target": "guest", "kind": "text", "label": "Bird", "hint": "keep me", **changes}
    )
    assert answer.status_code == 422
    assert words in answer.text
    assert "keep me" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert CustomField.objects.count() == 2


def test_fifty_fields_and_no_more(cast: Cast, office: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        fields = CustomFieldFactory.create_batch(setup.FIELDS_MAX)
        away = CustomFieldFactory(is_archived=True)
    answer = office.post(HOME + "new/", {"target": "guest", "kind": "text", "label": "One more"})
    assert answer.status_code == 422
    assert "at most 50 fields" in answer.text
    assert "at most 50 fields" in office.post(f"{HOME}{away.pk}/archive/", {"back": "1"}, follow=True).text
    assert office.post(HOME + "new/", {"target": "stay", "kind": "text", "label": "One more"}).status_code == 302
    office.post(f"{HOME}{fields[0].pk}/archive/")
    assert office.post(HOME + "new/", {"target": "guest", "kind": "text", "label": "One more"}).status_code == 302


def test_a_choice_that_stands_somewhere_stays(cast: Cast) -> None:
    gold, silver = {"key": "gold", "label": "Gold"}, {"key": "silver", "label": "Silver"}
    with business_scope(cast.fjordstuen.pk):
        level = CustomFieldFactory(kind="choice", options=[gold, silver])
        GuestFieldValueFactory(field=level, text="gold")
        late = CustomFieldFactory(kind="choice", target="stay", options=[gold, silver])
        StayFieldValueFactory(field=late, text="gold")
        for field, word in ((level, "guest"), (late, "stay")):
            with pytest.raises(Refused, match=f"“Gold” stands on 1 {word}"):
                setup.field_change(field_id=field.pk, label=field.label, options=[silver])
            setup.field_change(field_id=field.pk, label=field.label, options=[gold])
            field.refresh_from_db()
            assert field.options == [gold]


def test_order_and_putting_away(cast: Cast, office: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        first, second, third = (CustomFieldFactory(key=key, label=key, position=5) for key in ("a", "b", "c"))
    office.post(f"{HOME}{third.pk}/move/", {"up": ""})
    assert keys(cast) == ["a", "c", "b"]
    office.post(f"{HOME}{first.pk}/move/", {"down": ""})
    office.post(f"{HOME}{third.pk}/move/", {"up": ""})
    assert keys(cast) == ["c", "a", "b"]
    with business_scope(cast.fjordstuen.pk):
        value = GuestFieldValueFactory(field=second)
        changes = Change.objects.count()
    office.post(f"{HOME}{second.pk}/archive/")
    office.post(f"{HOME}{second.pk}/move/", {"up": ""})
    assert keys(cast) == ["c", "a"]
    assert keys(cast, archived=True) == ["b"]
    with business_scope(cast.fjordstuen.pk):
        assert GuestFieldValue.objects.get().pk == value.pk, "the value is kept"
        assert Change.objects.count() == changes
    office.post(f"{HOME}{second.pk}/archive/", {"back": "1"})
    assert keys(cast) == ["c", "a", "b"]


def test_kind_and_key_stay(cast: Cast, office: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        field = CustomFieldFactory(kind="number", key="beds", label="Beds")
    office.post(f"{HOME}{field.pk}/", {"label": "Rooms", "kind": "text", "key": "other", "target": "stay"})
    with business_scope(cast.fjordstuen.pk):
        field.refresh_from_db()
    assert (field.label, field.kind, field.key, field.target) == ("Rooms", "number", "beds", "guest")


def test_reception_and_marketing_do_not_set_up_fields(cast: Cast, client: Client) -> None:
    for member in (cast.fjordstuen.reception, cast.fjordstuen.marketing):
        client.force_login(member.user)
        answer = client.get(HOME)
        assert answer.status_code == 403
        assert "Admin" in answer.text


def test_another_businesss_field_does_not_exist(cast: Cast, office: Client) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = CustomFieldFactory()
        StayFieldValueFactory()
    for path in ("", "move/", "archive/"):
        assert office.post(f"{HOME}{theirs.pk}/{path}", {"label": "Mine"}).status_code == 404
    with business_scope(cast.duinzicht.pk):
        assert CustomField.objects.get(pk=theirs.pk).label == theirs.label
        assert StayFieldValue.objects.count() == 1
