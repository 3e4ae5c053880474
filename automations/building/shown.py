"""An automation as its builder shows it: a readable list, with the form of the part that is being changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import formats
from accounts.models import Business
from automations.building.checking import definition_check
from automations.building.course import Moment, course_of
from automations.building.editing import ARMS, step_found
from automations.building.forms import OFFERED, STEP_FORMS, NameForm, PartForm, TriggerForm
from automations.building.labels import (
    ICONS,
    arrival_words,
    clock_words,
    departure_words,
    entry_words,
    exit_words,
    goal_words,
    weekday_words,
)
from automations.building.letter import Words, words_of
from automations.building.naming import Names
from automations.building.rules import RulesForm
from automations.building.selectors import facts_of
from automations.building.warnings import WORDS, Doubt, warnings_of
from automations.definition import Definition, DefinitionError, Do, Leave, Problem, Step, definition_read
from automations.models import Automation
from automations.words import step_words, trigger_words
from customers.conditions.builder import Draft, DraftGroup, DraftRule, draft_of
from customers.conditions.names import locale
from customers.filters import TreeError, tree_read
from customers.segments.forms import Builder

BLANK: Final = DraftGroup(rules=(DraftRule(),))
TREES: Final = (Do.ONLY_IF, Do.BRANCH)
PARTS: Final[Mapping[str, Any]] = {
    "trigger": gettext_lazy("What begins it"),
    "entry": gettext_lazy("How often"),
    "only": gettext_lazy("Who"),
    "goal": gettext_lazy("Goal"),
}


@dataclass(frozen=True)
class Arm:
    """A row of steps: the automation itself, or one way of a branch. ``name`` is as :mod:`~.editing` has it."""

    name: str
    label: str
    steps: Sequence["StepShown"]
    number: str = ""


@dataclass(frozen=True)
class StepShown:
    """A step of the list. ``number`` counts those of arms within their branch: 2.1."""

    pk: str
    number: str
    words: str
    icon: str
    label: str
    problems: Sequence[str]
    doubts: Sequence[str]
    is_open: bool
    is_first: bool
    is_last: bool
    can_open: bool
    focus: str = ""
    arms: Sequence[Arm] = ()

    @property
    def place(self) -> str:
        """What its form is asked for by."""
        return f"step.{self.pk}"


@dataclass
class Opened:
    """The part that is being changed: its form or the builder of its filter, and the words of its message."""

    place: str
    form: PartForm | NameForm | None = None
    builder: Builder | None = None
    words: Words | None = None
    has_rest: bool = False
    told: list[str] = field(default_factory=list)


class Shown:
    """The page of one automation. ``opened`` is the part whose form stands open, ``focus`` the id of what has focus."""

    def __init__(
        self,
        automation: Automation,
        business: Business,
        *,
        names: Names | None = None,
        opened: Opened | None = None,
        focus: str = "",
        alert: str = "",
        lost: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.automation, self.business, self.focus, self.alert, self.lost = automation, business, focus, alert, lost
        self.names = names or Names(business=business)
        self.data: Mapping[str, Any] = automation.draft
        self.opened = opened
        self.definition = definition_read(self.data, whole=False)
        self.problems = problems_of(self.data, self.names)
        self.doubts = [] if self.problems_of("trigger") else self._doubts()

    def _doubts(self) -> list[Doubt]:
        facts = facts_of(business=self.business, definition=self.definition)
        return warnings_of(self.definition, facts, pk=self.automation.pk)

    def problems_of(self, place: str) -> list[str]:
        """What is wrong with a part or step."""
        return told(self.problems, place)

    def doubts_of(self, place: str) -> list[str]:
        """What is doubtful of it."""
        return [doubt_words(each) for each in self.doubts if each.place == place]

    @property
    def trigger(self) -> str:
        """The trigger as a sentence."""
        return trigger_words(self.definition.trigger, self.names)

    @property
    def trigger_problems(self) -> list[str]:
        """What is wrong with it."""
        return self.problems_of("trigger")

    @property
    def row(self) -> Arm:
        """The steps in their order."""
        return self._arm("", "", self.definition.steps, course_of(self.definition), "")

    def _arm(self, name: str, label: str, steps: Sequence[Step], course: Mapping[str, Moment], head: str) -> Arm:
        shown = []
        for place, step in enumerate(steps):
            number = f"{head}{place + 1}"
            labels = (_("If so"), _("If not"))
            arms = [
                self._arm(f"{step.id}.{arm}", label, getattr(step, arm), course, f"{number}.")
                for arm, label in zip(ARMS, labels, strict=True)
                if step.do == Do.BRANCH
            ]
            shown.append(
                StepShown(
                    pk=step.id,
                    number=number,
                    words=step_words(step, self.names),
                    icon=ICONS[step.do],
                    label=moment_words(course[step.id]),
                    problems=self.problems_of(step.id),
                    doubts=self.doubts_of(step.id),
                    is_open=self.opened is not None and self.opened.place == f"step.{step.id}",
                    is_first=not name and place == 0,
                    is_last=not name and place == len(steps) - 1,
                    can_open=step.do != Do.STOP,
                    focus=self._focus(
                        step, is_first=not name and place == 0, is_last=not name and place + 1 == len(steps)
                    ),
                    arms=arms,
                )
            )
        return Arm(name, label, shown, head.rstrip("."))

    def _focus(self, step: Step, *, is_first: bool, is_last: bool) -> str:
        """Which button of a step has the focus: at its end of the list one cannot be pressed any more."""
        head, _dash, button = self.focus.partition(f"step-{step.id}")
        if head or not _dash or (button and button[0] != "-"):
            return ""
        match button[1:]:
            case "up":
                return "down" if is_first else "up"
            case "down":
                return "up" if is_last else "down"
        return "edit" if step.do != Do.STOP else "remove"

    @property
    def rules(self) -> list[str]:
        """Who, how often, when to stop, what for: as sentences."""
        told = self.definition
        only = self.names.tree(told.only)
        lines = [_("Only guests with: %(tree)s") % {"tree": only} if only else _("Every guest the trigger is about")]
        lines.append(entry_words(told.entry))
        lines += [_("Ends when %(rule)s") % {"rule": exit_words(each, self.names)} for each in told.exits]
        if told.goal is not None:
            lines.append(_("Goal: %(goal)s") % {"goal": goal_words(told.goal, self.names)})
        return lines

    @property
    def rule_problems(self) -> list[str]:
        """What is wrong with them."""
        places = {each.place for each in self.problems if each.place in PARTS or each.place.startswith("exits")}
        return [told for place in sorted(places - {"trigger"}) for told in self.problems_of(place)]

    @property
    def rule_doubts(self) -> list[str]:
        """What is doubtful of them."""
        return [*self.doubts_of("entry"), *self.doubts_of("goal")]

    @property
    def leaving(self) -> list[tuple[str, str]]:
        """Rules of leaving with a filter of their own: their place, and what they say."""
        return [
            (f"exits.{number}", self.names.tree(each.tree) or "…")
            for number, each in enumerate(self.definition.exits)
            if each.kind == Leave.MATCHES
        ]

    @property
    def has_rules_open(self) -> bool:
        """Whether one of their forms stands open."""
        place = self.opened.place if self.opened is not None else ""
        is_asked = place in ("rules", "only") or place.startswith("exits")
        return is_asked or self.has_rules_focus or bool(self.rule_problems)

    @property
    def has_rules_focus(self) -> bool:
        """Whether one works on them."""
        return self.focus.partition("-")[0] in ("rules", "only", "exits")

    @property
    def offered(self) -> Any:
        """Kinds of steps that can be added, with their icons."""
        return [(do, label, ICONS[Do(do)]) for do, label in OFFERED]

    @property
    def whole_doubts(self) -> list[str]:
        """What is doubtful of the whole."""
        return self.doubts_of("")

    @property
    def differs(self) -> bool:
        """Whether what runs is not what stands here."""
        current = self.automation.current
        return current is not None and current.definition != self.automation.draft

    @property
    def works(self) -> bool:
        """Whether it is on or paused."""
        return self.automation.state in (Automation.State.ON, Automation.State.PAUSED)

    @property
    def edit_url(self) -> str:
        """Where everything is sent."""
        return reverse("automation_edit", kwargs={"slug": self.business.slug, "automation_id": self.automation.pk})


def opened_of(place: str, automation: Automation, names: Names, posted: Any = None) -> Opened | None:
    """The form of a part as it stands, or as it was ``posted``; ``None`` for a part that there is not."""
    opened = _opened_of(place, automation, names, posted)
    if opened is not None and opened.form is not None and posted is None:
        next(iter(opened.form.fields.values())).widget.attrs["autofocus"] = True
    return opened


def _opened_of(place: str, automation: Automation, names: Names, posted: Any) -> Opened | None:
    data = automation.draft
    if place == "name":
        return Opened(place, NameForm(posted, initial={"name": automation.name}))
    if place == "trigger":
        return Opened(place, TriggerForm(posted, names=names, given=data["trigger"]))
    if place == "rules":
        return Opened(place, RulesForm(posted, names=names, given=data))
    tree, is_tree = tree_at(data, place)
    if is_tree:
        return Opened(place, builder=Builder(draft_for(tree, names), names.filters, focus="rule1-field"))
    step = step_found(data, place.removeprefix("step."))
    if not place.startswith("step.") or step is None or Do(step["do"]) not in STEP_FORMS:
        return None
    form = STEP_FORMS[Do(step["do"])](posted, names=names, given=step)
    template = names.templates.get(step.get("template", 0))
    words = words_of(template=template, business=names.business) if template is not None else None
    return Opened(place, form, words=words)


def tree_at(data: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any] | None, bool]:
    """The filter of a part, and whether the part has one at all."""
    if place == "only":
        return data.get("only"), True
    if place.startswith("exits."):
        number, listed = place.partition(".")[2], data.get("exits", [])
        if number == "new":
            return None, True
        if number.isascii() and number.isdecimal() and int(number) < len(listed):
            return listed[int(number)].get("tree"), listed[int(number)]["kind"] == Leave.MATCHES
        return None, False
    step = step_found(data, place.removeprefix("step.")) if place.startswith("step.") else None
    return (step.get("tree"), True) if step is not None and step["do"] in TREES else (None, False)


def draft_for(tree: Mapping[str, Any] | None, names: Names) -> Draft:
    """The builder's draft of a filter; a blank one where there is none, or it cannot be read."""
    if not tree or not tree.get("rules"):
        return BLANK
    try:
        return draft_of(tree_read(tree, names.catalogue))
    except TreeError:
        return BLANK


