"""The words one can type before and after the sign of a typed condition: those of English and of the reader's own
language, and the names of the business's things."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from customers.card.choices import country_choices, language_choices
from customers.card.models import Customer, Tag
from customers.conditions.names import Names
from customers.conditions.typed import Typed, Word, Words, names_folded, typed_read
from customers.filters import Condition, Period
from customers.segments.models import Segment

LANGUAGES: Final = ("en", "nb", "da", "nl")


@dataclass(frozen=True)
class Operator:
    """A word with what it is called in each language, English first, and how it is explained."""

    words: tuple[str, str, str, str]
    example: str
    meaning: Any

    def word(self, language: str) -> str:
        """What one types in a language."""
        return self.words[LANGUAGES.index(language) if language in LANGUAGES else 0]


OPERATORS: Final[Mapping[str, Operator]] = {
    "tag": Operator(("tag", "merkelapp", "mærkat", "label"), ":vip", _("Guests with a tag")),
    "segment": Operator(("segment", "segment", "segment", "segment"), ':"Best guests"', _("Guests in a segment")),
    "lang": Operator(("lang", "språk", "sprog", "taal"), ":nl", _("The language they prefer")),
    "country": Operator(("country", "land", "land", "land"), ":no", _("The country they live in")),
    "nationality": Operator(
        ("nationality", "nasjonalitet", "nationalitet", "nationaliteit"), ":no", _("Their nationality")
    ),
    "city": Operator(("city", "by", "by", "plaats"), ":bergen", _("The city they live in")),
    "post": Operator(("post", "post", "post", "post"), ":50*", _("Postal codes that begin with 50")),
    "source": Operator(("source", "kilde", "kilde", "bron"), ":website", _("Where they came from")),
    "stays": Operator(("stays", "opphold", "ophold", "verblijven"), ">=3", _("How often they have stayed")),
    "nights": Operator(("nights", "netter", "nætter", "nachten"), ">10", _("How many nights in all")),
    "stay": Operator(("stay", "sist", "sidst", "laatst"), ">2025", _("When they stayed last")),
    "next": Operator(("next", "neste", "næste", "volgende"), "<2026-07-01", _("When they arrive next")),
    "first": Operator(("first", "først", "først", "eerst"), ":2024", _("The first contact with them")),
    "opened": Operator(("opened", "åpnet", "åbnet", "geopend"), "<6m", _("When they last opened a message")),
    "clicked": Operator(("clicked", "klikket", "klikket", "geklikt"), "<6m", _("When they last followed a link")),
    "spent": Operator(("spent", "brukt", "brugt", "besteed"), ">5000", _("What they have spent in all")),
    "spent12": Operator(
        ("spent12", "brukt12", "brugt12", "besteed12"), ">1000", _("What they have spent in 12 months")
    ),
    "age": Operator(("age", "alder", "alder", "leeftijd"), ">=60", _("Their age in years")),
    "born": Operator(("born", "født", "født", "geboren"), ":05", _("Born in May; born:1980 for a year")),
    "birthday": Operator(
        ("birthday", "bursdag", "fødselsdag", "verjaardag"), ":week", _("Birthday this week, month, or next: 30d")
    ),
    "consent": Operator(("consent", "samtykke", "samtykke", "toestemming"), ":email", _("Who has consented")),
    "reach": Operator(("reach", "nå", "nå", "bereik"), ":email", _("Who can be sent the newsletter")),
    "is": Operator(("is", "er", "er", "is"), ":company", _("Companies, persons, blocked, restricted, deceased")),
    "no": Operator(("no", "uten", "uden", "geen"), ":email", _("Without e-mail, phone, tags, stays, language …")),
}
"""In the order they are explained."""


def typed_conditions(text: str, names: Names) -> Typed:
    """The conditions that a text holds, and the search text left of it."""
    return typed_read(text, typed_words(names))


def typed_words(names: Names) -> Words:
    """Every word that can be typed, in English and in the reader's language, with its values."""
    found: dict[str, Word] = {}
    language = (get_language() or "en").split("-")[0]
    own = {own.key: own for own in names.catalogue.values() if own.own is not None}
    for key, field in own.items():
        kind = {"choice": "values", "flag": "ready"}.get(field.kind, field.kind)
        values: dict[str, Any] = {}
        if field.kind == "choice":
            values = _labelled(names.choices(field) or [])
        if field.kind == "flag":
            values = names_folded(
                {word: Condition(key, "yes", negated=not said) for said, words in _YES_NO.items() for word in words}
            )
        word = Word(kind, key, values)  # type: ignore[arg-type]
        found.setdefault("".join(key.partition(".")[2].replace("_", "").split()), word)
    for key, word in _built_in(names, language):
        for spelled in (OPERATORS[key].word(language), OPERATORS[key].words[0]):
            found[next(iter(names_folded({spelled: 1})))] = word
    for alias, key in (("language", "lang"), ("postcode", "post"), ("last", "stay")):
        found.setdefault(alias, found[key])
    return found


_YES_NO: Final = {True: ("yes", "ja", "1"), False: ("no", "nei", "nej", "nee", "0")}


