"""The form of the rules around the steps: how often a guest enters, what ends a journey early, what it is for."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from automations.building.forms import PartForm
from automations.definition import Aim, Leave, Rule
from automations.definition.schema import DAYS_MAX

_PLAIN: Final = (Leave.CANCELLED, Leave.BOOKED, Leave.PAID)
_TAGGED: Final = (Leave.TAG_ADDED, Leave.TAG_REMOVED)


class RulesForm(PartForm):
    """Entry, rules of leaving but those with a filter of their own, and the goal; named as in a definition."""

    rule = forms.ChoiceField(
        label=gettext_lazy("How often may a guest enter?"),
        choices=[
            (Rule.EACH.value, gettext_lazy("Every time")),
            (Rule.ONCE.value, gettext_lazy("Once")),
            (Rule.AFTER.value, gettext_lazy("Again after some days")),
        ],
    )
    days = forms.IntegerField(label=gettext_lazy("Days between"), min_value=0, max_value=DAYS_MAX, required=False)
    leave = forms.MultipleChoiceField(
        label=gettext_lazy("It ends early when …"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (Leave.CANCELLED.value, gettext_lazy("the stay is cancelled")),
            (Leave.BOOKED.value, gettext_lazy("the guest books")),
            (Leave.PAID.value, gettext_lazy("the invoice is paid")),
        ],
    )
    tag_added = forms.TypedChoiceField(
        label=gettext_lazy("… or gets the tag"), coerce=int, empty_value=None, required=False
    )
    tag_removed = forms.TypedChoiceField(
        label=gettext_lazy("… or loses the tag"), coerce=int, empty_value=None, required=False
    )
    goal = forms.ChoiceField(
        label=gettext_lazy("What is it for?"),
        required=False,
        choices=[
            ("", gettext_lazy("No goal")),
            (Aim.BOOKS.value, gettext_lazy("The guest books")),
            (Aim.BUYS.value, gettext_lazy("The guest buys something")),
            (Aim.PAYS.value, gettext_lazy("The invoice is paid")),
            (Aim.ANSWERS.value, gettext_lazy("The guest opens, follows or answers a message")),
            (Aim.TAGGED.value, gettext_lazy("The guest gets a tag")),
        ],
        help_text=gettext_lazy("Whoever reaches it is done, and counts as a success."),
    )
    goal_product = forms.TypedChoiceField(label=gettext_lazy("Product"), coerce=int, empty_value=None, required=False)
    goal_tag = forms.TypedChoiceField(label=gettext_lazy("Tag"), coerce=int, empty_value=None, required=False)
    shown_for: ClassVar[Mapping[str, str]] = {
        "days": "rule=after",
        "goal_product": "goal=buys",
        "goal_tag": "goal=tagged",
    }

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Of the whole definition."""
        entry, goal = given.get("entry") or {"rule": "each"}, given.get("goal") or {}
        exits = given.get("exits", ())
        tags = {each["kind"]: each.get("tag") for each in exits if each["kind"] in _TAGGED}
        return {
            **entry,
            "leave": [each["kind"] for each in exits if each["kind"] in _PLAIN],
            **tags,
            "goal": goal.get("kind", ""),
            "goal_product": goal.get("product"),
            "goal_tag": goal.get("tag"),
        }

    def prepare(self) -> None:
        """Tags and products by name."""
        for name in ("tag_added", "tag_removed"):
            self.choose(name, self.names.filters.tags, _("None"))
        self.choose("goal_tag", self.names.filters.tags, _("Choose …"))
        self.choose("goal_product", self.names.products, _("Any product"))

    def value(self) -> dict[str, Any]:
        """``entry``, ``exits`` and ``goal``; ``None`` for what is not there."""
        told = self.cleaned_data
        entry: dict[str, Any] = {"rule": told["rule"]}
        if told["rule"] == Rule.AFTER:
            entry["days"] = told["days"] or 0
        exits: list[dict[str, Any]] = [{"kind": kind} for kind in told["leave"]]
        exits += [{"kind": kind.value, "tag": told[kind.value]} for kind in _TAGGED if told[kind.value]]
        exits += [each for each in self.given.get("exits", ()) if each["kind"] == Leave.MATCHES]
        goal: dict[str, Any] = {"kind": told["goal"]}
        if told["goal"] == Aim.BUYS and told["goal_product"]:
            goal["product"] = told["goal_product"]
        if told["goal"] == Aim.TAGGED and told["goal_tag"]:
            goal["tag"] = told["goal_tag"]
        return {
            "entry": entry if entry != {"rule": "each"} else None,
            "exits": exits or None,
            "goal": goal if told["goal"] else None,
        }
