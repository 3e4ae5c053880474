"""The look-up against the database: what finds whom, in what order, and never a neighbour."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Property
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.history.models import Stay
from customers.search.models import Misspelling, RecentGuest, Vocabulary
from customers.search.rank import Heat
from customers.search.selectors import guests_lookup
from customers.search.services import RECENT_KEPT, recent_guest_touch, vocabulary_sweep
from tests.cast import Cast, House
from tests.factories import (
    CompanyFactory,
    CustomerFactory,
    EmailFactory,
    PhoneFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 7, 15)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch, fjordstuen: House) -> None:
    """The database asks its own clock when it writes who is present: dates below are relative to the real day."""
    monkeypatch.setattr(
        "tests.customers.test_search_lookup.TODAY", timezone.localdate(timezone=fjordstuen.business.zone)
    )


def names(text: str, **options: object) -> list[str]:
    """The names the look-up finds, best first."""
    found = guests_lookup(text=text, today=TODAY, calling_code=47, **options)  # type: ignore[arg-type]
    cards = Customer.objects.in_bulk([candidate.customer_id for candidate in found])
    return [cards[candidate.customer_id].name for candidate in found]


def person(name: str, company: str = "") -> Customer:
    given, _, family = name.rpartition(" ")
    return CustomerFactory(
        given_name=given,
        family_name=family,
        company_name=company,
        search_tokens=" ".join(_tokens(given, family, company)),
    )


def _tokens(*texts: str) -> list[str]:
    from customers.normalise import search_tokens

    return search_tokens(*texts)


def staying(guest: Customer, status: str, arrival: int, nights: int = 2, **values: object) -> Stay:
    stay = StayFactory(
        status=status,
        arrival=TODAY + dt.timedelta(days=arrival),
        departure=TODAY + dt.timedelta(days=arrival + nights),
        **values,
    )
    StayParticipantFactory(stay=stay, customer=guest)
    return stay


@pytest.mark.parametrize(
    ("description", "name", "texts"),
    [
        ("whole, in any order and case", "Kari Nordmann", "kari nordmann|NORDMANN KARI|Nordmann, Kari"),
        ("beginnings", "Kari Nordmann", "kar|nordm|k nord|nord k"),
        ("a part inside", "Søren Kierkegaard", "kegaar|erkeg"),
        ("Nordic letters typed in ASCII", "Åse Sørensen", "ase|aase|soren|soerensen|aase soerensen"),
        ("ASCII letters typed in Nordic ones", "Aase Soerensen", "åse|sørensen"),
        ("æ both ways", "Bjørn Kjær", "kjaer|kjar|kjær|bjorn"),
        ("German", "Jürgen Müller", "mueller|muller|müller|juergen"),
        ("a letter too few, too many", "Ragnhild Tveit", "ragnild|raghnhild|ragnnhild"),
        ("another letter, two swapped", "Ragnhild Tveit", "ragnhilt|ranghild|ragnhidl"),
        ("a slip beside a right word", "Ragnhild Tveit", "ragnild tveit|ragnhild tvet|tviet ragnhild"),
        ("a slip in a word not typed to its end", "Ragnhild Tveit", "ranghi|rgnhil"),
        ("two slips in a long word", "Ragnhild Tveit", "ragnilt"),
        ("the first letter missed", "Ragnhild Tveit", "agnhild|xagnhild tveit"),
        ("the space missed", "Ragnhild Tveit", "ragnhildtveit|ragnhildxtveit"),
        ("the space in a wrong place", "Ragnhild Tveit", "ragnhilt veit|rag nhild tveit"),
        ("hyphens and apostrophes", "Anne-Marie O’Brien", "annemarie|anne marie|obrien|o'brien"),
        ("particles", "Jan van der Berg", "van der berg|berg jan|der berg"),
        ("another script", "Ελένη Παπαδοπούλου", "ελενη|παπαδ"),
        ("a company a person works at", "Per Eide", "per fjellbygg|fjellbygg"),
    ],
)
def test_names(description: str, name: str, texts: str) -> None:
    person(name, "Fjellbygg AS" if name == "Per Eide" else "")
    person("Gunnar Holm")
    for text in texts.split("|"):
        assert names(text) == [name], f"{description}: {text}"


def test_companies() -> None:
    CompanyFactory(company_name="Nordic Bygg A/S", search_tokens="nordic bygg a s", identity_key="nordic bygg")
    for text in ("nordic bygg", "bygg nordic as", "nordic bygg a/s", "nordc"):
        assert names(text) == ["Nordic Bygg A/S"], text


def test_nobody() -> None:
    person("Kari Nordmann")
    for text in ("", "  ", "xqzzw", "kari xqzzw", "%", "_", "'", "\\", "\x00", "a" * 500, "🏨", "((("):
        assert names(text) == [], text


def test_phones_with_and_without_country_code() -> None:
    guest = person("Kari Nordmann")
    PhoneFactory(customer=guest, value="+47 912 34 567")
    abroad = person("Sven Svensson")
    PhoneFactory(customer=abroad, value="+46 70 123 45 99")
    for text in ("91234567", "912 34 567", "+4791234567", "0047 912 34 567", "4791234567", "9123", "34567", "+47 912"):
        assert names(text) == ["Kari Nordmann"], text
    for text in ("070-123 45 99", "+46701234599", "701234599", "1234599", "0046 70 123"):
        assert names(text) == ["Sven Svensson"], text
    assert names("+46 912") == []


def test_an_invalid_phone_is_found_by_its_digits() -> None:
    guest = person("Kari Nordmann")
    PhoneFactory(customer=guest, value="669-792-1661 ext")
    assert ContactPoint.objects.get().state == "invalid"
    for text in ("6697921661", "669-792", "1661", "+1 669 792 1661", "792-1661"):
        assert names(text) == ["Kari Nordmann"], text


def test_addresses() -> None:
    guest = person("Kari Nordmann")
    EmailFactory(customer=guest, value="Kari.Nord@Fjord.no")
    broken = person("Per Eide")
    EmailFactory(customer=broken, value="Per.Eide(at)Example")
    for text in ("kari.nord@fjord.no", "KARI.NORD@", "kari.no", "Kari Nordmann <kari.nord@fjord.no>"):
        assert names(text) == ["Kari Nordmann"], text
    assert names("per.eide(at)") == ["Per Eide"]
    assert names("nord@fjord.no") == []


def test_bookings_and_rooms() -> None:
    guest, other = person("Kari Nordmann"), person("Per Eide")
    staying(guest, Stay.Status.CHECKED_IN, -1, reference="Bk-12ab", unit="b12")
    staying(other, Stay.Status.BOOKED, 1, reference="BK-99", unit="B12")
    assert names("bk-12AB") == ["Kari Nordmann"]
    assert names("BK-9") == ["Per Eide"]
    assert set(names("bk-")) == {"Kari Nordmann", "Per Eide"}
    assert names("B12") == ["Kari Nordmann"], "a room means who is in it, not who will be"
    Stay.objects.filter(reference="Bk-12ab")
    _check_out(Stay.objects.get(reference="Bk-12ab"))
    assert names("B12") == []


def _check_out(stay: Stay) -> None:
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    with change_set(kind=ChangeSet.Kind.EDIT):
        Stay.objects.filter(pk=stay.pk).update(status=Stay.Status.CHECKED_OUT, departure=TODAY)


def test_who_is_near_the_desk_comes_first(fjordstuen: House) -> None:
    long_ago, lately, opened, arriving, here = (
        person(f"{name} Nordmann") for name in ("Ada", "Bea", "Cia", "Dag", "Eva")
    )
    staying(long_ago, Stay.Status.CHECKED_OUT, -900)
    staying(lately, Stay.Status.CHECKED_OUT, -30)
    staying(arriving, Stay.Status.BOOKED, 2)
    staying(here, Stay.Status.CHECKED_IN, -9, 3)
    recent_guest_touch(member_id=fjordstuen.reception.pk, customer_id=opened.pk)
    found = names("nordm", member_id=fjordstuen.reception.pk)
    assert [name.split()[0] for name in found] == ["Eva", "Dag", "Cia", "Bea", "Ada"]
    assert names("nordm", member_id=fjordstuen.admin.pk)[2] != "Cia Nordmann", "another member has not opened it"


def test_days_around_a_stay() -> None:
    for name, status, arrival, heat in (
        ("In", Stay.Status.CHECKED_IN, -400, Heat.IN_HOUSE),
        ("Soon", Stay.Status.BOOKED, 2, Heat.NEAR),
        ("Later", Stay.Status.BOOKED, 3, Heat.COLD),
        ("Left", Stay.Status.CHECKED_OUT, -4, Heat.NEAR),
        ("Gone", Stay.Status.CHECKED_OUT, -5, Heat.COLD),
        ("Cancelled", Stay.Status.CANCELLED, 0, Heat.COLD),
    ):
        guest = person(f"{name} Testmann")
        staying(guest, status, arrival)
        (found,) = guests_lookup(text=f"{name} Testmann", today=TODAY)
        assert found.heat is heat, name


def test_a_whole_name_comes_before_a_guest_in_house_with_a_longer_one() -> None:
    whole = person("Kari Nord")
    staying(person("Karin Nordal"), Stay.Status.CHECKED_IN, -1)
    assert names("kari nord") == ["Kari Nord", "Karin Nordal"]
    assert names("kar nord") == ["Karin Nordal", "Kari Nord"]
    assert whole.pk


def test_every_card_of_one_name_is_found_up_to_eight(fjordstuen: House) -> None:
    """Also where the same words in another order, or spelt otherwise, crowd the name."""
    wanted = {person("Jan Aas").pk for _ in range(8)}
    for _ in range(15):
        person("Aas Jan")
        person("Jan Ås")
    found = guests_lookup(text="Jan Aas", today=TODAY)
    assert {candidate.customer_id for candidate in found} == wanted


def test_a_very_common_name_still_finds_its_rarer_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.search.candidates_sql.SAME_NAME_MAX", 5)
    for _ in range(12):
        person("Jan Ås")
    wanted = person("Jan Aas")
    assert guests_lookup(text="jan aas", today=TODAY)[0].customer_id == wanted.pk


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so low that a few cards are many, and every way through them is walked."""
    for name, value in {
        "COUNTED_MAX": 10,
        "PROBED_MAX": 2,
        "MET_MAX": 30,
        "HELD_MAX": 10,
        "TOP_MAX": 9,
        "WALK_MAX": 5,
    }.items():
        monkeypatch.setattr(f"customers.search.candidates_sql.{name}", value)


