"""What is said of pairs of cards: how certain, what agrees and what differs, in the reader's language."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from babel.numbers import format_percent
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts import formats
from dedup.register.selectors import BANDS


@dataclass(frozen=True)
class Band:
    """A stretch of confidence, from ``low`` on."""

    low: float
    label: str


_BAND_WORDS: Final = dict(
    zip(
        BANDS,
        (
            pgettext_lazy("how likely two cards are one guest", "Nearly certain"),
            pgettext_lazy("how likely two cards are one guest", "Very likely"),
            pgettext_lazy("how likely two cards are one guest", "Likely"),
            pgettext_lazy("how likely two cards are one guest", "Possible"),
            pgettext_lazy("how likely two cards are one guest", "Unlikely"),
        ),
        strict=True,
    )
)

FIELD_WORDS: Final = {
    "given_name": _("Given name"),
    "family_name": _("Family name"),
    "company_name": _("Company"),
    "organisation_number": _("Organisation number"),
    "emails": _("E-mail"),
    "phones": _("Phone"),
    "street": _("Street address"),
    "postal_code": _("Postal code"),
    "city": _("City"),
    "country": _("Country"),
    "birth_date": _("Date of birth"),
    "external_ids": _("Number in another system"),
    "kind": _("Kind"),
}
"""A field of a card that two cards agree or differ in."""
SAID_OF_NOBODY: Final = frozenset({"country", "kind"})
"""Fields that most cards share: not worth a badge."""
_TOGETHER: Final = (
    (("given_name", "family_name"), _("Name")),
    (("street", "postal_code"), _("Address")),
    (("postal_code", "city"), _("Postal code")),
)
"""Fields that are said in one word when all of them are to be said."""
SKIPPED: Final = {
    "restricted": _("The data of one of them is restricted: it may be kept, not used"),
    "tags": _("Together they carry more than nine tags: somebody has to choose"),
    "changed": _("One of them was changed meanwhile"),
    "gone": _("One of them is gone"),
    "merged": _("One of them had been merged already"),
    "many": _("Too many cards at once"),
}
"""Why a group of cards was left by a merging of many."""


def band_of(probability: float) -> Band:
    """The stretch that a probability lies in."""
    low = next(low for low in BANDS if probability >= low)
    return Band(low, str(_BAND_WORDS[low]))


def bands() -> list[Band]:
    """All of them, the surest first."""
    return [Band(low, str(words)) for low, words in _BAND_WORDS.items()]


def percent_words(probability: float) -> str:
    """A probability as people read it: rounded down, from 99 % on to a tenth, and never more than 99.9 %, for nothing
    is certain."""
    tenths = min(999, int(1000 * probability + 1e-6))
    shown = tenths if tenths >= 990 else tenths - tenths % 10
    return format_percent(shown / 1000, locale=formats.locale_for(get_language()), decimal_quantization=False)


def field_words(names: Collection[str]) -> list[str]:
    """The fields in words, those that belong together in one, without those that say nothing."""
    left = [name for name in FIELD_WORDS if name in names and name not in SAID_OF_NOBODY]
    said: dict[str, str] = {}
    for together, words in _TOGETHER:
        if all(name in left for name in together):
            said[together[0]] = str(words)
            left = [name for name in left if name not in together[1:]]
    return [said.get(name) or str(FIELD_WORDS[name]) for name in left]
