"""One unsaved card against all: within milliseconds, explained, and nobody's neighbour."""

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tenancy import business_scope
from customers.card.same import Names, probable_same
from customers.changes.models import Leaving
from dedup.register.candidates import KEY_MAX
from dedup.register.lookup import is_ready, lookup, lookup_many
from imports.services import sources
from tests.cast import Cast, House
from tests.databases import analyse
from tests.dedup.register.cards import card, crowd, followed, twins, walked
from tests.imports.previews import checked, row
from tests.imports.previews import told as preview_told

pytestmark = pytest.mark.django_db
SIGRID = {
    "kind": ["person"],
    "given_name": ["Sigrid"],
    "family_name": ["Aasen"],
    "emails": ["sigrid.aasen@example.no"],
    "phones": ["+4791234567"],
}


@pytest.fixture
def house(fjordstuen: House) -> House:
    crowd()
    walked(fjordstuen.pk)
    return fjordstuen


def test_nobody_is_found_before_the_register_is_ready(fjordstuen: House) -> None:
    twins()
    assert not is_ready()
    assert lookup(values=SIGRID) == []
    walked(fjordstuen.pk)
    assert is_ready()
    assert len(lookup(values=SIGRID)) == 2


def test_the_card_and_why(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    hits = lookup(values={**SIGRID, "family_name": ["Aasenn"]})
    assert {hit.customer_id for hit in hits} == {one.pk, other.pk}
    assert all("emails" in hit.agreeing for hit in hits)
    for hit in hits:
        why = hit.explanation
        assert sum(part.weight for part in why.parts) == pytest.approx(hit.weight, abs=0.01)
        assert why.probability == pytest.approx(hit.probability, abs=0.001)
    assert [hit.customer_id for hit in lookup(values=SIGRID, exclude=[one.pk])] == [other.pk]
    assert len(lookup(values=SIGRID, most=1)) == 1
    assert lookup(values=SIGRID, minimum=1.01) == []


def test_a_couple_is_not_one_guest(house: House) -> None:
    home = {"street": "Fagerliveien 71", "postal_code": "1482", "city": "Nittedal", "country": "NO"}
    card("Torgeir", "Bakkemo", emails=["bakkemo@example.no"], phones=["+4790112233"], **home)
    followed(house.pk)
    wife = {
        "given_name": ["Gunhild"],
        "family_name": ["Bakkemo"],
        "phones": ["+4790112233"],
        **{name: [text] for name, text in home.items()},
    }
    assert lookup(values=wife) == []


@pytest.mark.parametrize(
    "typed", [{}, {"given_name": [""]}, {"emails": ["@"]}, {"phones": ["1"]}, {"kind": ["person"]}]
)
def test_what_says_nothing_finds_nobody(house: House, typed: dict[str, list[str]]) -> None:
    assert lookup(values=typed) == []


def test_many_at_once_are_found_as_one_by_one(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    stranger = {"given_name": ["Zbigniew"], "family_name": ["Kowalczyk"], "emails": ["z.k@example.pl"]}
    together = lookup_many(values={7: SIGRID, 9: stranger, 8: {}}, most=5)
    assert set(together) == {7}
    alone = lookup(values=SIGRID)
    assert [hit.customer_id for hit in together[7]] == [hit.customer_id for hit in alone]
    assert [hit.weight for hit in together[7]] == pytest.approx([hit.weight for hit in alone], abs=1e-3)
    assert {hit.customer_id for hit in together[7]} == {one.pk, other.pk}
    assert lookup_many(values={}) == {}


def test_a_number_of_very_many_is_not_read(house: House) -> None:
    for at in range(KEY_MAX + 5):
        card(f"Agent{at}", f"Agentson{at}", phones=["+4722110033"])
    followed(house.pk)
    with CaptureQueriesContext(connection) as queries:
        assert lookup(values={"phones": ["+4722110033"]}) == []
    assert len(queries) == 1


def test_guests_on_their_way_out_are_out_of_sight(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    Leaving.objects.create(record="customer", first_id=one.pk, last_id=one.pk, undo_id=1)
    assert [hit.customer_id for hit in lookup(values=SIGRID)] == [other.pk]


def test_the_neighbours_guests_are_never_found(house: House, cast: Cast) -> None:
    twins()
    followed(house.pk)
    with business_scope(cast.duinzicht.pk):
        crowd(20)
        walked(cast.duinzicht.pk)
        assert lookup(values=SIGRID) == []
        assert lookup_many(values={1: SIGRID}) == {}


@pytest.mark.django_db(transaction=True)
def test_it_reads_by_keys_alone(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        crowd(200)
        twins()
    walked(house)
    analyse()
    with connection.cursor() as cursor:
        # What was read so far is handed over at the end of this statement, and no longer counted as this connection's.
        cursor.execute("SELECT pg_stat_force_next_flush()")
    with business_scope(house), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert lookup(values=SIGRID)
        cursor.execute(_READ, {"tables": ["dedup_cardkey", "dedup_cardprofile"]})
        assert cursor.fetchone() == (0,)
        cursor.execute(_READ, {"tables": ["dedup_cardkey_pkey", "dedup_cardprofile_pkey"]})
        (entries,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM dedup_cardkey")
        (keys,) = cursor.fetchone()
    assert 0 < entries < keys / 5


_READ = "SELECT sum(pg_stat_get_xact_tuples_returned(t::regclass)) FROM unnest(%(tables)s) t"
"""Rows that this transaction has read of tables from end to end, or of indexes by their conditions."""


def test_the_live_check_shows_whom_exact_keys_miss(house: House, client: Client) -> None:
    home = {"street": "Fagerliveien 71", "postal_code": "1482", "city": "Nittedal", "country": "NO"}
    guest = card("Torgeir", "Bakkemo", birth_date="1971-04-05", **home)
    followed(house.pk)
    client.force_login(house.reception.user)
    typed = {"given_name": "Torgeir", "family_name": "Bakkemmo", "birth_date": "05.04.1971", **home}
    page = client.post("/b/fjordstuen/guests/new/check/", typed).content.decode()
    assert f'value="{guest.pk}"' in page
    assert "much alike:" in page
    assert "date of birth" in page.partition("much alike:")[2]


def test_the_judge_adds_what_it_knows_to_exact_hits(house: House) -> None:
    one, other = twins()
    followed(house.pk)
    fresh = card("Someone", "Else", emails=["sigrid.aasen@example.no"])
    same = probable_same(
        emails=["sigrid.aasen@example.no"], phones=["91234567"], names=Names("Sigrid", "Åsen"), country="NO"
    )
    found = {each.customer_id: each for each in same}
    assert set(found) == {one.pk, other.pk, fresh.pk}
    assert found[one.pk].reason == "email" and (found[one.pk].probability or 0) > 0.9
    assert found[fresh.pk].probability is None
    assert same[-1].customer_id == fresh.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_long", [False, True])
def test_the_preview_of_an_import_shows_whom_exact_keys_miss(
    transactional_cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_long: bool
) -> None:
    monkeypatch.setattr(sources, "WEIGHED_ROWS", 1 if is_long else 2)
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        crowd()
        guest = card(
            "Torgeir",
            "Bakkemo",
            birth_date="1971-04-05",
            street="Fagerliveien 71",
            postal_code="1482",
            city="Nittedal",
            country="NO",
        )
    walked(house.pk)
    known = {"birth_date": "1971-04-05", "street": "Fagerliveien 71", "postal_code": "1482", "city": "Nittedal"}
    nobody = {"email": "", "phone": ""}
    rows = [
        row(given_name="Torgeir", family_name="Bakkemmo", **known, **nobody),
        row(given_name="Zbigniew", family_name="Kowalczyk", **nobody),
    ]
    run = checked(house, tmp_path, rows)
    told = preview_told(house, run)
    # Of a long file the keys alone are asked.
    assert told[2] == (("create", "", None) if is_long else ("review", "alike", guest.pk))
    assert told[3][0] == "create"