@pytest.mark.usefixtures("small_bounds")
@pytest.mark.parametrize("text", ["nord", "nordmann", "ka", "kari nord", "k n", "kari nordmann", "nordmnn", "ordman"])
def test_common_words_are_bounded_and_rank_right(text: str, fjordstuen: House) -> None:
    for number in range(12):
        guest = person(f"Kari{number if number > 2 else ''} Nordmann")
        staying(guest, Stay.Status.CHECKED_OUT, -300 - number)
    here = person("Karin Nordmann-Berg")
    staying(here, Stay.Status.CHECKED_IN, -1)
    opened = person("Karianne Nordmannsen")
    recent_guest_touch(member_id=fjordstuen.reception.pk, customer_id=opened.pk)
    found = names(text, member_id=fjordstuen.reception.pk)
    assert len(found) == 8
    direct = text not in ("nordmnn", "ordman")
    if direct and text != "kari nordmann":
        assert found[0] == "Karin Nordmann-Berg"
    if text == "kari nordmann":
        assert found[:3] == ["Kari Nordmann"] * 3


def test_never_a_neighbour(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        guest = person("Wilhelmina Kuipers")
        EmailFactory(customer=guest, value="wil@kuipers.nl")
        PhoneFactory(customer=guest, value="+31 6 12345670")
        stay = StayFactory(
            property=Property.objects.get(), status=Stay.Status.CHECKED_IN, arrival=TODAY, reference="DZ-1", unit="77"
        )
        StayParticipantFactory(stay=stay, customer=guest)
    texts = (
        "wilhelmina kuipers",
        "wilh",
        "helmin",
        "wilhelmna",
        "wil@kuipers.nl",
        "+31612345670",
        "45670",
        "DZ-1",
        "77",
    )
    for text in texts:
        assert names(text) == [], text
    with business_scope(cast.duinzicht.pk):
        for text in texts:
            assert names(text) == ["Wilhelmina Kuipers"], text


def test_recent_guests_are_kept_short(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.search.services.RECENT_KEPT", 3)
    guests = [person(f"Guest N{number}") for number in range(5)]
    for guest in [*guests, guests[2]]:
        recent_guest_touch(member_id=fjordstuen.reception.pk, customer_id=guest.pk)
    kept = RecentGuest.objects.order_by("-opened_at").values_list("customer_id", flat=True)
    assert list(kept) == [guests[2].pk, guests[4].pk, guests[3].pk]
    assert RECENT_KEPT == 100


def test_words_nobody_bears_any_more_are_swept(erase: Callable[[Customer], None]) -> None:
    person("Kari Nordmann")
    gone = person("Xanthippe Nordmann")
    erase(gone)
    assert names("xanthippe") == []
    assert Vocabulary.objects.filter(token="xanthippe").exists()
    Vocabulary.objects.create(token="kari")
    assert vocabulary_sweep() == 2
    assert not Vocabulary.objects.filter(token="xanthippe").exists()
    assert not Misspelling.objects.filter(token="xanthippe").exists()
    assert Misspelling.objects.filter(token="kari").count() == 4
    assert names("krai") == ["Kari Nordmann"]


@pytest.fixture
def erase() -> Callable[[Customer], None]:
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    def removed(guest: Customer) -> None:
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=guest.pk).delete()

    return removed


def test_palette_shows_hits_then_commands(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = person("Kari Nordmann")
        PhoneFactory(customer=guest, value="912 34 567", is_primary=True)
        staying(guest, Stay.Status.CHECKED_IN, -1, unit="204")
    client.force_login(cast.fjordstuen.reception.user)
    page = client.get("/b/fjordstuen/lookup/", {"q": "kar"}).content.decode()
    assert f'href="/b/fjordstuen/guests/{guest.pk}/"' in page
    assert "+4791234567" in "".join(page.split())
    assert "In house · 204" in page
    assert page.index("Kari Nordmann") < page.index("New guest")
    assert "/b/fjordstuen/guests/?q=kar" in page
    assert "<c-" not in page


def test_palette_without_a_text_shows_what_was_opened(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = person("Kari Nordmann")
    client.force_login(cast.fjordstuen.reception.user)
    client.get(f"/b/fjordstuen/guests/{guest.pk}/")
    assert "Kari Nordmann" in client.get("/b/fjordstuen/lookup/").content.decode()
    client.force_login(cast.fjordstuen.admin.user)
    assert "Kari Nordmann" not in client.get("/b/fjordstuen/lookup/").content.decode()


@pytest.mark.parametrize(
    "text", ["\x00", "%00", "<script>alert(1)</script>", "a" * 5000, "';--", "\ud800".encode("utf-8", "surrogatepass")]
)
def test_palette_bears_any_text(text: object, cast: Cast, client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    answer = client.get("/b/fjordstuen/lookup/", {"q": text})
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content


def test_a_stranger_finds_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.stranger)
    assert client.get("/b/fjordstuen/lookup/", {"q": "kari"}).status_code == 404
