"""What bulk actions say, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.bulk.models import BulkRun
from customers.bulk.registry import GONE, RESTRICTED, action_get
from customers.bulk.setting import field_name, value_name
from customers.card.models import Tag

REASONS = {
    RESTRICTED: gettext_lazy("Their data is restricted: it may be kept, not used"),
    GONE: gettext_lazy("Their card is gone"),
}
"""Why any action leaves a guest as they are."""


def words_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What a bulk act's sentence names that is called otherwise in another language: the tag, the field, the value."""
    words = {}
    if code := values.get("tag_code"):
        words["tag"] = str(dict(Tag.Code.choices).get(code, values.get("tag", "")))
    if name := values.get("field"):
        words |= {"field": field_name(name), "value": value_name(name, values["value"]) if values["value"] else ""}
    return words


def sentence(title: str, values: Mapping[str, Any]) -> str:
    """What an action does, as its act is called; nothing for an act without a title."""
    return _(title) % {**values, **words_of(values)} if title else ""


def run_sentence(run: BulkRun) -> str:
    """The same of a run; an undo has the sentence of the act it undoes."""
    return sentence(run.title, run.values)


def reason_sentence(kind: str, reason: str) -> str:
    """Why guests are left as they are; the bare name for a reason of an action that is there no more."""
    if reason in REASONS:
        return str(REASONS[reason])
    action = action_get(kind)
    return str(action.reasons.get(reason, reason)) if action else reason
