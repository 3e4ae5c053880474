"""What a business is like: who its guests are, what they rent, at what price and when."""

from dataclasses import dataclass, replace
from typing import Final

SUMMER: Final = (0.3, 0.4, 0.5, 0.7, 1.0, 1.7, 2.3, 2.0, 1.0, 0.7, 0.4, 0.4)
CAMPING: Final = (0.02, 0.03, 0.1, 0.5, 1.1, 1.7, 3.2, 2.9, 0.8, 0.3, 0.03, 0.02)
MEETINGS: Final = (1.1, 1.1, 1.3, 1.1, 1.3, 1.0, 0.2, 0.7, 1.4, 1.4, 1.3, 0.6)
"""How busy each month is against the average, January first."""


@dataclass(frozen=True)
class Unit:
    """A kind of room or pitch: its name, price in the business's currency, share and room for how many.

    ``day``: nobody sleeps there. The price is for a night, or for the day; a ``per_person`` one for each who comes.
    """

    name: str
    price: float
    share: float = 1.0
    sleeps: int = 2
    day: bool = False
    per_person: bool = False


@dataclass(frozen=True)
class Place:
    """A property: its kind, its units, when people come and for how long.

    ``prefix`` stands before a unit's number (``C`` for pitches), ``nights`` are the lengths of stays by frequency.
    """

    kind: str
    units: tuple[Unit, ...]
    season: tuple[float, ...] = SUMMER
    nights: tuple[int, ...] = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7)
    prefix: str = ""
    weekdays_only: bool = False
    share: float = 1.0


@dataclass(frozen=True)
class Profile:
    """A kind of business. All ``…_share`` are between 0 and 1; ``languages`` are shares that sum to about 1."""

    country: str
    currency: str
    rounding: float
    languages: tuple[tuple[str, float], ...]
    places: tuple[Place, ...]
    channels: tuple[str, ...]
    """What phone, e-mail, website, walk-in, travel agent and corporate bookings are called, in this order."""
    staff_language: str
    """The language of notes and calls."""
    sort_language: str = ""
    """The language guests are sorted in."""
    codes: str = "R"
    """What booking references begin with."""
    company_share: float = 0.03
    couple_share: float = 0.22
    family_share: float = 0.12
    agency_share: float = 0.06
    online_share: float = 0.28
    double_share: float = 0.08
    """Cards that are somebody registered once more."""
    current: float = 1.0
    """How many times as many guests as usual are in house, arriving or expected."""
    online_agents: tuple[str, ...] = ("Booking.com", "Booking.com", "Expedia", "Hotels.com")
    own_tags: tuple[str, ...] = ()
    price_level: float = 1.0
    """What costs 1 euro costs so much in the currency."""


_EUROPEAN: Final = {"nb": 0.52, "da": 0.07, "nl": 0.07, "de": 0.16, "sv": 0.08, "en": 0.1}
HOME_LANGUAGE: Final = {"NO": "nb", "DK": "da", "NL": "nl", "DE": "de", "SE": "sv", "GB": "en"}
_PRICE_LEVEL: Final = {"NOK": 11.5, "DKK": 7.5, "SEK": 11.0, "EUR": 1.0, "GBP": 0.9}
_ROUNDING: Final = {"NOK": 10.0, "DKK": 5.0, "SEK": 10.0}


_HOTEL: Final = Place(
    "hotel",
    (
        Unit("Double", 130, 5),
        Unit("Double with view", 165, 3),
        Unit("Single", 95, 2, 1),
        Unit("Family room", 190, 1.5, 5),
        Unit("Suite", 290, 0.4),
    ),
)
_CAMPSITE: Final = Place(
    "campsite",
    (
        Unit("Pitch for caravan", 36, 4, 6),
        Unit("Pitch for motorhome", 33, 3, 4),
        Unit("Pitch for tent", 24, 2, 4),
        Unit("Cabin", 88, 1.5, 5),
    ),
    CAMPING,
    (1, 2, 2, 3, 3, 4, 5, 7, 7, 10, 14),
    "C",
)
_CONFERENCE: Final = Place(
    "conference",
    (
        Unit("Meeting day", 72, 5, 40, day=True, per_person=True),
        Unit("Meeting room", 210, 1, 20, day=True),
        Unit("Single", 118, 3, 1),
        Unit("Double", 142, 1),
    ),
    MEETINGS,
    (1, 1, 1, 2, 2, 3),
    weekdays_only=True,
)
_RESTAURANT: Final = Place(
    "restaurant",
    (Unit("Table", 58, 4, 8, day=True, per_person=True), Unit("Private room", 420, 1, 30, day=True)),
    SUMMER,
    prefix="T",
)
_KINDS: Final = {place.kind: place for place in (_HOTEL, _CAMPSITE, _CONFERENCE, _RESTAURANT)}


