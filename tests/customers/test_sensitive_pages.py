"""The panel on the card, the page to change it, and who gets to see neither."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Business, Role
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.card.services import tag_add
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_undo
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.services import sensitive_set, sensitive_update
from tests.cast import Cast, House
from tests.customers.test_sensitive import CANARY, consent, consenting
from tests.factories import CustomerFactory, TagFactory


@pytest.fixture
def guest(cast: Cast) -> Customer:
    """A guest of Fjordstuen who agrees, with an allergy."""
    with business_scope(cast.fjordstuen.pk):
        found = consenting(given_name="Kari")
        sensitive_set(customer_id=found.pk, kind="allergies", text=CANARY)
    return found


def signed_in(house: House, role: Role = Role.RECEPTION) -> Client:
    client = Client()
    client.force_login(house.members[role].user)
    return client


def address(name: str, guest: Customer) -> str:
    return reverse(name, kwargs={"slug": "fjordstuen", "customer_id": guest.pk})


def stored(house: House, guest: Customer) -> set[str]:
    with business_scope(house.pk):
        return set(SensitiveDetail.objects.filter(customer=guest).values_list("kind", flat=True))


def log(house: House, action: str) -> int:
    with business_scope(house.pk):
        return AuditEntry.objects.filter(action=action).count()


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.ADMIN, Role.OWNER])
def test_the_card_warns_those_who_may_see(cast: Cast, guest: Customer, role: Role) -> None:
    page = signed_in(cast.fjordstuen, role).get(address("guest_card", guest)).content.decode()
    assert page.count(CANARY) == 2, "once in the header, once in the panel"
    assert 'id="allergy"' in page and "wheat-off" in page
    assert log(cast.fjordstuen, "sensitive.viewed") == 1


def test_the_card_tells_others_nothing_at_all(cast: Cast, guest: Customer) -> None:
    client = signed_in(cast.fjordstuen, Role.MARKETING)
    page = client.get(address("guest_card", guest)).content.decode()
    with business_scope(cast.fjordstuen.pk):
        plain = CustomerFactory(given_name="Kari")
    other = client.get(address("guest_card", plain)).content.decode()
    for text in (page, other):
        assert not any(word in text for word in (CANARY, 'id="sensitive', 'id="allergy"', "wheat-off"))
    assert log(cast.fjordstuen, "sensitive.viewed") == 0


def test_changes_tell_others_nothing_at_all(cast: Cast, guest: Customer) -> None:
    """Neither of the act that wrote a detail, nor of undoing that and of undoing the undoing."""
    house = cast.fjordstuen
    with business_scope(house.pk):
        act = ChangeSet.objects.latest("id")
        acts = [act, undo := change_set_undo(change_set_id=act.pk)[0], change_set_undo(change_set_id=undo.pk)[0]]
        plain = tag_add(customer_id=guest.pk, tag_id=TagFactory().pk)
    pages = {role: signed_in(house, role) for role in (Role.MARKETING, Role.RECEPTION)}
    for role, client in pages.items():
        sees = role == Role.RECEPTION
        card = client.get(address("guest_card", guest)).content.decode()
        for number in acts:
            detail = reverse("change_detail", kwargs={"slug": "fjordstuen", "change_set_id": number.pk})
            assert client.get(detail).status_code == (200 if sees else 404)
        assert ("sensitive details of" in card) == sees
        shown = reverse("change_detail", kwargs={"slug": "fjordstuen", "change_set_id": plain.pk})
        assert shown in card and client.get(shown).status_code == 200


def test_the_list_of_acts_leaves_out_what_the_reader_may_not_see(cast: Cast, guest: Customer) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        act = ChangeSet.objects.latest("id")
        undo = change_set_undo(change_set_id=act.pk)[0]
        plain = tag_add(customer_id=guest.pk, tag_id=TagFactory().pk)
    for roles, seen in ((["reception", "admin", "owner"], True), (["owner"], False)):
        Business.objects.filter(pk=house.pk).update(sensitive_roles=roles)
        listed = signed_in(house, Role.ADMIN).get("/b/fjordstuen/changes/").content.decode()
        for one, expected in ((act, seen), (undo, seen), (plain, True)):
            assert (f"/changes/{one.pk}/" in listed) == expected


def test_without_consent_the_card_says_how_to_record_one(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        plain = CustomerFactory()
    page = signed_in(cast.fjordstuen).get(address("guest_card", plain)).content.decode()
    assert "kept only with the guest's consent" in page
    assert f'href="{address("guest_card", plain)}#consents"' in page
    assert address("guest_sensitive", plain) not in page
    assert log(cast.fjordstuen, "sensitive.viewed") == 0


def test_details_are_written_without_script(cast: Cast, guest: Customer) -> None:
    client = signed_in(cast.fjordstuen)
    page = client.get(address("guest_sensitive", guest))
    assert page.status_code == 200 and CANARY in page.content.decode()
    answer = client.post(
        address("guest_sensitive", guest),
        {"seen": page.context["form"].initial["seen"], "allergies": CANARY, "food": "Fish", "wishes": "", "spouse": ""},
    )
    assert answer.headers["Location"] == address("guest_card", guest)
    assert stored(cast.fjordstuen, guest) == {"allergies", "food"}
    card = client.get(address("guest_card", guest)).content.decode()
    assert "The sensitive details are saved." in card and "/undo/" in card


def test_undo_is_offered_only_where_it_brings_back_what_was(cast: Cast, guest: Customer) -> None:
    client = signed_in(cast.fjordstuen)
    client.post(address("guest_sensitive", guest), {"allergies": "Nuts", "food": "Fish"})
    card = client.get(address("guest_card", guest)).content.decode()
    assert "The sensitive details are saved." in card and "/undo/" not in card


def test_details_are_changed_in_place(cast: Cast, guest: Customer) -> None:
    client, htmx = signed_in(cast.fjordstuen), {"HX-Request": "true"}
    form = client.get(address("guest_sensitive", guest), headers=htmx)
    assert "<html" not in form.content.decode() and "sensitive-form" in form.content.decode()
    saved = client.post(
        address("guest_sensitive", guest),
        {"seen": form.context["form"].initial["seen"], "allergies": "Cats & dogs"},
        headers=htmx,
    )
    page = saved.content.decode()
    assert saved.headers["HX-Retarget"] == "#sensitive"
    assert page.count("Cats &amp; dogs") == 2 and 'hx-swap-oob="true"' in page
    cancelled = client.get(address("guest_sensitive_panel", guest), headers=htmx)
    assert "Cats &amp; dogs" in cancelled.content.decode() and "hx-swap-oob" not in cancelled.content.decode()
    assert client.get(address("guest_sensitive_panel", guest)).headers["Location"] == address("guest_card", guest)


def test_a_role_the_business_left_out_is_told_who_can(cast: Cast, guest: Customer) -> None:
    Business.objects.filter(pk=cast.fjordstuen.pk).update(sensitive_roles=["owner"])
    client = signed_in(cast.fjordstuen)
    for name in ("guest_sensitive", "guest_sensitive_panel"):
        answer = client.get(address(name, guest))
        assert answer.status_code == 403
        assert "Owner of Fjordstuen" in answer.content.decode()
        assert CANARY not in answer.content.decode()
    assert client.post(address("guest_sensitive", guest), {"food": "Fish"}).status_code == 403
    assert stored(cast.fjordstuen, guest) == {"allergies"}
    assert CANARY not in client.get(address("guest_card", guest)).content.decode()


def test_without_consent_nothing_is_written_and_the_input_stays(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        plain = CustomerFactory()
    client = signed_in(cast.fjordstuen)
    assert "Record consent" in client.get(address("guest_sensitive", plain)).content.decode()
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(address("guest_sensitive", plain), {"allergies": "Nuts & more"}, headers=headers)
        assert answer.status_code == 422
        assert "Record the consent first" in answer.content.decode()
        assert "Nuts &amp; more" in answer.content.decode()
    assert stored(cast.fjordstuen, plain) == set()


def test_a_restricted_card_cannot_be_changed(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        held = consenting(is_restricted=True)
    client = signed_in(cast.fjordstuen)
    assert address("guest_sensitive", held) not in client.get(address("guest_card", held)).content.decode()
    answer = client.post(address("guest_sensitive", held), {"allergies": "Nuts"})
    assert answer.status_code == 422 and "restricted" in answer.content.decode()
    assert stored(cast.fjordstuen, held) == set()


@pytest.mark.parametrize("text", ["x" * 10_000, "a\x00b"])
def test_what_cannot_be_kept_is_refused_beside_its_field(cast: Cast, guest: Customer, text: str) -> None:
    answer = signed_in(cast.fjordstuen).post(address("guest_sensitive", guest), {"food": text})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"food"}
    assert stored(cast.fjordstuen, guest) == {"allergies"}


def test_a_colleagues_change_is_shown_and_either_can_be_kept(cast: Cast, guest: Customer) -> None:
    house, client = cast.fjordstuen, signed_in(cast.fjordstuen)
    seen = client.get(address("guest_sensitive", guest)).context["form"].initial["seen"]
    with business_scope(house.pk):
        sensitive_update(customer_id=guest.pk, values={"allergies": "Theirs"})
    answer = client.post(address("guest_sensitive", guest), {"seen": seen, "allergies": "Mine"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Theirs" in page and "Mine" in page
    again: dict[str, Any] = {"seen": answer.context["form"]["seen"].value(), "allergies": "Mine"}
    client.post(address("guest_sensitive", guest), again | {"keep_allergies": "theirs"})
    with business_scope(house.pk):
        assert _text(house, guest) == "Theirs"
    client.post(address("guest_sensitive", guest), again | {"keep_allergies": "mine"})
    with business_scope(house.pk):
        assert _text(house, guest) == "Mine"


def test_a_tampered_form_is_no_error(cast: Cast, guest: Customer) -> None:
    client = signed_in(cast.fjordstuen)
    for seen in ("[]", "{", "7", '{"allergies": [1]}'):
        answer = client.post(address("guest_sensitive", guest), {"seen": seen, "allergies": CANARY, "food": seen})
        assert answer.status_code in (302, 422)


def test_a_detail_whose_key_is_missing_is_named_and_left_alone(cast: Cast, guest: Customer, settings: Any) -> None:
    settings.INNKEEPER_SENSITIVE_KEYS = (("newer", b"n" * 32),)
    client = signed_in(cast.fjordstuen)
    assert "its key is missing" in client.get(address("guest_card", guest)).content.decode()
    form = client.get(address("guest_sensitive", guest)).context["form"]
    assert "allergies" not in form.fields
    client.post(address("guest_sensitive", guest), {"seen": form.initial["seen"], "food": "Fish", "allergies": ""})
    assert stored(cast.fjordstuen, guest) == {"allergies", "food"}


def test_a_page_whose_every_key_is_missing_still_opens(cast: Cast, guest: Customer, settings: Any) -> None:
    with business_scope(cast.fjordstuen.pk):
        sensitive_update(customer_id=guest.pk, values=dict.fromkeys(SensitiveDetail.Kind.values, "x"))
    settings.INNKEEPER_SENSITIVE_KEYS = (("newer", b"n" * 32),)
    assert signed_in(cast.fjordstuen).get(address("guest_sensitive", guest)).status_code == 200


def test_the_member_undoes_what_they_wrote(cast: Cast) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        plain = consenting()
        act = sensitive_set(customer_id=plain.pk, kind="food", text="Fish", member=house.reception)
        assert act is not None
        change_set_undo(change_set_id=act.pk, member=house.reception)
    assert stored(house, plain) == set()


def test_the_panel_empties_with_the_consent(cast: Cast, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        consent(guest, "withdrawn")
    page = signed_in(cast.fjordstuen).get(address("guest_card", guest)).content.decode()
    assert CANARY not in page and "Record consent" in page


def test_the_owner_says_which_roles_see_them(cast: Cast) -> None:
    house = cast.fjordstuen
    client = signed_in(house, Role.OWNER)
    settings_page = reverse("business_settings", kwargs={"slug": "fjordstuen"})
    form = client.get(settings_page).context["form"]
    values = {name: form[name].value() for name in form.fields}
    assert values["sensitive_roles"] == ["reception", "admin", "owner"]
    client.post(settings_page, values | {"sensitive_roles": ["owner"]})
    with business_scope(house.pk):
        entry = AuditEntry.objects.get(action="business.changed")
    assert entry.data["changes"] == {"sensitive_roles": [["reception", "admin", "owner"], ["owner"]]}
    assert client.post(settings_page, values | {"sensitive_roles": ["marketing"]}).status_code == 422
    told = client.get(reverse("activity_log", kwargs={"slug": "fjordstuen"})).content.decode()
    assert "Who sees sensitive details" in told or "who sees sensitive details" in told


def _text(house: House, guest: Customer) -> str:
    from customers.sensitive.selectors import sensitive_view

    found = sensitive_view(business=house.business, customer_id=guest.pk, member=house.owner)
    return (found or {}).get("allergies", "")