def problems_of(data: Mapping[str, Any], names: Names) -> list[Problem]:
    """Everything that keeps a draft from being turned on, of its shape and of what it names."""
    found: list[Problem] = []
    try:
        definition_read(data)
    except DefinitionError as error:
        found = list(error.problems)
    known = {(each.place, each.field) for each in found}
    checked = definition_check(definition_read(data, whole=False), names=names)
    return [*found, *(each for each in checked if (each.place, each.field) not in known)]


def told(problems: Sequence[Problem], place: str) -> list[str]:
    """Problems of a part in words, each once."""
    return list(dict.fromkeys(_(each.message) % each.params for each in problems if each.place == place))


def doubt_words(doubt: Doubt) -> str:
    """A doubt as a sentence; languages by name."""
    params = dict(doubt.params)
    if "languages" in params:
        codes = params["languages"].split(", ")
        params["languages"] = ", ".join(formats.language_name(code, locale()) for code in codes)
    return _(WORDS[doubt.code]) % params


def moment_words(moment: Moment) -> str:
    """When a step comes: "Day 0", "Day 2, 10:00", "1 day before arrival, 10:00"."""
    match moment.base:
        case "":
            day = _("Day %(number)d") % {"number": moment.days}
        case "arrival":
            day = arrival_words(moment.days)
        case "departure":
            day = departure_words(moment.days)
        case "date" if moment.date is not None:
            day = formats.day(moment.date, locale()) + _more(moment.days)
        case _:
            day = _(" or ").join(weekday_words(each) for each in moment.weekdays) + _more(moment.days)
    return f"{day}, {clock_words(moment.clock)}" if moment.clock is not None else day


def _more(days: int) -> str:
    return " + " + ngettext("%(count)d day", "%(count)d days", days) % {"count": days} if days else ""


def definition_told(definition: Definition, names: Names) -> list[str]:
    """A definition as lines: its trigger, then its steps with their days."""
    course = course_of(definition)
    lines = [trigger_words(definition.trigger, names)]
    return lines + [f"{moment_words(course[step.id])}: {step_words(step, names)}" for step in definition.walk()]