_LOCAL_NAMES: Final = {
    "nb": {
        "Double": "Dobbeltrom",
        "Double with view": "Dobbeltrom med utsikt",
        "Single": "Enkeltrom",
        "Family room": "Familierom",
        "Suite": "Suite",
        "Pitch for caravan": "Plass for campingvogn",
        "Pitch for motorhome": "Plass for bobil",
        "Pitch for tent": "Teltplass",
        "Cabin": "Hytte",
        "Meeting day": "Møtedag",
        "Meeting room": "Møterom",
        "Table": "Bord",
        "Private room": "Selskapslokale",
    },
    "da": {
        "Double": "Dobbeltværelse",
        "Double with view": "Dobbeltværelse med udsigt",
        "Single": "Enkeltværelse",
        "Family room": "Familieværelse",
        "Suite": "Suite",
        "Pitch for caravan": "Plads til campingvogn",
        "Pitch for motorhome": "Plads til autocamper",
        "Pitch for tent": "Teltplads",
        "Cabin": "Hytte",
        "Meeting day": "Mødedag",
        "Meeting room": "Mødelokale",
        "Table": "Bord",
        "Private room": "Selskabslokale",
    },
    "nl": {
        "Double": "Tweepersoonskamer",
        "Double with view": "Tweepersoonskamer met uitzicht",
        "Single": "Eenpersoonskamer",
        "Family room": "Familiekamer",
        "Suite": "Suite",
        "Pitch for caravan": "Caravanplaats",
        "Pitch for motorhome": "Camperplaats",
        "Pitch for tent": "Tentplaats",
        "Cabin": "Huisje",
        "Meeting day": "Vergaderdag",
        "Meeting room": "Vergaderzaal",
        "Table": "Tafel",
        "Private room": "Besloten zaal",
    },
}


_CHANNELS: Final = {
    "nb": ("Telefon", "E-post", "Nettside", "Drop-in", "Reisebyrå", "Firmaavtale"),
    "da": ("Telefon", "E-mail", "Hjemmeside", "Uden booking", "Rejsebureau", "Firmaaftale"),
    "nl": ("Telefoon", "E-mail", "Website", "Zonder reservering", "Reisbureau", "Bedrijfsafspraak"),
    "": ("Phone", "E-mail", "Website", "Walk-in", "Travel agent", "Corporate"),
}


def _local(place: Place, language: str, level: float) -> Place:
    """A place with its units named in the language and priced in the currency of the country."""
    names = _LOCAL_NAMES.get(language, {})
    units = (replace(unit, name=names.get(unit.name, unit.name), price=unit.price * level) for unit in place.units)
    return replace(place, units=tuple(units))


def profile_for(*, country: str, currency: str, kinds: list[str]) -> Profile:
    """What a business of that country and those kinds of property is usually like.

    More than half of the guests speak the country's language; an unknown country has guests of all six.
    """
    level = _PRICE_LEVEL.get(currency, 1.0)
    home = HOME_LANGUAGE.get(country)
    shares = dict(_EUROPEAN)
    if home is not None:
        shares[home], shares["nb"] = shares["nb"], shares[home]
    return Profile(
        country=country,
        currency=currency,
        rounding=_ROUNDING.get(currency, 0.5),
        price_level=level,
        languages=tuple(shares.items()),
        channels=_CHANNELS.get(home or "", _CHANNELS[""]),
        staff_language=home or "en",
        places=tuple(_local(_KINDS[kind], home or "", level) for kind in kinds),
    )


def _fjord() -> Profile:
    base = profile_for(country="NO", currency="NOK", kinds=["hotel", "campsite"])
    hotel, campsite = base.places
    return replace(
        base,
        codes="FJ",
        places=(replace(hotel, share=3.0), campsite),
        own_tags=("Bobil", "Vandrer", "Bryllup"),
        current=1.8,
        company_share=0.025,
    )


def _sound() -> Profile:
    base = profile_for(country="DK", currency="DKK", kinds=["conference", "hotel"])
    conference, hotel = base.places
    return replace(
        base,
        codes="SK",
        languages=(("da", 0.8), ("sv", 0.07), ("nb", 0.05), ("de", 0.05), ("en", 0.03)),
        places=(replace(conference, share=3.0), replace(hotel, season=MEETINGS)),
        own_tags=("Kursusholder", "EAN"),
        current=2.0,
        company_share=0.14,
        couple_share=0.08,
        family_share=0.03,
        online_share=0.08,
    )


def _dunes() -> Profile:
    base = profile_for(country="NL", currency="EUR", kinds=["campsite", "restaurant"])
    campsite, restaurant = base.places
    return replace(
        base,
        codes="DZ",
        languages=(("nl", 0.62), ("de", 0.27), ("en", 0.05), ("nb", 0.03), ("da", 0.02), ("sv", 0.01)),
        places=(replace(campsite, share=8.0), restaurant),
        own_tags=("Vaste gast", "Seizoensplaats", "Hond"),
        current=1.4,
        company_share=0.01,
        couple_share=0.28,
        family_share=0.26,
        agency_share=0.03,
        online_share=0.14,
        online_agents=("Booking.com", "Campsite portal"),
    )


DEMO_PROFILES: Final = {"fjordstuen": _fjord(), "sundkonference": _sound(), "duinzicht": _dunes()}
