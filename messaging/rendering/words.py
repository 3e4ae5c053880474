"""The few words that a message carries of itself, in the languages guests read. What is not here speaks English."""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """The words of one language; ``{business}`` stands for its name."""

    yes: str
    no: str
    newsletter: str
    offer: str
    unsubscribe: str
    preferences: str
    stop: str
    """Before the link in an SMS: as short as it can be understood."""


WORDS: Final = {
    "en": Words(
        "yes",
        "no",
        "You get this e-mail because you asked {business} for news.",
        "You get this e-mail because you have been a guest of {business}.",
        "Unsubscribe",
        "Choose what you get",
        "Stop:",
    ),
    "nb": Words(
        "ja",
        "nei",
        "Du får denne e-posten fordi du har bedt {business} om nyheter.",
        "Du får denne e-posten fordi du har vært gjest hos {business}.",
        "Meld deg av",
        "Velg hva du vil få",
        "Stopp:",
    ),
    "nn": Words(
        "ja",
        "nei",
        "Du får denne e-posten fordi du har bede {business} om nyheiter.",
        "Du får denne e-posten fordi du har vore gjest hos {business}.",
        "Meld deg av",
        "Vel kva du vil få",
        "Stopp:",
    ),
    "da": Words(
        "ja",
        "nej",
        "Du får denne e-mail, fordi du har bedt {business} om nyheder.",
        "Du får denne e-mail, fordi du har været gæst hos {business}.",
        "Afmeld",
        "Vælg, hvad du vil have",
        "Stop:",
    ),
    "sv": Words(
        "ja",
        "nej",
        "Du får det här mejlet för att du har bett {business} om nyheter.",
        "Du får det här mejlet för att du har varit gäst hos {business}.",
        "Avsluta utskick",
        "Välj vad du vill få",
        "Stopp:",
    ),
    "nl": Words(
        "ja",
        "nee",
        "U krijgt deze e-mail omdat u {business} om nieuws hebt gevraagd.",
        "U krijgt deze e-mail omdat u bij {business} te gast bent geweest.",
        "Afmelden",
        "Kies wat u krijgt",
        "Stop:",
    ),
    "de": Words(
        "ja",
        "nein",
        "Sie erhalten diese E-Mail, weil Sie {business} um Neuigkeiten gebeten haben.",
        "Sie erhalten diese E-Mail, weil Sie Gast bei {business} waren.",
        "Abmelden",
        "Auswählen, was Sie erhalten",
        "Stopp:",
    ),
    "fr": Words(
        "oui",
        "non",
        "Vous recevez cet e-mail parce que vous avez demandé des nouvelles à {business}.",
        "Vous recevez cet e-mail parce que vous avez séjourné chez {business}.",
        "Se désabonner",
        "Choisir ce que vous recevez",
        "Stop :",
    ),
}

RIGHT_TO_LEFT: Final = frozenset({"ar", "he", "fa"})


def words_in(language: str) -> Words:
    """The words of a language, English where there are none."""
    return WORDS.get(language) or WORDS.get(language.split("-")[0], WORDS["en"])