def _built_in(names: Names, language: str) -> Iterator[tuple[str, Word]]:
    yield "tag", Word("values", "tags", _tags(names))
    yield "segment", Word("values", "segment", _both(_segments))
    yield "lang", Word("values", "language", _both(lambda: language_choices()) | {"no": "nb"})
    countries = _both(lambda: country_choices(names.business.country))
    yield "country", Word("values", "country", countries)
    yield "nationality", Word("values", "nationality", countries)
    yield "city", Word("text", "city")
    yield "post", Word("text", "postal_code")
    sources = _both(lambda: [(code, str(label)) for code, label in Customer.Source.choices if code])
    yield "source", Word("values", "source", sources)
    for key, field in (("stays", "stays"), ("nights", "nights"), ("age", "age")):
        yield key, Word("number", field)
    dates = (("stay", "last_stay"), ("next", "next_arrival"), ("first", "first_contact"))
    for key, field in (*dates, ("opened", "opened"), ("clicked", "clicked")):
        yield key, Word("date", field)
    yield "spent", Word("money", "value")
    yield "spent12", Word("money", "value_12_months")
    yield "born", Word("born", "birth_date")
    yield "birthday", Word("birthday", "birthday", _ready(_BIRTHDAYS, language))
    yield "consent", Word("ready", values=_ready(_CONSENTS, language))
    yield "reach", Word("ready", values=_ready(_REACH, language))
    yield "is", Word("ready", values=_ready(_IS, language))
    yield "no", Word("ready", values=_ready(_NO, language))


def _both(choices: Any) -> dict[str, Any]:
    """Values by code, by English name and by the name in the reader's language."""
    found = {**{str(code): code for code, _label in choices()}, **{str(label): code for code, label in choices()}}
    with override("en"):
        return names_folded({**found, **{str(label): code for code, label in choices()}})


def _labelled(choices: Any) -> dict[str, Any]:
    return names_folded(
        {**{str(code): code for code, _label in choices}, **{str(label): code for code, label in choices}}
    )


def _tags(names: Names) -> dict[str, Any]:
    tags = list(Tag.objects.all())
    coded = {tag.code: tag.pk for tag in tags if tag.code}
    return names_folded({name: pk for pk, name in names.tags.items()} | coded)


def _segments() -> list[tuple[int, str]]:
    return [(segment.pk, segment.title) for segment in Segment.objects.order_by("position", "id")]


def _ready(table: Mapping[tuple[str, ...], Condition], language: str) -> dict[str, Any]:
    place = LANGUAGES.index(language) if language in LANGUAGES else 0
    return names_folded(
        {words[number]: condition for words, condition in table.items() for number in sorted({0, place})}
    )


def _said(field: str, *values: str) -> Condition:
    return Condition(field, "any_of", values)


_EMAIL: Final = ("email", "epost", "email", "email")
_PHONE: Final = ("phone", "telefon", "telefon", "telefoon")
_SMS: Final = ("sms", "sms", "sms", "sms")
_BIRTHDAYS: Final[Mapping[tuple[str, ...], Condition]] = {
    ("today", "idag", "idag", "vandaag"): Condition("birthday", "in", Period("this", unit="day")),
    ("week", "uke", "uge", "week"): Condition("birthday", "in", Period("this", unit="week")),
    ("month", "måned", "måned", "maand"): Condition("birthday", "in", Period("this", unit="month")),
}
_CONSENTS: Final[Mapping[tuple[str, ...], Condition]] = {
    _EMAIL: _said("consent.newsletter.email", "granted"),
    _SMS: _said("consent.newsletter.sms", "granted"),
    ("profiling", "profilering", "profilering", "profilering"): _said("consent.profiling", "granted"),
    ("sensitive", "sensitive", "følsomme", "gevoelig"): _said("consent.sensitive", "granted"),
    ("tracking", "sporing", "sporing", "volgen"): _said("consent.tracking", "granted"),
}
_REACH: Final[Mapping[tuple[str, ...], Condition]] = {
    _EMAIL: _said("email_reach", "ok"),
    _SMS: _said("sms_reach", "ok"),
}
_IS: Final[Mapping[tuple[str, ...], Condition]] = {
    ("company", "bedrift", "virksomhed", "bedrijf"): _said("kind", "company"),
    ("person", "person", "person", "persoon"): _said("kind", "person"),
    ("blocked", "sperret", "spærret", "geblokkeerd"): Condition("do_not_contact", "yes"),
    ("restricted", "begrenset", "begrænset", "beperkt"): Condition("restricted", "yes"),
    ("deceased", "død", "død", "overleden"): Condition("deceased", "yes"),
}
_NO: Final[Mapping[tuple[str, ...], Condition]] = {
    _EMAIL: _said("email_state", "none"),
    _PHONE: _said("phone_state", "none"),
    ("tags", "merkelapper", "mærkater", "labels"): Condition("tags", "empty"),
    ("stays", "opphold", "ophold", "verblijven"): Condition("stays", "equals", Decimal(0)),
    ("arrival", "ankomst", "ankomst", "aankomst"): Condition("next_arrival", "empty"),
    ("language", "språk", "sprog", "taal"): _said("language", ""),
    ("country", "land", "land", "land"): _said("country", ""),
    ("city", "by", "by", "plaats"): Condition("city", "empty"),
    ("source", "kilde", "kilde", "bron"): _said("source", ""),
    ("birthday", "bursdag", "fødselsdag", "verjaardag"): Condition("birthday", "empty"),
}
