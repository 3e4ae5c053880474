"""Guests for whom something that stands in a text is not known: a message with a hole in it does not leave."""

from collections.abc import Mapping

from accounts.models import Business
from messaging.rendering import Text
from messaging.rendering.placeholders import placeholders_in
from messaging.texts.models import TemplateText
from messaging.texts.selectors import as_text, chosen
from messaging.texts.values import Wanted, values_for

HOLE = "missing"
"""As the outbox calls it (:class:`messaging.outbox.labels.Trouble`)."""
_OURS = ("business.", "unsubscribe_link", "preferences_link")


def needed_in(text: Text) -> frozenset[str]:
    """The placeholders of a text that must have a value: those that say nothing else for when there is none.

    What is the business's own is the same for all guests, and no guest's fault.
    """
    words = [text.subject, text.preheader, text.body]
    words += [part for block in text.blocks for part in (block.text, block.link, block.source)]
    places = [place for each in words for place in placeholders_in(each)]
    return frozenset(place.name for place in places if place.fallback is None and not place.name.startswith(_OURS))


def holes_of(
    *, texts: Mapping[str, TemplateText], languages: Mapping[int, str], business: Business
) -> dict[int, tuple[str, ...]]:
    """Of guests, by id with the language each is written to in, those whose message would have holes: what is missing.

    No query for a text that needs nothing of a guest, else a fixed number.
    """
    picked = {guest: chosen(texts, [language, business.language]) for guest, language in languages.items()}
    needed = {text.pk: needed_in(as_text(text)) for text in texts.values()}
    asked = [guest for guest, text in picked.items() if text is not None and needed[text.pk]]
    if not asked:
        return {}
    names = frozenset().union(*needed.values())
    found = {}
    for guest, values in zip(asked, values_for([Wanted(guest) for guest in asked], names=names), strict=True):
        text = picked[guest]
        missing = sorted(name for name in needed[text.pk] if values.get(name) is None) if text is not None else []
        if missing:
            found[guest] = tuple(missing)
    return found
