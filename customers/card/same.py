"""Who is probably the same guest as one being written: by contact point, by name, and by all that is known of them.

The first two are exact and find what was saved a moment ago. For the third a room above plugs in a *judge*, which
weighs everything that was typed against the whole register (:func:`judge_plug`).
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from django.db.models import F
from django.utils.translation import gettext_lazy

from customers.card.models import ContactPoint, Customer
from customers.normalise import identity_key, normalise_email, normalise_phones

Reason = Literal["email", "phone", "name", "birth_date", "alike"]
SHOWN_MAX: Final = 5
SHARED_MAX: Final = 25
"""An address or number of more cards than this tells nothing of who somebody is: an agency's, a family's business."""


@dataclass(frozen=True)
class Names:
    """The names of a guest as typed."""

    given_name: str = ""
    family_name: str = ""
    company_name: str = ""


@dataclass(frozen=True)
class Probable:
    """A card that is probably of the same guest, and why: a shared e-mail or phone (``value``), the same name, the same
    name and date of birth, or because it is much ``alike`` in the fields ``agreeing``.

    ``probability`` is the judge's; ``None`` where there is none, or the card is too new for it.
    """

    customer_id: int
    reason: Reason
    value: str = ""
    probability: float | None = None
    agreeing: tuple[str, ...] = ()

    @property
    def alike(self) -> str:
        """The fields that agree, in the active language."""
        return ", ".join(str(LABELS[name]) for name in self.agreeing if name in LABELS)


class Judged(NamedTuple):
    """What a judge says of a card: the probability that it is the same guest, and the fields that agree, by the names
    that :data:`LABELS` has."""

    customer_id: int
    probability: float
    agreeing: tuple[str, ...]


Judge = Callable[[Mapping[str, Sequence[str]], Collection[int]], Sequence[Judged]]
"""From texts by field (names of :data:`LABELS`, ``kind`` and ``country``) and cards to leave out to those that are
probably the same, likeliest first."""
LABELS: Final = {
    "given_name": gettext_lazy("given name"),
    "family_name": gettext_lazy("family name"),
    "company_name": gettext_lazy("company"),
    "organisation_number": gettext_lazy("organisation number"),
    "emails": gettext_lazy("e-mail"),
    "phones": gettext_lazy("phone"),
    "street": gettext_lazy("street address"),
    "postal_code": gettext_lazy("postal code"),
    "city": gettext_lazy("city"),
    "birth_date": gettext_lazy("date of birth"),
}
_judges: list[Judge] = []


def judge_plug(judge: Judge) -> None:
    """Let a room above weigh what was typed, too. Plugging it twice does nothing."""
    if judge not in _judges:
        _judges.append(judge)


def probable_same(
    *,
    emails: Sequence[str],
    phones: Sequence[str],
    names: Names,
    birth_date: dt.date | None = None,
    country: str,
    more: Mapping[str, str] | None = None,
    without: Collection[int] = (),
) -> list[Probable]:
    """The cards that are probably the same guest as what was typed, most certain first, at most five.

    ``country`` is assumed where a phone has no country code; cards ``without`` are left out. ``more`` is what else was
    typed (``street``, ``postal_code``, ``city``, ``country``, ``organisation_number``, ``kind``), for the judges. What
    is not yet an address, a number or a whole name finds nobody. A few queries, each answered by an index.
    """
    found: dict[int, Probable] = {}
    for probable in [*_by_contact(emails, phones, country), *_by_name(names, birth_date)]:
        if probable.customer_id not in without:
            found.setdefault(probable.customer_id, probable)
    if not _judges:
        return list(found.values())[:SHOWN_MAX]
    judged: list[Probable] = []
    typed = _typed(emails, phones, names, birth_date, country, more or {})
    for card in (card for judge in _judges for card in judge(typed, without)):
        exact = found.pop(card.customer_id, None) or Probable(card.customer_id, "alike")
        judged.append(replace(exact, probability=card.probability, agreeing=card.agreeing))
    return [*judged, *found.values()][:SHOWN_MAX]


def _typed(
    emails: Sequence[str],
    phones: Sequence[str],
    names: Names,
    birth_date: dt.date | None,
    country: str,
    more: Mapping[str, str],
) -> dict[str, list[str]]:
    """What was typed, by field; phone numbers with their country code."""
    filled = [value for value in phones if value.strip()]
    numbers = [phone.e164 for phone in normalise_phones(filled, country) if phone.e164]
    values = {
        **{name: [value] for name, value in more.items()},
        "given_name": [names.given_name],
        "family_name": [names.family_name],
        "company_name": [names.company_name],
        "emails": [value for value in emails if value.strip()],
        "phones": numbers,
        "birth_date": [birth_date.isoformat()] if birth_date else [],
    }
    return {name: kept for name, texts in values.items() if (kept := [text for text in texts if text.strip()])}


def _by_contact(emails: Sequence[str], phones: Sequence[str], country: str) -> list[Probable]:
    typed: dict[str, tuple[Reason, str]] = {}
    for value in emails:
        email = normalise_email(value)
        if email.state == "ok" and email.normalised:
            typed.setdefault(email.normalised, ("email", value.strip()))
    filled = [value for value in phones if value.strip()]
    for value, phone in zip(filled, normalise_phones(filled, country), strict=True):
        if phone.e164:
            typed.setdefault(phone.e164, ("phone", value.strip()))
    if not typed:
        return []
    limit = (SHARED_MAX + 1) * len(typed)
    points = ContactPoint.objects.filter(normalised__in=list(typed)).order_by("normalised", "customer_id")
    cards: dict[str, list[int]] = {}
    for normalised, customer_id in points.values_list("normalised", "customer_id")[:limit]:
        cards.setdefault(normalised, []).append(customer_id)
    return [
        Probable(customer_id, *typed[normalised])
        for normalised in typed
        if len(ids := cards.get(normalised, [])) <= SHARED_MAX
        for customer_id in ids
    ]


def _by_name(names: Names, birth_date: dt.date | None) -> list[Probable]:
    """Of the same whole name; somebody born on another day is somebody else."""
    is_whole = names.given_name.strip() and names.family_name.strip()
    if not is_whole and not (names.company_name.strip() and not names.given_name.strip() + names.family_name.strip()):
        return []
    key = identity_key(names.given_name, names.family_name, names.company_name)
    if not key:
        return []
    cards = Customer.objects.filter(identity_key=key)
    if birth_date is not None:
        cards = cards.exclude(birth_date__isnull=False, birth_date__lt=birth_date).exclude(
            birth_date__isnull=False, birth_date__gt=birth_date
        )
        cards = cards.order_by(F("birth_date").asc(nulls_last=True), "id")
    else:
        cards = cards.order_by("id")
    return [
        Probable(pk, "birth_date" if birth_date is not None and born == birth_date else "name")
        for pk, born in cards.values_list("pk", "birth_date")[:SHOWN_MAX]
    ]
