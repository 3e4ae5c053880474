"""Messages of a rehearsal as their guests would get them: filled in when they are asked for."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from accounts.models import Business
from messaging.rendering.rendered import used_in
from messaging.texts.models import TemplateText
from messaging.texts.selectors import as_text
from messaging.texts.showing import WAY_OUT, Shown, price_of, shown
from messaging.texts.values import Wanted, values_for


class Letter(NamedTuple):
    """A message of a rehearsal: to whom, about which stay or invoice, and the version of the text."""

    customer_id: int
    stay_id: int | None
    invoice_id: int | None
    text_id: int | None


def letters_of(letters: Sequence[Letter], *, business: Business) -> list[Shown | None]:
    """Each as its guest would get it, in their order; ``None`` where the text is gone. A fixed number of queries."""
    stored = TemplateText.objects.select_related("template").in_bulk({each.text_id for each in letters if each.text_id})
    texts = {pk: as_text(text) for pk, text in stored.items()}
    if not texts:
        return [None] * len(letters)
    names = frozenset[str]().union(*(used_in(text) for text in texts.values())) | {"business.name"}
    places: dict[Wanted, list[int]] = defaultdict(list)
    for place, each in enumerate(letters):
        places[Wanted(each.customer_id, each.stay_id, each.invoice_id)].append(place)
    found: list[Shown | None] = [None] * len(letters)
    prices = {channel: price_of(channel) for channel in {text.channel for text in texts.values()}}
    for wanted, known in zip(places, values_for(list(places), names=names), strict=True):
        values = known.plus(unsubscribe_link=WAY_OUT, preferences_link=WAY_OUT)
        for place in places[wanted]:
            pk = letters[place].text_id or 0
            if pk in texts:
                text = texts[pk]
                language = stored[pk].language
                price = prices[text.channel]
                found[place] = shown(text, values, language=language, business=business, price=price)
    return found
