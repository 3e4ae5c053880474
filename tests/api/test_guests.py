"""Guests by API: found, added, changed, and what is refused."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomFieldFactory, EmailFactory, PhoneFactory

pytestmark = pytest.mark.django_db

INGRID = {
    "given_name": "Ingrid",
    "family_name": "Solberg",
    "emails": ["Ingrid@Example.com", "work@example.com"],
    "phones": ["912 34 567"],
    "external_ids": [{"system": "bookings", "value": "G-1"}],
}


def add(caller: Caller, **values: Any) -> dict[str, Any]:
    answer = caller.post("guests/", {**INGRID, **values})
    assert answer.status == 201, answer.text
    return dict(answer.body)


class TestCreate:
    def test_a_guest_with_addresses_and_ids(self, caller: Caller) -> None:
        guest = add(caller)
        assert guest["name"] == "Ingrid Solberg"
        assert guest["version"] == 1
        points = [(point["kind"], point["normalised"], point["is_primary"]) for point in guest["contact_points"]]
        assert points == [
            ("email", "ingrid@example.com", True),
            ("email", "work@example.com", False),
            ("phone", "+4791234567", True),
        ]
        assert guest["external_ids"] == [{"system": "bookings", "value": "G-1"}]
        assert guest["facts"]["stays"] == 0
        assert guest["facts"]["value"] == "0.00"
        assert caller.get(f"guests/{guest['id']}/").body == guest

    def test_it_is_one_act_under_the_keys_name(self, caller: Caller, cast: Cast) -> None:
        add(caller)
        with business_scope(cast.fjordstuen.pk):
            (act,) = ChangeSet.objects.all()
        assert (act.actor, act.member_id) == ("Booking system", None)

    @pytest.mark.parametrize(
        ("values", "field", "told"),
        [
            ({"given_name": "", "family_name": ""}, "given_name", "Write at least one name."),
            ({"kind": "company"}, "company_name", "Write the company's name."),
            ({"kind": "robot"}, "kind", "robot is not one of the available choices."),
            ({"emails": ["no address"]}, "emails.0", "This is not an e-mail address."),
            ({"phones": ["912 34 567", "12"]}, "phones.1", "This is not a phone number."),
            ({"birth_date": "2999-01-01"}, "birth_date", "This date is in the future."),
            ({"birth_date": "1999-02-31"}, "birth_date", "Enter a valid date."),
            ({"first_contact": "2999-01-01"}, "first_contact", "This date is in the future."),
            (
                {"given_name": "x" * 10_000},
                "given_name",
                "Ensure this value has at most 200 characters (it has 10000).",
            ),
            ({"given_name": 7}, "given_name", "Not a valid string."),
            ({"language": "xx"}, "language", "Select a valid choice."),
            ({"emial": "a@b.no"}, "emial", "There is no field of this name here."),
            ({"version": 1}, "version", "There is no field of this name here."),
            ({"external_ids": [{"system": "x"}]}, "external_ids.0.value", "This field is required."),
            ({"given_name": "\x00"}, "given_name", "Null characters are not allowed."),
            ({"given_name": "\ud800"}, "given_name", "Surrogate characters are not allowed"),
            ({"\ud800": 1}, "?", "There is no field of this name here."),
            ({"fields": {"none": "x"}}, "fields.none", "There is no field called “none”."),
            ({"fields": {"\ud800": "x"}}, "fields.?", "Send a text"),
        ],
    )
    def test_refusals_name_the_field(
        self, caller: Caller, cast: Cast, values: dict[str, Any], field: str, told: str
    ) -> None:
        answer = caller.post("guests/", {**INGRID, **values})
        assert answer.status == 422, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.code == "invalid"
        assert told in answer.errors[field]
        with business_scope(cast.fjordstuen.pk):
            assert not Customer.objects.exists()
            assert not ChangeSet.objects.exists()

    def test_an_id_that_another_card_has(self, caller: Caller, cast: Cast) -> None:
        add(caller)
        answer = caller.post("guests/", INGRID)
        assert (answer.status, answer.code) == (409, "external_id_taken")
        with business_scope(cast.fjordstuen.pk):
            assert Customer.objects.count() == 1

    def test_names_right_to_left_and_pictures_come_back_as_sent(self, caller: Caller) -> None:
        guest = add(caller, given_name="מרים", family_name="🦆 Ælskær", note="שלום ‏")
        assert (guest["given_name"], guest["family_name"]) == ("מרים", "🦆 Ælskær")


class TestUpdate:
    def test_what_is_left_out_stays(self, caller: Caller) -> None:
        guest = add(caller, city="Bergen")
        changed = caller.patch(f"guests/{guest['id']}/", {"phones": ["+45 32 12 34 56"]}).body
        assert changed["city"] == "Bergen"
        assert [point["normalised"] for point in changed["contact_points"]] == [
            "ingrid@example.com",
            "work@example.com",
            "+4532123456",
        ]

    def test_the_version_before_one_must_be_the_one_that_stands(self, caller: Caller) -> None:
        guest = add(caller)
        path = f"guests/{guest['id']}/"
        first = caller.patch(path, {"city": "Bergen", "version": guest["version"]})
        assert first.status == 200
        for headers, body in (({}, {"version": 1}), ({"if_match": '"1"'}, {})):
            second = caller.patch(path, {"city": "Oslo", **body}, **headers)
            assert (second.status, second.code) == (409, "changed_meanwhile")
            assert second.body["current"]["city"] == "Bergen"
            assert second.body["current"]["version"] == first.body["version"]
        assert caller.patch(path, {"city": "Oslo"}, if_match=f'"{first.body["version"]}"').body["city"] == "Oslo"
        assert caller.patch(path, {"city": "Voss"}, if_match="yesterday").status == 422
        assert caller.get(path).body["city"] == "Oslo"

    def test_nothing_different_is_no_act(self, caller: Caller, cast: Cast) -> None:
        guest = add(caller)
        assert caller.patch(f"guests/{guest['id']}/", {"given_name": "Ingrid"}).status == 200
        with business_scope(cast.fjordstuen.pk):
            assert ChangeSet.objects.count() == 1

    def test_a_name_cannot_be_taken_away(self, caller: Caller) -> None:
        guest = add(caller)
        answer = caller.patch(f"guests/{guest['id']}/", {"given_name": "", "family_name": ""})
        assert answer.errors == {"given_name": "Write at least one name."}

    def test_a_country_that_the_postal_code_does_not_fit(self, caller: Caller) -> None:
        guest = add(caller, country="NO", postal_code="5003")
        for answer in (
            caller.patch(f"guests/{guest['id']}/", {"country": "NL"}),
            caller.put("guests/by-external-id/bookings/G-1/", {"country": "NL", "city": "Delft"}),
        ):
            assert (answer.status, list(answer.errors)) == (422, ["country"]), answer.text
            assert "postal code" in answer.errors["country"]
        assert caller.patch(f"guests/{guest['id']}/", {"country": "NL", "postal_code": "2611 AB"}).status == 200

    def test_what_a_file_brought_does_not_stand_in_the_way(self, caller: Caller, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            old = CustomerFactory(birth_date="1850-01-01", country="XK")
            EmailFactory(customer=old, value="not an address")
        answer = caller.patch(f"guests/{old.pk}/", {"city": "Bergen"})
        assert answer.status == 200, answer.text
        kept = caller.patch(f"guests/{old.pk}/", {"emails": ["not an address", "new@example.com"]})
        assert kept.status == 200, kept.text

    def test_own_fields_in_their_types(self, caller: Caller, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            for kind in ("text", "number", "date", "yes_no"):
                CustomFieldFactory(key=kind, kind=kind)
            CustomFieldFactory(key="choice", kind="choice", options=[{"key": "gold", "label": "Gold"}])
        guest = add(caller, fields={"text": "1.234", "number": 1.234, "yes_no": False, "choice": "gold"})
        assert guest["fields"] == {"text": "1.234", "number": "1.2340", "yes_no": False, "choice": "gold"}
        path = f"guests/{guest['id']}/"
        for language in ("nb", "nl", "en"):
            again = caller.patch(path, {"fields": guest["fields"]}, accept_language=language)
            assert again.body["fields"] == guest["fields"], language
            for sent in (2.345, "2.345", " 2.345"):
                number = caller.patch(path, {"fields": {"number": sent}}, accept_language=language)
                assert number.body["fields"]["number"] == "2.3450", (language, sent)
                caller.patch(path, {"fields": {"number": 7}})
            caller.patch(path, {"fields": guest["fields"]})
        changed = caller.patch(path, {"fields": {"text": None, "date": "2026-12-24"}}).body
        assert changed["fields"] == {
            "number": "1.2340",
            "yes_no": False,
            "choice": "gold",
            "date": "2026-12-24",
        }
        refused = caller.patch(path, {"city": "Oslo", "fields": {"choice": "silver"}})
        assert "fields.choice" in refused.errors
        assert caller.get(path).body["city"] == ""

    def test_a_restricted_card_stays_as_it_is(self, caller: Caller, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            guest = CustomerFactory(is_restricted=True)
        for answer in (
            caller.patch(f"guests/{guest.pk}/", {"city": "Oslo"}),
            caller.post(f"guests/{guest.pk}/contact-points/", {"kind": "email", "value": "a@example.com"}),
        ):
            assert (answer.status, answer.code) == (409, "restricted")


class TestOutside:
    PATH = "guests/by-external-id/bookings/G-1/"

    def test_twice_is_once(self, caller: Caller, cast: Cast) -> None:
        body = {key: value for key, value in INGRID.items() if key != "external_ids"}
        first, second = caller.put(self.PATH, body), caller.put(self.PATH, body)
        assert (first.status, second.status) == (201, 200)
        assert first.body == second.body
        with business_scope(cast.fjordstuen.pk):
            assert Customer.objects.count() == 1
            assert ChangeSet.objects.count() == 1

    def test_it_changes_what_is_sent(self, caller: Caller) -> None:
        guest = add(caller, city="Bergen")
        changed = caller.put(self.PATH, {"note": "Early riser"}).body
        assert (changed["id"], changed["note"], changed["city"]) == (guest["id"], "Early riser", "Bergen")
        assert caller.get(self.PATH).body == changed

    def test_refusals(self, caller: Caller) -> None:
        assert caller.put(self.PATH, {}).errors == {"given_name": "Write at least one name."}
        assert caller.get(self.PATH).status == 404
        for path in ("guests/by-external-id/x/%00/", f"guests/by-external-id/x/{'y' * 121}/"):
            assert caller.put(path, INGRID).status == caller.get(path).status == 404

    def test_an_id_may_hold_slashes(self, caller: Caller) -> None:
        made = caller.put("guests/by-external-id/bookings/2026/17/", {"given_name": "Åse"})
        assert made.body["external_ids"] == [{"system": "bookings", "value": "2026/17"}]


class TestList:
    def test_by_address_number_id_and_tag(self, caller: Caller, cast: Cast) -> None:
        guest = add(caller)
        with business_scope(cast.fjordstuen.pk):
            PhoneFactory(customer=(other := CustomerFactory()), value="400 00 001")
        caller.put(f"guests/{guest['id']}/tags/{caller.get('tags/').body['items'][0]['id']}/")
        tag = caller.get("tags/").body["items"][0]["id"]

        def found(**query: Any) -> list[int]:
            answer = caller.get("guests/?" + "&".join(f"{name}={value}" for name, value in query.items()))
            assert answer.status == 200, answer.text
            return [each["id"] for each in answer.body["items"]]

        assert found() == sorted([guest["id"], other.pk])
        assert found(email="INGRID@example.com") == [guest["id"]]
        assert found(phone="%2B47%20912%2034%20567") == found(phone="91234567") == [guest["id"]]
        assert found(external_system="bookings", external_id="G-1") == [guest["id"]]
        assert found(external_system="elsewhere", external_id="G-1") == []
        assert found(tag=tag) == [guest["id"]]
        assert found(email="nobody") == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("emial=a@b.no", "emial"),
            ("external_id=1", "external_system"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=many", "limit"),
            ("cursor=bm8", "cursor"),
            ("cursor=WzFd%00", "cursor"),
            ("tag=0", "tag"),
            ("email=%00", "email"),
        ],
    )
    def test_a_parameter_that_cannot_be_meant_is_refused(self, caller: Caller, query: str, field: str) -> None:
        answer = caller.get(f"guests/?{query}")
        assert answer.status == 422
        assert field in answer.errors

    def test_queries_do_not_grow_with_the_page(self, caller: Caller, cast: Cast) -> None:
        def counted() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert caller.get("guests/?limit=200").status == 200
            return len(queries)

        add(caller)
        few = counted()
        with business_scope(cast.fjordstuen.pk):
            for _each in range(30):
                EmailFactory(customer=CustomerFactory())
        assert counted() == few <= 20


class TestContactPoints:
    def test_added_made_primary_removed(self, caller: Caller) -> None:
        guest = add(caller)
        path = f"guests/{guest['id']}/contact-points/"
        made = caller.post(path, {"kind": "email", "value": "third@example.com", "is_primary": True})
        assert made.status == 201
        assert [point["value"] for point in made.body["contact_points"]][:1] == ["third@example.com"]
        assert caller.post(path, {"kind": "email", "value": "third@example.com"}).status == 200
        work = next(point for point in made.body["contact_points"] if point["value"] == "work@example.com")
        assert caller.patch(f"{path}{work['id']}/", {"is_primary": True}).body["is_primary"] is True
        assert caller.delete(f"{path}{work['id']}/").status == 204
        left = caller.get(f"guests/{guest['id']}/").body["contact_points"]
        assert [(point["value"], point["is_primary"]) for point in left if point["kind"] == "email"] == [
            ("Ingrid@Example.com", True),
            ("third@example.com", False),
        ]
        assert [point["value"] for point in left if point["kind"] == "phone"] == ["912 34 567"]

    def test_refusals(self, caller: Caller) -> None:
        guest, other = add(caller), add(caller, external_ids=[])
        path = f"guests/{guest['id']}/contact-points/"
        assert "value" in caller.post(path, {"kind": "phone", "value": "12"}).errors
        assert "kind" in caller.post(path, {"value": "a@example.com"}).errors
        point = guest["contact_points"][0]["id"]
        assert "is_primary" in caller.patch(f"{path}{point}/", {"is_primary": False}).errors
        assert caller.delete(f"guests/{other['id']}/contact-points/{point}/").status == 404
        assert caller.post("guests/999999999/contact-points/", {"kind": "email", "value": "a@b.no"}).status == 404


class TestTags:
    def test_the_tenth_is_refused_with_the_limit(self, caller: Caller) -> None:
        guest = add(caller)
        own = [caller.post("tags/", {"name": f"Own {number}"}).body for number in range(2)]
        tags = caller.get("tags/").body["items"]
        assert len(tags) == 10
        answers = [caller.put(f"guests/{guest['id']}/tags/{tag['id']}/") for tag in tags]
        assert [answer.status for answer in answers] == [200] * 9 + [409]
        assert answers[-1].code == "tag_limit"
        assert answers[-1].body["limit"] == 9
        assert caller.put(f"guests/{guest['id']}/tags/{tags[0]['id']}/").status == 200
        assert len(caller.get(f"guests/{guest['id']}/").body["tags"]) == 9
        assert caller.delete(f"guests/{guest['id']}/tags/{tags[0]['id']}/").status == 204
        assert caller.delete(f"guests/{guest['id']}/tags/{tags[0]['id']}/").status == 404
        assert caller.put(f"guests/{guest['id']}/tags/{own[-1]['id']}/").status == 200
        assert caller.put(f"guests/{guest['id']}/tags/999999999/").status == 404

    def test_one_of_a_name(self, caller: Caller) -> None:
        assert caller.post("tags/", {"name": "Fly fishing"}).status == 201
        assert caller.post("tags/", {"name": "Fly fishing"}).code == "tag_exists"
        assert "name" in caller.post("tags/", {"name": " "}).errors


def test_every_card_given_out_is_logged_under_the_keys_name(caller: Caller, cast: Cast) -> None:
    body = {key: value for key, value in INGRID.items() if key != "external_ids"}
    guest = add(caller)
    with business_scope(cast.fjordstuen.pk):
        other = CustomerFactory()
    path = f"guests/{guest['id']}/"

    seen: set[int] = set()

    def logged() -> list[int | None]:
        """Whose cards since the last time."""
        with business_scope(cast.fjordstuen.pk):
            rows = AuditEntry.objects.filter(action="guest.viewed").exclude(pk__in=seen)
            entries = list(rows.order_by("object_id"))
        seen.update(entry.pk for entry in entries)
        assert {(entry.actor, entry.object_type) for entry in entries} <= {("Booking system", "customer")}
        return [entry.object_id for entry in entries]

    assert logged() == [guest["id"]]
    for act in (
        lambda: caller.get(path),
        lambda: caller.patch(path, {"city": "Oslo"}),
        lambda: caller.put("guests/by-external-id/bookings/G-1/", body),
        lambda: caller.post(f"{path}contact-points/", {"kind": "email", "value": "third@example.com"}),
    ):
        assert act().status in (200, 201)
        assert logged() == [guest["id"]]
    assert caller.get("guests/").status == 200
    assert logged() == [guest["id"], other.pk]
    assert caller.get("guests/?email=nobody").status == 200
    assert logged() == []


def test_a_key_that_may_not_read_gets_no_card_back(caller: Caller, cast: Cast) -> None:
    guest = add(caller)
    writer = caller_make(cast.fjordstuen, ["write"], name="Till")
    path = f"guests/{guest['id']}/"
    changed = writer.patch(path, {"city": "Bergen"})
    assert (changed.status, changed.body) == (200, {"id": guest["id"], "version": guest["version"] + 1})
    late = writer.patch(path, {"city": "Oslo", "emails": [], "version": 1})
    assert (late.status, late.body["current"]) == (409, {**changed.body, "city": "Bergen"})
    for answer in (
        writer.put("guests/by-external-id/bookings/G-1/", {"city": "Voss"}),
        writer.post(f"{path}contact-points/", {"kind": "email", "value": "third@example.com"}),
        writer.post("guests/", {"given_name": "Åse"}),
    ):
        assert set(answer.body) == {"id", "version"}, answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not AuditEntry.objects.filter(action="guest.viewed", actor="Till").exists()
