"""The words by which people stop text messages, as each market knows them. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

STOP_WORDS: Final[Mapping[str, frozenset[str]]] = {
    # What networks and gateways everywhere take for it (CTIA, GSMA).
    "": frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "cancel"}),
    "NO": frozenset({"stopp", "stop", "avmeld", "avslutt", "slutt", "meld av"}),
    "DK": frozenset({"stop", "afmeld", "frameld", "slut", "afslut"}),
    "NL": frozenset({"stop", "stoppen", "afmelden", "uitschrijven", "stop aub"}),
    "SE": frozenset({"stopp", "stop", "avsluta", "avregistrera", "sluta"}),
    "DE": frozenset({"stopp", "stop", "abmelden", "abbestellen", "ende"}),
}
"""By market. A guest travels: every market's words are taken, wherever they come from."""
_ALL: Final = frozenset().union(*STOP_WORDS.values())
_PLAIN: Final = frozenset({"end", "cancel", "slut", "slutt", "ende", "quit", "sluta", "avslutt", "afslut", "avsluta"})
"""Words of every day, which mean it when they stand alone: “Cancel my booking” is none."""
_CLEAR: Final = _ALL - _PLAIN
_SENTENCES: Final[Mapping[str, str]] = {
    "en": "by at in on for over here there tonight tomorrow today near from before after until when where what which"
    " how the a an is are was we he she they bus train next last pit non full",
    "no": "ved i innom på hos før etter her der når hvor hva hvordan hvilken kveld kvelden morgen om dag"
    " den er var vi han hun de bussen buss toget tog neste siste",
    "da": "ved i ind forbi på hos før efter her der når hvor hvad hvordan hvornår hvilken aften aftenen morgen om dag"
    " den er var vi han hun de bussen bus toget tog næste sidste",
    "nl": "bij in voor na hier daar langs waar wanneer hoe wat welke vanavond morgen straks even"
    " een zijn wij hij zij bus trein volgende laatste halte",
}
"""By language: where, when and how something stops, which stop it is, and who stops there."""
_ELSEWHERE: Final = frozenset(" ".join(_SENTENCES.values()).split())
"""Beside one of these a word to stop belongs to a sentence about something else: “Stop by at nine”."""
_NOT: Final = frozenset({"not", "t", "never", "dont", "ikke", "ikkje", "aldri", "aldrig", "niet", "nooit"})
"""Before a word to stop at the end: “Please don't stop”. “Stop, ikke flere” is one."""
_WORD: Final = re.compile(r"[^\W_]+")
_MOST: Final = 4
"""Words of a message that says no more than that: “Stop sending me these”, “Nei takk, stopp”."""


def is_stop(text: str) -> bool:
    """Whether an answer asks to stop, in letters of any kind:

    - the whole message is a word to stop, of any market; or
    - it has at most four words, begins or ends with a word that means nothing else, and has no word that makes it a
      sentence about something else.

    >>> [is_stop(text) for text in ("STOPP.", " Stop! ", "Afmeld mig", "Please stop", "Nei takk, stopp", "Meld av")]
    [True, True, True, True, True, True]
    >>> [is_stop(text) for text in ("Stop by at nine", "Can we stop here?", "End of May would suit us", "")]
    [False, False, False, False]
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if " ".join(words) in _ALL:
        return True
    # “I” at the beginning is English; further on it is where something stops, in Norwegian and Danish.
    if not 1 < len(words) <= _MOST or not _ELSEWHERE.isdisjoint(words[words[0] == "i" :]):
        return False
    if not _CLEAR.isdisjoint((words[0], " ".join(words[:2]))):
        return True
    return words[-2] not in _NOT and not _CLEAR.isdisjoint((words[-1], " ".join(words[-2:])))
