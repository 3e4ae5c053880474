"""The pure generator: repeatable, consistent with the normalisers, and like a real register."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from stdnum.dk import cvr
from stdnum.no import orgnr

from customers.card.derive import email_keys, name_keys, phone_keys
from customers.sample import rows as columns
from customers.sample.doubles import other_spelling, slip, written_again
from customers.sample.generator import BATCH_SIZE, batch_sizes, generate, organisation_number
from customers.sample.names import LANGUAGES, ascii_spelling, name_book
from customers.sample.own import OWN
from customers.sample.profiles import DEMO_PROFILES, profile_for
from customers.sample.rows import NULL, Batch

TODAY = date(2026, 3, 1)
PROFILES = sorted(DEMO_PROFILES)


def batch_of(slug: str, *, seed: str = "1", number: int = 0, size: int = 1500) -> Batch:
    return generate(DEMO_PROFILES[slug], seed=seed, today=TODAY, number=number, size=size, staff=4)


@pytest.fixture(scope="module", params=PROFILES)
def batch(request: pytest.FixtureRequest) -> Batch:
    return batch_of(request.param)


def fields(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[dict[str, str]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_same_arguments_same_rows() -> None:
    assert batch_of("fjordstuen", size=300) == batch_of("fjordstuen", size=300)


@pytest.mark.parametrize("other", [{"seed": "2"}, {"number": 1}])
def test_another_seed_or_batch_is_other_guests(other: dict[str, object]) -> None:
    here, there = batch_of("fjordstuen", size=300), batch_of("fjordstuen", size=300, **other)  # type: ignore[arg-type]
    assert {row[2:5] for row in here.customers} - {row[2:5] for row in there.customers}
    assert {row[9] for row in here.stays}.isdisjoint({row[9] for row in there.stays}) == ("number" in other)


@pytest.mark.parametrize("size", [1, 2, 7, 60, BATCH_SIZE])
@pytest.mark.parametrize("slug", PROFILES)
def test_a_batch_has_exactly_its_size(slug: str, size: int) -> None:
    made = batch_of(slug, size=size)
    assert len(made.customers) == len(made.persons) == size
    assert sorted(int(row[0]) for row in made.customers) == list(range(1, size + 1))


@pytest.mark.parametrize(
    ("count", "expected"), [(-1, []), (0, []), (1, [1]), (BATCH_SIZE, [BATCH_SIZE]), (BATCH_SIZE + 2, [BATCH_SIZE, 2])]
)
def test_batch_sizes(count: int, expected: list[int]) -> None:
    assert batch_sizes(count) == expected


def test_rows_fit_their_columns_and_copy(batch: Batch) -> None:
    kinds = (columns.CUSTOMER, columns.CONTACT, columns.TAG, columns.STAY, columns.PARTICIPANT, columns.ACTIVITY)
    for names, rows in zip(kinds, batch[:6], strict=True):
        assert rows
        for row in rows:
            assert len(row) == len(names)
            assert not any(set("\t\n\r\\") & set(value) for value in row if value != NULL)


def test_contact_points_are_what_the_normalisers_make_of_them(batch: Batch) -> None:
    languages = Counter(row["language"] for row in fields(columns.CUSTOMER, batch.customers))
    house = {"nb": "NO", "da": "DK", "nl": "NL"}[languages.most_common(1)[0][0]]
    seen = set()
    for row in fields(columns.CONTACT, batch.contacts):
        keys = email_keys(row["value"]) if row["kind"] == "email" else phone_keys(row["value"], house)
        state = "ok" if row["state"] == "bounced" else row["state"]
        if row["state"] == "invalid":
            # Short of a digit at home: as typed, for whatever country it is read.
            assert keys.state == "invalid" and not row["normalised"], row
        else:
            assert (keys.normalised, keys.national, keys.state) == (row["normalised"], row["national"], state), row
        assert (row["customer"], row["kind"]) not in seen, "one of each kind, so that each is primary"
        seen.add((row["customer"], row["kind"]))


def test_addresses_reach_nobody(batch: Batch) -> None:
    for row in fields(columns.CONTACT, batch.contacts):
        if row["kind"] != "email":
            continue
        local, _, domain = row["normalised"].partition("@")
        assert domain.endswith(".example") or domain == "example.com" or (row["state"] == "relay" and "-demo." in local)


def test_names_have_the_keys_of_the_card() -> None:
    profile = profile_for(country="DK", currency="DKK", kinds=["hotel"])
    made = generate(profile, seed="1", today=TODAY, number=0, size=200)
    for row in fields(columns.CUSTOMER, made.customers):
        keys = name_keys(
            given_name=row["given_name"], family_name=row["family_name"], company_name=row["company_name"], language=""
        )
        assert (row["sort_key"], row["identity_key"], row["search_tokens"]) == keys


def test_eight_in_a_hundred_are_registered_twice() -> None:
    doubles = sum(
        len(made.persons) - len(set(made.persons)) for made in (batch_of(slug, size=4000) for slug in PROFILES)
    )
    assert 0.07 < doubles / 12_000 < 0.09


def test_doubles_share_something_and_differ_in_something() -> None:
    made = batch_of("fjordstuen", size=4000)
    contacts: dict[str, set[str]] = {}
    for row in fields(columns.CONTACT, made.contacts):
        contacts.setdefault(row["customer"], set()).add(row["normalised"] or row["value"])
    by_person: dict[int, list[dict[str, str]]] = {}
    for person, row in zip(made.persons, fields(columns.CUSTOMER, made.customers), strict=True):
        by_person.setdefault(person, []).append(row)
    pairs = [rows for rows in by_person.values() if len(rows) == 2]
    assert len(pairs) > 200
    linked = [
        one
        for one, two in pairs
        if contacts.get(one["n"], set()) & contacts.get(two["n"], set())
        or (one["street"] and one["street"] == two["street"])
        or one["identity_key"] == two["identity_key"]
    ]
    assert len(linked) / len(pairs) > 0.85
    assert sum(one["identity_key"] != two["identity_key"] for one, two in pairs) / len(pairs) > 0.3


def test_stays_are_possible(batch: Batch) -> None:
    today = TODAY.isoformat()
    rooms: Counter[tuple[str, str]] = Counter()
    for row in fields(columns.STAY, batch.stays):
        assert row["arrival"] <= row["departure"]
        assert row["booked_on"] <= min(row["arrival"], today)
        assert row["amount"] == NULL or float(row["amount"]) > 0
        if row["status"] == "checked_in":
            assert row["arrival"] <= today <= row["departure"]
            rooms[row["property"], row["unit"]] += 1
        elif row["status"] == "checked_out":
            assert row["departure"] <= today
        elif row["status"] == "booked":
            assert row["arrival"] >= today
    assert rooms and max(rooms.values()) == 1, "a room in house has one stay"
    statuses = Counter(row[2] for row in batch.stays)
    assert set(statuses) == {"booked", "checked_in", "checked_out", "cancelled", "no_show"}


def test_nobody_is_in_two_rooms_at_once(batch: Batch) -> None:
    stays = {row["n"]: row for row in fields(columns.STAY, batch.stays)}
    spans: dict[str, list[tuple[str, str]]] = {}
    for part in fields(columns.PARTICIPANT, batch.participants):
        stay = stays[part["stay"]]
        if part["is_guest"] == "t" and stay["status"] == "checked_out":
            spans.setdefault(part["customer"], []).append((stay["arrival"], stay["departure"]))
    for mine in spans.values():
        mine.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(mine))


def test_every_stay_has_one_payer_and_a_guest(batch: Batch) -> None:
    payers, guests = Counter[str](), Counter[str]()
    for part in fields(columns.PARTICIPANT, batch.participants):
        payers[part["stay"]] += part["is_payer"] == "t"
        guests[part["stay"]] += part["is_guest"] == "t"
    numbers = [row[0] for row in batch.stays]
    assert all(payers[number] == 1 and guests[number] >= 1 for number in numbers)
    assert len({(row[0], row[1]) for row in batch.participants}) == len(batch.participants)


def test_tags_keep_to_nine_slots(batch: Batch) -> None:
    slots: dict[str, list[int]] = {}
    for customer, _tag, slot in batch.tags:
        slots.setdefault(customer, []).append(int(slot))
    assert all(mine == list(range(1, len(mine) + 1)) and len(mine) <= 9 for mine in slots.values())


def test_couples_and_families_share_telephones() -> None:
    made = batch_of("duinzicht", size=2000)
    people = {row["n"]: made.persons[at] for at, row in enumerate(fields(columns.CUSTOMER, made.customers))}
    sharing: dict[str, set[int]] = {}
    for row in fields(columns.CONTACT, made.contacts):
        if row["kind"] == "phone" and row["normalised"]:
            sharing.setdefault(row["normalised"], set()).add(people[row["customer"]])
    assert sum(len(who) > 1 for who in sharing.values()) > 100


def test_e_mail_addresses_of_different_people_differ_across_batches() -> None:
    owners: dict[str, set[tuple[int, str]]] = {}
    for number in range(4):
        made = batch_of("sundkonference", number=number, size=1000)
        for row in fields(columns.CONTACT, made.contacts):
            if row["kind"] == "email" and row["state"] in ("ok", "bounced"):
                owners.setdefault(row["normalised"], set()).add((number, row["customer"]))
    assert all(len({number for number, _customer in mine}) == 1 for mine in owners.values())


def test_a_large_register_has_a_long_tail_of_names() -> None:
    draw_from = [batch_of("fjordstuen", number=number, size=4000) for number in range(3)]
    families = Counter(row[3] for made in draw_from for row in made.customers if row[3])
    assert len(families) > 3500
    top = sum(count for _name, count in families.most_common(10)) / families.total()
    assert 0.03 < top < 0.2, "Hansen is common, and not everybody"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_names_places_and_numbers(language: str) -> None:
    draws = iter([at / 997 % 1 for at in range(100_000)])
    book, draw = name_book(language), lambda: next(draws)
    for _ in range(200):
        assert book.given(draw, male=draw() < 0.5).strip()
        assert book.family(draw)[-1].isalpha()
        address = book.address(draw)
        assert all(address) and not any(letter.isdigit() for letter in address.city)
        number = book.phone(draw, home=False, fixed=draw() < 0.3)
        assert phone_keys(number.typed, "US") == (number.e164, number.national, "ok")
    assert len(book.notes) >= 8 and len(book.calls) >= 4


def test_organisation_numbers_pass_their_checks() -> None:
    draws = iter([at * 0.618 % 1 for at in range(10_000)])
    for _ in range(50):
        assert orgnr.is_valid(organisation_number("NO", lambda: next(draws)))
        assert cvr.is_valid(organisation_number("DK", lambda: next(draws)))
        assert len(organisation_number("NL", lambda: next(draws))) == 8
    assert organisation_number("DE", lambda: next(draws)) == ""


@pytest.mark.parametrize(
    ("draws", "expected"),
    [([0.0, 0.1], "Hnasen"), ([0.0, 0.4], "Hnsen"), ([0.0, 0.6], "Haansen"), ([0.0, 0.9, 0.0], "Hsnsen")],
)
def test_slip(draws: list[float], expected: str) -> None:
    drawn = iter(draws)
    assert slip("Hansen", lambda: next(drawn)) == expected


def test_short_words_are_typed_right() -> None:
    assert slip("Lie", lambda: 0.5) == "Lie"


@pytest.mark.parametrize(("word", "expected"), [("Kristian", "Christian"), ("Bjørg", "Bjoerg")])
def test_other_spelling(word: str, expected: str) -> None:
    assert other_spelling(word, lambda: 0.0) == expected


def test_written_again_swaps_and_shortens() -> None:
    ways = {
        way: written_again("Anne-Marie", "Sørensen", lambda way=way: way) for way in (0.1, 0.3, 0.75, 0.85, 0.9, 0.95)
    }  # type: ignore[misc]
    assert ways[0.1] == ("Anne-Marie", "Sørensen")
    assert ways[0.3] == ("Anne-Marie", "Sorensen")
    assert ways[0.75] == ("Sørensen", "Anne-Marie")
    assert ways[0.85] == ("ANNE-MARIE", "SØRENSEN")
    assert ways[0.9] == ("A.", "Sørensen")
    assert ways[0.95] == ("Anne", "Sørensen")


def test_ascii_spelling() -> None:
    assert ascii_spelling("Bjørg Ødegård Müller Kjær") == "Bjorg Odegard Muller Kjaer"


def test_a_profile_speaks_the_country_s_language() -> None:
    profile = profile_for(country="NL", currency="EUR", kinds=["campsite"])
    shares = dict(profile.languages)
    assert max(shares, key=lambda language: shares[language]) == "nl" and profile.staff_language == "nl"
    assert sum(shares.values()) == pytest.approx(1)
    elsewhere = profile_for(country="PT", currency="EUR", kinds=["hotel"])
    assert elsewhere.staff_language == "en" and elsewhere.places[0].units[0].name == "Double"


def test_first_contact_is_never_in_the_future(batch: Batch) -> None:
    latest = max(row["first_contact"] for row in fields(columns.CUSTOMER, batch.customers))
    assert latest <= TODAY.isoformat()


def test_extras_belong_to_the_batch(batch: Batch) -> None:
    """Purchases and invoices name stays and guests that are there, by who took part; sums and days make sense."""
    stays = {row["n"]: row for row in fields(columns.STAY, batch.stays)}
    parts = {(row["stay"], row["customer"]) for row in fields(columns.PARTICIPANT, batch.participants)}
    for bought in fields(columns.PURCHASE, batch.purchases):
        assert (bought["stay"], bought["customer"]) in parts
        assert stays[bought["stay"]]["status"] in ("checked_out", "checked_in")
        assert float(bought["amount"]) > 0 and int(bought["quantity"]) >= 1
    for bill in fields(columns.INVOICE, batch.invoices):
        assert (bill["stay"], bill["customer"]) in parts
        assert bill["issued_on"] <= bill["due_on"]
        assert bill["paid_on"] == NULL or bill["issued_on"] <= bill["paid_on"] <= TODAY.isoformat()
    numbers = [bill["number"] for bill in fields(columns.INVOICE, batch.invoices)]
    assert len(numbers) == len(set(numbers)) > 10
    tasks = fields(columns.TASK, batch.tasks)
    assert {row["assignee"] == NULL for row in tasks} == {True, False}
    assert all(row["created_at"] < row["done_at"] for row in tasks if row["done_at"] != NULL)
    assert len(batch.purchases) > 50


def test_consents_are_taken_back_after_they_were_given(batch: Batch) -> None:
    given: dict[tuple[str, str, str], str] = {}
    for event in fields(columns.CONSENT, batch.consents):
        key = event["customer"], event["purpose"], event["channel"]
        if event["act"] == "granted":
            assert key not in given
            given[key] = event["at"]
        else:
            assert given[key][:10] <= event["at"][:10] <= TODAY.isoformat()
    assert len(given) > 500


def test_birthdays_today_leave_doubles_alone(batch: Batch) -> None:
    born = Counter(batch.persons)
    today = [row for row in fields(columns.CUSTOMER, batch.customers) if row["birth_date"][5:] == f"{TODAY:%m-%d}"]
    assert len(today) >= 2
    assert any(born[batch.persons[int(row["n"]) - 1]] == 1 for row in today)


def test_own_values_and_relations_belong_to_the_batch(batch: Batch) -> None:
    cards = {row[0]: row for row in batch.customers}
    persons = dict(zip(cards, batch.persons, strict=True))
    names = {field.name: field for fields in OWN.values() for field in fields}
    for known, rows in ((set(cards), batch.guest_values), ({row[0] for row in batch.stays}, batch.stay_values)):
        assert rows and len({row[:2] for row in rows}) == len(rows)
        for n, name, *values in rows:
            assert n in known and sum(value not in ("", r"\N") for value in values) == 1
            place = {"number": 1, "date": 2, "yes_no": 3}.get(names[name].kind, 0)
            assert values[place] not in ("", r"\N")
    assert len(set(batch.relations)) == len(batch.relations)
    for one, other, kind in batch.relations:
        assert persons[one] != persons[other] and cards[one][1] == "person"
        assert (cards[other][1] == "company") == (kind == "works_at")
        if kind == "household":
            assert int(one) < int(other) and cards[one][9:12] == cards[other][9:12]
