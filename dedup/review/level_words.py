"""What an explanation says of each field, as a sentence: "Same e-mail", "Family name with a slip of the pen"."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dedup.engine.explain import OTHERS
from dedup.register.explaining import Part
from dedup.review.wording import FIELD_WORDS

REST: Final = "rest"
"""What says little, taken together."""
RARE, COMMON = 8.0, 3.0
"""Bits from which on an equal name says much because few bear it, and up to which little, because many do."""

_NAMES: Final[Mapping[str, Any]] = {
    "equivalent": gettext_lazy("%(field)s: another form of the same name"),
    "typo": gettext_lazy("%(field)s: almost the same"),
    "initial": gettext_lazy("%(field)s: the initial fits"),
    "similar": gettext_lazy("%(field)s: alike"),
    "words": gettext_lazy("%(field)s: one contains the other"),
    "different": gettext_lazy("%(field)s: different"),
    "same": gettext_lazy("%(field)s: the same"),
    "local": gettext_lazy("%(field)s: the same before the @"),
    "part": gettext_lazy("%(field)s: in part the same"),
    "near": gettext_lazy("%(field)s: nearly the same"),
    "shared": gettext_lazy("%(field)s: the same, but shared by several guests"),
    "digits": gettext_lazy("%(field)s: the same but for a letter"),
}
"""A level of any field."""
_OWN: Final[Mapping[tuple[str, str], Any]] = {
    ("before", ""): gettext_lazy("Before looking: two cards are seldom one guest"),
    (REST, ""): gettext_lazy("Everything else together"),
    ("emails", "same_owned"): gettext_lazy("Same e-mail, and it carries their name"),
    ("emails", "same"): gettext_lazy("Same e-mail"),
    ("emails", "same_other"): gettext_lazy("Same e-mail, but it carries another name"),
    ("emails", "different"): gettext_lazy("Other e-mail addresses"),
    ("phones", "same"): gettext_lazy("Same phone"),
    ("phones", "typo"): gettext_lazy("Phone numbers differ by one digit"),
    ("phones", "different"): gettext_lazy("Other phone numbers"),
    ("birth_date", "same"): gettext_lazy("Same date of birth"),
    ("birth_date", "typo"): gettext_lazy("Dates of birth differ by one digit, or day and month are swapped"),
    ("birth_date", "different"): gettext_lazy("Born on another day"),
    ("kind", "different"): gettext_lazy("A person and a company"),
    ("kind", "same"): gettext_lazy("Both persons, or both companies"),
}
"""What deserves a sentence of its own."""
_HOUSE_NUMBER: Final = "street.number"


def part_words(part: Part) -> str:
    """The sentence of a part."""
    level = "" if part.field == "before" else part.level
    own = _OWN.get((part.field, level))
    if own is not None:
        return str(own)
    if part.field == OTHERS:
        speaks = gettext_lazy("Other cards of the same guest speak for it")
        return str(speaks if part.weight > 0 else gettext_lazy("Other cards speak against it"))
    field = str(
        gettext_lazy("House number") if part.field == _HOUSE_NUMBER else FIELD_WORDS.get(part.field, part.field)
    )
    if part.field in ("given_name", "family_name") and level == "same":
        if part.weight >= RARE:
            return _("%(field)s: the same, and a rare one") % {"field": field}
        if part.weight <= COMMON:
            return _("%(field)s: the same, but many bear it") % {"field": field}
    if not level:
        return _("%(field)s: cannot be compared") % {"field": field}
    return str(_NAMES.get(level, "%(field)s")) % {"field": field}
